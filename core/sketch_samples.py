"""Sketches to start from, drawn by code."""

from dataclasses import dataclass

import numpy as np

from core.contours import outline
from core.masks import Stroke


@dataclass(frozen=True, eq=False)
class SketchSample:
    """A sketch of the chooser: its strokes, in px of the square, and a title in sentence case."""

    slug: str
    title: str
    strokes: tuple[Stroke, ...]


NOTCHES = np.array([0.04, 0.06j, -0.03 + 0.03j, 0.05, 0.06j, -0.05, 0.04j])


def _open_outline() -> Stroke:
    """What a hand leaves: a line of the brush that stops short of where it began."""
    drawn = outline((62, 66), 33, 0.8, 0.4, np.array([0.03, 0.02j, 0.015]))
    return Stroke(drawn.points[: -len(drawn.points) // 12], width=3, tool="brush")


def sketch_samples() -> list[SketchSample]:
    """The samples of the sketch page, in the order it shows them."""
    return [
        SketchSample("round", "Round", (outline((64, 64), 32),)),
        SketchSample("oval", "Oval", (outline((64, 64), 34, 0.6, -0.6),)),
        SketchSample(
            "notched", "Irregular, with notches", (outline((63, 65), 38, 0.85, 0.3, NOTCHES),)
        ),
        SketchSample("small", "Small", (outline((66, 62), 13, 0.9),)),
        SketchSample(
            "two", "Two lesions", (outline((42, 46), 20, 0.8, 0.8), outline((90, 86), 17, 0.9))
        ),
        SketchSample("open", "An outline left open", (_open_outline(),)),
    ]
