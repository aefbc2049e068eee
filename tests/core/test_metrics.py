"""The numbers: tables by hand, and scikit-learn as the second opinion."""

import math

import numpy as np
import pytest
import sklearn.metrics as reference

from core import metrics
from core.metrics import Confusion

LABELS = [1, 1, 1, 0, 0, 0, 0]
SCORES = [0.9, 0.6, 0.2, 0.7, 0.3, 0.1, 0.1]

BAD = [
    pytest.param([], [], id="empty"),
    pytest.param([0, 1], [0.5], id="lengths differ"),
    pytest.param([0, 2], [0.1, 0.2], id="a third label"),
    pytest.param([0, -1], [0.1, 0.2], id="minus one"),
    pytest.param([0, 1], [0.1, math.nan], id="no number"),
    pytest.param([0, 1], [0.1, math.inf], id="infinite"),
    pytest.param([[0, 1]], [[0.1, 0.2]], id="table"),
]


@pytest.mark.parametrize(("labels", "scores"), BAD)
@pytest.mark.parametrize(
    "number",
    [
        metrics.roc,
        metrics.auroc,
        metrics.average_precision,
        metrics.brier,
        metrics.ece,
        metrics.operating_points,
        lambda labels, scores: metrics.confusion(labels, scores, 0.5),
    ],
    ids=["roc", "auroc", "ap", "brier", "ece", "points", "confusion"],
)
def test_bad_input_is_refused(number, labels, scores):
    with pytest.raises(ValueError, match="labels"):
        number(labels, scores)


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1]])
@pytest.mark.parametrize("number", [metrics.roc, metrics.auroc, metrics.operating_points])
def test_one_class_has_no_curve(number, labels):
    with pytest.raises(ValueError, match="both classes"):
        number(labels, [0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("labels", "scores", "area", "precision"),
    [
        ([0, 1], [0.1, 0.9], 1.0, 1.0),
        ([1, 0], [0.1, 0.9], 0.0, 0.5),
        ([0, 1], [0.5, 0.5], 0.5, 0.5),
        ([0, 1, 0, 1], [0.3] * 4, 0.5, 0.5),
        ([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1], 0.875, 0.5 + 0.5 * 2 / 3),
        (LABELS, SCORES, 9 / 12, (1 + 2 / 3 + 3 / 5) / 3),
        ([False, True], [-3.0, 7.0], 1.0, 1.0),
    ],
    ids=["right", "wrong", "tie", "all tied", "one tie", "by hand", "log-odds and booleans"],
)
def test_areas_by_hand(labels, scores, area, precision):
    assert metrics.auroc(labels, scores) == pytest.approx(area)
    assert metrics.average_precision(labels, scores) == pytest.approx(precision)


def test_average_precision_needs_disease_but_not_health():
    assert metrics.average_precision([1, 1], [0.2, 0.1]) == 1
    with pytest.raises(ValueError, match="diseased"):
        metrics.average_precision([0, 0], [0.2, 0.1])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("steps", [3, 20, 10**9], ids=["many ties", "some ties", "no tie"])
def test_curves_equal_scikit_learn(seed, steps):
    rng = np.random.default_rng([seed, steps])
    labels = np.r_[0, 1, rng.integers(0, 2, 60)]
    scores = np.round(rng.random(62) * 0.7 + 0.3 * labels, 9 if steps > 100 else 6)
    scores = np.round(scores * steps) / steps
    curve = metrics.roc(labels, scores)
    false, true, thresholds = reference.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.sensitivity, true)
    np.testing.assert_allclose(1 - curve.specificity, false, atol=1e-12)
    np.testing.assert_allclose(curve.thresholds, thresholds)
    assert metrics.auroc(labels, scores) == pytest.approx(reference.roc_auc_score(labels, scores))
    assert metrics.average_precision(labels, scores) == pytest.approx(
        reference.average_precision_score(labels, scores)
    )


def test_disease_is_the_positive_class():
    counts = metrics.confusion(LABELS, SCORES, 0.5)
    assert counts == Confusion(
        true_positives=2, false_negatives=1, false_positives=1, true_negatives=3
    )
    assert counts.n == 7
    assert counts.sensitivity == pytest.approx(2 / 3)
    assert counts.specificity == pytest.approx(3 / 4)
    assert counts.ppv == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0.6, Confusion(2, 1, 1, 3)),  # a score on the threshold is called positive
        (0.6000001, Confusion(1, 2, 1, 3)),
        (0.0, Confusion(3, 0, 4, 0)),
        (math.inf, Confusion(0, 3, 0, 4)),
    ],
)
def test_threshold_belongs_to_the_positives(threshold, expected):
    assert metrics.confusion(LABELS, SCORES, threshold) == expected


@pytest.mark.parametrize(
    ("counts", "missing"),
    [
        (Confusion(0, 0, 1, 1), "sensitivity"),
        (Confusion(1, 1, 0, 0), "specificity"),
        (Confusion(0, 1, 0, 1), "ppv"),
    ],
)
def test_a_rate_of_nothing_is_no_number(counts, missing):
    assert math.isnan(getattr(counts, missing))


