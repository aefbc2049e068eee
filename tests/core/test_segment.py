"""Outlines of lesions: what is kept of a probability map, and which photos are refused."""

import cv2
import numpy as np
import pytest

from core import segment
from core.models import BadModel, find
from core.segment import BadPhoto, contour, lesion_mask, open_segmenter
from tests import toy_models

SKIN, MOLE, GREEN = (225, 170, 150), (90, 50, 40), (60, 200, 80)


def discs(*places, background=0, value=1) -> np.ndarray:
    """(128, 128) uint8 with filled circles (x, y, radius)."""
    drawn = np.full((128, 128), background, np.uint8)
    for x, y, radius in places:
        cv2.circle(drawn, (x, y), radius, value, cv2.FILLED)
    return drawn


def photo(*places, skin=SKIN, mole=MOLE, shape=(128, 128)) -> np.ndarray:
    """A photo (H, W, 3) uint8 whose middle shows moles at `places`."""
    square = np.where(discs(*places)[..., None] > 0, np.uint8(mole), np.uint8(skin))
    whole = np.full((*shape, 3), skin, np.uint8)
    top, left = (shape[0] - 128) // 2, (shape[1] - 128) // 2
    whole[top : top + 128, left : left + 128] = square
    return whole


@pytest.fixture
def segmenter(tmp_path):
    toy_models.publish_outliner(tmp_path)
    return open_segmenter(find(tmp_path, "segment", "unet"))


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (discs((64, 64, 30)), discs((64, 64, 30))),
        (discs((40, 64, 20), (95, 64, 18)), discs((40, 64, 20), (95, 64, 18))),  # two lesions
        (discs((64, 64, 30), (120, 8, 4)), discs((64, 64, 30))),  # a speck beside
        (discs((64, 64, 30)) - discs((64, 64, 10)), discs((64, 64, 30))),  # a hole
        (discs((64, 64, 2)), discs()),  # nothing but a speck
        (discs(), discs()),
        (discs(background=1), discs(background=1)),
    ],
    ids=["one", "two", "speck beside", "hole", "speck", "none", "all"],
)
def test_what_is_kept_of_a_probability_map(found, kept):
    mask = lesion_mask(np.where(found, 0.9, 0.2).astype(np.float32))
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, kept > 0)


@pytest.mark.parametrize("shape", [(128, 128), (128, 300), (260, 130)])
def test_a_contour_lies_where_the_middle_of_the_photo_shows_the_lesion(segmenter, shape):
    mask = contour(segmenter, photo((50, 70, 28), shape=shape))
    if shape == (260, 130):  # its middle square is 130 px a side
        assert np.mean(mask == (discs((50, 70, 28)) > 0)) > 0.97
    else:
        np.testing.assert_array_equal(mask, discs((50, 70, 28)) > 0)


def test_sixteen_bits_are_outlined_as_eight(segmenter):
    eight = photo((64, 64, 25))
    np.testing.assert_array_equal(
        contour(segmenter, eight.astype(np.uint16) * 257), contour(segmenter, eight)
    )


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (photo((64, 64, 30))[..., 0], "has no colour: choose a colour photo"),
        (photo((64, 64, 30), skin=GREEN), "does not look like skin seen from near: choose"),
        (photo(), "No lesion was found in this photo: choose"),
    ],
    ids=["grey", "no skin", "no lesion"],
)
def test_a_photo_without_a_lesion_gets_one_sentence(segmenter, pixels, sentence):
    with pytest.raises(BadPhoto, match=sentence) as refused:
        contour(segmenter, pixels)
    assert refused.value.reason.count(".") == 1 and refused.value.reason.endswith(".")


def test_many_outlines_are_those_of_one_by_one(segmenter, monkeypatch):
    squares = np.stack([photo((20 * i + 20, 64, 15)) for i in range(5)])
    together, _ = segmenter.read(squares)
    monkeypatch.setattr(segment, "BATCH", 2)
    np.testing.assert_allclose(segmenter.outline(squares), together, atol=1e-6)
    assert together.shape == (5, 128, 128)
    assert [row.argmax() for row in together[:, 64]] == [20 * i + 5 for i in range(5)]


@pytest.mark.parametrize("damage", ["unlink", "write"])
def test_without_its_gate_a_segmenter_is_not_opened(tmp_path, damage):
    gate = toy_models.publish_outliner(tmp_path) / "gate.npz"
    gate.unlink() if damage == "unlink" else gate.write_bytes(b"no archive")
    with pytest.raises(BadModel, match="gate of model unet is missing or damaged: restore"):
        open_segmenter(find(tmp_path, "segment", "unet"))
