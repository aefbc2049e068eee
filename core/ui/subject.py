"""What a drawing canvas is for: its words, its tools, and what the strokes on it make."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.masks import Stroke, rasterise
from core.ui.canvas_picture import Layer, Tag

BRUSH, LINE, RECTANGLE, POLYGON = "Brush", "Line", "Rectangle", "Polygon"


@dataclass(frozen=True)
class Subject:
    """A kind of canvas.

    ground, drawn: what is drawn on, and what the strokes make, as the page calls them.
    picture: what the ground is to someone who cannot see it.
    hints: the tools that are offered, and how each is used.
    mask: the strokes on a ground of (height, width) → (H, W) bool, what they make.
    follows: whether the ground shows that with every stroke, as it is more than the strokes.
    looks: whether the ground has grey levels and details that are worth a closer look.
    pen: px of canvas, the width of the brush to begin with.
    table: RGB of what lies beside the ground.
    kept: what the browser keeps of a drawing, in words.
    marks: strokes that lie in the picture, all strokes, (height, width) → how they are shown there;
        None for one mask in one colour.
    """

    ground: str
    drawn: str
    picture: str
    hints: Mapping[str, str]
    mask: Callable[[Sequence[Stroke], tuple[int, int]], np.ndarray]
    follows: bool
    looks: bool
    pen: int
    table: tuple[int, int, int]
    kept: str
    marks: (
        Callable[
            [Sequence[Stroke], Sequence[Stroke], tuple[int, int]],
            tuple[Sequence[Layer], Sequence[Tag]],
        ]
        | None
    ) = None


FILM = Subject(
    ground="film",
    drawn="mask",
    picture="X-ray film",
    hints={
        BRUSH: "Drag over the film, by mouse, pen or finger.",
        LINE: "Drag from one end to the other: a straight stroke of the brush.",
        RECTANGLE: "Drag from one corner to the opposite one.",
        POLYGON: "Click each corner; a click on the first one closes it and fills it in.",
    },
    mask=rasterise,
    follows=False,
    looks=True,
    pen=16,
    table=(88, 88, 88),
    kept="its strokes, the SHA-256 of the film's file, and a hash of the film's name that means "
    "nothing elsewhere",
)
