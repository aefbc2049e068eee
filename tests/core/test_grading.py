"""Numbers about grades, against tables worked out by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from core.grading import (
    accuracy,
    balanced_accuracy,
    called_grades,
    confusion_matrix,
    mean_absolute_error,
    quadratic_kappa,
    recalls,
)

TRUTH = [0, 0, 1, 1, 2, 2, 2, 4]
CALLED = [0, 1, 1, 1, 2, 0, 3, 4]


def test_confusion_matrix_has_a_row_a_true_grade():
    expected = np.zeros((5, 5), int)
    expected[0, :2] = 1
    expected[1, 1] = 2
    expected[2, [0, 2, 3]] = 1
    expected[4, 4] = 1
    np.testing.assert_array_equal(confusion_matrix(TRUTH, CALLED), expected)


def test_numbers_by_hand():
    assert accuracy(TRUTH, CALLED) == 5 / 8
    assert mean_absolute_error(TRUTH, CALLED) == (1 + 2 + 1) / 8
    np.testing.assert_allclose(recalls(TRUTH, CALLED), [1 / 2, 1, 1 / 3, np.nan, 1])
    assert balanced_accuracy(TRUTH, CALLED) == pytest.approx((1 / 2 + 1 + 1 / 3 + 1) / 4)


@pytest.mark.parametrize(
    ("truth", "called", "classes", "expected"),
    [
        ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4], 5, 1),
        ([0, 4, 0, 4], [4, 0, 4, 0], 5, -1),
        ([0, 0, 1, 1], [0, 1, 0, 1], 2, 0),
        # Misses: 1. Marginals 2, 1, 1 and 1, 2, 1: (2·2·1 + 2·1·4 + 1·1 + 1·1 + 1·4 + 1·2) / 4.
        ([0, 0, 1, 2], [0, 1, 1, 2], 3, 1 - 1 / (20 / 4)),
        ([0, 0, 1, 2], [2, 1, 1, 0], 3, 1 - 9 / (20 / 4)),
    ],
    ids=["perfect", "upside down", "chance", "one by one", "far off"],
)
def test_quadratic_kappa_by_hand(truth, called, classes, expected):
    assert quadratic_kappa(truth, called, classes) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(10))
def test_quadratic_kappa_equals_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 5, 80)
    called = np.clip(truth + rng.integers(-seed, seed + 1, 80), 0, 4)
    expected = cohen_kappa_score(truth, called, labels=range(5), weights="quadratic")
    assert quadratic_kappa(truth, called) == pytest.approx(expected, abs=1e-12)


def test_kappa_of_one_grade_alone_is_no_number():
    assert np.isnan(quadratic_kappa([2, 2], [2, 2]))
    assert quadratic_kappa([2, 2], [3, 3]) == 0


NUMBERS = [
    confusion_matrix,
    accuracy,
    mean_absolute_error,
    recalls,
    balanced_accuracy,
    quadratic_kappa,
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    ("truth", "called", "reason"),
    [
        ([], [], "non-empty"),
        ([0, 1], [0], "equally long"),
        ([[0, 1]], [[0, 1]], "equally long"),
        ([0, 5], [0, 1], "0 to 4"),
        ([0, 1], [0, -1], "0 to 4"),
        ([0, 1], [0, 1.5], "0 to 4"),
        ([0, 1], [0, float("nan")], "0 to 4"),
    ],
)
def test_bad_input_is_refused(number, truth, called, reason):
    with pytest.raises(ValueError, match=reason):
        number(truth, called)


@pytest.mark.parametrize(
    ("chances", "grade"),
    [
        ((1, 0, 0, 0, 0), 0),
        ((0, 0, 0, 0, 1), 4),
        ((0.6, 0.1, 0.1, 0.1, 0.1), 0),
        ((0.45, 0.1, 0.45, 0, 0), 1),  # between two likelier ones
        ((0.2, 0.2, 0.2, 0.2, 0.2), 2),
        ((0.3, 0.1, 0.2, 0.2, 0.2), 2),
    ],
)
def test_the_called_grade_is_the_median(chances, grade):
    assert called_grades(np.array([chances]))[0] == grade


def test_no_other_grade_is_expected_nearer_to_the_truth():
    chances = np.random.default_rng(0).dirichlet(np.ones(5), 200)
    distance = np.abs(np.arange(5)[:, None] - np.arange(5))
    expected = chances @ distance
    called = called_grades(chances)
    assert np.allclose(expected[np.arange(200), called], expected.min(1))
