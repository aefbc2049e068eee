import shutil
import zipfile

import pytest

from core.packs import fracture_films

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
