"""What a share of leaked films does to a test: two networks, one of which learned half of it.

`benchmarks.exhibits.leak` taught one `simple_cnn` with training films alone, and another one also
with every second group of the test films. Test sets are drawn here from both halves.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from core import exhibits, metrics

THRESHOLD = 0.5
DRAWS = 100
KAGGLE = 491, 506  # test files that lie among the training files too, as counted by others there
NETWORKS = ("leaking", "clean")
MEASURES = ("accuracy", "sensitivity", "auroc")
SHARES = np.linspace(0, 1, 21)


@dataclass(frozen=True)
class Films:
    """Test films: labels (N,) with 1 = fractured, which of them leaked (N,) bool, and each
    network's probabilities of a fracture (N,)."""

    labels: np.ndarray
    leaked: np.ndarray
    said: dict[str, np.ndarray]

    @property
    def each(self) -> int:
        """How many fractured films a drawn test set holds, and as many that are not: what every
        share can be drawn with."""
        kinds = [
            (self.labels == label) & (self.leaked == half) for label in (0, 1) for half in (0, 1)
        ]
        return int(min(kind.sum() for kind in kinds))


@dataclass(frozen=True)
class Scores:
    """A measure of both networks on the same drawn test sets, by the share leaked (K,): the mean
    over the draws, and the range that holds 90 % of them."""

    shares: np.ndarray
    mean: dict[str, np.ndarray]
    low: dict[str, np.ndarray]
    high: dict[str, np.ndarray]


@cache
def films() -> Films:
    """The committed table."""
    return Films(
        exhibits.floats("leak", "label").astype(int),
        exhibits.floats("leak", "leaked").astype(bool),
        {name: exhibits.floats("leak", name) for name in NETWORKS},
    )


def drawn(films: Films, leaked: int, rng: np.random.Generator) -> np.ndarray:
    """(2 * each,) indices of a test set with as many fractured films as not, `leaked` of either
    from the half that leaked and the others from the half that did not. ValueError when that is
    more than there are."""
    if not 0 <= leaked <= films.each:
        raise ValueError(f"{leaked} films of a class cannot have leaked, of {films.each}")
    parts = []
    for label in (0, 1):
        for half, count in ((True, leaked), (False, films.each - leaked)):
            of_kind = np.flatnonzero((films.labels == label) & (films.leaked == half))
            parts.append(rng.permutation(of_kind)[:count])
    return np.concatenate(parts)


def measured(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """`MEASURES` of probabilities of a fracture (N,), called at `THRESHOLD`."""
    counts = metrics.confusion(labels, scores, THRESHOLD)
    return {
        "accuracy": (counts.true_positives + counts.true_negatives) / counts.n,
        "sensitivity": counts.sensitivity,
        "auroc": metrics.auroc(labels, scores),
    }


@cache
def curves() -> dict[str, Scores]:
    """The committed table's scores, by measure, at `SHARES` of leaked films."""
    return curve(films(), SHARES)


def curve(films: Films, shares: np.ndarray, draws: int = DRAWS) -> dict[str, Scores]:
    """By measure, both networks' scores at shares (K,) of leaked films, 0 to 1."""
    found = np.empty((len(MEASURES), len(NETWORKS), len(shares), draws))
    for k, share in enumerate(shares):
        rng = np.random.default_rng(0)
        for draw in range(draws):
            chosen = drawn(films, round(share * films.each), rng)
            for at, name in enumerate(NETWORKS):
                scores = measured(films.labels[chosen], films.said[name][chosen])
                found[:, at, k, draw] = [scores[measure] for measure in MEASURES]
    return {
        measure: Scores(
            shares,
            dict(zip(NETWORKS, values.mean(2), strict=True)),
            dict(zip(NETWORKS, np.quantile(values, 0.05, 2), strict=True)),
            dict(zip(NETWORKS, np.quantile(values, 0.95, 2), strict=True)),
        )
        for measure, values in zip(MEASURES, found, strict=True)
    }
