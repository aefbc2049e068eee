"""Masks of a film: drawn by strokes, and kept as text."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from core.intake import MAX_PIXELS, MAX_SIDE
from core.mask_edits import fill_holes

TOOLS = ("brush", "line", "polygon", "rectangle")
SUBPIXEL = 4  # bits of precision behind the point that the rasteriser keeps
SCHEMA, VERSION = "lightbox-strokes", 2
READABLE = (1, VERSION)  # the first knew no sources
SOURCES = ("manual", "auto")  # drawn by hand, or suggested by a program
# What a file of strokes may hold: far more than a hand draws, and drawn within seconds.
MAX_TEXT, MAX_STROKES, MAX_POINTS, MAX_LABEL = 16 * 2**20, 20_000, 400_000, 80
MAX_WORK = 4_000_000_000  # pixels that polygons fill: some 10 s, 100 films of 40 megapixels
# Beside a polygon's pixel: what an edge takes where it crosses a row, and a pen's pixel, measured.
_CROSSING, _PEN = 32, 1 / 64
_FARTHEST = 4 * MAX_SIDE  # a stroke may leave the film, but not for anywhere
_FEWEST = {"brush": 1, "line": 1, "polygon": 3, "rectangle": 2}

_NOT_STROKES = "This is not a file of strokes saved here: choose the JSON file of a drawing."


class BadMask(ValueError):
    """A mask that cannot be used; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Stroke:
    """What one tool painted or erased, in pixels of the film; a pixel's middle lies at .5.

    points: (N, 2) x, y: a "brush" or "line" is a round pen of `width` along them, a "polygon" is
        what they enclose (even-odd), a "rectangle" lies between two opposite corners.
    source: one of SOURCES, who drew it.
    """

    points: np.ndarray
    width: float = 1.0
    tool: str = "brush"
    erase: bool = False
    label: str = ""
    source: str = "manual"


class Drawn(NamedTuple):
    """A file of strokes: of a film of (height, width) `shape` whose file has this SHA-256."""

    strokes: tuple[Stroke, ...]
    shape: tuple[int, int]
    sha256: str


