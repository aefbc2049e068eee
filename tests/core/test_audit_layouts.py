"""Labels, splits and groups as a folder or a zip tells them, and what it does not tell."""

import zipfile
from pathlib import Path

import pytest

from core.archive import BadPack
from core.audit import layouts
from core.audit.intake import Zipped
from core.audit.layouts import FRACTURE, GRADES, NO_LABELS, list_pictures
from tests.core.test_film_zip import changed, packed

MANIFEST = b"image_id,fractured,split,group\na.png,1,train,p1\nb.png,0,val,p2\n"
LESIONS = (
    b"image_id,dx,lesion_id\nISIC_1,nv,L1\nISIC_2,mel,L1\nISIC_3,wart,L2\nISIC_5,bcc\nISIC_6\n"
)


LONG = b"x" * 200_000
DEEP = b"image_id,fractured,split,boxes_xyxy_relative\na.png,1,train," + b"[" * 100_000
TORN_TABLE = changed(packed(("a.png", b"film"), ("labels.csv", LESIONS)), 16, bytes(4))


def listed(*names: str, **more: bytes):
    files = dict.fromkeys(names, b"film") | {n.replace("__", "."): d for n, d in more.items()}
    return list_pictures(Path("pack.zip"), files)


def told(listing) -> dict[str, tuple]:
    return {e.name.rpartition("/")[2]: (e.label, e.split, e.group) for e in listing.entries}


def test_a_manifest_tells_label_split_and_group_and_names_what_it_lacks():
    listing = listed("images/a.png", "images/b.png", "images/c.png", manifest__csv=MANIFEST)
    assert told(listing) == {
        "a.png": ("fractured", "train", "p1"),
        "b.png": ("not fractured", "val", "p2"),
        "c.png": (None, "", "images/c.png"),
    }
    assert listing.unknown == {"not in manifest.csv": 1}
    assert listing.classes == tuple(FRACTURE.values()) and listing.splits == ["train", "val"]


def test_labels_and_splits_that_a_manifest_does_not_tell_are_not_made_up():
    rows = b"image_id,fractured,split\na.png,2,train\nb.png,-1,val\nc.png,1\n"
    listing = listed("images/a.png", "images/b.png", "images/c.png", manifest__csv=rows)
    assert [each[:2] for each in told(listing).values()] == [
        (None, "train"), (None, "val"), ("fractured", ""),
    ]  # fmt: skip
    assert listing.unknown == {"label 2": 1, "label -1": 1}


def test_class_folders_tell_labels_and_the_others_are_named():
    listing = listed("normal/1.png", "Fractured/2.png", "unsure/3.png", "unsure/4.png", "5.png")
    assert {name: told[0] for name, told in told(listing).items()} == {
        "1.png": "not fractured", "2.png": "fractured", "3.png": None, "4.png": None, "5.png": None,
    }  # fmt: skip
    assert listing.unknown == {"unsure": 2, "": 1}
    assert listing.splits == []  # none is made up


def test_grade_folders_tell_grade_split_and_patient():
    names = ["train/0/12L.png", "train/4/12R.png", "val/2/13L.png", "auto_test/1/14L.png"]
    listing = listed(*names)
    assert listing.classes == GRADES
    assert told(listing)["12L.png"] == ("grade 0", "train", "12")
    assert listing.grouped == "the number that their names begin with"
    assert told(listing)["12R.png"] == ("grade 4", "train", "12")
    assert listing.splits == ["train", "val", "auto_test"]


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["train/fractured/1.png", "val/fractured/1.png", "val/normal/2.png"], [None, None, None]),
        (["train/normal/1.png", "val/normal/1-rotated2.png", "val/fractured/1.png"],
         ["0/1", "0/1", None]),
        (["train/0/1.png", "val/0/1.png", "val/3/1.png"], [None, None, None]),
        (["train/0/9000099.png", "val/3/9000099_2.png", "val/3/7 left.png"],
         ["9000099", "9000099", "7"]),
    ],
    ids=["numbered anew", "a copy of the first", "grades numbered anew", "patients"],
)  # fmt: skip
def test_names_group_pictures_only_where_they_prove_it(names, groups):
    found = {entry.name: entry.group for entry in listed(*names).entries}
    assert [found[name] for name in names] == [
        group or name for name, group in zip(names, groups, strict=True)
    ]


