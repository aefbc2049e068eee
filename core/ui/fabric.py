"""What the drawing widget tells of a drawing → strokes in pixels of the film, and nothing else.

The widget speaks the JSON of Fabric.js 7, measured on streamlit-drawable-canvas 0.13.0. One rule
places every shape: its own points, less the middle of their box, sized, turned, and put at the
shape's centre.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.masks import Stroke
from core.ui import label_colours

MARGIN = 16  # px of canvas round the film: a shape ends where the pointer leaves the canvas
ERASING = "#E69F00C0"  # the colour of strokes that erase, and of no other
STRAY = 4  # px of canvas: a box or an outline no larger than this is a slip of the pointer
BENT = 0.25  # px of canvas: a curve that stays so near to its chord is drawn as that
FARTHEST = 3.0  # films away from the film, a point is taken to be as far as that


@dataclass(frozen=True)
class View:
    """The part of a film that a canvas shows, `scale` px of canvas for a pixel of the film.

    left, top, width, height: the part, in whole pixels of the film, whose (height, width) is
    `shape`. The part ends `margin` px inside the canvas; the film goes on there if it is larger.
    """

    shape: tuple[int, int]
    left: int
    top: int
    width: int
    height: int
    scale: float
    margin: int = MARGIN

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas in px."""
        return (
            round(self.width * self.scale) + 2 * self.margin,
            round(self.height * self.scale) + 2 * self.margin,
        )

    def to_film(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) x, y of the canvas in pixels of the film, where a pixel's middle lies at .5."""
        film = (points - self.margin) / self.scale + (self.left, self.top)
        return np.clip(film, -FARTHEST * max(self.shape), (1 + FARTHEST) * max(self.shape))


def part(
    shape: tuple[int, int], zoom: float, across: float, down: float, room: tuple[int, int]
) -> View:
    """1 / zoom of each side of a film, as large as a canvas of at most (width, height) `room` px.

    across, down: where the part lies, 0 at the left or top of the film and 1 at its other end.
    """
    height, width = (max(1, round(side / zoom)) for side in shape)
    left, top = round(across * (shape[1] - width)), round(down * (shape[0] - height))
    scale = min((room[0] - 2 * MARGIN) / width, (room[1] - 2 * MARGIN) / height)
    return View(shape, left, top, width, height, scale)


def strokes(drawing: dict | None, view: View) -> tuple[Stroke, ...]:
    """The strokes of the widget's JSON, in the order in which they were drawn.

    What is no stroke, or was a slip of the pointer, is left out: the JSON comes from a browser,
    and anything may be in it. Their colour tells what they do: it is what the reader saw.
    """
    found = []
    objects = drawing.get("objects") if isinstance(drawing, dict) else None
    for item in objects if isinstance(objects, list) else ():
        try:
            convert = TOOLS.get(str(item.get("type", "")).lower())
            drawn = convert(item) if convert else None
            if drawn is None or not np.isfinite(drawn.points).all():
                continue
            width = float(drawn.width) / view.scale
            colour = str(item.get("stroke"))
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
            continue
        if math.isfinite(width):
            # A hundredth of a pixel is finer than any pointer, and keeps what is stored short.
            points = np.round(view.to_film(drawn.points), 2)
            stroke = Stroke(
                points, width, drawn.tool, colour.upper() == ERASING, label_colours.label(colour)
            )
            found.append(_clamped(stroke, view.shape))
    return tuple(found)


def _brush(item: dict) -> Stroke | None:
    """A path drawn by hand; one that is filled is an outline not yet closed."""
    if item.get("fill"):
        return None
    local = np.array(_way(item["path"]), float)
    return Stroke(_placed(local, item), item["strokeWidth"]) if len(local) else None


def _way(path: list) -> list[np.ndarray]:
    """Points along a path's commands; a quick hand leaves curves whose ends lie far apart."""
    points: list[np.ndarray] = []
    for _, *numbers in path:
        ends = np.array(numbers, float).reshape(-1, 2)
        if len(ends) == 2:
            points.extend(_curve(points[-1], *ends))
        points.extend(ends[-1:])
    return points


def _curve(start: np.ndarray, handle: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
    """Points inside a quadratic curve, unless it runs along its chord."""
    way, middle = end - start, (start + 2 * handle + end) / 4
    along = np.clip((middle - start) @ way / max(float(way @ way), 1e-9), 0, 1)
    if np.hypot(*(middle - start - along * way)) <= BENT:
        return []
    return [
        (1 - at) ** 2 * start + 2 * at * (1 - at) * handle + at**2 * end for at in (0.25, 0.5, 0.75)
    ]


def _line(item: dict) -> Stroke | None:
    local = np.array([(item["x1"], item["y1"]), (item["x2"], item["y2"])], float)
    drawn = Stroke(_placed(local, item), item["strokeWidth"], "line")
    return drawn if _extent(drawn.points) > STRAY else None


def _polygon(item: dict) -> Stroke | None:
    local = np.array([(point["x"], point["y"]) for point in item["points"]], float)
    if len(local) < 3:
        return None
    drawn = Stroke(_placed(local, item), tool="polygon")
    return drawn if _extent(drawn.points) > STRAY else None


def _rectangle(item: dict) -> Stroke | None:
    """A box; its left and top are the corner where it begins, about which it turns.

    The widget makes none smaller than twice its line, however short the drag.
    """
    sides = np.array([item["width"] * _of(item, "scaleX"), item["height"] * _of(item, "scaleY")])
    if np.abs(sides).min() <= max(STRAY, 2 * item["strokeWidth"]):
        return None
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * sides @ _turn(item)
    corners += (item["left"], item["top"])
    return (
        Stroke(corners, tool="polygon")
        if item.get("angle")
        else Stroke(corners[[0, 2]], tool="rectangle")
    )


TOOLS: dict[str, Callable[[dict], Stroke | None]] = {
    "path": _brush,
    "line": _line,
    "polygon": _polygon,
    "rect": _rectangle,
}


def _placed(local: np.ndarray, item: dict) -> np.ndarray:
    """Points of a path from its own coordinates to the canvas's."""
    low, high = local.min(0), local.max(0)
    sized = (local - (low + high) / 2) * (_of(item, "scaleX"), _of(item, "scaleY"))
    return sized @ _turn(item) + (item["left"], item["top"])


def _turn(item: dict) -> np.ndarray:
    angle = np.deg2rad(item.get("angle", 0))
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _of(item: dict, scale: str) -> float:
    return item.get(scale, 1)


def _extent(points: np.ndarray) -> float:
    """The longer side of the points' box."""
    return float(np.ptp(points, axis=0).max())


def _clamped(stroke: Stroke, shape: tuple[int, int]) -> Stroke:
    """A rectangle cut to the film; the rasteriser cuts the others."""
    if stroke.tool != "rectangle":
        return stroke
    return replace(stroke, points=np.clip(stroke.points, 0, (shape[1], shape[0])))
