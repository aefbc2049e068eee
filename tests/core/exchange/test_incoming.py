"""What was exported comes back exactly, and what does not belong here is refused in a sentence."""

import io
import json
import zipfile
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from pydicom import dcmread

from core import artefacts, mask_files
from core.annotation_records import Film, NewFilm, Reader, Unreachable
from core.artefacts import LABELS, Annotation, from_masks, label_masks
from core.clean_film import clean
from core.exchange import coco
from core.exchange.incoming import BY_NAME, BY_ORDER, ENDINGS, BadImport, read
from core.exchange.outgoing import FORMATS, Item, export
from core.masks import Stroke
from core.outlines import outlines
from tests.bad_files import film
from tests.dicom_files import dicom
from tests.nasty_masks import MASKS, SHAPE

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
EVERY = tuple(FORMATS)


def listed(number: int, kept: NewFilm) -> Film:
    return Film(
        kept.sha256, kept.name, kept.kind, kept.shape, kept.spacing_mm, NOON, Reader("Ann"), number
    )


KEPT = [
    clean(dicom(film(*SHAPE, top=4095 - number), BitsStored=12), f"film {number}.dcm")
    for number in range(2)
]
FILMS = [listed(number, kept) for number, kept in enumerate(KEPT, 1)]
STRANGER = listed(3, clean(dicom(film(*SHAPE)), "stranger.dcm"))
LARGER = Film(**{**vars(FILMS[0]), "shape": (40, 50)})
BRUSH = Stroke(np.array([[4.5, 3.5], [9.2, 8.1]]), 3.0, "brush", label="screw", source="auto")
DRAWN = Annotation((BRUSH, *from_masks({"cast": MASKS["specks"]})), "=1+1,\r\n“two”")


def item(annotation: Annotation, number: int = 0, reader: str = "Zoë", **more) -> Item:
    state = {"verified": False, "status": "draft", "revision": 2, "blind": True, **more}
    kept = KEPT[number]
    return Item(
        FILMS[number],
        reader,
        saved_at=NOON,
        annotation=annotation,
        data=lambda: kept.data,
        **state,
    )


def exported(*items: Item, formats=EVERY) -> bytes:
    options = {"images": False, "original_names": False, "formats": set(formats)}
    return export(items, "Knees", now=NOON, **options)


