"""Packs of masks are read as they were written, and their films are known again."""

import hashlib
import zipfile

import cv2
import numpy as np
import pytest

from core.archive import BadPack
from core.artefacts import Annotation, from_masks
from core.jobs.records import read_status, write_status
from tests.bad_files import encoded, film, tiff
from tests.dicom_files import dicom
from tests.marked_films import write_pack
from trainers.mask_pack import MaskPack
from trainers.progress import of_job

SHAPE = (64, 48)
SCREW = np.zeros(SHAPE, bool)
SCREW[10:40, 20:26] = True
WIRE = np.zeros(SHAPE, bool)
WIRE[50:54, 4:40] = True
NOTHING = Annotation(nothing=True)
BOTH = Annotation(from_masks({"screw": SCREW, "wire": WIRE}))


def knee(seed: int) -> np.ndarray:
    """A dark film with a bright middle, which is no negative; each other than the last."""
    picture = cv2.circle(np.zeros(SHAPE, np.uint8), (24, 32), 14, 200, -1)
    return picture + np.random.default_rng(seed).integers(0, 9, SHAPE).astype(np.uint8)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A pack of twelve films, of which ten show a screw and a wire."""
    said = {encoded(knee(seed), "PNG"): BOTH if seed < 10 else NOTHING for seed in range(12)}
    return write_pack(tmp_path_factory.mktemp("pack") / "pack.zip", said)


def test_a_fifth_of_each_sort_is_held_out_and_always_the_same(written):
    train, val = MaskPack(written).split()
    assert [sum(film.marked for film in part) for part in (train, val)] == [8, 2]
    assert (len(train), len(val)) == (9, 3)
    assert MaskPack(written).split() == (train, val)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [(("screw",), SCREW), (("screw", "wire"), SCREW | WIRE), (("plate",), SCREW & WIRE)],
)
def test_masks_are_the_union_of_the_labels_asked_for(written, labels, expected):
    pack = MaskPack(written)
    films = [film for film in pack.films if film.marked]
    found = pack.squares(films, 64, labels)
    assert found.squares.shape == found.masks.shape == (10, 64, 64)
    np.testing.assert_array_equal(found.masks[0], np.pad(expected, ((0, 0), (8, 8))))
    assert found.squares[0, 32, 32] >= 200 > 99 > found.squares[0, 2, 32]


def test_a_folder_is_read_like_a_zip(written, tmp_path):
    with zipfile.ZipFile(written) as archive:
        archive.extractall(tmp_path / "outer" / "pack")
    pack = MaskPack(tmp_path / "outer")
    assert pack.films and len(pack.squares(pack.films, 32).squares) == 12


def test_a_pack_is_told_by_its_digest(written, tmp_path):
    with zipfile.ZipFile(written) as archive:
        archive.extractall(tmp_path / "outer" / "pack")
        films = archive.read("films.csv")
    assert MaskPack(written).sha256 == hashlib.sha256(written.read_bytes()).hexdigest()
    assert MaskPack(tmp_path).sha256 == hashlib.sha256(films).hexdigest()


def test_deep_films_are_shown_in_their_window(tmp_path):
    deep = knee(1).astype(np.uint16) * 10
    said = {dicom(deep, WindowCenter=1000.5, WindowWidth=2): BOTH}
    pack = MaskPack(write_pack(tmp_path / "pack.zip", said))
    square = pack.squares(pack.films, 64).squares[0]
    assert set(np.unique(square)) == {0, 255}


def test_marked_films_are_known_by_bytes_and_by_pixels(tmp_path):
    marked, bare, other = knee(1), knee(2), knee(3)
    said = {encoded(marked, "PNG"): BOTH, encoded(bare, "PNG"): NOTHING}
    pack = MaskPack(write_pack(tmp_path / "pack.zip", said))
    for data, expected in (
        (encoded(marked, "PNG"), True),
        (encoded(marked, "PNG") + b"more", True),
        (encoded(marked, "BMP"), True),
        (tiff(marked, {}), True),
        (encoded(bare, "PNG"), False),
        (encoded(other, "PNG"), False),
        (encoded(cv2.flip(marked, 1), "PNG"), False),
        (b"no film at all", False),
    ):
        assert pack.marks(data) is expected


# --- refusals ---


def rewritten(source, target, **changed: bytes | None) -> MaskPack:
    """The pack with members, named by what their names begin with, changed or left out."""
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            key = next((key for key in changed if name.startswith(key)), None)
            if key is None or changed[key] is not None:
                after.writestr(name, changed[key] if key else before.read(name))
    return MaskPack(target)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"films": None}, "holds no films.csv"),
        ({"masks.csv": None}, "is damaged"),
        ({"films": b"image\na.png\n"}, "is damaged"),
        ({"masks.csv": b"image\na.png\n"}, "is damaged"),
        ({"films": b"\xff\xfe"}, "is damaged"),
        ({"images": None}, "lacks"),
        ({"masks/": None}, "lacks"),
        ({"images": b"text"}, "none can be read"),
        ({"masks/": b"text"}, "none can be read"),
        ({"masks/": encoded(film(40, 32), "PNG")}, "of another size"),
    ],
)
def test_a_pack_that_is_not_whole_is_refused(written, tmp_path, changed, words):
    with pytest.raises(BadPack, match=words):
        pack = rewritten(written, tmp_path / "pack.zip", **changed)
        pack.squares(pack.films, 32)


def test_t7_a_film_that_is_damaged_or_a_mask_of_it_is_skipped_counted_and_listed(written, tmp_path):
    broken, unmasked, *rest = [film for film in MaskPack(written).films if film.marked]
    changed = {broken.path: encoded(knee(0), "PNG")[:99], unmasked.masks[0][1]: b"text"}
    pack = rewritten(written, tmp_path / "pack.zip", **changed)
    write_status(tmp_path, state="running")
    with of_job(tmp_path):
        found = pack.squares([broken, unmasked, *rest], 64)
    assert found.films == rest and len(found) == len(found.squares) == len(found.masks) == 8
    assert read_status(tmp_path).skipped == 2
    listed = (tmp_path / "skipped.csv").read_text()
    assert broken.name in listed and unmasked.name in listed


def test_films_of_which_nothing_is_known_are_not_learned_from(tmp_path):
    said = {encoded(knee(seed), "PNG"): BOTH for seed in range(3)}
    said |= {encoded(knee(9), "PNG"): Annotation(comment="Unsure.")}
    pack = MaskPack(write_pack(tmp_path / "pack.zip", said))
    for labels in (("screw",), ("screw", "wire")):
        assert sum(map(len, pack.split(labels))) == 3 < len(pack.films)


def test_t8_too_few_masks_are_refused_before_training(tmp_path):
    said = {encoded(knee(1), "PNG"): BOTH, encoded(knee(2), "PNG"): NOTHING}
    pack = MaskPack(write_pack(tmp_path / "pack.zip", said))
    with pytest.raises(BadPack, match="1 films with masks of screw, and two are needed"):
        pack.split(["screw"])
