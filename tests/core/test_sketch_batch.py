"""A batch of generated pictures is a pack that the trainers read, and says that it is synthetic."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core import export
from core.lesions import CODES, SIDE
from core.models import find
from core.sketch import BadSketch, check
from core.sketch_batch import AT_ONCE, batch
from core.sketch_export import SENTENCE
from core.sketchers import noise, one_hot, open_sketcher
from tests.toy_models import publish_sketcher
from trainers.lesions import LesionPack
from trainers.options import parse

PER_CLASS = 11
MASK = np.zeros((SIDE, SIDE), bool)
MASK[30:90, 40:90] = True
LICENCE = "weights: CC BY-NC 4.0, non-commercial"


@pytest.fixture(scope="module")
def sketcher(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    publish_sketcher(root, licence=LICENCE)
    return open_sketcher(find(root, "sketch", "cgan"))


@pytest.fixture(scope="module")
def archive(sketcher):
    return zipfile.ZipFile(io.BytesIO(batch(sketcher, PER_CLASS, 5, strength=0.5)))


def rows(archive: zipfile.ZipFile) -> list[dict]:
    return list(csv.DictReader(io.StringIO(archive.read("labels.csv").decode())))


def pixels(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_UNCHANGED)
    return picture[..., ::-1] if picture.ndim == 3 else picture


def test_the_trainers_read_it(tmp_path, archive):
    (tmp_path / "batch.zip").write_bytes(archive.fp.getvalue())
    pack = LesionPack(tmp_path / "batch.zip")
    squares = pack.squares("all")
    assert np.bincount(squares.labels).tolist() == [PER_CLASS] * len(CODES)
    assert squares.outlined.all()
    for split in ("train", "val"):
        assert {lesion.label for lesion in pack.split(split)} == set(range(7)), split
    at = [lesion.name for lesion in squares.lesions].index("SYNTHETIC_mel_0003")
    np.testing.assert_array_equal(
        squares.images[at], pixels(archive, "images/SYNTHETIC_mel_0003.png")
    )
    np.testing.assert_array_equal(
        squares.masks[at], pixels(archive, "masks/SYNTHETIC_mel_0003_segmentation.png") == 255
    )


def test_every_row_has_its_picture_and_its_mask(archive):
    found = rows(archive)
    names = [row["image_id"] for row in found]
    assert len({*names}) == len({row["lesion_id"] for row in found}) == 7 * PER_CLASS
    assert {row["dx_type"] for row in found} == {"synthetic"}
    assert {*archive.namelist()} == {
        "README.txt",
        "labels.csv",
        *(f"images/{name}.png" for name in names),
        *(f"masks/{name}_segmentation.png" for name in names),
    }


def test_every_picture_is_what_the_generator_draws_for_its_row(archive, sketcher):
    for row in rows(archive)[::5]:
        mask = pixels(archive, f"masks/{row['image_id']}_segmentation.png") == 255
        (drawn,) = sketcher.draw(mask, one_hot(row["dx"])[None], noise([int(row["seed"])], 0.5))
        stamped = export.stamp(drawn)
        np.testing.assert_array_equal(pixels(archive, f"images/{row['image_id']}.png"), stamped)


def test_every_file_says_that_it_is_synthetic(archive):
    for row in rows(archive):
        for name in (f"images/{row['image_id']}.png", f"masks/{row['image_id']}_segmentation.png"):
            image = Image.open(io.BytesIO(archive.read(name)))
            image.load()
            first, _, rest = image.text["Comment"].partition("\n")
            said = json.loads(rest)
            assert "ynthetic" in first
            assert said["diagnosis"] == {row["dx"]: 1.0} and said["licence"] == LICENCE
            assert (said["seed"], said["strength"]) == (int(row["seed"]), 0.5)
    text = archive.read("README.txt").decode()
    for words in (SENTENCE, "77 pictures", "11 of each", "cgan", "strength 0.5", "from 5", LICENCE):
        assert words in text
    assert all(code in text for code in CODES) and "{" not in text
    (command,) = re.findall(r"python -m trainers.lesion (.*)", text)
    asked = parse("lesion", command.split())
    assert (asked.data, asked.also) == (Path("REAL_PACK"), [Path("THIS_ZIP")])


def test_every_diagnosis_has_the_same_lesions_and_seeds_of_its_own(archive):
    found = rows(archive)
    assert len({row["seed"] for row in found}) == len(found)
    shapes = {
        code: [
            pixels(archive, f"masks/SYNTHETIC_{code}_{turn:04d}_segmentation.png")
            for turn in range(1, PER_CLASS + 1)
        ]
        for code in CODES
    }
    for code in CODES:
        np.testing.assert_array_equal(shapes[code], shapes["nv"])
    assert len({shape.tobytes() for shape in shapes["nv"]}) == PER_CLASS
    for shape in shapes["nv"]:
        check(shape == 255)


def test_given_sketches_are_taken_in_turn(sketcher):
    made = zipfile.ZipFile(io.BytesIO(batch(sketcher, 3, 0, [MASK, MASK.T])))
    for turn, mask in enumerate([MASK, MASK.T, MASK], start=1):
        found = pixels(made, f"masks/SYNTHETIC_df_{turn:04d}_segmentation.png")
        np.testing.assert_array_equal(found == 255, mask)


@pytest.fixture(scope="module")
def blind(tmp_path_factory):
    """A generator that takes no noise."""
    root = tmp_path_factory.mktemp("blind")
    publish_sketcher(root, noise=0)
    return open_sketcher(find(root, "sketch", "cgan"))


@pytest.mark.parametrize(("which", "strength"), [("blind", 1.0), ("sketcher", 0.0)])
def test_the_same_picture_is_not_made_twice(request, which, strength):
    generator = request.getfixturevalue(which)
    with pytest.raises(BadSketch, match="are the same: ask for one") as caught:
        batch(generator, 3, 0, [MASK, MASK.T], strength)
    assert caught.value.reason.count(". ") == 0
    for masks in ([MASK], []):
        per_class = 1 if masks else 3
        made = zipfile.ZipFile(io.BytesIO(batch(generator, per_class, 0, masks, strength)))
        melanomas = [name for name in made.namelist() if name.startswith("images/SYNTHETIC_mel")]
        assert len({pixels(made, name).tobytes() for name in melanomas}) == per_class


def test_no_noise_is_claimed_where_there_is_none(blind, sketcher):
    made = zipfile.ZipFile(io.BytesIO(batch(blind, 1, 5)))
    assert {row["seed"] for row in rows(made)} == {""}
    text = made.read("README.txt").decode()
    assert "takes no noise" in text and "seeds from" not in text
    made = zipfile.ZipFile(io.BytesIO(batch(sketcher, 1, 5, strength=0)))
    text = made.read("README.txt").decode()
    assert "its strength was 0" in text and "seeds from" not in text


def test_a_seed_gives_the_same_pictures_again_and_another_gives_others(sketcher):
    first, again, other = (
        zipfile.ZipFile(io.BytesIO(batch(sketcher, 1, seed))) for seed in (3, 3, 4)
    )
    name = "images/SYNTHETIC_nv_0001.png"
    np.testing.assert_array_equal(pixels(first, name), pixels(again, name))
    assert not np.array_equal(pixels(first, name), pixels(other, name))


@pytest.mark.parametrize("per_class", [1, 8])
def test_progress_is_told_and_ends_at_the_whole(sketcher, per_class):
    told = []
    batch(sketcher, per_class, 0, [MASK], progress=lambda *now: told.append(now))
    total = 7 * per_class
    steps = [*range(AT_ONCE, total, AT_ONCE), total]
    assert told == [(done, total) for done in steps]
