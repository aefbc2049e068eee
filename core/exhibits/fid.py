"""Fréchet distances (FID, Heusel et al. 2017) by the number of pictures and by what they are
measured in: from the table that `benchmarks.exhibits.fid` made."""

from functools import cache
from typing import NamedTuple

import numpy as np

from core import exhibits

FEATURES = ("imagenet_pooled", "imagenet_logits", "lesion_mobilenetv2", "lesion_resnet18")


class Distances(NamedTuple):
    """Distances of several draws of `n` pictures (D,)."""

    n: int
    draws: np.ndarray

    @property
    def mean(self) -> float:
        """Over the draws."""
        return float(self.draws.mean())

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest of the draws."""
        return float(self.draws.min()), float(self.draws.max())


@cache
def distances() -> dict[tuple[str, str], list[Distances]]:
    """By features and by what was compared with real pictures, the distances, fewest pictures
    first."""
    table = exhibits.table("fid")
    found: dict[tuple[str, str], dict[int, list[float]]] = {}
    for features, pictures, n, distance in zip(
        *(table[name] for name in ("features", "pictures", "n", "distance")), strict=True
    ):
        of_pair = found.setdefault((features, pictures), {})
        of_pair.setdefault(int(n), []).append(float(distance))
    return {
        pair: [Distances(n, np.array(draws)) for n, draws in sorted(of_pair.items())]
        for pair, of_pair in found.items()
    }


def turned(one: Distances, other: Distances) -> int:
    """In how many of the draws, which show both the same lesions, the order of two is not that of
    their means over all pictures; `one` is the better by those."""
    return int((one.draws >= other.draws).sum())
