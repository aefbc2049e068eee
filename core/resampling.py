"""The bootstrap over groups of films, all draws at once.

A draw is a weight for every film: how often its group was drawn. Numbers under these weights are
those of the drawn films, so that one matrix product gives what a loop over draws would.
"""

import numpy as np

from core.metrics import wilson
from core.models import Metric

DRAWS = 1000
LEVEL = 0.95


def group_weights(groups, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """(draws, N) float32: how often each film is drawn when whole groups (patients) are drawn with
    replacement (Efron & Tibshirani 1993, ch. 13). The draws are those of
    `core.metrics.grouped_bootstrap` with the same seed."""
    _, inverse = np.unique(np.asarray(groups), return_inverse=True)
    count = int(inverse.max()) + 1
    rng = np.random.default_rng(seed)
    drawn = [np.bincount(rng.integers(count, size=count), minlength=count) for _ in range(draws)]
    return np.array(drawn, np.float32)[:, inverse]


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of (draws,) values; those that are NaN (no film of one class)
    are left out. NaN twice when none is left."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def metric(value: float, values: np.ndarray) -> Metric:
    """A number with the interval of its draws."""
    low, high = interval(values)
    return Metric(value, None, None) if np.isnan(low) else Metric(value, low, high)


def rate(chosen: np.ndarray, among: np.ndarray, values: np.ndarray) -> Metric:
    """The share of the films `among` (N,) bool that are `chosen` (N,) bool, with the interval of
    its draws; of none or all of them Wilson's instead, since no draw of such films differs. NaN,
    without an interval, where there is no such film."""
    hits, n = int((chosen & among).sum()), int(among.sum())
    if not n:
        return Metric(float("nan"), None, None)
    if 0 < hits < n:
        return metric(hits / n, values)
    return Metric(hits / n, *wilson(hits, n))


def shares(weights: np.ndarray, chosen: np.ndarray, among: np.ndarray) -> np.ndarray:
    """(draws,) the share of the films `among` (N,) bool that are `chosen` (N,) bool; NaN where a
    draw holds none of them."""
    with np.errstate(invalid="ignore"):
        return weights @ (chosen & among).astype(np.float32) / (weights @ among.astype(np.float32))


def means(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(draws,) the mean of (N,) values; NaN where a draw is empty."""
    with np.errstate(invalid="ignore"):
        return weights @ values.astype(np.float32) / weights.sum(1)


def aurocs(weights: np.ndarray, positives: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(draws,) area under the ROC curve: the chance that a diseased film scores above a sound one,
    ties counted half. NaN where a draw lacks a class."""
    diseased, sound = _by_score(weights, positives, scores)
    below = np.cumsum(sound, axis=1) - sound / 2
    with np.errstate(invalid="ignore"):
        return (diseased * below).sum(1) / (diseased.sum(1) * sound.sum(1))


def average_precisions(
    weights: np.ndarray, positives: np.ndarray, scores: np.ndarray
) -> np.ndarray:
    """(draws,) mean precision over the steps of recall, as `core.metrics.average_precision`."""
    diseased, sound = (part[:, ::-1] for part in _by_score(weights, positives, scores))
    hits, called = np.cumsum(diseased, axis=1), np.cumsum(diseased + sound, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(called > 0, hits / called, 0)
        return (diseased * precision).sum(1) / diseased.sum(1)


def confusions(
    weights: np.ndarray, truth: np.ndarray, called: np.ndarray, classes: int
) -> np.ndarray:
    """(draws, K, K) counts: row = true class, column = called class."""
    cells = np.zeros((len(truth), classes * classes), np.float32)
    cells[np.arange(len(truth)), truth * classes + called] = 1
    return (weights @ cells).reshape(-1, classes, classes).astype(float)


def balanced_accuracies(matrices: np.ndarray) -> np.ndarray:
    """(draws,) mean recall of the classes that occur, of (draws, K, K) confusion matrices."""
    sizes, hits = matrices.sum(2), np.diagonal(matrices, axis1=1, axis2=2)
    occurs = sizes > 0
    recalls = np.divide(hits, sizes, out=np.zeros_like(hits), where=occurs)
    with np.errstate(invalid="ignore"):
        return recalls.sum(1) / occurs.sum(1)


def quadratic_kappas(matrices: np.ndarray) -> np.ndarray:
    """(draws,) agreement beyond chance with squared weights (Cohen 1968), of (draws, K, K)
    confusion matrices; NaN where all films have one class and are all called so."""
    steps = np.arange(matrices.shape[1])
    cost = (steps[:, None] - steps) ** 2
    observed = (matrices * cost).sum((1, 2))
    rows, columns, n = matrices.sum(2), matrices.sum(1), matrices.sum((1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = np.einsum("di,ij,dj->d", rows, cost, columns) / n
        return np.where(chance > 0, 1 - observed / chance, np.nan)


def _by_score(
    weights: np.ndarray, positives: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The weight of the diseased and of the sound at each score, (draws, S), scores rising."""
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    begins = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    drawn, diseased = weights[:, order].astype(float), positives[order]
    return (
        np.add.reduceat(drawn * diseased, begins, axis=1),
        np.add.reduceat(drawn * ~diseased, begins, axis=1),
    )
