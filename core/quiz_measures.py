"""Shares and kappas of a few answers, each with its 95 % interval and with how many they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.metrics import wilson

DRAWS = 1000  # of the bootstrap
_TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class Score:
    """`value` of `n` answers, with its 95 % interval; NaN where there is none. hits: of a share,
    how many of the n."""

    value: float
    low: float
    high: float
    n: int
    hits: int | None = None


_NOTHING = Score(float("nan"), float("nan"), float("nan"), 0)


def share(flags: Sequence[bool]) -> Score:
    """The share of answers that are flagged, with Wilson's interval."""
    hits, n = sum(flags), len(flags)
    return Score(hits / n, *wilson(hits, n), n, hits) if n else _NOTHING


def clustered_share(flags: Sequence[bool], clusters: Sequence[int]) -> Score:
    """The share of answers that are flagged, with an interval by drawing whole clusters of answers:
    percentile bootstrap, Efron & Tibshirani 1993, ch. 13."""
    if not flags:
        return _NOTHING
    sums = _sums(np.column_stack([flags, np.ones(len(flags))]), clusters)
    value, low, high = _drawn(sums, lambda of: of[..., 0] / of[..., 1])
    return Score(value, low, high, len(flags), sum(flags))


def clustered_kappa(truth: Sequence[int], called: Sequence[int], clusters: Sequence[int]) -> Score:
    """Quadratic weighted kappa (Cohen 1968), with an interval by drawing whole clusters of answers.

    The same as core.grading.quadratic_kappa, from sums: of answers t, c the weights sum to
    S(t - c)^2 as observed, and to S t^2 + S c^2 - 2 St Sc / n by chance.
    """
    if not len(truth):
        return _NOTHING
    t, c = np.asarray(truth, float), np.asarray(called, float)
    columns = np.column_stack([np.ones(len(t)), t, c, t * t + c * c, (t - c) ** 2])
    return Score(*_drawn(_sums(columns, clusters), _kappa), len(t))


def _kappa(sums: np.ndarray) -> np.ndarray:
    n, t, c, squares, missed = np.moveaxis(sums, -1, 0)
    return 1 - missed / (squares - 2 * t * c / n)


def _sums(columns: np.ndarray, clusters: Sequence[int]) -> np.ndarray:
    """(G, K) sums of the (N, K) columns in each of the G clusters."""
    names, of = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.zeros((len(names), columns.shape[1]))
    np.add.at(sums, of, columns)
    return sums


def _drawn(
    sums: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]
) -> tuple[float, float, float]:
    """A statistic of (..., K) sums over the clusters, and its interval; draws in which it is no
    number are left out."""
    size = len(sums)
    counts = np.random.default_rng(0).multinomial(size, np.full(size, 1 / size), DRAWS)
    with np.errstate(divide="ignore", invalid="ignore"):
        value, draws = float(statistic(sums.sum(0))), statistic(counts @ sums)
    draws = draws[np.isfinite(draws)]
    if not np.isfinite(value) or not len(draws):
        return (float("nan"),) * 3
    low, high = np.quantile(draws, _TAILS)
    return value, float(low), float(high)
