"""How far two sets of pictures are apart, in the features of a network."""

import numpy as np

from core.models import Model
from core.preprocess import letterbox, normalise

LEAST_SPREAD = 1e-3  # of the widest feature's


def features(films: list[np.ndarray], model: Model, batch: int = 32) -> np.ndarray:
    """(N, E) mean features of films (H, W) uint8 in a published classifier's `embedding`."""
    spec = model.card.input
    squares = np.stack([letterbox(film, spec.size)[0] for film in films])
    parts = (squares[i : i + batch] for i in range(0, len(squares), batch))
    return np.concatenate([model.predict(normalise(part, spec)).embedding for part in parts])


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared maximum mean discrepancy of two sets of features (N, E), (M, E), unbiased: about 0
    for sets of one kind, whatever their size (KID, Bińkowski et al. 2018).

    The kernel is (x·y / E + 1)³, on features standardised by the first set; those that hardly vary
    in it are left out. ValueError for fewer than two of either.
    """
    n, m = len(first), len(second)
    if min(n, m) < 2:
        raise ValueError(f"a distance needs two pictures or more of either kind, not {n} and {m}")
    mean, spread = first.mean(0), first.std(0)
    alive = spread > LEAST_SPREAD * spread.max()
    first, second = (((x - mean) / spread.clip(1e-12))[:, alive] for x in (first, second))

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / a.shape[1] + 1) ** 3

    within = [
        (k.sum() - np.trace(k)) / (len(k) * (len(k) - 1))
        for k in (kernel(first, first), kernel(second, second))
    ]
    return float(sum(within) - 2 * kernel(first, second).mean())