def scored(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Labels of both classes, and probabilities that know a little of them; some tie."""
    rng = np.random.default_rng(seed)
    labels = np.r_[0, 1, rng.random(n) < 0.3].astype(int)
    return labels, np.round(np.clip(rng.normal(0.35 + 0.3 * labels, 0.2), 0, 1), 2)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shape", ["probabilities", "log-odds", "negative"])
def test_operating_points_keep_their_bounds_at_the_best_specificity(seed, shape):
    labels, scores = scored(seed)
    scores = {"probabilities": scores, "log-odds": 9 * (scores - 0.6), "negative": scores - 2}[
        shape
    ]
    points = metrics.operating_points(labels, scores)
    candidates = [metrics.confusion(labels, scores, t) for t in np.unique(scores)]
    for point, bound in zip(points, (0.95, 0.90), strict=False):
        assert point.sensitivity >= bound
        assert point.specificity == pytest.approx(
            max(c.specificity for c in candidates if c.sensitivity >= bound)
        )
    youden = points[-1]
    assert youden.name == "Youden"
    assert youden.sensitivity + youden.specificity == pytest.approx(
        max(c.sensitivity + c.specificity for c in candidates)
    )
    for point in points:
        counts = metrics.confusion(labels, scores, point.threshold)
        assert (point.sensitivity, point.specificity) == (counts.sensitivity, counts.specificity)
        assert point.ppv == counts.ppv and point.n == len(labels)


@pytest.mark.parametrize("seed", range(4))
def test_rounding_a_probability_does_not_change_a_verdict(seed):
    labels, scores = scored(seed)
    for point in metrics.operating_points(labels, scores):
        assert np.abs(scores - point.threshold).min() > 1e-4
        assert metrics.confusion(labels, scores + 1e-5, point.threshold) == metrics.confusion(
            labels, scores - 1e-5, point.threshold
        )


def test_thresholds_are_numbers_even_when_the_scores_are_upside_down():
    points = metrics.operating_points([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9])
    assert all(0 <= point.threshold <= 1 for point in points)


def test_bound_holds_where_the_lowest_score_is_diseased_and_below_zero():
    for point in metrics.operating_points([0, 1], [-1.0, -2.0])[:2]:
        assert point.sensitivity == 1


def test_brier_by_hand():
    assert metrics.brier([1, 0, 1], [1.0, 0.0, 1.0]) == 0
    assert metrics.brier([1, 0, 1, 0], [0.5, 0.5, 0.8, 0.4]) == pytest.approx(0.7 / 4)


@pytest.mark.parametrize(
    ("labels", "probabilities", "bins", "expected"),
    [
        ([0, 1], [0.0, 1.0], 2, 0.0),
        ([1, 0], [0.0, 1.0], 2, 1.0),
        ([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], 2, (2 * 0.2 + 2 * 0.3) / 4),
        ([0, 1, 1, 1, 1], [0.1, 0.2, 0.3, 0.7, 0.9], 2, (3 * (2 / 3 - 0.2) + 2 * 0.2) / 5),
        ([0, 1], [0.25, 0.75], 10, 0.25),  # more bins than films
        ([0, 1, 0, 1], [0.5] * 4, 1, 0.0),
    ],
)
def test_ece_by_hand(labels, probabilities, bins, expected):
    assert metrics.ece(labels, probabilities, bins) == pytest.approx(expected)


def test_reliability_groups_are_equally_filled_and_in_order():
    labels, probabilities = scored(3, n=48)
    groups = metrics.reliability(labels, probabilities, 10)
    assert [n for *_, n in groups] == [5] * 10
    means = [mean for mean, *_ in groups]
    assert means == sorted(means)
    assert sum(share * n for _, share, n in groups) == pytest.approx(labels.sum())


def test_grouped_interval_contains_the_value_and_narrows_with_its_level():
    labels, scores = scored(1)

    def area(indices):
        return metrics.auroc(labels[indices], scores[indices])

    groups = np.arange(len(labels)) // 2
    wide = metrics.grouped_bootstrap(groups, area, draws=200)
    narrow = metrics.grouped_bootstrap(groups, area, draws=200, level=0.5)
    assert wide[0] < narrow[0] < metrics.auroc(labels, scores) < narrow[1] < wide[1]
    assert wide == metrics.grouped_bootstrap(groups, area, draws=200)


def test_groups_are_drawn_whole():
    groups = np.array(["b", "a", "b", "c", "a", "b"])
    drawn = []

    def count(indices):
        counts = np.bincount(indices, minlength=6)
        for name in "abc":
            assert len(set(counts[groups == name])) == 1
        assert sum(counts[groups == name][0] for name in "abc") == 3
        drawn.append(len(indices))
        return float(len(indices))

    low, high = metrics.grouped_bootstrap(groups, count, draws=60)
    assert low < 6 < high and len(set(drawn)) > 3


def test_films_of_one_patient_widen_the_interval():
    rng = np.random.default_rng(0)
    values = np.repeat(rng.normal(size=12), 10)

    def width(groups):
        low, high = metrics.grouped_bootstrap(groups, lambda i: float(values[i].mean()), 300)
        return high - low

    assert width(np.arange(120) // 10) > 2 * width(np.arange(120))


def never(indices):
    raise ValueError("one class")


@pytest.mark.parametrize("statistic", [never, lambda indices: math.nan])
def test_no_draw_that_gives_a_number_is_an_error(statistic):
    with pytest.raises(ValueError, match="too few films"):
        metrics.grouped_bootstrap([1, 2], statistic, draws=5)


def test_draws_without_both_classes_are_left_out():
    labels, scores = np.array([0, 0, 0, 1]), np.array([0.1, 0.2, 0.6, 0.5])
    low, high = metrics.grouped_bootstrap(
        range(4), lambda i: metrics.auroc(labels[i], scores[i]), draws=100
    )
    assert 0 <= low <= 2 / 3 <= high <= 1
