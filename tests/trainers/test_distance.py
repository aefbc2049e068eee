"""How far two sets of features are apart, where it is known."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from trainers.distance import frechet_distance, jackknife, kernel_distance


def normal(count, width=6, shift=0.0, scale=1.0, seed=0):
    return shift + scale * np.random.default_rng(seed).normal(size=(count, width))


@pytest.mark.parametrize("count", [4, 400])
def test_a_set_is_nowhere_from_itself(count):
    """Fewer pictures than features, and more."""
    features = normal(count, 50)
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-9)
    shuffled = np.random.default_rng(1).permutation(features)
    assert frechet_distance(features, shuffled) == pytest.approx(0, abs=1e-9)


def test_shifted_and_widened_normals_are_as_far_as_they_should_be():
    """|m - n|² + Σ (s - t)², in closed form; float32 as networks give them."""
    first, second = normal(200_000), normal(200_000, shift=2.0, scale=3.0, seed=1)
    expected = 6 * (2.0**2 + (3.0 - 1.0) ** 2)
    found = frechet_distance(first.astype(np.float32), second.astype(np.float32))
    assert found == pytest.approx(expected, rel=0.01)
    assert found == pytest.approx(frechet_distance(second, first), rel=1e-4)


def test_correlated_features_agree_with_the_root_of_the_product_of_covariances():
    rng = np.random.default_rng(2)
    first, second = (normal(300, 8, seed=s) @ rng.normal(size=(8, 8)) for s in (3, 4))
    one, other = np.cov(first.T), np.cov(second.T)
    apart = np.square(first.mean(0) - second.mean(0)).sum()
    expected = apart + np.trace(one + other - 2 * sqrtm(one @ other).real)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)


def test_few_pictures_look_farther_apart_by_frechet_but_not_by_the_kernel():
    few, many = ([normal(n, 20, seed=s) for s in (5, 6)] for n in (30, 1500))
    assert frechet_distance(*few) > 5 * frechet_distance(*many)
    drawn = [
        kernel_distance(normal(30, 20, seed=s), normal(30, 20, seed=100 + s)) for s in range(40)
    ]
    error = np.std(drawn) / np.sqrt(len(drawn))
    assert abs(np.mean(drawn)) < 3 * error
    assert kernel_distance(few[0], few[1] + 1) > 10 * np.std(drawn)


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_one_picture_has_no_distance(distance):
    with pytest.raises(ValueError, match="two pictures or more of either kind, not 1 and 5"):
        distance(normal(1), normal(5))


def test_the_interval_of_a_distance_holds_its_value_and_narrows_with_the_number_of_pictures():
    def interval(count):
        first, second = normal(count), normal(count, shift=1.0, seed=1)
        groups = [f"lesion {i // 2}" for i in range(count)]
        return jackknife(frechet_distance, first, second, groups, groups)

    (low, high), (wide_low, wide_high) = interval(4000), interval(100)
    assert low < 6 < high
    assert high - low < (wide_high - wide_low) / 3


def test_pictures_of_one_lesion_are_no_more_sure_than_one():
    """Every picture ten times over tells nothing new, if it is said that they show one lesion."""
    first, second = normal(40), normal(40, shift=1.0, seed=1)
    names = [f"lesion {i}" for i in range(40)]

    def width(times, groups):
        low, high = jackknife(
            mean_apart, first.repeat(times, 0), second.repeat(times, 0), groups, groups
        )
        return high - low

    def mean_apart(one, other):
        return float(np.square(one.mean(0) - other.mean(0)).sum())

    alone = width(1, names)
    assert width(10, np.repeat(names, 10)) == pytest.approx(alone, rel=1e-6)
    assert width(10, [f"{i}" for i in range(400)]) < alone / 2
