"""Generated pictures say in pixels and metadata what they are and how they were made."""

import hashlib
import io
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from core import export
from core.images import decode
from core.lesions import SIDE
from core.mask_files import png
from core.models import find
from core.sketch_export import MASK_SENTENCE, SENTENCE, mask_png, picture_png, statement
from core.sketchers import blend, one_hot
from tests.toy_models import publish_sketcher

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
MASK = np.zeros((SIDE, SIDE), bool)
MASK[32:96, 32:64] = True
PICTURE = np.random.default_rng(0).integers(20, 240, (SIDE, SIDE, 3), np.uint8)
LICENCE = "Apache-2.0 (code); weights: CC BY-NC 4.0, non-commercial"


@pytest.fixture
def card(tmp_path):
    publish_sketcher(tmp_path, licence=LICENCE)
    return find(tmp_path, "sketch", "cgan")


def comment(data: bytes) -> tuple[str, dict]:
    """The line for people and the statement in a PNG file, as other programs read them."""
    image = Image.open(io.BytesIO(data))
    image.load()
    first, _, rest = image.text["Comment"].partition("\n")
    return first, json.loads(rest)


def test_the_statement_says_how_the_picture_was_made(card):
    said = statement(card, MASK, one_hot("mel"), np.int64(7), 0.5, now=NOON)
    commit = said["app"].pop("commit")
    assert commit is None or len(commit) == 40
    assert said == {
        "schema": "lightbox-sketch",
        "version": 1,
        "sentence": SENTENCE,
        "app": {"name": "Lightbox"},
        "time": "2024-05-06T12:00:00+00:00",
        "model": {"name": "cgan", "title": "Cgan", "sha256": card.sha256},
        "licence": LICENCE,
        "diagnosis": {"mel": 1.0},
        "seed": 7,
        "strength": 0.5,
        "towards": None,
        "sketch": {
            "pixels": 2048,
            "share": 0.125,
            "png_sha256": hashlib.sha256(png(MASK)).hexdigest(),
        },
        "stamp_box": list(export.stamp_box(PICTURE.shape)),
    }


def test_the_statement_of_a_morph_names_both_ends(card):
    label = blend(one_hot("nv"), one_hot("mel"), np.float32(0.3))
    said = statement(card, MASK, label, 1, other_seed=9, share=np.float32(0.25))
    assert said["diagnosis"] == {"mel": 0.3, "nv": 0.7}
    assert said["towards"] == {"seed": 9, "share": 0.25}
    assert json.loads(json.dumps(said)) == said


def test_no_noise_is_stated_of_a_generator_that_takes_none(tmp_path):
    publish_sketcher(tmp_path, noise=0)
    said = statement(find(tmp_path, "sketch", "cgan"), MASK, one_hot("mel"), 7, 0.5)
    assert said["seed"] is said["strength"] is said["towards"] is None


def test_a_picture_is_marked_in_pixels_and_metadata(card):
    said = statement(card, MASK, one_hot("mel"), 7)
    data = picture_png(PICTURE, said)
    found, marked = decode(data, "lesion.png").pixels, export.stamp_mask(PICTURE.shape)
    np.testing.assert_array_equal(found[~marked], PICTURE[~marked])
    assert {*np.unique(found[marked])} == {PICTURE.min(), PICTURE.max()}
    assert 0.02 < marked.mean() < 0.1
    assert comment(data) == (SENTENCE, said)
    assert SENTENCE.startswith("Synthetic") and "Not for diagnosis." in SENTENCE


def test_a_mask_is_its_pixels_alone_and_says_what_it_belongs_to(card):
    said = statement(card, MASK, one_hot("mel"), 7)
    data = mask_png(MASK, said)
    np.testing.assert_array_equal(decode(data, "mask.png").pixels, np.where(MASK, 255, 0))
    first, rest = comment(data)
    assert first == rest["sentence"] == MASK_SENTENCE and "synthetic" in first
    assert rest | {"sentence": SENTENCE} == said


def test_a_licence_in_any_letters_can_be_written(tmp_path):
    publish_sketcher(tmp_path, licence="© Größe")
    said = statement(find(tmp_path, "sketch", "cgan"), MASK, one_hot("df"), 1)
    assert comment(picture_png(PICTURE, said))[1]["licence"] == "© Größe"
