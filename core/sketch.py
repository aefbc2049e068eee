"""A sketch of a lesion: drawn by strokes, closed and filled, and as the generators see it."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from core.lesions import SIDE
from core.masks import BadMask, Stroke, enclosed, from_json, rasterise

REACH = 32  # px from the border at which the distance map is full
SMALLEST = 40  # px of the square: half the smallest lesion that the networks learned from
# Of a saved sketch: far more than a hand draws, and filled within a second.
MOST_STROKES, MOST_POINTS = 500, 20_000
LEAST_SIDE = 16  # px of the square it was drawn on: on fewer, a hand outlines nothing
FULLEST = 0.98  # share of the square: more leaves no skin around, and no network learned it


class BadSketch(ValueError):
    """A sketch that cannot be used; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def closed(strokes: Sequence[Stroke], shape: tuple[int, int] = (SIDE, SIDE)) -> np.ndarray:
    """(H, W) bool: the lesions that strokes in pixels of this square outline, several or none.

    A brush or a line that paints is an outline: it is closed from its end to its start and filled,
    all that its middle goes round. What is too short or too straight to go round anything is no
    lesion. Rectangles and polygons are filled; what erases, erases with its own width, in order.
    """
    mask = np.zeros(shape, bool)
    for stroke in strokes:
        if stroke.erase:
            mask &= ~rasterise([replace(stroke, erase=False)], shape)
        elif stroke.tool in ("brush", "line"):
            mask |= enclosed(stroke.points, shape)
        else:
            mask |= rasterise([stroke], shape)
    return mask


def check(mask: np.ndarray, strokes: Sequence[Stroke] = ()) -> None:
    """Raises BadSketch for a filled contour (S, S) bool that no lesion could have. strokes: those
    that it was drawn by, if any."""
    area = int(mask.sum())
    if not area and strokes:
        raise BadSketch("These strokes go round nothing: draw a way all round the lesion.")
    if not area:
        raise BadSketch("The sketch is empty: draw the outline of a lesion, all the way round.")
    if area < SMALLEST * mask.size / SIDE**2:
        raise BadSketch("The sketch is too small to be a lesion: draw its outline larger.")
    if area > FULLEST * mask.size:
        raise BadSketch("The sketch covers everything: leave some skin around the lesion.")


def read_sketch(text: str | bytes) -> tuple[Stroke, ...]:
    """The strokes of a saved sketch (JSON by `core.masks.to_json`), brought from the square they
    were drawn on to one of `SIDE` px. Raises BadSketch, and nothing else, for any other text, and
    for strokes that outline no lesion."""
    try:
        drawn = from_json(text)
    except BadMask:
        raise BadSketch(
            "This file is not a sketch saved here: choose the JSON file of a sketch, or draw one."
        ) from None
    points = sum(len(stroke.points) for stroke in drawn.strokes)
    if len(drawn.strokes) > MOST_STROKES or points > MOST_POINTS:
        raise BadSketch(
            f"This sketch has {len(drawn.strokes):,} strokes and {points:,} points, more than are "
            "drawn by hand: draw it anew."
        )
    height, width = drawn.shape
    if height != width:
        raise BadSketch(
            f"These strokes were drawn on a film of {width:,} by {height:,} pixels, not on the "
            "square of a sketch: choose the JSON file of a sketch."
        )
    if width < LEAST_SIDE:
        raise BadSketch(
            f"These strokes were drawn on a square of {width} px, too small for a sketch: draw it "
            "anew."
        )
    scale = SIDE / width
    strokes = tuple(
        replace(stroke, points=stroke.points * scale, width=stroke.width * scale)
        for stroke in drawn.strokes
    )
    check(closed(strokes), strokes)
    return strokes


def condition(mask: np.ndarray) -> np.ndarray:
    """A filled contour (S, S) bool → (2, S, S) float32: the mask as 0 and 1, and the distance from
    its border in [-1, 1], positive inside, full `REACH` px away."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    distance = np.clip((inside - outside) / REACH, -1, 1)
    return np.stack([mask.astype(np.float32), distance])
