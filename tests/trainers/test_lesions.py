"""Packs of skin lesions in their three layouts, and their split by lesion."""

import csv
import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.archive import BadPack
from core.lesions import CODES, SIDE
from trainers.lesions import LesionPack

SHAPE = (60, 80)  # its middle square is 60 px a side
COLUMNS = ("image_id", "lesion_id", "dx")


def picture(seed: int) -> bytes:
    pixels = np.full((*SHAPE, 3), (10 * seed % 250, 100, 200), np.uint8)  # blue, green, red
    return cv2.imencode(".png", pixels)[1].tobytes()


def mask(kind: str = "left") -> bytes:
    """Of the middle square: its left half, nothing, or all of it."""
    drawn = np.zeros(SHAPE, np.uint8)
    drawn[:, : {"left": 40, "nothing": 0, "all": 80}[kind]] = 255
    return cv2.imencode(".png", drawn)[1].tobytes()


def table(rows, delimiter=",") -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


def lesions(count: int = 60) -> list[tuple[str, str, str]]:
    """Two pictures of each lesion, the diagnoses in turn."""
    return [
        (f"ISIC_{24306 + at:07d}", f"HAM_{at // 2:07d}", CODES[at // 2 % 7]) for at in range(count)
    ]


def pack_files(rows) -> dict[str, bytes]:
    return (
        {"labels.csv": table(rows)}
        | {f"images/{name}.png": picture(at) for at, (name, *_) in enumerate(rows)}
        | {f"masks/{name}_segmentation.png": mask() for name, *_ in rows}
    )


def published_files(rows, name="HAM10000_metadata.csv", delimiter=",") -> dict[str, bytes]:
    """HAM10000 as published: pictures in two parts, masks in a folder of the same name."""
    parts = {row[0]: f"HAM10000_images_part_{1 + at % 2}" for at, row in enumerate(rows)}
    return (
        {name: table(rows, delimiter)}
        | {f"{parts[row[0]]}/{row[0]}.JPG": picture(at) for at, row in enumerate(rows)}
        | {f"HAM10000_seg/HAM10000_seg/{row[0]}_segmentation.png": mask() for row in rows}
    )


def isic_files(rows) -> dict[str, bytes]:
    """ISIC 2016: its table has no header and knows only benign and malignant."""
    return (
        {"ISBI2016_ISIC_Part3_Training_GroundTruth.csv": b"ISIC_0000000,benign\n"}
        | {f"Training_Data/{name}.jpg": picture(at) for at, (name, *_) in enumerate(rows)}
        | {f"Training_GroundTruth/{name}_Segmentation.png": mask() for name, *_ in rows}
    )


def write(files: dict[str, bytes], root: Path, zipped: bool = False) -> Path:
    if zipped:
        with zipfile.ZipFile(root / "pack.zip", "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return root / "pack.zip"
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize(
    "files",
    [
        pack_files(lesions()),
        published_files(lesions()),
        published_files(lesions(), "HAM10000_metadata.tab", "\t"),
        published_files(lesions(), "HAM10000_metadata", "\t"),
    ],
    ids=["pack", "published", "tab", "as downloaded"],
)
def test_diagnosed_layouts_give_the_same_lesions(tmp_path, files, zipped):
    pack = LesionPack(write(files, tmp_path, zipped))
    found = {lesion.name: (lesion.group, CODES[lesion.label]) for lesion in pack.lesions}
    assert found == {name: (group, code) for name, group, code in lesions()}
    assert all(lesion.mask for lesion in pack.lesions)
    squares = pack.squares("all")
    assert squares.images.shape == (60, SIDE, SIDE, 3) and squares.outlined.all()
    assert [CODES[label] for label in squares.labels] == [code for *_, code in lesions()]
    assert squares.images[7, 0, 0].tolist() == [200, 100, 70]  # red first
    np.testing.assert_array_equal(squares.masks[0], np.arange(SIDE)[None].repeat(SIDE, 0) < 64)


def test_isic_2016_has_masks_alone(tmp_path):
    pack = LesionPack(write(isic_files(lesions()), tmp_path))
    assert {lesion.label for lesion in pack.lesions} == {None}
    squares = pack.squares("train")
    assert (squares.labels == -1).all() and squares.masks.any((1, 2)).all()
    assert 0 < len(pack.split("val")) < len(pack.split("train"))


def test_no_lesion_is_in_both_splits_and_every_diagnosis_in_each(tmp_path):
    root = write(pack_files(lesions(140)), tmp_path)
    pack = LesionPack(root)
    groups = {name: {x.group for x in pack.split(name)} for name in ("train", "val", "all")}
    assert not groups["train"] & groups["val"]
    assert groups["train"] | groups["val"] == groups["all"]
    for name in ("train", "val"):
        assert {lesion.label for lesion in pack.split(name)} == set(range(7))
    assert len(groups["val"]) == 7  # one of the ten of each diagnosis
    again = LesionPack(root)
    assert [x.split for x in again.lesions] == [x.split for x in pack.lesions]


def test_rows_without_a_picture_and_unknown_diagnoses(tmp_path):
    rows = lesions(28)
    files = pack_files(rows)
    del files[f"images/{rows[0][0]}.png"], files[f"masks/{rows[1][0]}_segmentation.png"]
    files["labels.csv"] = table([*rows[:-1], (*rows[-1][:2], "unheard of")])
    pack = LesionPack(write(files, tmp_path))
    by_name = {lesion.name: lesion for lesion in pack.lesions}
    assert rows[0][0] not in by_name
    assert by_name[rows[1][0]].mask is None
    assert by_name[rows[-1][0]].label is None


@pytest.mark.parametrize(("kind", "outlined"), [("left", True), ("nothing", False), ("all", False)])
def test_a_mask_of_nothing_or_of_the_whole_frame_outlines_nothing(tmp_path, kind, outlined):
    files = pack_files(lesions(14))
    files[f"masks/{lesions()[3][0]}_segmentation.png"] = mask(kind)
    squares = LesionPack(write(files, tmp_path)).squares("all")
    assert squares.outlined.tolist() == [outlined if at == 3 else True for at in range(14)]
    assert len(squares.only(squares.outlined)) == 13 + outlined


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "is no pack of lesions: neither a table"),
        ({"labels.csv": table(lesions())}, "is no pack of lesions"),
        ({"images/a.png": picture(0)}, "is no pack of lesions"),
        ({"labels.csv": b"name,kind\n1,2\n", "a.png": picture(0)}, "table .* is damaged"),
        ({"labels.csv": b"\xff\xfe\x00", "a.png": picture(0)}, "table .* is damaged"),
    ],
    ids=["empty", "no picture", "no table", "other columns", "no text"],
)
def test_what_is_no_pack_gets_one_sentence(tmp_path, files, sentence):
    with pytest.raises(BadPack, match=sentence):
        LesionPack(write(files, tmp_path))


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("data", [b"no picture", b""], ids=["damaged", "empty"])
@pytest.mark.parametrize(
    ("member", "reason"),
    [("images/{}.png", "The picture cannot be"), ("masks/{}_segmentation.png", "Its mask cannot")],
)
def test_what_cannot_be_read_is_skipped_and_named(tmp_path, caplog, zipped, data, member, reason):
    name = lesions()[2][0]
    files = pack_files(lesions(14)) | {member.format(name): data}
    squares = LesionPack(write(files, tmp_path, zipped)).squares("all")
    assert [lesion.name for lesion in squares.lesions] == [
        other for at, (other, *_) in enumerate(lesions(14)) if at != 2
    ]
    ((skipped, why),) = squares.skipped
    assert skipped == name and why.startswith(reason) and name in caplog.text
    assert squares.images[2, 0, 0].tolist() == [200, 100, 30]  # in step: that of the fourth
    assert squares.outlined.all() and CODES[squares.labels[3]] == lesions()[4][2]
    assert squares.only(squares.labels == 0).skipped == squares.skipped