def member(data: bytes, ending: str) -> tuple[str, bytes]:
    """The name, without folders, and the bytes of the first member that ends so."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(ending))
        return name.rpartition("/")[2], archive.read(name)


def alike(found: Annotation, drawn: Annotation) -> None:
    """Hold that both mark the same pixels."""
    one, other = (label_masks(each.strokes, SHAPE) for each in (found, drawn))
    assert list(one) == list(other)
    for label in one:
        np.testing.assert_array_equal(one[label], other[label])


# Exported and imported


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", MASKS)
def test_r10_masks_come_back_exactly_from_every_format(name, format):
    masks = {"wire": MASKS[name], "marker": MASKS["specks"], "other": MASKS["the whole film"]}
    drawn = Annotation(from_masks(masks))
    (found,) = read(exported(item(drawn), formats=[format]), "x.zip", FILMS)
    alike(found.annotation, drawn)
    boxes, before = (
        [region.box for region in artefacts.regions(each.strokes, SHAPE)]
        for each in (found.annotation, drawn)
    )
    np.testing.assert_allclose(boxes, before, atol=0.5)


@pytest.mark.parametrize("format", FORMATS)
def test_r10_all_that_was_said_comes_back_from_a_zip_of_any_format(format):
    said = {
        (0, "Zoë"): DRAWN,
        (0, "=Bob"): Annotation(nothing=True),
        (1, "Zoë"): Annotation(comment="@ a comment alone"),
        (1, "=Bob"): Annotation(from_masks({"plate": MASKS["a hole"]}, "auto")),
    }
    items = [item(annotation, number, reader) for (number, reader), annotation in said.items()]
    found = read(exported(*items, formats=[format]), "x.zip", FILMS)
    assert len(found) == len(said)
    for (number, reader), annotation in said.items():
        (back,) = [
            each for each in found if (each.sha256, each.reader) == (FILMS[number].sha256, reader)
        ]
        alike(back.annotation, annotation)
        assert back.annotation.comment == annotation.comment
        assert back.annotation.nothing == annotation.nothing
        if annotation.source == "AUTO":
            known = "MANUAL" if format == "yolo" else "AUTO"  # YOLO has no place for it
            assert back.annotation.source == known


def test_the_zip_gives_strokes_as_they_were_drawn_where_it_has_them():
    (found,) = read(exported(item(DRAWN)), "x.zip", FILMS)
    assert found.annotation.same(DRAWN) and found.of.startswith("annotations/")


def test_readers_of_one_name_are_kept_apart():
    two = [item(DRAWN), item(Annotation(nothing=True), verified=True)]
    for format in FORMATS:
        found = read(exported(*two, formats=[format]), "x.zip", FILMS)
        assert sorted(each.annotation.nothing for each in found) == [False, True], format


@pytest.mark.parametrize(
    "ending, label, source",
    [
        ("-r1.json", None, "AUTO"),
        ("coco.json", None, "AUTO"),
        ("coco_rle.json", None, "AUTO"),
        ("annotations.csv", None, "AUTO"),
        ("-r1.txt", None, "MANUAL"),
        ("-screw.png", "screw", "AUTO"),
        ("-cast.png", "cast", "AUTO"),
        ("-r1.dcm", None, "AUTO"),
    ],
)
def test_r10_every_file_of_the_zip_is_read_by_itself(ending, label, source):
    masks = {"screw": MASKS["a hole"], "cast": MASKS["corners that touch"]}
    drawn = Annotation(from_masks(masks, "auto"))
    name, data = member(exported(item(drawn)), ending)
    assert name.rpartition(".")[2] in ENDINGS
    (found,) = read(data, name, FILMS)
    expected = {label: masks[label]} if label else masks
    alike(found.annotation, Annotation(from_masks(expected)))
    assert found.annotation.source == source and found.of == name
    known = ending not in ("-r1.txt", "-screw.png", "-cast.png")
    assert found.reader == ("Zoë" if known else "") and found.sha256 == FILMS[0].sha256


# Of other tools


def instances(file_name: str = "film 1.dcm", label: str = "Plate", **more) -> dict:
    height, width = SHAPE
    return {
        "images": [{"id": 7, "file_name": file_name, "height": height, "width": width}],
        "categories": [{"id": 3, "name": label}],
        "annotations": [
            {
                "id": 1,
                "image_id": 7,
                "category_id": 3,
                "segmentation": [[2, 2, 6, 2, 6, 5, 2, 5], [8.5, 2, 10, 2, 10, 4]],
                "bbox": [2, 2, 8, 3],
                **more,
            }
        ],
    }


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()


def test_coco_of_another_tool_is_known_by_the_films_name():
    (found,) = read(as_json(instances()), "instances.json", FILMS)
    assert (found.sha256, found.reader) == (FILMS[1].sha256, "")
    first, second = found.annotation.strokes
    assert first.label == second.label == "plate"
    assert second.points.tolist() == [[8.5, 2], [10, 2], [10, 4]]  # corners stay where they were


def test_coco_run_lengths_of_another_tool_may_be_uncompressed():
    size = SHAPE[0] * SHAPE[1]
    code = {"size": list(SHAPE), "counts": [20, 3, size - 23]}
    (found,) = read(as_json(instances(segmentation=code, iscrowd=1)), "instances.json", FILMS)
    mask = label_masks(found.annotation.strokes, SHAPE)["plate"]
    assert np.flatnonzero(mask.ravel("F")).tolist() == [20, 21, 22]


def test_a_mask_of_another_tool_belongs_to_the_only_film():
    data = mask_files.png(MASKS["specks"])
    (found,) = read(data, "my-screw.png", FILMS[:1])
    alike(found.annotation, Annotation(from_masks({"screw": MASKS["specks"]})))
    (found,) = read(data, "mask.png", FILMS[:1])
    assert {stroke.label for stroke in found.annotation.strokes} == {"other"}


def test_a_mask_that_was_renamed_still_knows_its_film_and_label():
    _, data = member(exported(item(DRAWN)), "-cast.png")
    (found,) = read(data, "mask.png", FILMS)
    assert found.sha256 == FILMS[0].sha256
    assert {stroke.label for stroke in found.annotation.strokes} == {"cast"}


def test_a_yolo_file_of_another_tool_belongs_to_the_only_film():
    (found,) = read(b"1 0 0 0.5 0 0.5 0.5\n", "labels.txt", FILMS[:1])
    assert [stroke.label for stroke in found.annotation.strokes] == ["screw"]
    (found,) = read(b"", "labels.txt", FILMS[:1])
    assert found.annotation.same(Annotation(nothing=True))


def strange_segmentation() -> bytes:
    """A segmentation of the first film that does not say that it was written here."""
    _, data = member(exported(item(DRAWN)), "-r1.dcm")
    seg = dcmread(io.BytesIO(data))
    del seg.ImageComments
    file = io.BytesIO()
    seg.save_as(file, enforce_file_format=True)
    return file.getvalue()


def copy_of(sha256: str) -> bytes:
    return next(kept.data for kept in KEPT if kept.sha256 == sha256)


def test_a_segmentation_of_another_program_is_known_by_the_film_it_refers_to():
    (found,) = read(strange_segmentation(), "seg.dcm", FILMS[::-1], copy_of)
    assert found.sha256 == FILMS[0].sha256
    alike(found.annotation, DRAWN)


def test_a_store_that_is_gone_is_no_bad_import():
    def gone(sha256: str) -> bytes:
        raise Unreachable("The store does not answer: try again.")

    with pytest.raises(Unreachable):
        read(strange_segmentation(), "seg.dcm", FILMS, gone)


# Refused

WHOLE = exported(item(DRAWN), item(DRAWN, 1))


def repacked(change=None, **members: bytes) -> bytes:
    """The export with other members; `change` is done to its manifest."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(WHOLE)) as archive,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        files = {name: archive.read(name) for name in archive.namelist()} | members
        if change:
            manifest = json.loads(files["manifest.json"])
            change(manifest)
            files["manifest.json"] = as_json(manifest)
        for name, data in files.items():
            if data is not None:
                packed.writestr(name, data)
    return file.getvalue()


