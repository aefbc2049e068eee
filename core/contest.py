"""Two models on the same films: is one better, by how much, and on which films."""

import math
from dataclasses import dataclass

import numpy as np

from core import resampling
from core.labelled import LabelledSet, ModelReading
from core.models import Metric
from core.set_measures import MEASURES, draws

CHANCE = 0.05  # a difference that chance makes more seldom than this is called one


@dataclass(frozen=True)
class Difference:
    """A measure of both models; `gap` is the first's less the second's, with its 95 % interval."""

    measure: str
    first: float
    second: float
    gap: Metric

    @property
    def telling(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.gap.low is not None and (self.gap.low > 0 or self.gap.high < 0)


@dataclass(frozen=True, eq=False)
class Contest:
    """How two models fare on N films in G groups. `first_right` and `second_right` (N,) bool; `p`
    of McNemar's exact test."""

    groups: int
    first_right: np.ndarray
    second_right: np.ndarray
    differences: tuple[Difference, ...]

    @property
    def only_first(self) -> np.ndarray:
        """(N,) bool: the films that only the first gets right."""
        return self.first_right & ~self.second_right

    @property
    def only_second(self) -> np.ndarray:
        """(N,) bool: the films that only the second gets right."""
        return self.second_right & ~self.first_right

    @property
    def p(self) -> float:
        """How likely so uneven a split is where both are equally good: see `mcnemar`."""
        return mcnemar(int(self.only_first.sum()), int(self.only_second.sum()))


def contest(
    labelled: LabelledSet, first: ModelReading, second: ModelReading, weights: np.ndarray
) -> Contest:
    """Set two models of a set against each other, the same draws (D, N) for both."""
    once = np.ones((1, len(labelled)), np.float32)
    ours, theirs = (draws(labelled, each, weights) for each in (first, second))
    now, then = (draws(labelled, each, once) for each in (first, second))
    differences = tuple(
        Difference(
            name,
            float(now[name][0]),
            float(then[name][0]),
            resampling.metric(float(now[name][0] - then[name][0]), ours[name] - theirs[name]),
        )
        for name in MEASURES[labelled.task]
    )
    groups = len(set(map(str, labelled.groups)))
    return Contest(groups, labelled.right(first), labelled.right(second), differences)


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p of McNemar's test (McNemar 1947): how likely a split at least as uneven
    is where each film that one model alone gets right is as likely either's. 1 without any.

    It takes films as independent, which several of one patient are not.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / 2**n)