def test_a_table_tells_diagnoses_and_lesions_and_masks_are_no_pictures():
    listing = listed(
        "images/ISIC_1.jpg", "images/ISIC_2.jpg", "images/ISIC_3.jpg", "images/ISIC_4.jpg",
        "images/ISIC_5.jpg", "images/ISIC_6.jpg",
        "masks/ISIC_1_segmentation.png", labels__csv=LESIONS,
    )  # fmt: skip
    assert told(listing) == {
        "ISIC_1.jpg": ("melanocytic naevus", "", "L1"),
        "ISIC_2.jpg": ("melanoma", "", "L1"),
        "ISIC_3.jpg": (None, "", "L2"),
        "ISIC_4.jpg": (None, "", "images/ISIC_4.jpg"),
        "ISIC_5.jpg": ("basal cell carcinoma", "", "images/ISIC_5.jpg"),
        "ISIC_6.jpg": (None, "", "images/ISIC_6.jpg"),
    }
    assert listing.unknown == {"wart": 1, "no diagnosis in the table": 2}


@pytest.mark.parametrize(
    ("wanted", "labels", "folders"),
    [(False, {None}, ("cat", "dog")), (True, {"cat", "dog"}, ())],
)
def test_other_folders_are_labels_only_where_that_is_asked_for(wanted, labels, folders):
    files = dict.fromkeys(["train/cat/1.png", "test/dog/2.png", "__MACOSX/cat/3.png"], b"film")
    listing = list_pictures(Path("pack"), files, wanted)
    assert {entry.label for entry in listing.entries} == labels
    assert sorted(listing.folders) == sorted(folders)
    assert listing.splits == ["train", "test"] and len(listing.entries) == 2
    assert (listing.layout == NO_LABELS) is not wanted


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "holds no picture"),
        ({"notes.txt": b"none"}, "holds no picture"),
        ({"a.png": b"", "manifest.csv": b"image_id\nb.png\n"}, "which the pack does not hold"),
        ({"images/a.png": b"", "manifest.csv": b"image_id\na.png\n"}, "is damaged"),
        ({"a.png": b"", "labels.csv": b"file,diagnosis\na,nv\n"}, "no columns image_id and dx"),
        ({"a.png": b"", "labels.csv": b"image_id,dx\na," + LONG}, "is damaged"),
        ({"images/a.png": b"", "manifest.csv": MANIFEST[:27] + b"\na.png,1," + LONG}, "is damaged"),
        ({"images/a.png": b"", "manifest.csv": DEEP}, "is damaged"),
        (Zipped(TORN_TABLE, "pack.zip"), "is damaged"),
    ],
    ids=range(9),
)
def test_what_cannot_be_audited_is_told_in_a_sentence(files, reason):
    with pytest.raises(BadPack, match=reason):
        list_pictures(Path("pack.zip"), files)


def test_too_many_folders_are_no_labels(monkeypatch):
    monkeypatch.setattr(layouts, "MOST_FOLDERS", 2)
    names = ["ann/1.png", "bob/2.png", "cay/3.png"]
    assert listed(*names).folders == ()  # none to be offered
    with pytest.raises(BadPack, match="holds 3 folders of pictures, and at most 2 can be labels"):
        list_pictures(Path("pack.zip"), dict.fromkeys(names, b"film"), folder_labels=True)


def test_too_many_pictures_are_refused(monkeypatch):
    monkeypatch.setattr(layouts, "MOST_PICTURES", 2)
    with pytest.raises(BadPack, match="holds 3 pictures, more than 2"):
        listed("1.png", "2.png", "3.png")


@pytest.mark.parametrize("packed", [False, True])
def test_folders_and_zips_on_the_disk_are_read_alike(tmp_path, packed):
    path = tmp_path / ("pack.zip" if packed else "pack")
    if packed:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("fractured/1.png", b"film")
            archive.writestr("normal/2.png", b"other")
    else:
        for name, data in (("fractured/1.png", b"film"), ("normal/2.png", b"other")):
            (path / name).parent.mkdir(parents=True)
            (path / name).write_bytes(data)
    listing = list_pictures(path)
    assert listing.name == path.name and listing.labelled
    assert listing.archive.read("normal/2.png") == b"other"


def test_what_is_no_zip_is_refused(tmp_path):
    (tmp_path / "pack.zip").write_bytes(b"no zip")
    with pytest.raises(BadPack, match="damaged or no zip"):
        list_pictures(tmp_path / "pack.zip")
    with pytest.raises(BadPack, match="neither a folder nor a zip"):
        list_pictures(tmp_path / "gone")
