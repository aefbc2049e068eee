"""Outlines drawn by code: lesions that might be, always the same for a seed."""

import cv2
import numpy as np
import pytest

from core.contours import outline, random_contour
from core.lesions import SIDE
from core.sketch import check, closed
from core.sketch_samples import sketch_samples

SEEDS = range(300)


def test_an_outline_is_an_ellipse_of_its_area_axes_and_turn():
    for aspect, turn in [(1, 0), (0.5, 0), (0.5, np.pi / 2), (0.7, 0.6)]:
        mask = closed([outline((70, 60), 25, aspect, turn)])
        assert mask.sum() == pytest.approx(np.pi * 25**2, rel=0.02)
        rows, columns = np.nonzero(mask)
        assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((70, 60), abs=0.3)
        across = 25 * np.sqrt(np.cos(turn) ** 2 / aspect + aspect * np.sin(turn) ** 2)
        assert np.ptp(columns) + 1 == pytest.approx(2 * across, abs=2)


def test_ripples_wave_the_border_and_never_fold_it():
    calm, wavy, wild = (
        closed([outline((64, 64), 40, ripples=np.array([size]))]) for size in (0, 0.2, 3)
    )
    assert wavy[64, 64 + 44] and not calm[64, 64 + 44]
    assert calm[64, 64 - 36] and not wavy[64, 64 - 36]
    assert wild[64, 64]


def test_a_seed_has_its_own_contour_and_always_the_same():
    first, again = ([random_contour(seed).points for seed in SEEDS] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert len({points.tobytes() for points in first}) == len(SEEDS)


def test_every_contour_can_be_used():
    for seed in SEEDS:
        check(closed([random_contour(seed)]))


def measures(mask: np.ndarray) -> dict[str, float]:
    """Share of the square, distance of the middle, short by long axis, share of the hull, and
    whether it runs out."""
    rows, columns = np.nonzero(mask)
    short, long = np.sqrt(np.linalg.eigvalsh(np.cov([rows, columns])))
    hull = cv2.convexHull(np.argwhere(mask).astype(np.int32))
    whole = cv2.fillConvexPoly(np.zeros(mask.shape, np.uint8), np.ascontiguousarray(hull), 1)
    middle = np.hypot(rows.mean() + 0.5 - SIDE / 2, columns.mean() + 0.5 - SIDE / 2)
    edges = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return {
        "share": mask.mean(),
        "offset": middle / SIDE,
        "aspect": short / long,
        "hull": mask.sum() / whole.sum(),
        "runs out": edges.any(),
    }


# What was measured on the training split: 5th, 50th and 95th percentile.
MEASURED = {
    "share": ([0.052, 0.294, 0.767], 0.05),
    "offset": ([0.013, 0.055, 0.187], 0.03),
    "aspect": ([0.534, 0.767, 0.939], 0.04),
    "hull": ([0.898, 0.962, 0.982], 0.03),
}


@pytest.fixture(scope="module")
def drawn() -> list[dict]:
    return [measures(closed([random_contour(seed)])) for seed in SEEDS]


@pytest.mark.parametrize("measure", MEASURED)
def test_contours_are_like_the_lesions_that_were_measured(drawn, measure):
    wanted, near = MEASURED[measure]
    found = np.percentile([one[measure] for one in drawn], [5, 50, 95])
    np.testing.assert_allclose(found, wanted, atol=near)


def test_as_many_contours_run_out_of_the_square(drawn):
    assert np.mean([one["runs out"] for one in drawn]) == pytest.approx(0.31, abs=0.08)


# --- the samples ---


def test_every_sample_is_a_sketch_of_its_own():
    samples = sketch_samples()
    masks = [closed(sample.strokes) for sample in samples]
    for sample, mask in zip(samples, masks, strict=True):
        check(mask)
        assert sample.title[0].isupper() and sample.title[1:] == sample.title[1:].lower()
    assert len({sample.slug for sample in samples}) == len({mask.tobytes() for mask in masks}) > 4


def test_two_lesions_are_two_and_the_open_outline_is_open():
    drawn = {sample.slug: sample.strokes for sample in sketch_samples()}
    pieces = {
        slug: cv2.connectedComponents(closed(strokes).astype(np.uint8))[0] - 1
        for slug, strokes in drawn.items()
    }
    assert pieces == dict.fromkeys(drawn, 1) | {"two": 2}
    (stroke,) = drawn["open"]
    assert stroke.tool == "brush" and np.linalg.norm(stroke.points[0] - stroke.points[-1]) > 8
