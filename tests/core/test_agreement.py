"""Agreement of readers, held beside SimpleITK's distances and its STAPLE."""

import cv2
import numpy as np
import pytest
import SimpleITK as sitk

from core.agreement import compare, disagreement, majority, staple, surface_distances

SHAPE = (60, 80)


def disc(x: float, y: float, radius: int) -> np.ndarray:
    return cv2.circle(np.zeros(SHAPE, np.uint8), (x, y), radius, 1, -1).astype(bool)


def box(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[y0:y1, x0:x1] = True
    return mask


NOTHING, ALL = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)
SCREW = box(10, 20, 40, 26)
RING = disc(40, 30, 20) & ~disc(40, 30, 14)
SPECKS = np.random.default_rng(3).random(SHAPE) < 0.02
SPECKS[[0, -1]] = SPECKS[:, [0, -1]] = False  # where SimpleITK sees no outline
PAIRS = {
    "moved": (disc(40, 30, 20), disc(44, 29, 20)),
    "one in the other": (disc(40, 30, 20), disc(40, 30, 9)),
    "apart": (box(2, 2, 9, 9), box(60, 50, 70, 55)),
    "a ring and its disc": (RING, disc(40, 30, 20)),
    "a screw that one cut short": (SCREW, box(10, 20, 33, 26)),
    "specks": (SPECKS, SCREW),
    "single pixels": (box(3, 4, 4, 5), box(70, 50, 71, 51)),
}


def outline(mask: np.ndarray) -> sitk.Image:
    return sitk.LabelContour(sitk.GetImageFromArray(mask.astype(np.uint8)), fullyConnected=False)


def itk_distances(a: np.ndarray, b: np.ndarray, spacing: tuple[float, float]) -> list[np.ndarray]:
    """Distances from each outline to the other by SimpleITK's distance map."""
    one, other = outline(a), outline(b)
    for image in (one, other):
        image.SetSpacing(spacing[::-1])  # x before y
    ways = []
    for begin, end in ((one, other), (other, one)):
        away = sitk.SignedMaurerDistanceMap(end, squaredDistance=False, useImageSpacing=True)
        found = np.abs(sitk.GetArrayFromImage(away))
        ways.append(found[sitk.GetArrayFromImage(begin).astype(bool)])
    return ways


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.15, 0.15), (0.3, 0.1)])
@pytest.mark.parametrize(("a", "b"), PAIRS.values(), ids=PAIRS)
def test_distances_are_those_of_simpleitk(a, b, spacing):
    expected = itk_distances(a, b, spacing)
    for found, wanted in zip(surface_distances(a, b, spacing), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    pair = compare(a, b, spacing)
    assert pair.hd95_mm == pytest.approx(max(np.percentile(way, 95) for way in expected), abs=1e-5)
    in_pixels = itk_distances(a, b, (1.0, 1.0))
    assert pair.hd95_px == pytest.approx(max(np.percentile(way, 95) for way in in_pixels), abs=1e-5)


def test_the_largest_distance_is_simpleitks_hausdorff_distance():
    a, b = PAIRS["a screw that one cut short"]
    filter = sitk.HausdorffDistanceImageFilter()
    filter.Execute(*(sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (a, b)))
    largest = max(float(way.max()) for way in surface_distances(a, b, (1.0, 1.0)))
    assert largest == pytest.approx(filter.GetHausdorffDistance())


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (SCREW, SCREW, (1.0, 0.0, 0.0, 180, 180)),
        (box(0, 0, 10, 10), box(5, 0, 15, 10), (0.5, 5.0, 1.0, 100, 100)),
        (NOTHING, NOTHING, (1.0, None, None, 0, 0)),
        (SCREW, NOTHING, (0.0, None, None, 180, 0)),
        (NOTHING, SCREW, (0.0, None, None, 0, 180)),
        (ALL, ALL, (1.0, 0.0, 0.0, 4800, 4800)),
    ],
    ids=["same", "half", "both empty", "second empty", "first empty", "all of the film"],
)
def test_two_masks_beside_each_other(a, b, expected):
    assert compare(a, b, (0.2, 0.2)) == pytest.approx(expected)


def test_without_a_spacing_there_are_no_millimetres():
    assert compare(*PAIRS["moved"]).hd95_mm is None
    assert compare(*PAIRS["moved"]).hd95_px > 0


