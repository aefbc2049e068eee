"""An export holds every reading in every format, and nothing that says whose film it is."""

import csv
import hashlib
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import highdicom
import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from pydicom import dcmread

from core.annotation_records import Film, Reader
from core.annotations import Store
from core.artefacts import LABELS, Annotation, from_json, from_masks
from core.clean_film import clean
from core.exchange.outgoing import FORMATS, SENTENCE, Item, export, gather
from core.images import decode
from tests.bad_files import encoded, exif, film
from tests.dicom_files import named_dicom
from tests.nasty_masks import MASKS, SHAPE

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
EVERY = set(FORMATS)
ANN, BOB = Reader("Ann"), Reader("Bob")
DICOM, SECRETS = named_dicom(film(*SHAPE, top=4095), BitsStored=12, PixelSpacing=[0.2, 0.5])
RASTER = encoded(film(*SHAPE), "PNG", exif=exif(gps={1: "N", 2: (54.0, 19.0, 13.0)}))
FILMS = {"HANSEN_PETRA_1961.dcm": DICOM, "471108154711 Hansen.png": RASTER}
SECRETS = [*SECRETS, b"HANSEN", b"Hansen", b"471108154711", b"GPS", b"Exif"]
DRAWN = Annotation(
    from_masks({"screw": MASKS["a hole"], "cast": MASKS["specks"]}), "=1+1 is two", False
)
CLEAR = Annotation(nothing=True)
LABELLED = ("screw", "cast")


def item(name: str, annotation: Annotation, reader: str = "Ann", **more) -> Item:
    kept = clean(FILMS[name], name)
    added = Film(kept.sha256, name, kept.kind, kept.shape, kept.spacing_mm, NOON, ANN, 1)
    state = {"verified": False, "status": "submitted", "revision": 3, "blind": True, **more}
    return Item(
        added, reader, saved_at=NOON, annotation=annotation, data=lambda: kept.data, **state
    )


DEEP, FLAT = FILMS
ITEMS = [item(DEEP, DRAWN), item(DEEP, CLEAR, "Bob"), item(FLAT, DRAWN, "Bob")]
SHA = {name: hashlib.sha256(data).hexdigest()[:12] for name, data in FILMS.items()}


def members(items=ITEMS, formats=EVERY, images=True, names=False, **more) -> dict[str, bytes]:
    options = {"images": images, "original_names": names, "formats": set(formats), "now": NOON}
    data = export(items, "Knees", **options, **more)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


WHOLE = members(events=['{"seq": 1}', '{"seq": 2}'])
MANIFEST = json.loads(WHOLE["manifest.json"])


def test_every_format_is_where_the_readme_says():
    deep, flat = SHA[DEEP], SHA[FLAT]
    assert set(WHOLE) == {
        *("manifest.json", "README.txt", "events.jsonl", "annotations.csv"),
        *("coco.json", "coco_rle.json", "yolo/classes.txt"),
        *(f"films/{deep}.dcm", f"films/{flat}.png"),
        *(f"annotations/{name}.json" for name in (f"{deep}-r1", f"{deep}-r2", f"{flat}-r2")),
        *(f"yolo/{name}.txt" for name in (f"{deep}-r1", f"{deep}-r2", f"{flat}-r2")),
        *(
            f"masks/{name}-{label}.png"
            for name in (f"{deep}-r1", f"{flat}-r2")
            for label in LABELLED
        ),
        f"seg/{deep}-r1.dcm",
    }


def test_the_manifest_tells_films_readings_and_the_sum_of_every_file():
    assert MANIFEST["sentence"] == SENTENCE and MANIFEST["time"] == NOON.isoformat()
    assert MANIFEST["labels"] == LABELS and MANIFEST["formats"] == list(FORMATS)
    assert [told["file"] for told in MANIFEST["films"]] == [
        f"films/{SHA[DEEP]}.dcm",
        f"films/{SHA[FLAT]}.png",
    ]
    assert [told["spacing_mm"] for told in MANIFEST["films"]] == [[0.2, 0.5], None]
    assert MANIFEST["readers"] == {
        "r1": {"name": "Ann", "verified": False},
        "r2": {"name": "Bob", "verified": False},
    }
    assert {(told["height"], told["width"]) for told in MANIFEST["films"]} == {SHAPE}
    assert [(told["reader"], told["regions"] > 0) for told in MANIFEST["items"]] == [
        ("Ann", True),
        ("Bob", False),
        ("Bob", True),
    ]
    listed = [file for told in MANIFEST["items"] for file in told["files"]]
    assert set(listed) <= set(WHOLE) and len(set(listed)) == len(listed)
    for name, data in WHOLE.items():
        if name != "manifest.json":
            told = MANIFEST["members"].pop(name)
            assert told == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert not MANIFEST["members"]


