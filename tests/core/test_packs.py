import shutil
import zipfile
from pathlib import Path

import pytest

from core.packs import fracture_films, knee_films

MANIFEST = "image_id,split,fractured\n" + "".join(
    f"{index:02}.jpg,{'train' if index % 5 == 0 else 'val'},{index % 2}\n" for index in range(40)
)


@pytest.fixture
def pack(tmp_path):
    """The folder `data/fracture` of a pack whose films hold their own name."""
    folder = tmp_path / "data/fracture"
    (folder / "images/Fractured").mkdir(parents=True)
    (folder / "manifest.csv").write_text(MANIFEST)
    for index in range(40):
        (folder / f"images/Fractured/{index:02}.jpg").write_bytes(f"{index:02}.jpg".encode())
    return folder


def zipped(folder):
    shutil.make_archive(str(folder), "zip", folder)
    shutil.rmtree(folder)


def zipped_files(folder):
    """A zip with the files alone, and no entries for the folders that they are in."""
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in folder.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    shutil.rmtree(folder)


def knees(data, counts=(7, 3, 2, 1, 5), top="") -> Path:
    """The folder `data/knee` with so many films of each grade in val and more in train and test."""
    folder = data / "knee"
    for split, more in (("val", 0), ("train", 9), ("test", 4)):
        for grade, count in enumerate(counts):
            (folder / top / split / str(grade)).mkdir(parents=True, exist_ok=True)
            for index in range(count + more):
                name = f"{split}{grade}{index:02}L.png"
                (folder / top / split / str(grade) / name).write_bytes(name.encode())
    (folder / "readme.txt").write_text("val/3/ is for choosing.")
    return folder


@pytest.mark.parametrize("change", [lambda folder: None, zipped], ids=["folder", "zip"])
def test_films_of_the_val_split_half_of_them_fractured(pack, change):
    change(pack)
    films = fracture_films(pack.parent, 8)
    assert len(films) == 8 and sum(film.label for film in films) == 4
    for film in films:
        number = int(film.name[:2])
        assert number % 5 and film.label == bool(number % 2)
        assert film.data() == film.name.encode()
    assert [film.name for film in films] == sorted(film.name for film in films)


@pytest.mark.parametrize(
    "damage",
    [
        shutil.rmtree,
        lambda folder: (folder / "manifest.csv").unlink(),
        lambda folder: (folder / "manifest.csv").write_text("image,label\n1,2\n"),
        lambda folder: (folder / "manifest.csv").write_bytes(b"\xff\xfe\xff"),
        lambda folder: folder.with_suffix(".zip").write_bytes(b"no zip"),
    ],
    ids=["none", "no manifest", "other columns", "no text", "no zip"],
)
def test_an_unreadable_pack_offers_nothing(pack, damage):
    damage(pack)
    assert fracture_films(pack.parent) == []


def test_a_pack_that_vanishes_later_raises_oserror(pack):
    zipped(pack)
    film = fracture_films(pack.parent)[0]
    with zipfile.ZipFile(pack.with_suffix(".zip"), "w") as emptied:
        emptied.writestr("other", b"")
    with pytest.raises(OSError):
        film.data()
    pack.with_suffix(".zip").unlink()
    with pytest.raises(OSError):
        film.data()


@pytest.mark.parametrize("top", ["", "KneeXray", "a/b"], ids=["bare", "in a folder", "deep"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: None, id="folder"),
        pytest.param(zipped_files, id="zip"),
        pytest.param(
            zipped,
            id="zip with folders",
        ),
    ],
)
def test_knees_of_the_val_split_by_grade_and_name(tmp_path, change, top):
    change(knees(tmp_path, top=top))
    films = knee_films(tmp_path)
    assert [film.label for film in films] == [0, 0, 1, 1, 2, 2, 3, 4, 4]
    assert films == sorted(films, key=lambda film: (film.label, film.name))
    for film in films:
        assert film.name.startswith(f"val{film.label}")
        assert film.data() == film.name.encode()


@pytest.mark.parametrize(
    ("each", "wanted"),
    [(1, ["00"]), (2, ["00", "03"]), (3, ["00", "02", "04"]), (7, [f"{n:02}" for n in range(7)])],
)
def test_knees_are_spread_evenly_over_a_grade(tmp_path, each, wanted):
    knees(tmp_path)
    assert [f.name[4:6] for f in knee_films(tmp_path, each) if f.label == 0] == wanted


def test_knees_are_the_same_each_time_and_from_folder_or_zip(tmp_path):
    folder = knees(tmp_path)
    first, again = ([film.name for film in knee_films(tmp_path)] for _ in range(2))
    zipped_files(folder)
    assert first == again == [film.name for film in knee_films(tmp_path)]


def test_a_grade_without_films_offers_none(tmp_path):
    knees(tmp_path, (2, 0, 0, 1, 0))
    assert [film.label for film in knee_films(tmp_path)] == [0, 0, 3]


@pytest.mark.parametrize(
    "damage",
    [
        shutil.rmtree,
        lambda folder: shutil.rmtree(folder / "val"),
        lambda folder: folder.with_suffix(".zip").write_bytes(b"no zip"),
        lambda folder: folder.with_suffix(".zip").write_bytes(b""),
        lambda folder: (
            zipped(folder),
            folder.with_suffix(".zip").write_bytes(folder.with_suffix(".zip").read_bytes()[:-60]),
        ),
        lambda folder: (shutil.rmtree(folder), folder.write_bytes(b"a file")),
    ],
    ids=["none", "no val", "no zip", "empty zip", "cut zip", "a file"],
)
def test_an_unreadable_knee_pack_offers_nothing(tmp_path, damage):
    damage(knees(tmp_path))
    assert knee_films(tmp_path) == []


def test_a_damaged_knee_raises_oserror(tmp_path):
    folder = knees(tmp_path)
    zipped_files(folder)
    film, path = knee_films(tmp_path)[0], folder.with_suffix(".zip")
    path.write_bytes(path.read_bytes().replace(film.name.encode(), b"x" * len(film.name)))
    with pytest.raises(OSError):
        film.data()
    path.unlink()
    with pytest.raises(OSError):
        film.data()