def test_one_far_speck_does_not_set_the_distance():
    speck = SCREW | box(75, 55, 76, 56)
    largest = max(way.max() for way in surface_distances(SCREW, speck, (1.0, 1.0)))
    assert largest > 40 and compare(SCREW, speck).hd95_px == 0


def test_where_readers_differ_is_counted():
    counts = disagreement([SCREW, SCREW, RING])
    assert counts.dtype == np.uint8 and counts.shape == SHAPE
    assert set(np.unique(counts[SCREW & ~RING])) == {2}
    assert set(np.unique(counts[RING & ~SCREW])) == {1}
    assert (counts[~SCREW & ~RING] == 0).all()


@pytest.mark.parametrize(
    ("masks", "expected"),
    [
        ([SCREW], SCREW),
        ([SCREW, RING], SCREW & RING),
        ([SCREW, SCREW, RING], SCREW),
        ([SCREW, SCREW, RING, RING], SCREW & RING),
        ([NOTHING, NOTHING, ALL], NOTHING),
    ],
    ids=["one", "a tie of two", "two of three", "a tie of four", "outvoted"],
)
def test_what_most_readers_marked(masks, expected):
    np.testing.assert_array_equal(majority(masks), expected)


# --- STAPLE ---


def readers(count: int, seed: int) -> list[np.ndarray]:
    """A disc as seen by readers who are more and more careless."""
    rng = np.random.default_rng(seed)
    return [
        disc(*(40 + rng.integers(-2, 3), 30 + rng.integers(-2, 3), 15 + int(rng.integers(-1, 3))))
        ^ (rng.random(SHAPE) < 0.01 * reader)
        for reader in range(count)
    ]


def itk_staple(masks: list[np.ndarray]) -> tuple[np.ndarray, tuple, tuple]:
    filter = sitk.STAPLEImageFilter()
    filter.SetForegroundValue(1)
    found = filter.Execute([sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in masks])
    return sitk.GetArrayFromImage(found), filter.GetSensitivity(), filter.GetSpecificity()


@pytest.mark.parametrize("count", [2, 3, 5, 9])
@pytest.mark.parametrize("seed", range(3))
def test_staple_is_that_of_simpleitk(count, seed):
    masks = readers(count, seed)
    probability, sensitivity, specificity = itk_staple(masks)
    found = staple(masks)
    # SimpleITK stops a little earlier.
    np.testing.assert_allclose(found.probability, probability, atol=1e-4)
    np.testing.assert_array_equal(found.mask, probability > 0.5)
    assert found.sensitivity == pytest.approx(sensitivity, abs=1e-4)
    assert found.specificity == pytest.approx(specificity, abs=1e-4)
    assert found.probability.dtype == np.float32 and found.mask.dtype == bool


def test_staple_trusts_the_careful():
    careful, careless = disc(40, 30, 15), disc(40, 30, 15) ^ (SPECKS | SCREW)
    found = staple([careful, careful, careless])
    np.testing.assert_array_equal(found.mask, careful)
    assert found.sensitivity[0] > found.sensitivity[2]
    assert found.specificity[0] > found.specificity[2]


@pytest.mark.parametrize(
    ("masks", "expected", "sensitivity", "specificity"),
    [
        ([NOTHING, NOTHING], NOTHING, [np.nan] * 2, [1] * 2),
        ([ALL, ALL], ALL, [1] * 2, [np.nan] * 2),
        ([SCREW, SCREW], SCREW, [1] * 2, [1] * 2),
        ([SCREW], SCREW, [1], [1]),
        ([ALL, NOTHING], NOTHING, [1, 0], [0, 1]),
    ],
    ids=["both nothing", "both all", "the same", "one reader", "all against nothing"],
)
def test_staple_at_its_edges(masks, expected, sensitivity, specificity):
    found = staple(masks)
    np.testing.assert_array_equal(found.mask, expected)
    np.testing.assert_allclose(found.sensitivity, sensitivity)
    np.testing.assert_allclose(found.specificity, specificity)
    assert np.isfinite(found.probability).all()


@pytest.mark.parametrize(("readers", "dtype"), [(255, np.uint8), (256, np.uint16)])
def test_many_readers_are_all_counted(readers, dtype):
    counts = disagreement([SCREW] * readers)
    assert counts.dtype == dtype and counts.max() == readers
    assert np.array_equal(majority([SCREW] * readers), SCREW)
