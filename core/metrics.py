"""Every number the app prints. Labels are 0 or 1, and 1 is disease; scores rise with disease."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_Z = 1.959964  # 95 % of a normal distribution lie within so many standard deviations


@dataclass(frozen=True)
class Roc:
    """The ROC curve's corners: at each threshold (score >= t is called positive), its rates."""

    thresholds: np.ndarray  # (K,) falling, the first is +inf
    sensitivity: np.ndarray  # (K,) true positive rate
    specificity: np.ndarray  # (K,) true negative rate


@dataclass(frozen=True)
class Confusion:
    """Counts of the four outcomes; disease is the positive class."""

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int

    @property
    def n(self) -> int:
        """All films."""
        positives = self.true_positives + self.false_negatives
        return positives + self.false_positives + self.true_negatives

    @property
    def sensitivity(self) -> float:
        """Share of the diseased that are called positive; NaN without any."""
        return _share(self.true_positives, self.false_negatives)

    @property
    def specificity(self) -> float:
        """Share of the sound that are called negative; NaN without any."""
        return _share(self.true_negatives, self.false_positives)

    @property
    def ppv(self) -> float:
        """Share of the positive calls that are right, at this set's prevalence; NaN without any."""
        return _share(self.true_positives, self.false_positives)


def _share(part: int, rest: int) -> float:
    return part / (part + rest) if part + rest else float("nan")


def _checked(labels, scores) -> tuple[np.ndarray, np.ndarray]:
    labels, scores = np.asarray(labels), np.asarray(scores, float)
    if labels.shape != scores.shape or labels.ndim != 1 or not len(labels):
        raise ValueError("labels and scores must be two equally long, non-empty lists")
    if not np.isin(labels, (0, 1)).all() or not np.isfinite(scores).all():
        raise ValueError("labels must be 0 or 1, and scores finite")
    return labels.astype(int), scores


def confusion(labels, scores, threshold: float) -> Confusion:
    """Count outcomes when score >= `threshold` is called positive. ValueError on bad input."""
    labels, scores = _checked(labels, scores)
    called = scores >= threshold
    return Confusion(
        int((called & (labels == 1)).sum()),
        int((~called & (labels == 1)).sum()),
        int((called & (labels == 0)).sum()),
        int((~called & (labels == 0)).sum()),
    )


def roc(labels, scores) -> Roc:
    """The ROC curve. ValueError on bad input or when one class is missing."""
    labels, scores = _checked(labels, scores)
    positives, negatives = int(labels.sum()), int((labels == 0).sum())
    if not positives or not negatives:
        raise ValueError("a ROC curve needs films of both classes")
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(labels[order])
    last = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])
    sensitivity = np.r_[0, hits[last]] / positives
    false_positives = np.r_[0, (last + 1) - hits[last]] / negatives
    return Roc(np.r_[np.inf, ranked[last]], sensitivity, 1 - false_positives)


def auroc(labels, scores) -> float:
    """Area under the ROC curve: the chance that a diseased film scores above a sound one."""
    curve = roc(labels, scores)
    return float(np.trapezoid(curve.sensitivity, 1 - curve.specificity))


@dataclass(frozen=True)
class PrecisionRecall:
    """The corners of the precision-recall curve: at each threshold (score >= t is called
    positive), the share of the diseased that are called and of the called that are diseased."""

    thresholds: np.ndarray  # (K,) falling
    recall: np.ndarray  # (K,) rising to 1
    precision: np.ndarray  # (K,)


def precision_recall(labels, scores) -> PrecisionRecall:
    """The precision-recall curve. ValueError on bad input or without diseased films."""
    labels, scores = _checked(labels, scores)
    if not labels.any():
        raise ValueError("a precision-recall curve needs diseased films")
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(labels[order])
    last = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])
    return PrecisionRecall(ranked[last], hits[last] / hits[-1], hits[last] / (last + 1))


def average_precision(labels, scores) -> float:
    """Mean precision over the recall steps, without interpolation. ValueError as above."""
    curve = precision_recall(labels, scores)
    return float(np.sum(np.diff(curve.recall, prepend=0) * curve.precision))


