"""How far readers agree on a mask, and the one mask that their readings make together.

Every mask is (H, W) bool, True where a reader marked an artefact; all are of one film.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from core.masks import dice

MAX_ITERATIONS = 1000
CONVERGED = 1e-9  # the change of a rate, below which no more is gained
TELLING = 3  # readers from whom STAPLE's rates can be told


class Pair(NamedTuple):
    """Two masks beside each other. dice: 0 to 1. hd95_px, hd95_mm: the 95 % Hausdorff distance in
    pixels and in millimetres, None where either mask is empty, and in mm where the film says no
    spacing. area_a, area_b: pixels."""

    dice: float
    hd95_px: float | None
    hd95_mm: float | None
    area_a: int
    area_b: int


class Staple(NamedTuple):
    """What STAPLE makes of several readings.

    probability: (H, W) float32 that a pixel is truly an artefact; mask: where it is above a half.
    sensitivity, specificity: of each reader, over all pixels of the film, NaN where the estimated
    truth has no pixel to tell it by. iterations: of the expectation maximisation.
    """

    probability: np.ndarray
    mask: np.ndarray
    sensitivity: tuple[float, ...]
    specificity: tuple[float, ...]
    iterations: int


def compare(a: np.ndarray, b: np.ndarray, spacing_mm: tuple[float, float] | None = None) -> Pair:
    """Two readers' masks of a film whose pixels are `spacing_mm` apart (rows, columns).

    The 95 % Hausdorff distance is the larger of the two directed ones, each the 95th percentile of
    the distances from one outline to the other, as Metrics Reloaded defines it (Maier-Hein et al.
    2024, Nature Methods 21, 195-212); the pooled percentile of other programs is at most that.
    """
    found = [surface_distances(a, b, step) if step else None for step in ((1.0, 1.0), spacing_mm)]
    hd95 = [max(float(np.percentile(way, 95)) for way in both) if both else None for both in found]
    return Pair(dice(a, b), *hd95, int(np.count_nonzero(a)), int(np.count_nonzero(b)))


def surface_distances(
    a: np.ndarray, b: np.ndarray, spacing: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Distances from every pixel of a's outline to the nearest of b's, and the other way round.

    An outline is a mask's pixels that have a neighbour, above, below or beside, outside of it; off
    the film all is outside. spacing: between (rows, columns). None where a mask is empty.
    """
    from scipy.spatial import cKDTree  # takes long to import, and most visitors compare nothing

    one, other = (_outline(mask) * np.asarray(spacing, float) for mask in (a, b))
    if not len(one) or not len(other):
        return None
    return cKDTree(other).query(one)[0], cKDTree(one).query(other)[0]


def disagreement(masks: Sequence[np.ndarray]) -> np.ndarray:
    """(H, W) uint8: how many readers marked each pixel; of more than 255 readers uint16."""
    return np.sum(masks, axis=0, dtype=np.min_scalar_type(len(masks)))


def majority(masks: Sequence[np.ndarray]) -> np.ndarray:
    """(H, W) bool: what more than half of the readers marked; a tie is not in it."""
    return disagreement(masks) > len(masks) / 2


def staple(masks: Sequence[np.ndarray]) -> Staple:
    """Simultaneous truth and performance level estimation (Warfield, Zou and Wells 2004, IEEE
    Transactions on Medical Imaging 23, 903-921), for a binary truth and without a spatial prior.

    Starts from the share of readers who marked each pixel; the prior probability of an artefact is
    the mean of that over the film, as in ITK. It counts every pixel of the film, so specificity is
    near one on any film with little metal.

    Of two readers the rates are those of one of many truths that explain their masks as well: what
    one of them marked and the other did not may be the one's mistake or the other's. They mean
    something from TELLING readers on.
    """
    marked = disagreement(masks) > 0
    # Pixels of which all readers say the same as of others are alike, and outside all are.
    said, at, pixels = np.unique(
        np.packbits([mask[marked] for mask in masks], axis=0),
        axis=1,
        return_inverse=True,
        return_counts=True,
    )
    votes = np.unpackbits(said, axis=0, count=len(masks)).astype(float)  # (readers, patterns)
    votes = np.pad(votes, ((0, 0), (0, 1)))  # the last: nobody marked it
    pixels = np.append(pixels, marked.size - marked.sum())
    truth = votes.mean(0)
    prior = truth @ pixels / marked.size
    rates, iterations, settled = np.zeros((2, len(masks))), 0, False
    while not settled and iterations < MAX_ITERATIONS:
        before, iterations = rates, iterations + 1
        rates = np.array(
            [
                _share(votes * truth * pixels, truth @ pixels),
                _share((1 - votes) * (1 - truth) * pixels, (1 - truth) @ pixels),
            ]
        )
        truth = _expected(votes, *np.nan_to_num(rates), prior)
        settled = np.allclose(rates, before, rtol=0, atol=CONVERGED, equal_nan=True)
    probability = np.full(marked.shape, truth[-1], np.float32)
    probability[marked] = truth[at]
    found = [tuple(rate.tolist()) for rate in rates]
    return Staple(probability, probability > 0.5, found[0], found[1], iterations)


def _share(counts: np.ndarray, of: float) -> np.ndarray:
    """(readers,): the sums of counts (readers, patterns) as a share."""
    return counts.sum(1) / of if of else np.full(len(counts), np.nan)


def _expected(
    votes: np.ndarray, sensitivity: np.ndarray, specificity: np.ndarray, prior: float
) -> np.ndarray:
    """(patterns,): the probability that a pixel of which the readers say this is an artefact."""
    hit, quiet = sensitivity[:, None], specificity[:, None]
    artefact = prior * np.where(votes, hit, 1 - hit).prod(0)
    none = (1 - prior) * np.where(votes, 1 - quiet, quiet).prod(0)
    total = artefact + none  # nothing where no pixel can be so, as outside of masks of everything
    return np.divide(artefact, total, out=np.zeros_like(total), where=total > 0)


def _outline(mask: np.ndarray) -> np.ndarray:
    """(N, 2) rows and columns of the mask's pixels that have a neighbour outside."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    mask = np.asarray(mask, np.uint8)
    inner = cv2.erode(mask, cross, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.argwhere(mask > inner)