def test_annotations_leave_as_they_were_drawn():
    kept = from_json(WHOLE[f"annotations/{SHA[DEEP]}-r1.json"])
    assert kept.annotation.same(DRAWN) and kept.sha256.startswith(SHA[DEEP])
    assert from_json(WHOLE[f"annotations/{SHA[DEEP]}-r2.json"]).annotation.same(CLEAR)


def test_masks_are_pictures_that_say_what_they_are():
    picture = Image.open(io.BytesIO(WHOLE[f"masks/{SHA[DEEP]}-r1-screw.png"]))
    np.testing.assert_array_equal(np.asarray(picture), MASKS["a hole"] * np.uint8(255))
    first, _, rest = picture.text["Comment"].partition("\n")
    assert first == SENTENCE and json.loads(rest)["label"] == "screw"


@pytest.mark.parametrize("name", ["coco.json", "coco_rle.json"])
def test_coco_documents_list_both_films_once(name, tmp_path):
    (tmp_path / name).write_bytes(WHOLE[name])
    read = COCO(tmp_path / name)
    assert SENTENCE in read.dataset["info"]["description"]
    assert [image["file_name"] for image in read.dataset["images"]] == [
        f"{SHA[DEEP]}.dcm",
        f"{SHA[FLAT]}.png",
    ]
    first = read.loadAnns(read.getAnnIds(imgIds=1, catIds=list(LABELS).index("screw") + 1))
    np.testing.assert_array_equal(read.annToMask(first[0]), MASKS["a hole"])


def test_the_table_has_a_row_for_each_region_and_one_for_a_film_without():
    rows = list(csv.DictReader(io.StringIO(WHOLE["annotations.csv"].decode("utf-8-sig"))))
    hole = next(row for row in rows if row["label"] == "screw")
    area = int(MASKS["a hole"].sum())
    assert (hole["area_px"], float(hole["area_mm2"])) == (str(area), pytest.approx(area * 0.1))
    assert [hole[side] for side in ("x0", "y0", "x1", "y1")] == ["3", "2", "7", "5"]
    assert hole["comment"] == "'=1+1 is two"  # U7
    (clear,) = [row for row in rows if not row["label"]]
    assert (clear["reader"], clear["nothing"], clear["region"]) == ("Bob", "True", "")
    assert {row["area_mm2"] for row in rows if row["film"] == SHA[FLAT]} == {""}


def test_segmentations_refer_to_the_film_that_lies_beside():
    seg = highdicom.seg.segread(io.BytesIO(WHOLE[f"seg/{SHA[DEEP]}-r1.dcm"]))
    beside = dcmread(io.BytesIO(WHOLE[f"films/{SHA[DEEP]}.dcm"]))
    stack = seg.get_pixels_by_source_instance([beside.SOPInstanceUID])[0]
    np.testing.assert_array_equal(stack[..., 0], MASKS["a hole"])
    np.testing.assert_array_equal(stack[..., 1], MASKS["specks"])
    assert seg.ContentCreatorName.family_name == "Ann"


def test_films_leave_as_their_clean_copies():
    for name, data in FILMS.items():
        (copy,) = [data for file, data in WHOLE.items() if file.startswith(f"films/{SHA[name]}")]
        np.testing.assert_array_equal(decode(copy, "").pixels, decode(data, "").pixels)


def found(secrets: list[bytes], files: dict[str, bytes]) -> set[tuple[str, bytes]]:
    return {
        (name, secret)
        for name, data in files.items()
        for secret in secrets
        if secret in data or secret in name.encode()
    }


def test_p1_p2_p3_no_identifier_is_in_any_file_or_name():
    assert len(SECRETS) > 30 and found(SECRETS, {"source": DICOM}) and b"Exif" not in DICOM
    assert not found(SECRETS, WHOLE)


