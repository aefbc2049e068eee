"""Strokes cover what the brush passed over, and nothing else."""

from itertools import pairwise

import numpy as np
import pytest

from core.masks import Stroke, rasterise

SHAPE = (40, 60)


def mask(*strokes: tuple[list, float], shape=SHAPE) -> np.ndarray:
    found = rasterise([Stroke(np.array(points, float), width) for points, width in strokes], shape)
    assert found.shape == shape and found.dtype == bool
    return found


def distance(points, shape=SHAPE) -> np.ndarray:
    """How far the middle of every pixel lies from the nearest of a path's points or lines."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    middles = np.stack([columns, rows], -1)
    points = np.array(points, float)
    nearest = np.linalg.norm(middles - points[0], axis=-1)
    for start, end in pairwise(points):
        way = end - start
        share = np.clip((middles - start) @ way / max(way @ way, 1e-9), 0, 1)
        nearest = np.minimum(
            nearest, np.linalg.norm(middles - start - share[..., None] * way, axis=-1)
        )
    return nearest


PATHS = {
    "dot": [(30, 20)],
    "dot between pixels": [(30.5, 20.25)],
    "twice the same point": [(30, 20), (30, 20)],
    "level line": [(10, 20), (50, 20)],
    "upright line": [(30, 8), (30, 32)],
    "slanted line": [(12.25, 9.5), (47.75, 30)],
    "corner": [(10, 10), (50, 10), (50, 30)],
    "there and back": [(10, 20), (50, 20), (10, 20)],
    "out on the right": [(30, 20), (90, 20)],
    "out and in again": [(10, 20), (30, -30), (50, 20)],
    "corner of the film": [(0, 0)],
}


@pytest.mark.parametrize("width", [3, 6, 10, 17])
@pytest.mark.parametrize("path", PATHS)
def test_a_stroke_covers_what_lies_within_half_its_width(path, width):
    found, far = mask((PATHS[path], width)), distance(PATHS[path])
    assert found[far < width / 2 - 1].all()
    assert not found[far > width / 2 + 1].any()


@pytest.mark.parametrize(
    ("strokes", "area"),
    [
        ([([(30, 20)], 20)], np.pi * 10**2),
        ([([(30, 20)], 8)], np.pi * 4**2),
        ([([(0, 20)], 20)], np.pi * 10**2 / 2),
        ([([(0, 0)], 20)], np.pi * 10**2 / 4),
        ([([(15, 20), (45, 20)], 10)], 30 * 10 + np.pi * 5**2),
        ([([(30, 10), (30, 30)], 10)], 20 * 10 + np.pi * 5**2),
        ([([(-20, 20), (90, 20)], 10)], 60 * 10),
        ([([(30, -20), (30, 80)], 10)], 40 * 10),
        ([([(15, 20)], 12), ([(45, 20)], 12)], 2 * np.pi * 6**2),
        ([([(30, 20)], 12), ([(30, 20)], 12)], np.pi * 6**2),
        ([([(30, 20)], 500)], 40 * 60),
    ],
    ids=[
        *("dot", "small dot", "half a dot", "quarter of a dot", "level line", "upright line"),
        *("right across", "from top to bottom", "two dots", "the same dot twice", "everything"),
    ],
)
def test_areas_by_hand(strokes, area):
    """To half a pixel all along the edge."""
    edge = sum(np.pi * width + 2 * np.ptp(points, 0).sum() for points, width in strokes)
    assert mask(*strokes).sum() == pytest.approx(area, abs=0.5 * min(edge, 200))


@pytest.mark.parametrize(
    "strokes",
    [
        [],
        [([], 10)],
        [([(-20, 20)], 10)],
        [([(20, 60)], 10)],
        [([(-90, -9), (150, -9)], 10)],
        [([(75, -50), (75, 90)], 10)],
    ],
    ids=["no stroke", "no point", "left of it", "below it", "above it", "right of it"],
)
def test_what_stays_off_the_film_hides_nothing(strokes):
    assert not mask(*strokes).any()


@pytest.mark.parametrize("width", [0.0, 0.2, 1.0])
def test_the_thinnest_stroke_still_hides_the_pixel_it_touches(width):
    found = mask(([(7.4, 3.6)], width))
    assert found[3, 7]
    assert found.sum() <= 5


def test_a_stroke_may_lie_between_pixels():
    """On a film far smaller than the canvas a move by less than a pixel counts."""
    left, right = (mask(([(x, 20)], 9)) for x in (20.1, 20.9))
    assert not np.array_equal(left, right)
    columns = [np.nonzero(found)[1].mean() for found in (left, right)]
    assert columns[0] < columns[1]


def test_a_stroke_is_the_same_wherever_its_film_ends():
    path = [(5.25, 7.5), (22.75, 16)]
    small, large = mask((path, 6), shape=(20, 24)), mask((path, 6), shape=(40, 60))
    np.testing.assert_array_equal(small, large[:20, :24])


def test_the_strokes_are_left_as_they_are():
    stroke = Stroke(np.array([[1.5, 2.5], [8.5, 9.5]]), 3.0)
    before = stroke.points.copy()
    rasterise([stroke, stroke], (12, 12))
    np.testing.assert_array_equal(stroke.points, before)
