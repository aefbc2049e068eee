"""Labelled films out of what somebody brings, and the models' reading of them."""

import zipfile

import numpy as np
import pytest

from core.archive import Archive
from core.labelled import BadSet
from core.labelled_pack import MOST_FILMS, find, label_of
from core.labelled_scoring import Said, collected, copies, read_all
from core.lesions import SIDE
from core.models import ModelCard, open_model
from core.samples import png
from tests.toy_models import COLOURS, publish, publish_diagnoser, publish_graded

DARK, BRIGHT = (png(np.full((40, 32), level, np.uint8)) for level in (30, 220))


def files(*paths: str, **texts: str) -> Archive:
    """An archive in memory of dark films, and of tables by their name without .csv."""
    held = dict.fromkeys(paths, DARK)
    return Archive("brought.zip", held | {f"{k}.csv": v.encode() for k, v in texts.items()})


@pytest.mark.parametrize(
    ("task", "written", "label"),
    [
        ("fracture", "Not_Fractured", 0),
        ("fracture", "fractured", 1),
        ("fracture", "1", 1),
        ("fracture", "broken?", None),
        ("severity", "0Normal", 0),
        ("severity", "KL 3", 3),
        ("severity", "grade_4", 4),
        ("severity", "2.0", 2),
        ("severity", "Doubtful", 1),
        ("severity", "5", None),
        ("lesion", "MEL", 4),
        ("lesion", "basal-cell carcinoma", 1),
        ("lesion", "nevus", 5),
        ("lesion", "benign", None),
        ("lesion", "", None),
    ],
)
def test_labels_as_people_write_them(task, written, label):
    assert label_of(task, written) == label


def test_folders_named_after_classes():
    found = find(
        files("set/val/fractured/a.png", "set/val/normal/b.png", "set/maybe/c.png", "d.png"),
        "fracture",
    )
    said = [(film.name, film.label, film.split) for film in found.films]
    assert said == [("a.png", 1, "val"), ("b.png", 0, "val")]
    assert (found.unlabelled, found.unknown) == (2, ("maybe",))


def test_knees_of_one_patient_belong_together():
    found = find(files("0/9001L.png", "3/9001R.png", "3/9002L.png", "3/x.png"), "severity")
    assert [film.group for film in found.films] == ["9001", "9001", "9002", "3/x.png"]


def test_numbers_that_begin_anew_in_each_folder_join_no_films():
    found = find(files("x/normal/1.png", "y/normal/1.png", "fractured/2.png"), "fracture")
    assert len({film.group for film in found.films}) == 3
    table = "image,label,patient\n1.png,normal,p\n2.png,fractured,q\n"
    held = files("x/1.png", "y/1.png", "2.png", labels=table)
    assert [film.group for film in find(held, "fracture").films] == ["q", "p", "p"]


def test_pictures_of_one_name_in_two_folders_are_called_by_their_path():
    found = find(files("mel/1.png", "nv/1.png"), "lesion")
    assert [film.name for film in found.films] == ["mel/1.png", "nv/1.png"]


def test_masks_are_no_pictures():
    held = files("mel/1.png", "nv/2.png", "masks/mel/1.png", "nv/2_segmentation.png")
    held = Archive(
        "x", held.files | dict.fromkeys(("mel/1_mask.png", "__MACOSX/mel/._1.png"), DARK)
    )
    assert [film.path for film in find(held, "lesion").films] == ["mel/1.png", "nv/2.png"]


def test_a_table_labels_groups_and_describes():
    table = "Image;label;patient;site;age;note\n1.png;mel;p1;back;50;n1\n2.png;nv;p1;back;61;n2\n"
    table += "3.png;nv;;face;50;\n4.png;wart;p2;face;70;n3\n"
    found = find(files("1.png", "2.png", "3.png", "4.png", "5.png", labels=table), "lesion")
    assert [film.label for film in found.films] == [4, 5, 5]
    assert [film.group for film in found.films] == ["p1", "p1", "3.png"]
    assert found.films[0].attributes["Site"] == "back"
    assert (found.unlabelled, found.unknown) == (2, ("wart",))


