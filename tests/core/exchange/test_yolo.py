"""YOLO's lines of text keep outlines, holes too, to the pixel."""

import numpy as np
import pytest

from core import artefacts
from core.artefacts import LABELS, from_masks, label_masks
from core.exchange import yolo
from core.masks import BadMask
from tests.nasty_masks import MASKS, SHAPE

CLASSES = tuple(LABELS)


@pytest.mark.parametrize("shape", [SHAPE, (2997, 2003)])
@pytest.mark.parametrize("name", MASKS)
def test_r10_regions_come_back_exactly(name, shape):
    mask = np.zeros(shape, bool)
    mask[: SHAPE[0], -SHAPE[1] :] = MASKS[name]
    drawn = from_masks({"plate": mask, "cast": mask})
    text = yolo.text(artefacts.regions(drawn, shape), shape)
    found = label_masks(yolo.strokes(text, shape, CLASSES), shape)
    assert list(found) == ["plate", "cast"]
    for label in found:
        np.testing.assert_array_equal(found[label], mask)


def test_a_line_is_a_class_and_shares_of_the_film():
    drawn = from_masks({"screw": MASKS["a block"]})
    (line,) = yolo.text(artefacts.regions(drawn, SHAPE), SHAPE).splitlines()
    number, *shares = line.split()
    assert yolo.CLASSES.splitlines()[int(number)] == "screw"
    corners = np.array(shares, float).reshape(-1, 2) * SHAPE[::-1]
    np.testing.assert_allclose(corners, [[3, 2], [6, 2], [6, 4], [3, 4]], atol=1e-4)


def test_a_film_without_regions_has_no_line():
    assert yolo.text((), SHAPE) == "" and yolo.strokes("\n", SHAPE, CLASSES) == ()


@pytest.mark.parametrize(
    "line, reason",
    [
        ("0 0.5 0.5 0.1 0.1", "holds boxes"),
        ("7 0 0 1 0 1 1", "a class 7"),
        ("-1 0 0 1 0 1 1", "a class -1"),
        ("0 0 0 1 0", "holds boxes"),
        ("0 0 0", "three points"),
        ("0 0 0 1 0 1", "not a YOLO file"),
        ("0 0 0 1 0 1 nan", "not a YOLO file"),
        ("0 0 0 120 0 120 80", "not a YOLO file"),
        ("screw 0 0 1 0 1 1", "not a YOLO file"),
        ("0", "not a YOLO file"),
    ],
)
def test_what_is_no_outline_is_refused(line, reason):
    with pytest.raises(BadMask, match=reason):
        yolo.strokes(f"0 0 0 1 0 1 1\n{line}\n", SHAPE, CLASSES)
