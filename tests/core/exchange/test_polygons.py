"""One polygon for a mask with holes fills that mask and nothing else, in other programs too."""

import cv2
import numpy as np
import pytest
from pycocotools import mask as maskapi

from core.exchange.polygons import single
from core.masks import Stroke, rasterise
from tests.nasty_masks import MASKS, SHAPE


def pieces(mask: np.ndarray) -> list[np.ndarray]:
    count, numbers = cv2.connectedComponents(mask.astype(np.uint8))
    return [numbers == number for number in range(1, count)]


def filled(polygon: np.ndarray) -> np.ndarray:
    return rasterise([Stroke(polygon.astype(float), tool="polygon")], SHAPE)


def of_pycocotools(polygon: np.ndarray) -> np.ndarray:
    (code,) = maskapi.frPyObjects([polygon.ravel().astype(float).tolist()], *SHAPE)
    return maskapi.decode(code).astype(bool)


@pytest.mark.parametrize("fill", [filled, of_pycocotools])
@pytest.mark.parametrize("name", MASKS)
def test_r10_a_polygon_with_bridges_fills_its_mask_exactly(name, fill):
    for mask in pieces(MASKS[name]):
        np.testing.assert_array_equal(fill(single(mask)), mask)


def test_bridges_are_level_and_lie_in_the_paint():
    mask = MASKS["holes beside and below each other"]
    corners = single(mask)
    steps = np.diff(np.vstack([corners, corners[:1]]), axis=0)
    assert ((steps == 0).sum(axis=1) >= 1).all()  # along the borders of pixels alone
    middles = corners + steps / 2
    for (x, y), (across, down) in zip(middles, steps, strict=True):
        if across and not down:  # a level edge has paint above or below
            assert mask[max(0, int(y) - 1) : int(y) + 1, int(x)].any()


def test_a_mask_without_holes_keeps_its_own_corners():
    assert single(MASKS["a block"]).tolist() == [[3, 2], [6, 2], [6, 4], [3, 4]]


@pytest.mark.parametrize("mask", [MASKS["specks"], np.zeros(SHAPE, bool)])
def test_only_one_piece_is_one_polygon(mask):
    with pytest.raises(ValueError, match="one piece"):
        single(mask)