def test_p3_the_worklists_title_leaves_only_with_the_names():
    title = "Hansen, left knee"
    hidden, told = (
        export(ITEMS, title, images=True, original_names=names, formats=EVERY, now=NOON)
        for names in (False, True)
    )
    for data, there in ((hidden, False), (told, True)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            holding = {n for n in archive.namelist() if title.encode() in archive.read(n)}
        assert holding == ({"manifest.json", "coco.json", "coco_rle.json"} if there else set())


def test_a_consensus_leaves_as_a_segmentation_of_no_person():
    files = members([item(DEEP, DRAWN, "Consensus (staple)", status="consensus")], {"seg"})
    seg = dcmread(io.BytesIO(files[f"seg/{SHA[DEEP]}-consensus.dcm"]))
    assert {each.SegmentAlgorithmType for each in seg.SegmentSequence} == {"SEMIAUTOMATIC"}
    assert {each.SegmentAlgorithmName for each in seg.SegmentSequence} == {"Consensus (staple)"}


def test_an_export_larger_than_memory_should_hold_is_refused(monkeypatch):
    monkeypatch.setattr("core.exchange.parcel.MAX_PARCEL", 2000)
    with pytest.raises(ValueError, match="leave out the films"):
        members()


def test_p3_names_of_files_leave_where_they_are_asked_for():
    files = members(names=True)
    assert f"films/HANSEN_PETRA_1961-{SHA[DEEP]}.dcm" in files
    assert f"annotations/471108154711 Hansen-{SHA[FLAT]}-r2.json" in files
    told = json.loads(files["manifest.json"])["films"]
    assert [film["name"] for film in told] == list(FILMS)
    assert found(SECRETS, files) and not found(SECRETS[:-5], files)  # names, but nothing else


@pytest.mark.parametrize("name", ["../../x.png", "a/b.png", "C:\\x.png", "..", "<script>.png"])
def test_u1_no_name_of_a_film_leads_out_of_the_folder(name):
    one = ITEMS[2]
    named = Film(**{**vars(one.film), "name": name})
    files = members([Item(**{**vars(one), "film": named})], names=True)
    for file in files:
        assert file.count("/") <= 1 and not set(file) & set('\\<>:"|?*')
        assert ".." not in file.split("/")


@pytest.mark.parametrize("format", FORMATS)
def test_a_format_brings_nothing_of_the_others(format):
    files = members(formats={format}, images=False)
    mark = {"coco": "coco", "csv": ".csv", "json": "annotations/"}.get(format, f"{format}/")
    films = {f"films/{SHA[DEEP]}.dcm"} if format == "seg" else set()
    assert {name for name in files if mark not in name} == {"manifest.json", "README.txt", *films}


def test_the_same_readings_at_the_same_time_are_the_same_bytes():
    options = {"images": True, "original_names": False, "formats": EVERY}
    once, again, later = (
        export(ITEMS, "Knees", now=now, **options) for now in (NOON, NOON, NOON.replace(hour=13))
    )
    assert once == again != later


def counted(one: Item, calls: list[str], gives: Callable[[], bytes]) -> Item:
    def data() -> bytes:
        calls.append(one.film.name)
        return gives()

    return Item(**{**vars(one), "data": data})


@pytest.mark.parametrize(
    "formats, images, loaded",
    [(EVERY, True, [DEEP, FLAT]), (EVERY, False, [DEEP]), (EVERY - {"seg"}, False, [])],
)
def test_films_are_loaded_once_and_only_where_they_are_needed(formats, images, loaded):
    calls: list[str] = []
    members([counted(one, calls, one.data) for one in ITEMS], formats, images)
    assert calls == loaded


def test_a_film_that_is_not_at_hand_does_not_leave_and_has_no_segmentation():
    files = members([Item(**{**vars(one), "data": None}) for one in ITEMS])
    assert not [name for name in files if name.startswith(("films/", "seg/"))]
    assert {film["file"] for film in json.loads(files["manifest.json"])["films"]} == {None}


def test_readers_of_one_name_are_told_apart_and_a_consensus_is_no_reader():
    items = [item(DEEP, DRAWN), item(DEEP, CLEAR, verified=True)]
    items.append(item(DEEP, DRAWN, "Consensus (majority)", status="consensus"))
    files = members(items, {"json"}, images=False)
    assert {name.rpartition("-")[2] for name in files if "/" in name} == {
        *("r1.json", "r2.json", "consensus.json")
    }


@pytest.mark.parametrize("items, formats", [([], EVERY), (ITEMS, {"png"})])
def test_nothing_to_export_and_unknown_formats_are_refused(items, formats):
    with pytest.raises(ValueError, match=r"no reading|A format is one of"):
        members(items, formats)


@pytest.fixture
def shared(tmp_path):
    """A store, and a worklist of two films: Ann's and Bob's readings of the first, Bob's draft of
    the second."""
    store = Store.open(f"sqlite:///{tmp_path}/store.sqlite")
    worklist = store.create_worklist("Knees", ANN)
    for name, data in FILMS.items():
        store.add_film(worklist, clean(data, name), ANN)
    first, second = store.films(worklist)
    for reader, added, annotation in (
        (ANN, first, DRAWN),
        (BOB, first, CLEAR),
        (BOB, second, DRAWN),
    ):
        reading = store.begin(worklist, added.sha256, reader)
        reading = store.save(reading, 0, annotation, by=reader)
        if added == first:
            store.submit(reading, reading.revision, reader)
    store.review(store.readings(worklist)[0].id, BOB, accept=True)
    yield store, worklist
    store.close()


@pytest.mark.parametrize(
    "which, reader, expected",
    [
        ("accepted", ANN, [(DEEP, "Ann", "reviewed")]),
        ("submitted", ANN, [(DEEP, "Ann", "reviewed"), (DEEP, "Bob", "submitted")]),
        (
            "all",
            BOB,
            [(DEEP, "Ann", "reviewed"), (DEEP, "Bob", "submitted"), (FLAT, "Bob", "draft")],
        ),
        ("all", ANN, [(DEEP, "Ann", "reviewed"), (DEEP, "Bob", "submitted")]),
        ("mine", BOB, [(DEEP, "Bob", "submitted"), (FLAT, "Bob", "draft")]),
        ("mine", Reader("Bob", verified=True), []),
    ],
)
def test_the_readings_that_are_asked_for_are_gathered(shared, which, reader, expected):
    items = gather(*shared, which, reader)
    assert [(one.film.name, one.reader, one.status) for one in items] == expected
    for one in items:
        assert one.annotation.same(CLEAR if (one.film.name, one.reader) == (DEEP, "Bob") else DRAWN)
        assert one.revision == 1 and one.saved_at and one.blind
        assert decode(one.data(), "").pixels.shape == SHAPE


def test_the_consensus_comes_along_but_not_with_ones_own(shared):
    store, worklist = shared
    sha256 = store.films(worklist)[0].sha256
    store.keep_consensus(worklist, sha256, "majority", DRAWN, [(1, 1)], {}, BOB)
    for which in ("accepted", "submitted", "all"):
        (agreed,) = [
            one for one in gather(store, worklist, which, ANN) if one.reader not in "AnnBob"
        ]
        assert (agreed.status, agreed.reader) == ("consensus", "Consensus (majority)")
        assert agreed.annotation.same(DRAWN)
    assert "consensus" not in {one.status for one in gather(store, worklist, "mine", ANN)}


@pytest.mark.parametrize(
    "which, reader, looked",
    [("all", Reader("Cy"), 1), ("accepted", Reader("Cy"), 1), ("mine", BOB, 0), ("all", ANN, 0)],
)
def test_to_take_others_readings_is_logged_as_looking(shared, which, reader, looked):
    store, worklist = shared
    before = len(store.events(worklist))
    gather(store, worklist, which, reader)
    new = [json.loads(line) for line in store.events(worklist)[before:]]
    assert [(line["action"], line["actor"]) for line in new] == [("look", reader.name)] * looked


def test_r4_of_a_damaged_reading_its_last_whole_revision_leaves(shared, tmp_path):
    store, worklist = shared
    draft = next(one for one in store.readings(worklist) if one.status == "draft")
    store.save(draft.id, 1, CLEAR, by=BOB)
    with sqlite3.connect(tmp_path / "store.sqlite") as database:
        database.execute("UPDATE revisions SET content = 'x' WHERE number = 2")
    items = {one.film.name: one for one in gather(store, worklist, "mine", BOB)}
    assert items[FLAT].revision == 1 and items[FLAT].annotation.same(DRAWN)
    with sqlite3.connect(tmp_path / "store.sqlite") as database:
        database.execute("UPDATE revisions SET content = 'x'")
    assert gather(store, worklist, "all", BOB) == []
