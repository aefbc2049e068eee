"""Strokes of a brush → masks in the pixels of the film."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

SUBPIXEL = 4  # bits of precision behind the point that the rasteriser keeps


@dataclass(frozen=True, eq=False)
class Stroke:
    """One stroke of a round brush: `points` (N, 2) x, y and `width`, in pixels of the film."""

    points: np.ndarray
    width: float


def rasterise(strokes: Sequence[Stroke], shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: True where a stroke passes. Strokes may leave the film."""
    mask = np.zeros(shape, np.uint8)
    scale = 2**SUBPIXEL
    for stroke in strokes:
        points = np.rint((np.asarray(stroke.points, float).reshape(-1, 2) - 0.5) * scale)
        # OpenCV draws to beyond the edge: a pixel more than it was asked for, or two.
        points, width = points.astype(np.int32), max(1, round(stroke.width) - 1)
        for x, y in points[:: max(1, len(points) - 1)]:
            cv2.circle(mask, (int(x), int(y)), int(width * scale / 2), 1, -1, shift=SUBPIXEL)
        cv2.polylines(mask, [points.reshape(-1, 1, 2)], False, 1, width, shift=SUBPIXEL)
    return mask.astype(bool)
