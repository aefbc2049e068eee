"""How far two sets of pictures are apart, in the features of a network."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from core.models import Model
from core.preprocess import letterbox, normalise

LEAST_SPREAD = 1e-3  # of the widest feature's


def features(films: list[np.ndarray], model: Model, batch: int = 32) -> np.ndarray:
    """(N, E) mean features of films (H, W) uint8 in a published classifier's `embedding`."""
    spec = model.card.input
    squares = np.stack([letterbox(film, spec.size)[0] for film in films])
    parts = (squares[i : i + batch] for i in range(0, len(squares), batch))
    return np.concatenate([model.predict(normalise(part, spec)).embedding for part in parts])


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Fréchet distance of the normal distributions with the means and covariances of two
    sets of features (N, E), (M, E): FID (Heusel et al. 2017), 0 for the same set.

    Of few pictures it comes out too large, the more so the fewer there are, even for two sets of
    one kind: compare only numbers from as many pictures. The trace of √(C₁C₂) is taken as the sum
    of the singular values of R₁R₂ᵀ, where RᵀR = C: exact, and well defined for fewer pictures than
    features, where the root of the product is not. ValueError for fewer than two of either.
    """
    _require_two(first, second)
    sets = first.astype(float), second.astype(float)
    between = np.square(sets[0].mean(0) - sets[1].mean(0)).sum()
    roots = [_root(features) for features in sets]
    shared = np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum()
    within = sum(np.square(root).sum() for root in roots)
    return max(float(between + within - 2 * shared), 0.0)  # rounding may leave less than nothing


def _root(features: np.ndarray) -> np.ndarray:
    """A matrix R of at most E rows whose RᵀR is the covariance of features (N, E)."""
    centred = (features - features.mean(0)) / np.sqrt(len(features) - 1)
    return np.linalg.qr(centred, mode="r") if len(centred) > centred.shape[1] else centred


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared maximum mean discrepancy of two sets of features (N, E), (M, E), unbiased: about 0
    for sets of one kind, whatever their size (KID, Bińkowski et al. 2018).

    The kernel is (x·y / E + 1)³, on features standardised by the first set; those that hardly vary
    in it are left out. ValueError for fewer than two of either.
    """
    _require_two(first, second)
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


def jackknife(
    statistic: Callable[[np.ndarray, np.ndarray], float],
    first: np.ndarray,
    second: np.ndarray,
    first_groups: Sequence[str],
    second_groups: Sequence[str],
    blocks: int = 20,
) -> tuple[float, float]:
    """95 % interval of a distance of two sets, by leaving out a twentieth of all groups in turn.

    Pictures of one group go together, in both sets. Efron & Tibshirani 1993, ch. 11, with
    Student's t; unlike a bootstrap it shows no distance the same picture twice. ValueError when
    what is left is too small for `statistic`.
    """
    rng = np.random.default_rng(0)
    groups = rng.permutation(np.unique([*first_groups, *second_groups]))
    blocks = min(blocks, len(groups))
    block_of = dict(zip(groups, np.arange(len(groups)) % blocks, strict=True))
    one, other = (
        np.array([block_of[g] for g in members]) for members in (first_groups, second_groups)
    )
    values = [statistic(first[one != b], second[other != b]) for b in range(blocks)]
    spread = np.std(values) * np.sqrt(blocks - 1) * stats.t.ppf(0.975, blocks - 1)
    middle = statistic(first, second)
    return float(middle - spread), float(middle + spread)


def _require_two(first: np.ndarray, second: np.ndarray) -> None:
    n, m = len(first), len(second)
    if min(n, m) < 2:
        raise ValueError(f"a distance needs two pictures or more of either kind, not {n} and {m}")