def test_a_split_of_which_nothing_can_be_read_is_told(tmp_path):
    files = pack_files(lesions(28))
    files |= {name: b"" for name in files if name.startswith("images/")}
    with pytest.raises(BadPack, match=r"No picture in the split 'train' of .* can be read"):
        LesionPack(write(files, tmp_path)).squares("train")


def test_what_is_left_out_is_counted_by_reason(tmp_path):
    rows = lesions(14)
    rows[0] = (*rows[0][:2], "unheard of")
    files = pack_files(rows)
    for at, kind in ((1, "nothing"), (2, "all")):
        files[f"masks/{rows[at][0]}_segmentation.png"] = mask(kind)
    for at in (3, 4, 5):
        del files[f"masks/{rows[at][0]}_segmentation.png"]
    squares = LesionPack(write(files, tmp_path)).squares("all")
    kept = squares.with_diagnosis().with_outline()
    assert [lesion.name for lesion in kept.lesions] == [name for name, *_ in rows[6:]]
    assert kept.left_out == {
        "no diagnosis of the seven": 1,
        "no mask": 3,
        "mask of nothing or of the whole frame": 2,
    }
    assert squares.left_out == {}


@pytest.mark.parametrize("folder", ["masks", "segmentations", "GroundTruth", "lesion_seg"])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_masks_may_be_called_like_their_pictures(tmp_path, folder, suffix):
    """Also where a picture is missing: its mask is no picture."""
    rows = lesions(28)
    files = {"labels.csv": table(rows)}
    for at, (name, *_) in enumerate(rows):
        files[f"images/{name}.{suffix}"] = picture(at)
        files[f"{folder}/{name}.png"] = mask()
    del files[f"images/{rows[0][0]}.{suffix}"]
    pack = LesionPack(write(files, tmp_path))
    assert [lesion.name for lesion in pack.lesions] == [name for name, *_ in rows[1:]]
    squares = pack.squares("all")
    assert squares.images[0, 0, 0].tolist() == [200, 100, 10] and squares.outlined.all()


@pytest.mark.parametrize(
    "others", [("images/{}.jpg",), ("more/{}.png",), ("masks/{}.png", "masks/{}.jpg")]
)
def test_two_pictures_of_one_name_are_refused(tmp_path, others):
    name = lesions()[0][0]
    files = pack_files(lesions(14)) | {other.format(name): picture(5) for other in others}
    with pytest.raises(BadPack, match=rf"Two pictures of .* are called {name}: name masks"):
        LesionPack(write(files, tmp_path))


def test_folders_handed_on_twice_are_read_once(tmp_path):
    files = published_files(lesions())
    files |= {
        name.lower().replace("isic", "ISIC").replace("jpg", "JPG"): files[name]
        for name in files
        if name.endswith("JPG")
    }
    squares = LesionPack(write(files, tmp_path)).squares("all")
    assert len(squares) == 60 and squares.outlined.all()
    assert squares.images[7, 0, 0].tolist() == [200, 100, 70]


def test_an_empty_split_is_told(tmp_path):
    with pytest.raises(BadPack, match="holds no lesion in the split 'test'"):
        LesionPack(write(pack_files(lesions(14)), tmp_path)).squares("test")
