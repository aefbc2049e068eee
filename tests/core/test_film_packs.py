"""Every layout of a data pack, as a folder and as a zip, and packs that cannot be used."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from core.film_packs import FRACATLAS_SPLIT, BadPack, Film, Pack, assign_splits

HEAD = "image_id,fractured,split,group,boxes_xyxy_relative,hand,hardware\n"
LAYOUTS = {
    "manifest": {
        "pack/manifest.csv": "\ufeff"
        + HEAD
        + 'a.jpg,1,train,g1,"[[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 1, 1]]",1,0\n'
        + "b.jpg,0,val,g2,[],0,1\n",
        "pack/images/a.jpg": "A",
        "pack/images/b.jpg": "B",
    },
    "fracatlas": {
        "dataset.csv": "image_id,hand,leg,hardware,frontal,fractured\n"
        + "IMG0000019.jpg,1,0,0,1,1\nIMG0000020.jpg,0,1,1,0,0\nIMG0000029.jpg,0,1,0,0,1\n"
        + "IMG0000031.jpg,1,0,0,1,1\n",
        "images/Fractured/IMG0000019.jpg": "A",
        "images/Non_fractured/IMG0000020.jpg": "B",
        "images/Fractured/IMG0000029.jpg": "C",
        "Annotations/COCO JSON/COCO_fracture_masks.json": json.dumps(
            {
                "images": [
                    {"id": 7, "file_name": "IMG0000019.jpg", "width": 200, "height": 100},
                    {"id": 9, "file_name": "IMG0000020.jpg", "width": 10, "height": 10},
                ],
                "annotations": [
                    {"image_id": 7, "bbox": [20, 10, 40, 30]},
                    {"image_id": 7, "bbox": [0, 0, 200, 100]},
                ],
            }
        ),
    },
    "kaggle": {
        "Bone/training/fractured/12.jpg": "A",
        "Bone/training/fractured/12-rotated1-rotated2.jpg": "A2",
        "Bone/testing/not_fractured/7-rotated3.JPG": "B",
        "Bone/val/Not-Fractured/9_rotated1.png": "C",
        "Bone/val/fractured/thumbs.db": "no film",
        "Bone/readme/10.png": "no class",
    },
    "knees": {
        "train/0/9001695L.png": "A",
        "train/4/9001695R.png": "B",
        "val/2/9002116L.png": "C",
        "test/3/9003000.png": "D",
        "train/7/9009999L.png": "no grade",
    },
}
EXPECTED = {
    "manifest": [
        Film(
            "a.jpg",
            "pack/images/a.jpg",
            1,
            "train",
            "g1",
            ((0.1, 0.2, 0.3, 0.4), (0.5, 0.5, 1, 1)),
            frozenset({"hand"}),
        ),
        Film("b.jpg", "pack/images/b.jpg", 0, "val", "g2", (), frozenset({"hardware"})),
    ],
    "kaggle": [
        Film("7-rotated3.JPG", "Bone/testing/not_fractured/7-rotated3.JPG", 0, "test", "0/7"),
        Film(
            "12-rotated1-rotated2.jpg",
            "Bone/training/fractured/12-rotated1-rotated2.jpg",
            1,
            "train",
            "1/12",
        ),
        Film("12.jpg", "Bone/training/fractured/12.jpg", 1, "train", "1/12"),
        Film("9_rotated1.png", "Bone/val/Not-Fractured/9_rotated1.png", 0, "val", "0/9"),
    ],
    "knees": [
        Film("9003000.png", "test/3/9003000.png", 3, "test", "9003000"),
        Film("9001695L.png", "train/0/9001695L.png", 0, "train", "9001695"),
        Film("9001695R.png", "train/4/9001695R.png", 4, "train", "9001695"),
        Film("9002116L.png", "val/2/9002116L.png", 2, "val", "9002116"),
    ],
}


def laid_out(files: dict[str, str], at: Path, kind: str) -> Pack:
    """A pack with these files: in memory, as a folder, or as a zip that also lists its folders."""
    if kind == "memory":
        return Pack("pack", {name: text.encode() for name, text in files.items()})
    if kind == "folder":
        for name, text in files.items():
            (at / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
            (at / "pack" / name).write_text(text, encoding="utf-8")
        return Pack(at / "pack")
    with zipfile.ZipFile(at / "pack.zip", "w") as archive:
        archive.writestr("folder/", "")
        for name, text in files.items():
            archive.writestr(name, text)
    return Pack(at / "pack.zip")


@pytest.mark.parametrize("kind", ["folder", "zip", "memory"])
@pytest.mark.parametrize("layout", EXPECTED)
def test_layout_is_read(tmp_path, layout, kind):
    pack = laid_out(LAYOUTS[layout], tmp_path, kind)
    assert sorted(pack.films, key=lambda f: f.path) == sorted(
        EXPECTED[layout], key=lambda f: f.path
    )
    assert [(film, data.decode()) for film, data in pack.read_all(pack.films)] == [
        (film, LAYOUTS[layout][film.path]) for film in pack.films
    ]
    assert pack.read(pack.films[0].path).decode() == LAYOUTS[layout][pack.films[0].path]


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_fracatlas_as_published(tmp_path, kind):
    pack = laid_out(LAYOUTS["fracatlas"], tmp_path, kind)
    films = {film.name: film for film in pack.films}
    assert set(films) == {"IMG0000019.jpg", "IMG0000020.jpg", "IMG0000029.jpg"}  # what is there
    assert films["IMG0000019.jpg"].boxes == (pytest.approx((0.1, 0.1, 0.3, 0.4)), (0, 0, 1, 1))
    assert films["IMG0000020.jpg"].boxes == ()  # sound: known to have none
    assert films["IMG0000029.jpg"].boxes is None  # fractured, but never annotated
    assert [films[name].label for name in sorted(films)] == [1, 0, 1]
    assert films["IMG0000019.jpg"].flags == {"hand", "frontal"}
    assert films["IMG0000020.jpg"].flags == {"leg", "hardware"}
    listed = {row["image_id"]: row for row in csv.DictReader(FRACATLAS_SPLIT.open())}
    for name, film in films.items():
        place = listed.get(name, {"split": "test", "group": f"unlisted {name}"})
        assert (film.split, film.group) == (place["split"], place["group"])


def test_the_table_of_fracatlas_keeps_groups_whole():
    rows = list(csv.DictReader(FRACATLAS_SPLIT.open()))
    splits = {}
    for row in rows:
        splits.setdefault(row["group"], set()).add(row["split"])
    assert {row["split"] for row in rows} == {"train", "val"}
    assert all(len(found) == 1 for found in splits.values())


def test_split_picks_films_and_all_is_every_film(tmp_path):
    pack = laid_out(LAYOUTS["kaggle"], tmp_path, "folder")
    assert {film.name for film in pack.split("train")} == {"12.jpg", "12-rotated1-rotated2.jpg"}
    assert [film.name for film in pack.split("test")] == ["7-rotated3.JPG"]
    assert pack.split("all") == pack.films
    assert pack.split("nowhere") == []


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("fractured", 1),
        ("Fracture", 1),
        ("not fractured", 0),
        ("not_fractured", 0),
        ("non-fractured", 0),
        ("Normal", 0),
        ("notfractured", 0),
    ],
)
def test_class_folder_names(tmp_path, folder, label):
    other = "normal" if label else "fractured"
    pack = laid_out({f"{folder}/a.png": "", f"{other}/b.png": ""}, tmp_path, "zip")
    assert {film.name: film.label for film in pack.films} == {"a.png": label, "b.png": 1 - label}


def test_a_pair_without_splits_is_split_by_whole_groups_and_the_same_everywhere(tmp_path):
    files = {
        f"{name}/{number}{turn}.png": ""
        for number in range(200)
        for name in ["fractured" if number % 2 else "normal"]
        for turn in ("", "-rotated1")
    }
    films = laid_out(files, tmp_path, "zip").films
    splits = {film.name: film.split for film in films}
    assert all(splits[name] == splits[name.replace("-rotated1", "")] for name in splits)
    share = sum(split == "val" for split in splits.values()) / len(splits)
    assert 0.08 < share < 0.22
    assert splits["0.png"] == "train" and splits["1.png"] == "val"
    assert {film.name: film.split for film in assign_splits(films[::-1])} == splits


def manifest(row: str, head: str = HEAD) -> dict[str, str]:
    return {"manifest.csv": head + row, "images/a.jpg": ""}


@pytest.mark.parametrize(
    ("path", "split", "label"),
    [
        ("train/0/9001695L.png", "train", 0),
        ("auto_test/2/9001695L.png", "auto_test", 2),
        ("test/4/9001695L_1.png", "test", 4),
        ("val/1/9001695_L.jpg", "val", 1),
        ("Knees/0Normal/NormalG0 (1).png", None, 0),
        ("Knees/1Doubtful/DoubtfulG1 (1).png", None, 1),
        ("Knees/4 severe/SevereG4 (12).png", None, 4),
    ],
)
def test_knees_by_grade(tmp_path, path, split, label):
    (film,) = laid_out({path: ""}, tmp_path, "zip").films
    assert film.label == label
    assert film.split == split or (split is None and film.split in ("train", "val"))


def test_of_two_experts_gradings_the_first_is_read(tmp_path):
    files = {
        "MedicalExpert-I/0Normal/NormalG0 (1).png": "",
        "MedicalExpert-I/3Moderate/ModerateG3 (4).png": "",
        "MedicalExpert-II/1Doubtful/DoubtfulG1 (1).png": "",
    }
    films = laid_out(files, tmp_path, "zip").films
    assert sorted(film.label for film in films) == [0, 3]
    assert len({film.group for film in films}) == 2


BAD = {
    "empty": ({"readme.txt": "nothing"}, "holds no picture"),
    "labels are missing": ({"a.png": "", "b/c.png": ""}, "no known layout"),
    "no image in the classes": ({"fractured/a.txt": "", "normal/b.txt": ""}, "holds no picture"),
    "film is missing": (manifest("b.jpg,1,train,g,[],0,0\n"), "b.jpg"),
    "column is missing": (manifest("a.jpg,1\n", "image_id,fractured\n"), "split"),
    "label is no number": (manifest("a.jpg,yes,train,g,[],0,0\n"), "yes"),
    "boxes are damaged": (manifest('a.jpg,1,train,g,"[[0.1, ",0,0\n'), "table"),
    "boxes within boxes": (manifest(f"a.jpg,1,train,g,{'[' * 100_000},0,0\n"), "table"),
    "a cell without end": (manifest(f"a.jpg,1,train,{'g' * 200_000},[],0,0\n"), "field larger"),
}


def test_films_of_one_class_are_a_pack_that_the_audit_refuses(tmp_path):
    films = laid_out({"fractured/a.png": "", "other/b.png": ""}, tmp_path, "folder").films
    assert [(film.name, film.label) for film in films] == [("a.png", 1)]


def test_a_film_without_a_group_is_its_own(tmp_path):
    files = manifest("a.jpg,1,train\n", "image_id,fractured,split\n")
    (film,) = laid_out(files, tmp_path, "folder").films
    assert film == Film("a.jpg", "images/a.jpg", 1, "train", "a.jpg", ())


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize(("files", "reason"), BAD.values(), ids=BAD)
def test_bad_pack_is_one_sentence(tmp_path, files, reason, kind):
    with pytest.raises(BadPack, match=reason) as refusal:
        laid_out(files, tmp_path, kind)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("paths", "together"),
    [
        (["train/fractured/0.jpg", "val/fractured/0.jpg"], False),  # numbered anew
        (["a/fractured/0.jpg", "b/fractured/0.jpg"], False),
        (["train/fractured/0.jpg", "val/fractured/0-rotated1.jpg"], True),
        (["train/0/12.png", "val/0/12.png"], False),
        (["train/0/12L.png", "val/0/12R.png"], True),
        (["test/0/9001695L.png", "auto_test/0/9001695L.png"], True),  # the same patient
    ],
)
def test_numbers_that_begin_anew_in_each_folder_join_no_films(paths, together):
    films = Pack("brought", dict.fromkeys([*paths, "train/normal/7.jpg"], b"")).films
    groups = [film.group for film in films if film.path in paths]
    assert len(groups) == 2 and (len(set(groups)) == 1) is together


def test_masks_and_what_systems_leave_behind_are_no_films():
    films = dict.fromkeys(("fractured/a.png", "normal/b.png"), b"")
    others = ("fractured/a_mask.png", "masks/normal/b.png", "normal/b-segmentation.png")
    others += ("__MACOSX/normal/._b.png", "normal/.b.png")
    pack = Pack("brought", films | dict.fromkeys(others, b""))
    assert pack.names == ["a.png", "b.png"]


def test_a_file_that_is_damaged_in_a_zip_is_an_error_of_reading(tmp_path):
    path = tmp_path / "pack.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fractured/a.png", b"A" * 50)
        archive.writestr("normal/b.png", b"B" * 50)
    path.write_bytes(path.read_bytes().replace(b"AAA", b"ACA", 1))
    pack = Pack(path)
    with pytest.raises(OSError, match="damaged"):
        pack.read("fractured/a.png")
    assert pack.read("normal/b.png") == b"B" * 50


@pytest.mark.parametrize("name", ["missing", "text.zip"])
def test_no_pack_at_all_is_one_sentence(tmp_path, name):
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(BadPack, match="neither a folder nor a zip"):
        Pack(tmp_path / name)
