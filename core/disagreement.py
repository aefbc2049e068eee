"""How much models disagree on a film, so that the films worth a discussion come first."""

from dataclasses import dataclass

import numpy as np

from core.grading import called_grades


@dataclass(frozen=True, eq=False)
class Disagreement:
    """`score` (N,) is 0 where all models call a film alike, at most 1; `gap` (N,), the mean
    distance between what two models say, tells films of one score apart."""

    score: np.ndarray
    gap: np.ndarray

    @property
    def order(self) -> np.ndarray:
        """(N,) indices, most disagreement first; equal films keep their order."""
        return np.lexsort((-self.gap, -self.score))


def of_verdicts(probabilities: np.ndarray, thresholds: np.ndarray) -> Disagreement:
    """On verdicts, from (N, M) probabilities of disease by M models and their (M,) thresholds.

    The score is `differing_pairs` of the verdicts, the gap that of the probabilities, 0 to 1.
    """
    return Disagreement(differing_pairs(probabilities >= thresholds), mean_gap(probabilities))


def of_grades(probabilities: np.ndarray) -> Disagreement:
    """On grades, from (N, M, K) probabilities of K grades by M models.

    The score is the mean distance of two models' called grades, as a share of the scale: two steps
    apart is worse than one. The gap is that of the expected grades, in grades.
    """
    films, models, grades = probabilities.shape
    called = called_grades(probabilities.reshape(-1, grades)).reshape(films, models)
    return Disagreement(
        mean_gap(called) / (grades - 1), mean_gap(probabilities @ np.arange(grades))
    )


def differing_pairs(called: np.ndarray) -> np.ndarray:
    """(N, M) classes called by M models → (N,) share of the pairs of models that call a film
    differently; 0 for a single model.

    Of two classes it is largest where the models are split in halves: M / (2 (M - 1)). Averaged
    over films it is the disagreement measure of Kuncheva & Whitaker, Machine Learning 51 (2003).
    """
    one, other = np.triu_indices(called.shape[1], 1)
    return _mean(called[:, one] != called[:, other])


def mean_gap(values: np.ndarray) -> np.ndarray:
    """(N, M) numbers by M models → (N,) mean distance between two models' numbers; 0 for one."""
    one, other = np.triu_indices(values.shape[1], 1)
    return _mean(np.abs(np.subtract(values[:, one], values[:, other], dtype=float)))


def _mean(of_pairs: np.ndarray) -> np.ndarray:
    return of_pairs.sum(1) / max(1, of_pairs.shape[1])