FIRST = f"annotations/{FILMS[0].sha256[:12]}-r1.json"
KNOWN = {"schema": "lightbox-readings", "version": 1}


def annotation(strokes=(BRUSH,), sha256=FILMS[0].sha256, shape=SHAPE, **more) -> bytes:
    text = artefacts.to_json(Annotation(tuple(strokes), **more), shape, sha256)
    return text.encode()


PIXEL = coco.compressed([5, 1, SHAPE[0] * SHAPE[1] - 6], SHAPE)


def table(**cells: str) -> bytes:
    row = {
        "film_sha256": FILMS[0].sha256,
        "height": SHAPE[0],
        "width": SHAPE[1],
        "label": "screw",
        "rle": PIXEL,
        **cells,
    }
    return ",".join(row).encode() + b"\n" + ",".join(map(str, row.values())).encode() + b"\n"


def speckled() -> bytes:
    """A mask for the larger film that is too speckled to be kept."""
    mask = np.indices((1000, 1000)).sum(0) % 2 == 0
    return mask_files.png(mask)


HUGE = Film(**{**vars(FILMS[0]), "shape": (1000, 1000)})
REFUSED = {
    # of another film
    "zip of another film": (WHOLE, "x.zip", FILMS[:1], f"another film .{FILMS[1].sha256[:12]}"),
    "annotation of another film": (annotation(), "a.json", [STRANGER], "belongs to another film"),
    "COCO of another film": (
        as_json(instances("hip.png")),
        "c.json",
        FILMS,
        r"film .hip\.png.: add",
    ),
    "table of another film": (member(WHOLE, ".csv")[1], "a.csv", [STRANGER], "another film"),
    "mask of another film": (*member(WHOLE, "cast.png")[::-1], [STRANGER], "another film"),
    "mask named after another": (
        mask_files.png(MASKS["specks"]),
        "0123456789ab-r1-cast.png",
        FILMS,
        r"another film .0123456789ab",
    ),
    "YOLO of another film": (*member(WHOLE, "-r1.txt")[::-1], [STRANGER], "another film"),
    "segmentation of another film": (*member(WHOLE, "r1.dcm")[::-1], [STRANGER], "another film"),
    "segmentation of an unknown film": (strange_segmentation(), "s.dcm", FILMS[1:], "refers to an"),
    "mask of any film": (mask_files.png(MASKS["specks"]), "m.png", FILMS, "does not tell which"),
    "YOLO of any film": (b"0 0 0 1 0 1 1", "y.txt", FILMS, "does not tell which film"),
    "nothing to belong to": (annotation(), "a.json", [], "belongs to another film"),
    "film of a name that two have": (
        as_json(instances("film 0.dcm")),
        "c.json",
        [FILMS[0], Film(**{**vars(FILMS[1]), "name": "film 0.dcm"})],
        "Several films here are named “film 0.dcm”: choose the film",
    ),
    "zip whose list attaches a reading to another film": (
        repacked(lambda manifest: manifest["items"][0].update(film=FILMS[1].sha256)),
        "x.zip",
        FILMS,
        "is of another film than its list says",
    ),
    # of another size
    "zip of another size": (WHOLE, "x.zip", [LARGER, FILMS[1]], "of 21 by 17 pixels.*50 by 40"),
    "annotation of another size": (annotation(), "a.json", [LARGER], "21 by 17 pixels.*50 by 40"),
    "COCO of another size": (
        as_json(instances("film 0.dcm")),
        "c.json",
        [LARGER],
        "21 by 17 pixels",
    ),
    "table of another size": (table(height="40"), "t.csv", FILMS, "21 by 40 pixels"),
    "mask of another size": (*member(WHOLE, "cast.png")[::-1], [LARGER], "21 by 17 pixels"),
    "bare mask of another size": (mask_files.png(MASKS["specks"]), "m.png", [LARGER], "21 by 17"),
    "segmentation of another size": (*member(WHOLE, "r1.dcm")[::-1], [LARGER], "21 by 17 pixels"),
    # with a label that is none
    "annotation with a label": (
        annotation([Stroke(np.ones((2, 2)), 1.0, label="dog")]),
        "a.json",
        FILMS,
        "“dog” is not known here",
    ),
    "COCO with a label": (as_json(instances(label="dog")), "c.json", FILMS, "“dog” is not known"),
    "table with a label": (table(label="dog"), "t.csv", FILMS, "“dog” is not known here"),
    "YOLO with a class": (b"9 0 0 1 0 1 1", "y.txt", FILMS[:1], "a class 9"),
    # damaged, changed or contradictory
    "zip with a changed file": (
        repacked(**{FIRST: annotation(comment="x")}),
        "x.zip",
        FILMS,
        f"{FIRST.partition('/')[2]}” in this export is missing or was changed",
    ),
    "zip with a file less": (repacked(**{FIRST: None}), "x.zip", FILMS, "missing or was changed"),
    "zip cut short": (WHOLE[:-99], "x.zip", FILMS, "is damaged or no zip"),
    "zip of another version": (
        repacked(lambda manifest: manifest.update(version=2)),
        "x.zip",
        FILMS,
        "another version",
    ),
    "zip with a strange list": (
        repacked(lambda manifest: manifest.update(items=[5])),
        "x.zip",
        FILMS,
        "no readings that can be read",
    ),
    "zip without readings": (
        repacked(lambda manifest: manifest.update(items=[])),
        "x.zip",
        FILMS,
        "holds no reading",
    ),
    "annotation both ways": (annotation(nothing=True), "a.json", FILMS, "no artefact, and marks"),
    "table both ways": (table(nothing="TRUE", rle=PIXEL), "t.csv", FILMS, "no artefact, and marks"),
    "table with a wrong code": (table(rle="o"), "t.csv", FILMS, "do not fit the film"),
    "comment too long": (table(comment="x" * 3000), "t.csv", FILMS, "shorten"),
    "COCO of boxes": (as_json(instances(segmentation=[])), "c.json", FILMS, "not a COCO file"),
    "COCO without a number": (
        as_json(instances(segmentation=[[float("nan")] * 6])),
        "c.json",
        FILMS,
        "far outside the film",
    ),
    "COCO far away": (
        as_json(instances(segmentation=[[0, 0, 1e9, 0, 1, 1]])),
        "c.json",
        FILMS,
        "far outside",
    ),
    "COCO without readings": (
        as_json({**instances(), "annotations": []}),
        "c.json",
        FILMS,
        "no reading",
    ),
    "specks": (speckled(), "m.png", [HUGE], "too many small pieces"),
    # unsafe
    "zip that leaves its folder": (repacked(**{"../x": b""}), "x.zip", FILMS, "outside its folder"),
    "zip bomb": (repacked(**{"b": bytes(10**6)}), "x.zip", FILMS, "grows more than"),
    # none of ours
    "zip of other things": (repacked(**{"manifest.json": b"{}"}), "x.zip", FILMS, "is no export"),
    "zip of films": (repacked(**{"manifest.json": None}), "x.zip", FILMS, "is no export"),
    "the list alone": (as_json(KNOWN), "manifest.json", FILMS, "choose the zip"),
    "empty": (b"", "x.json", FILMS, "no readings"),
    "text": (b"Dear reader", "x.json", FILMS, "no readings"),
    "other JSON": (b'{"a": 1}', "x.json", FILMS, "not an annotation saved here"),
    "JSON in JSON": (b'{"annotations":' * 100_000, "x.json", FILMS, "no readings"),
    "a list": (b"[]", "x.json", FILMS, "no readings"),
    "text of no alphabet": (b"\xff\xfe\xfa", "x.txt", FILMS[:1], "no readings"),
    "a table of others": (b"film_sha256,x\n1,2\n", "x.csv", FILMS, "no readings"),
    "a film": (KEPT[0].data, "x.dcm", FILMS, "is no segmentation"),
    "a picture": (cv2.imencode(".png", film(*SHAPE))[1].tobytes(), "p.png", FILMS[:1], "grey"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_belong_is_refused_whole_in_one_sentence(name):
    data, file, films, reason = REFUSED[name]
    with pytest.raises(BadImport, match=reason) as refused:
        read(data, file, films, copy_of)
    sentence = refused.value.reason
    assert sentence.endswith(".") and ": " in sentence and "\n" not in sentence


@pytest.mark.parametrize(
    ("data", "name", "limit", "advice"),
    [
        (WHOLE, "x.zip", "MAX_PARCEL", "without the films"),
        (member(WHOLE, ".csv")[1], "x.csv", "MAX_BYTES", "in parts"),
    ],
    ids=["zip", "table"],
)
def test_u2_a_file_that_is_too_large_is_refused_unread(monkeypatch, data, name, limit, advice):
    monkeypatch.setattr(f"core.exchange.incoming.{limit}", len(data))
    assert read(data, name, FILMS)
    monkeypatch.setattr(f"core.exchange.incoming.{limit}", len(data) - 1)
    with pytest.raises(BadImport, match=f"has more than .* MB: export it {advice}"):
        read(data, name, FILMS)


def test_u8_an_export_with_films_larger_than_a_zip_may_unpack_to_is_read(monkeypatch):
    whole = export([item(DRAWN)], "K", images=True, original_names=False, formats={"json"})
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        films, rest = [], []
        for told in archive.infolist():
            (films if told.filename.startswith("films/") else rest).append(told.file_size)
    monkeypatch.setattr("core.film_zip.MAX_UNPACKED", sum(rest))
    monkeypatch.setattr("core.film_zip.MAX_ENTRIES", 2)
    assert films and len(rest) > 2
    (found,) = read(whole, "x.zip", FILMS)
    assert found.annotation.same(DRAWN)


@pytest.mark.parametrize("format", ["json", "coco", "csv"])
def test_a_typed_name_is_told_from_a_signed_in_one(format):
    two = [item(DRAWN, reader="Ada"), item(DRAWN, 1, reader="Ada", verified=True)]
    found = read(exported(*two, formats=[format]), "x.zip", FILMS)
    assert [(each.reader, each.verified) for each in found] == [("Ada", False), ("Ada", True)]


def test_one_annotation_tells_whether_its_reader_had_signed_in():
    for verified in (False, True):
        _, data = member(exported(item(DRAWN, verified=verified)), "-r1.json")
        assert read(data, "a.json", FILMS)[0].verified is verified


def many(number: int) -> list[Item]:
    return [item(Annotation(comment="seen"), reader=f"R{at}") for at in range(number)]


@pytest.mark.parametrize("format", ["json", "coco", "csv"])
def test_u8_a_file_of_more_readings_than_a_worklist_has_is_refused(monkeypatch, format):
    monkeypatch.setattr("core.exchange.known_films.MAX_READINGS", 3)
    assert len(read(exported(*many(3), formats=[format]), "x.zip", FILMS)) == 3
    with pytest.raises(BadImport, match="more than 3 readings of one film: export those of fewer"):
        read(exported(*many(4), formats=[format]), "x.zip", FILMS)


@pytest.mark.parametrize("format", ["masks", "coco", "csv", "seg"])
def test_u8_a_file_of_more_masks_than_are_read_within_a_minute_is_refused(monkeypatch, format):
    whole = exported(item(DRAWN), formats=[format])  # of two labels
    monkeypatch.setattr("core.exchange.known_films.MAX_MASKS", 2 * SHAPE[0] * SHAPE[1])
    alike(read(whole, "x.zip", FILMS)[0].annotation, DRAWN)
    monkeypatch.setattr("core.exchange.known_films.MAX_MASKS", 2 * SHAPE[0] * SHAPE[1] - 1)
    with pytest.raises(BadImport, match="more masks than are read at once: export the annot"):
        read(whole, "x.zip", FILMS)


def test_u8_strokes_that_would_take_minutes_to_draw_are_refused(monkeypatch):
    assert read(WHOLE, "x.zip", FILMS)
    monkeypatch.setattr("core.exchange.incoming.MAX_DRAWN", 1)
    with pytest.raises(BadImport, match="more often than is drawn by hand: export fewer"):
        read(WHOLE, "x.zip", FILMS)


@pytest.mark.parametrize("name", ["train2017/film 1.dcm", "C:\\films\\film 1.dcm"])
def test_coco_may_name_films_with_their_folders(name):
    (found,) = read(as_json(instances(name)), "instances.json", FILMS)
    assert found.sha256 == FILMS[1].sha256


@pytest.mark.parametrize(
    ("data", "name", "notice"),
    [
        pytest.param(as_json(instances()), "instances.json", BY_NAME, id="COCO of another tool"),
        pytest.param(member(WHOLE, "coco.json")[1], "coco.json", "", id="COCO of ours"),
        pytest.param(b"1 0 0 0.5 0 0.5 0.5", "a.txt", BY_ORDER, id="YOLO of another tool"),
        pytest.param(b"", "a.txt", "", id="YOLO without classes"),
        pytest.param(*member(WHOLE, "-r1.txt")[::-1], "", id="YOLO of ours"),
        pytest.param(WHOLE, "x.zip", "", id="an export"),
    ],
)
def test_what_was_assumed_of_another_tools_file_is_told(data, name, notice):
    films = FILMS[:1] if name == "a.txt" else FILMS
    assert {each.notice for each in read(data, name, films)} == {notice}


def test_what_no_store_keeps_is_taken_out_of_a_comment():
    (found,) = read(annotation((), comment="a\0b\ud800c\r\n\td\u00a0é"), "a.json", FILMS)
    assert found.annotation.comment == "abc\r\n\td\u00a0é"


def test_labels_may_come_under_the_names_they_are_read_by():
    strokes = [Stroke(np.ones((2, 2)), 3.0, label=title) for title in LABELS.values()]
    (found,) = read(annotation(strokes), "a.json", FILMS)
    assert [stroke.label for stroke in found.annotation.strokes] == list(LABELS)


def test_the_outlines_of_a_mask_are_those_that_masks_trace():
    (found,) = read(mask_files.png(MASKS["a hole"]), "m.png", FILMS[:1])
    assert len(found.annotation.strokes) == len(outlines(MASKS["a hole"])) == 2
