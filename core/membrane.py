"""A smooth fill from what surrounds a hole: Laplace's equation, solved roughly, coarse to fine."""

import cv2
import numpy as np

SWEEPS = 8  # passes of relaxation at each scale


def shrunk(
    values: np.ndarray, known: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The mean of the `known` (H, W) bool among `values` (H, W) float32 in each cell of a grid of
    `size` (width, height), and which cells hold any."""
    weights = known.astype(np.float32)
    share = cv2.resize(weights, size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(values * weights, size, interpolation=cv2.INTER_AREA)
    known = share > 0
    return total / np.where(known, share, 1), known


def span(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill what is not `known` (H, W) bool of (H, W) float32 values; at least one must be known.
    The values of the others are not looked at, but must be numbers.

    Each scale starts from the coarser one's fill and is relaxed by averaging over neighbours.
    """
    if known.all():
        return values
    height, width = values.shape
    half = shrunk(values, known, ((width + 1) // 2, (height + 1) // 2))
    filled = cv2.resize(span(*half), (width, height), interpolation=cv2.INTER_LINEAR)
    filled = np.where(known, values, filled)
    for _ in range(SWEEPS):
        relaxed = cv2.blur(filled, (3, 3), borderType=cv2.BORDER_REPLICATE)
        filled = np.where(known, values, relaxed)
    return filled
