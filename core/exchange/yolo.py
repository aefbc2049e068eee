"""Annotations as YOLO keeps outlines: a line of text a region, its class and then the corners of
one polygon as shares of the film's width and height."""

from collections.abc import Sequence

import numpy as np

from core.artefacts import LABELS, Region
from core.exchange.polygons import single
from core.masks import BadMask, Stroke

CLASSES = "\n".join(LABELS) + "\n"  # the file of classes that belongs to `text`
_DIGITS = 8  # behind the point: a ten-thousandth of a pixel on the widest film
_NOT_YOLO = (
    "This is not a YOLO file of outlines: each line needs a class and at least three points."
)


def text(regions: Sequence[Region], shape: tuple[int, int]) -> str:
    """The regions of a film of (height, width) `shape`. Holes are reached by bridges."""
    lines = []
    for region in regions:
        shares = (single(region.mask) + np.array(region.box[:2])) / shape[::-1]
        numbers = (f"{share:.{_DIGITS}f}".rstrip("0").rstrip(".") for share in shares.flat)
        lines.append(" ".join([str(list(LABELS).index(region.label)), *numbers]) + "\n")
    return "".join(lines)


def strokes(found: str, shape: tuple[int, int], classes: Sequence[str]) -> tuple[Stroke, ...]:
    """Polygons, in pixels, from a YOLO text. classes: the labels in the order of their numbers.

    Raises BadMask for any other text, for boxes, and for a class that has no label.
    """
    return tuple(
        _stroke(line.split(), shape, classes) for line in found.splitlines() if line.strip()
    )


def _stroke(words: list[str], shape: tuple[int, int], classes: Sequence[str]) -> Stroke:
    if len(words) == 5:
        raise BadMask("This YOLO file holds boxes: export outlines (segmentation) from your tool.")
    try:
        number, shares = int(words[0]), np.array(words[1:], float).reshape(-1, 2)
    except ValueError:
        raise BadMask(_NOT_YOLO) from None
    if len(shares) < 3 or not (np.abs(shares - 0.5) <= 0.501).all():
        raise BadMask(_NOT_YOLO)
    if not 0 <= number < len(classes):
        raise BadMask(
            f"This YOLO file has a class {number}, which is none of the labels here: use 0 to "
            f"{len(classes) - 1}, in their order."
        )
    # Corners of pixels come back as they were.
    points = np.round(shares * shape[::-1], 3)
    return Stroke(points, tool="polygon", label=classes[number])