def rasterise(strokes: Sequence[Stroke], shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: True where the strokes, painting and erasing in their order, leave paint.

    Strokes may leave the film. A pen takes at least the pixel it touches, a polygon or a rectangle
    the pixels whose middle it holds. Raises ValueError for a tool that is not one of TOOLS.
    """
    mask = np.zeros(shape, np.uint8)
    for stroke in strokes:
        points, value = np.asarray(stroke.points, float).reshape(-1, 2), int(not stroke.erase)
        if stroke.tool not in TOOLS:
            raise ValueError(f"a tool is one of {', '.join(TOOLS)}, not {stroke.tool!r}")
        if not len(points):
            continue
        if stroke.tool == "rectangle":
            (x0, y0), (x1, y1) = points.min(0), points.max(0)
            points = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        if stroke.tool in ("brush", "line"):
            _pen(mask, points, stroke.width, value)
        else:
            _fill(mask, points, value)
    return mask.astype(bool)


def enclosed(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: all that a path (N, 2) goes round when its end is joined to its start, as often
    as it may go round it. A path there and back encloses nothing."""
    mask = np.zeros(shape, np.uint8)
    if len(points):
        points = np.asarray(points, float)
        _fill(mask, points, 1, even_odd=False)
        # Nothing lies outside the way's own box, and it may be one of many on a large film.
        left, top = np.clip(np.floor(points.min(0)), 0, shape[::-1]).astype(int)
        right, bottom = np.clip(np.ceil(points.max(0)), 0, shape[::-1]).astype(int)
        mask[top:bottom, left:right] = fill_holes(mask[top:bottom, left:right])
    return mask.astype(bool)


def _pen(mask: np.ndarray, points: np.ndarray, width: float, value: int) -> None:
    """Draw a round pen's way into `mask`."""
    scale = 2**SUBPIXEL
    points = np.rint((points - 0.5) * scale).astype(np.int32)
    # OpenCV draws to beyond the edge, a pixel more than it was asked for, or two; and it fails on
    # widths of 16 bits, where twice the film's diagonal already covers all.
    width = max(1, min(round(width) - 1, int(2 * math.hypot(*mask.shape))))
    for x, y in points[:: max(1, len(points) - 1)]:
        cv2.circle(mask, (int(x), int(y)), int(width * scale / 2), value, -1, shift=SUBPIXEL)
    cv2.polylines(mask, [points.reshape(-1, 1, 2)], False, value, width, shift=SUBPIXEL)


def _fill(mask: np.ndarray, points: np.ndarray, value: int, even_odd: bool = True) -> None:
    """Fill a polygon in `mask`, by scan lines through the middles of its pixels: where its edge
    goes round an odd number of times, or any but none.

    OpenCV's own filling also draws the edge, half a pixel too far on every side: outlines would
    then not come back as they were.
    """
    height, width = mask.shape
    top, bottom = np.clip(np.rint([points[:, 1].min(), points[:, 1].max()]), 0, height).astype(int)
    left, right = np.clip(np.rint([points[:, 0].min(), points[:, 0].max()]), 0, width).astype(int)
    # Eight bits hold the turns of any hand, and which are odd for ever.
    turns = np.zeros((bottom - top, right - left + 1), np.int8)
    ends = np.roll(points, -1, axis=0)
    upper = np.where((points[:, 1] < ends[:, 1])[:, None], points, ends)
    lower = np.where((points[:, 1] < ends[:, 1])[:, None], ends, points)
    way = np.where(points[:, 1] < ends[:, 1], 1, -1).astype(np.int8)
    # An edge crosses the rows whose middle lies in its half-open span: joints count once.
    first = np.clip(np.ceil(upper[:, 1] - 0.5), top, bottom).astype(int)
    after = np.clip(np.ceil(lower[:, 1] - 0.5), top, bottom).astype(int)
    for at in range(0, len(points), 256):  # bounds the memory that long edges take
        edges = np.arange(at, min(at + 256, len(points)))
        counts = after[edges] - first[edges]
        edges = np.repeat(edges, counts)
        rows = np.arange(len(edges)) - np.repeat(counts.cumsum() - counts, counts) + first[edges]
        (x0, y0), (x1, y1) = upper[edges].T, lower[edges].T
        x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
        columns = np.clip(np.ceil(x - 0.5), left, right).astype(int)
        np.add.at(turns, (rows - top, columns - left), way[edges])
    inside = np.cumsum(turns, axis=1, dtype=np.int8)[:, :-1]
    mask[top:bottom, left:right][(inside & 1 if even_odd else inside) != 0] = value


def to_json(strokes: Sequence[Stroke], shape: tuple[int, int], sha256: str) -> str:
    """The strokes drawn on a film of this (height, width) and file hash, as JSON text.

    What is not `keepable` is written all the same, for other programs; `from_json` refuses it.
    """
    return json.dumps(to_dict(strokes, shape, sha256), allow_nan=False)


def to_dict(strokes: Sequence[Stroke], shape: tuple[int, int], sha256: str) -> dict:
    """What `to_json` writes, to be a part of other JSON."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "film_sha256": sha256,
        "height": int(shape[0]),
        "width": int(shape[1]),
        "strokes": [
            {
                "tool": stroke.tool,
                "points": np.asarray(stroke.points, float).reshape(-1, 2).tolist(),
                "width": float(stroke.width),
                "erase": bool(stroke.erase),
                "label": stroke.label,
                "source": stroke.source,
            }
            for stroke in strokes
        ],
    }


def keepable(strokes: Sequence[Stroke], shape: tuple[int, int]) -> bool:
    """Whether strokes of a film of (height, width) `shape` are few enough, have few enough points
    and cover little enough for `from_json` to read them back."""
    few = _few(len(strokes), sum(len(stroke.points) for stroke in strokes))
    return few and work(strokes, shape) <= MAX_WORK


def work(strokes: Sequence[Stroke], shape: tuple[int, int]) -> float:
    """How long `rasterise` takes, about, in pixels of filled polygons.

    An erasing stroke without a label counts once for every label, as each label has its own mask.
    """
    strokes = [stroke for stroke in strokes if len(stroke.points)]
    if not strokes:
        return 0.0
    labels = len({stroke.label for stroke in strokes if not stroke.erase}) or 1
    times = np.array([labels if s.erase and not s.label else 1 for s in strokes])
    pens = np.array([stroke.tool in ("brush", "line") for stroke in strokes])
    points = np.concatenate([np.asarray(stroke.points, float) for stroke in strokes])
    lengths = np.array([len(stroke.points) for stroke in strokes])
    of = np.repeat(np.arange(len(strokes)), lengths)
    starts = lengths.cumsum() - lengths
    sides = np.array(shape[::-1])

    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    boxes = np.diff(np.clip([low, high], 0, sides), axis=0)[0].prod(1)
    following = np.arange(1, len(points) + 1)
    following[starts + lengths - 1] = starts  # the last of a stroke is joined to its first
    rows = np.clip(points[:, 1], 0, sides[1])
    crossed = np.add.reduceat(np.abs(rows[following] - rows), starts)
    polygons = boxes + _CROSSING * crossed

    width = np.repeat([max(stroke.width, 1.0) for stroke in strokes], lengths)
    # A pen goes nowhere from its last point, which it only touches.
    ends = np.where((following == starts[of])[:, None], points, points[following])
    reach = width[:, None] / 2
    near, far = np.minimum(points, ends) - reach, np.maximum(points, ends) + reach
    around = np.diff(np.clip([near, far], 0, sides), axis=0)[0].prod(1)
    swept = (np.hypot(*(ends - points).T) + width) * width
    drawn = np.add.reduceat(np.minimum(around, swept), starts)
    return float((times * np.where(pens, _PEN * drawn, polygons)).sum())


def _few(strokes: int, points: int) -> bool:
    return strokes <= MAX_STROKES and points <= MAX_POINTS


def from_json(text: str | bytes) -> Drawn:
    """Read what `to_json` wrote. Raises BadMask, and nothing else, for any other text."""
    if len(text) > MAX_TEXT:
        raise BadMask("This file of strokes has more than 16 MB: upload the mask as a PNG instead.")
    try:
        found = json.loads(text.removeprefix("\ufeff") if isinstance(text, str) else text)
    except (ValueError, RecursionError):
        raise BadMask(_NOT_STROKES) from None
    return from_dict(found)


def from_dict(found: object) -> Drawn:
    """Read what `to_dict` gave, once it went through JSON. Raises BadMask, and nothing else."""
    try:
        if not isinstance(found, dict) or found.get("schema") != SCHEMA:
            raise BadMask(_NOT_STROKES)
        if found["version"] not in READABLE:
            raise BadMask(
                "This file of strokes was written by another version of Lightbox: open it there "
                "and export the mask as a PNG."
            )
        shape, sha256 = (found["height"], found["width"]), found["film_sha256"]
        items = found["strokes"]
        sides_fit = all(type(side) is int and 1 <= side <= MAX_SIDE for side in shape)
        if not sides_fit or shape[0] * shape[1] > MAX_PIXELS:
            raise ValueError("no size of a film")
        if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
            raise ValueError("no hash of a film")
        if type(items) is not list or any(type(item["points"]) is not list for item in items):
            raise ValueError("no list of strokes")
        points = sum(len(item["points"]) for item in items)
        if not _few(len(items), points):
            raise BadMask(
                f"This file holds {len(items):,} strokes and {points:,} points, more than is drawn "
                "by hand: upload the mask as a PNG instead."
            )
        strokes = tuple(_stroke(**item) for item in items)
        if work(strokes, shape) > MAX_WORK:
            raise BadMask(
                "The strokes in this file cover the film more often than is drawn by hand: upload "
                "the mask as a PNG instead."
            )
        return Drawn(strokes, shape, sha256)
    except BadMask:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise BadMask(_NOT_STROKES) from None


def _stroke(
    tool: str, points: list, width: float, erase: bool, label: str, source: str = "manual"
) -> Stroke:
    """One stroke of a file, every part of it checked. Raises ValueError or TypeError."""
    numbers = [width, *(number for x, y in points for number in (x, y))]
    if not {type(number) for number in numbers} <= {int, float}:
        raise TypeError("not a number")
    if not all(math.isfinite(number) and abs(number) <= _FARTHEST for number in numbers):
        raise ValueError("a number out of bounds")
    enough = len(points) == 2 if tool == "rectangle" else len(points) >= _FEWEST[tool]
    if not enough or width < 0 or type(erase) is not bool:
        raise ValueError("a stroke that no tool draws")
    if type(label) is not str or len(label) > MAX_LABEL or not label.isprintable():
        raise ValueError("a label that cannot be shown")
    if source not in SOURCES:
        raise ValueError("drawn by nobody known")
    return Stroke(np.array(points, float), float(width), tool, erase, label, source)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Agreement of two masks: twice the overlap by the sum of areas, 1 if both are empty."""
    one, other = np.asarray(one, bool), np.asarray(other, bool)
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0