@pytest.mark.parametrize("column", ["film", "Truth", "picture", "true grade", " Film "])
def test_a_column_called_as_one_of_the_page_s_own_is_told_apart(column):
    table = f"image,label,patient,{column}\n1.png,1,p,yes\n2.png,0,p,no\n"
    film = find(files("1.png", "2.png", labels=table), "fracture").films[0]
    assert film.attributes == {f"Table: {column.strip().lower()}": "yes"}


def test_the_project_s_own_table_tells_region_view_and_hardware():
    head = "image_id,split,fractured,hand,leg,frontal,hardware,group\n"
    table = head + "a.png,val,1,1,0,1,0,7\nb.png,train,0,1,1,0,1,8\n"
    found = find(files("images/a.png", "images/b.png", manifest=table), "fracture")
    assert found.splits == {"val": 1, "train": 1}
    assert found.films[0].attributes == {
        "Region": "hand",
        "View": "frontal",
        "Hardware": "without hardware",
    }
    assert found.films[1].attributes["Region"] == "mixed"


def test_a_split_of_another_name_is_kept_behind_the_known_ones():
    table = "image_id,split,fractured\na.png,holdout,1\nb.png,val,0\n"
    found = find(files("images/a.png", "images/b.png", manifest=table), "fracture")
    assert list(found.splits) == ["val", "holdout"]


BAD = {
    "no picture": (files(labels="image,label\n"), "There is no picture in it"),
    "no labels": (files("a.png", "b.png"), "The 2 pictures carry no labels: put them into folders"),
    "folders": (
        files("cats/a.png", "dogs/b.png"),
        "folders match no class: found are “cats”, “dog",
    ),
    "labels": (files("a.png", labels="image,label\na.png,maybe\n"), "labels match no class: found"),
    "columns": (files("a.png", labels="image,says\na.png,1\n"), "must have a column image"),
    "a third class": (
        files("images/a.png", manifest="image_id,split,fractured\na.png,val,2\n"),
        "Its table of films cannot be used",
    ),
    "manifest": (files("a.png", manifest="image_id\nx\n"), "Its table of films cannot be used"),
    "a head alone": (
        files("images/a.png", manifest="image_id,split,fractured\n"),
        "Its table of films lists none that is there",
    ),
    "none of its films": (
        files("images/a.png", dataset="image_id,fractured\nb.png,1\n"),
        "Its table of films lists none that is there",
    ),
    "a cell without end": (
        files("a.png", labels=f"image,label\na.png,{'1' * 200_000}\n"),
        "cannot be read: save it as CSV",
    ),
}