def brier(labels, probabilities) -> float:
    """Mean squared error of the probability of disease (Brier 1950)."""
    labels, probabilities = _checked(labels, probabilities)
    return float(np.mean((probabilities - labels) ** 2))


def reliability(labels, probabilities, bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean probability, share diseased, n) of each of `bins` equally filled groups."""
    labels, probabilities = _checked(labels, probabilities)
    groups = np.array_split(np.argsort(probabilities, kind="stable"), bins)
    return [
        (float(probabilities[g].mean()), float(labels[g].mean()), len(g)) for g in groups if len(g)
    ]


def ece(labels, probabilities, bins: int = 10) -> float:
    """Expected calibration error over equally filled groups (Nixon et al. 2019, adaptive bins)."""
    groups = reliability(labels, probabilities, bins)
    total = sum(n for *_, n in groups)
    return sum(abs(mean - share) * n for mean, share, n in groups) / total


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, `hits` of `n` independent trials; (0, 1) without any.

    Source: Wilson 1927, the score interval: all shares p with |hits/n - p| <= z sqrt(p(1 - p)/n).
    ValueError where `hits` do not lie between 0 and `n`.
    """
    if not 0 <= hits <= n:
        raise ValueError("a share is so many hits of at least as many trials")
    if not n:
        return 0.0, 1.0
    share, extra = hits / n, _Z**2 / n
    middle = share + extra / 2
    reach = _Z * math.sqrt(share * (1 - share) / n + extra / (4 * n))
    low, high = (middle - reach) / (1 + extra), (middle + reach) / (1 + extra)
    return (low if hits else 0.0), (high if hits < n else 1.0)


@dataclass(frozen=True)
class OperatingPoint:
    """A named threshold and what it means on the films it was chosen on."""

    name: str
    threshold: float
    sensitivity: float
    specificity: float
    ppv: float
    n: int


def operating_points(labels, scores) -> list[OperatingPoint]:
    """Highest specificity at sensitivity >= .95 and >= .90, and Youden's point.

    Thresholds lie halfway between neighbouring scores, so that rounding a probability does not
    change a verdict. ValueError when one class is missing.
    """
    curve = roc(labels, scores)
    best = {
        "Sensitivity at least 95 %": int(np.argmax(curve.sensitivity >= 0.95)),
        "Sensitivity at least 90 %": int(np.argmax(curve.sensitivity >= 0.90)),
        # The curve's first corner calls nothing positive, at a threshold that is no number.
        "Youden": 1 + int(np.argmax((curve.sensitivity + curve.specificity)[1:])),
    }
    points = []
    for name, first in best.items():
        # Of all corners of this specificity, the one that finds the most.
        index = int(np.flatnonzero(curve.specificity == curve.specificity[first])[-1])
        below = curve.thresholds[index + 1 : index + 2]
        upper = float(curve.thresholds[index])
        lower = float(below[0]) if len(below) else min(0.0, upper)
        threshold = (upper + lower) / 2
        counts = confusion(labels, scores, threshold)
        points.append(
            OperatingPoint(
                name, threshold, counts.sensitivity, counts.specificity, counts.ppv, counts.n
            )
        )
    return points


def grouped_bootstrap(
    groups,
    statistic: Callable[[np.ndarray], float],
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of `statistic` when whole groups (patients) are drawn with replacement.

    Args:
        groups: (N,) group of each film.
        statistic: indices (M,) of the drawn films → a number; draws where it raises ValueError
            or gives NaN (no film of one class, say) are left out.

    Source: Efron & Tibshirani 1993, ch. 13. ValueError when no draw gives a number.
    """
    _, inverse = np.unique(np.asarray(groups), return_inverse=True)
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(np.bincount(inverse))[:-1])
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        drawn = rng.integers(len(members), size=len(members))
        try:
            values.append(statistic(np.concatenate([members[g] for g in drawn])))
        except ValueError:
            continue
    values = np.array(values)[np.isfinite(values)]
    if not len(values):
        raise ValueError("no bootstrap draw gives a number: too few films of one class")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
