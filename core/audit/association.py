"""Whether rows and columns of a table of counts go together, and how closely."""

from math import ceil

import numpy as np
from scipy import stats

DRAWS = 2000  # tables, at least
CELLS = 1_000_000  # of tables drawn at a time


def cramers_v(counts: np.ndarray) -> float:
    """Association of rows and columns of an (R, C) table of counts, 0 to 1, corrected for bias
    (Bergsma 2013)."""
    counts = _filled(counts)
    n, (rows, columns) = counts.sum(), counts.shape
    if n < 2 or min(rows, columns) < 2:
        return 0.0
    phi = max(0.0, float(_chi2(counts)) / n - (rows - 1) * (columns - 1) / (n - 1))
    rows, columns = (k - (k - 1) ** 2 / (n - 1) for k in (rows, columns))
    smaller = min(rows, columns) - 1
    return float(min(1.0, np.sqrt(phi / smaller))) if smaller > 0 else 0.0


def chance(counts: np.ndarray, level: float) -> float:
    """p of an (R, C) table by a permutation test: how often is chi-square as large in a table of
    the same margins, drawn by chance?

    So many are drawn that p can fall below `level`, at which it is to be judged.
    """
    counts = _filled(counts)
    if min(counts.shape) < 2:
        return 1.0
    drawn = stats.random_table(counts.sum(1), counts.sum(0), seed=np.random.default_rng(0))
    draws, seen, beaten = max(DRAWS, ceil(2 / level)), _chi2(counts), 0
    block = max(1, CELLS // counts.size)
    for start in range(0, draws, block):
        tables = drawn.rvs(min(block, draws - start))
        beaten += int((_chi2(tables) >= seen - 1e-9).sum())
    return (1 + beaten) / (1 + draws)


def _filled(counts: np.ndarray) -> np.ndarray:
    return counts[counts.sum(1) > 0][:, counts.sum(0) > 0]


def _chi2(counts: np.ndarray) -> np.ndarray:
    """(...,) chi-square of (..., R, C) tables without an empty row or column."""
    rows, columns = counts.sum(-1, keepdims=True), counts.sum(-2, keepdims=True)
    expected = rows * columns / counts.sum((-2, -1), keepdims=True)
    return ((counts - expected) ** 2 / expected).sum((-2, -1))