@pytest.mark.parametrize(("held", "reason"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_one_sentence(held, reason):
    with pytest.raises(BadSet) as refused:
        find(held, "fracture")
    assert reason in refused.value.reason and refused.value.reason.endswith(".")


def test_a_table_that_is_no_text_is_one_sentence():
    with pytest.raises(BadSet, match="cannot be read"):
        find(Archive("x", {"labels.csv": b"\xff\xfe\x00", "a.png": DARK}), "lesion")


def test_of_many_films_an_even_part_is_taken_and_each_class_keeps_its_share():
    paths = [f"{'fractured' if i % 4 == 0 else 'normal'}/{i:04}.png" for i in range(1200)]
    chosen = find(files(*paths), "fracture").of("")
    assert len(chosen) == MOST_FILMS == len(set(film.path for film in chosen))
    assert sum(film.label for film in chosen) == MOST_FILMS / 4
    sizes = (("mel", 501), ("nv", 501), ("bkl", 501))  # a third of 500 each is no whole number
    thirds = [f"{code}/{i}.png" for code, size in sizes for i in range(size)]
    assert len(find(files(*thirds), "lesion").of("")) <= MOST_FILMS
    assert find(files(*paths[:40]), "fracture").of("") == list(
        find(files(*paths[:40]), "fracture").films
    )


PUBLISH = {"fracture": publish, "severity": publish_graded, "lesion": publish_diagnoser}


def opened(root, task: str):
    return open_model(ModelCard.read(PUBLISH[task](root)), threads=1)


def read(archive: Archive, task: str, model):
    films, said = find(archive, task).films, Said()
    steps = list(read_all(archive, films, task, [model], said))
    return films, said, steps


def test_films_are_read_by_every_model_and_unreadable_ones_are_told(tmp_path):
    held = {"fractured/a.png": BRIGHT, "normal/b.png": DARK, "normal/c.png": b"no picture"}
    archive = Archive("brought.zip", held)
    model = opened(tmp_path, "fracture")
    films, said, steps = read(archive, "fracture", model)
    assert steps == [(1, 2), (2, 1), (3, 0)]
    found = collected(films, "fracture", "a zip", [model.card], said)
    assert found.images == ("a.png", "b.png") and found.labels.tolist() == [1, 0]
    bright, dark = found.scores(found.readings[0])
    assert bright > dark
    assert (
        list(said.skipped) == ["normal/c.png"]
        and said.thumbnails["normal/b.png"][:2] == b"\xff\xd8"
    )
    assert list(read_all(archive, films, "fracture", [model], said)) == []  # nothing is read twice


def test_a_film_that_is_damaged_in_a_zip_is_left_out_and_the_others_are_read(tmp_path):
    pack = tmp_path / "pack.zip"
    with zipfile.ZipFile(pack, "w") as held:
        for name in ("fractured/a.png", "fractured/b.png", "normal/c.png"):
            held.writestr(name, DARK)
    data, begin = bytearray(pack.read_bytes()), pack.read_bytes().index(b"fractured/b.png")
    data[begin + 40] ^= 255
    pack.write_bytes(data)
    _, said, steps = read(Archive(pack), "fracture", opened(tmp_path, "fracture"))
    assert list(said.skipped) == ["fractured/b.png"] and steps[-1] == (3, 0)
    assert "damaged in the pack" in said.skipped["fractured/b.png"]
    assert list(said.thumbnails) == ["fractured/a.png", "normal/c.png"]


def test_copies_of_a_film_are_one_group_and_counted(tmp_path):
    other = png(np.full((40, 32), 120, np.uint8))
    held = {"fractured/a.png": BRIGHT, "fractured/b.png": BRIGHT, "normal/c.png": BRIGHT}
    model = opened(tmp_path, "fracture")
    films, said, _ = read(Archive("x", held | {"normal/d.png": other}), "fracture", model)
    assert copies(films, said) == (2, 1)
    found = collected(films, "fracture", "a zip", [model.card], said)
    assert found.groups.tolist() == ["1/a", "1/a", "1/a", "0/d"]


def test_a_lesion_is_seen_in_colour(tmp_path):
    shades = np.uint8(np.rint((COLOURS[[4, 5]] + 1) * 127.5))
    held = {
        f"{code}/1.png": png(np.tile(shade, (SIDE, SIDE + 20, 1)))
        for code, shade in zip(("mel", "nv"), shades, strict=True)
    }
    model = opened(tmp_path, "lesion")
    films, said, _ = read(Archive("x", held), "lesion", model)
    found = collected(films, "lesion", "a zip", [model.card], said)
    assert found.right(found.readings[0]).all()
    assert found.attributes["True diagnosis"].tolist() == ["Melanoma", "Melanocytic naevus"]


def test_where_no_film_can_be_read_that_is_said(tmp_path):
    model = opened(tmp_path, "severity")
    archive = Archive("x", {"0/a.png": b"", "3/b.png": b""})
    films, said, _ = read(archive, "severity", model)
    with pytest.raises(
        BadSet, match="No film of the 2 can be read; of the first: This file is emp"
    ):
        collected(films, "severity", "a zip", [model.card], said)
