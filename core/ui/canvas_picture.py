"""The picture under a drawing canvas: a part of the film, with the mask laid over it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from core.ui.fabric import View

TINT = np.array([86, 180, 233])  # RGB of the mask: blue, which every eye tells from grey
LINE = (158, 214, 255)  # RGB of its outline, lighter still
OPACITY = 0.3
QUALITY = 90


class Layer(NamedTuple):
    """A mask (H, W) bool, the RGB of what lies over it and how much that hides, and the RGB of its
    outline, which is `width` px of canvas wide."""

    mask: np.ndarray
    tint: Sequence[int] = TINT
    line: Sequence[int] = LINE
    opacity: float = OPACITY
    width: int = 1


class Tag(NamedTuple):
    """A short text beside a place (x, y) in pixels of the film, framed in an RGB."""

    text: str
    at: tuple[float, float]
    line: Sequence[int]


def picture(
    grey: np.ndarray,
    mask: np.ndarray,
    view: View,
    window: tuple[int, int] = (0, 255),
    table: tuple[int, int, int] = (88, 88, 88),
) -> bytes:
    """JPEG bytes of a view of a (H, W) or (H, W, 3) uint8 film under a (H, W) bool mask.

    window: the grey levels that are shown black and white. table: RGB of what lies beside it.
    """
    return layered(grey, (Layer(mask),), (), view, window, table)


def layered(
    grey: np.ndarray,
    layers: Sequence[Layer],
    tags: Sequence[Tag],
    view: View,
    window: tuple[int, int] = (0, 255),
    table: tuple[int, int, int] = (88, 88, 88),
) -> bytes:
    """As `picture`, under several masks, with tags where they mark what is in the view."""
    rgb = np.full((*view.size[::-1], 3), table, np.uint8)
    rows, columns = _Side.of(view, 0), _Side.of(view, 1)
    size = (columns.length, rows.length)
    shrunk = view.scale < 1
    film = cv2.resize(
        grey[rows.film, columns.film],
        size,
        interpolation=cv2.INTER_AREA if shrunk else cv2.INTER_CUBIC,
    )
    place = rows.canvas, columns.canvas
    shown = _windowed(film, window)[rows.seen, columns.seen]
    rgb[place] = shown if shown.ndim == 3 else shown[..., None]
    for layer in layers:
        # Whatever is in the mask shows, however small the film is drawn.
        over = cv2.resize(
            layer.mask[rows.film, columns.film].astype(np.float32),
            size,
            interpolation=cv2.INTER_AREA if shrunk else cv2.INTER_NEAREST,
        )
        masked = np.zeros(rgb.shape[:2], bool)
        masked[place] = over[rows.seen, columns.seen] > 0
        tint = layer.opacity * np.asarray(layer.tint)
        rgb[masked] = np.rint((1 - layer.opacity) * rgb[masked] + tint)
        found, _ = cv2.findContours(masked.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        # Dark and light, so that one of the two stands out from any grey.
        cv2.drawContours(rgb, found, -1, (0, 0, 0), layer.width + 2)
        cv2.drawContours(rgb, found, -1, tuple(map(int, layer.line)), layer.width)
    for tag in tags:
        _write(rgb, tag, view)
    return _jpeg(rgb)


def _write(rgb: np.ndarray, tag: Tag, view: View) -> None:
    """Write a tag above its place, or as near as the picture's edge lets it."""
    x, y = (
        round((at - begin) * view.scale) + view.margin
        for at, begin in zip(tag.at, (view.left, view.top), strict=True)
    )
    height, width = rgb.shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        return
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.45
    (wide, high), _ = cv2.getTextSize(tag.text, font, size, 1)
    wide, high = wide + 9, high + 10
    left, top = min(max(x - 2, 0), width - wide), min(max(y - high - 3, 0), height - high)
    corners = (left, top), (left + wide - 1, top + high - 1)
    cv2.rectangle(rgb, *corners, (0, 0, 0), -1)
    cv2.rectangle(rgb, *corners, tuple(map(int, tag.line)), 2)
    at = (left + 5, top + high - 6)
    cv2.putText(rgb, tag.text, at, font, size, (255, 255, 255), 1, cv2.LINE_AA)


def overview(grey: np.ndarray, view: View, longer: int) -> bytes:
    """JPEG bytes of a whole film, `longer` px on its longer side, with a frame round the view."""
    scale = longer / max(grey.shape)
    size = [max(1, round(side * scale)) for side in grey.shape[::-1]]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    rgb = np.repeat(cv2.resize(grey, size, interpolation=way)[..., None], 3, 2)
    corners = [(view.left, view.top), (view.left + view.width - 1, view.top + view.height - 1)]
    first, last = ([int(at * scale) for at in corner] for corner in corners)
    cv2.rectangle(rgb, first, last, (0, 0, 0), 4)
    cv2.rectangle(rgb, first, last, LINE, 2)
    return _jpeg(rgb)


def _jpeg(rgb: np.ndarray) -> bytes:
    # With all of its colour, or the outlines would fade.
    options = [
        *(cv2.IMWRITE_JPEG_QUALITY, QUALITY),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    ]
    return cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)[1].tobytes()


class _Side(NamedTuple):
    """Rows or columns: which of the film are drawn, how long they then are in px of canvas, which
    of those are seen, and where on the canvas."""

    film: slice
    length: int
    seen: slice
    canvas: slice

    @classmethod
    def of(cls, view: View, axis: int) -> "_Side":
        begin, side = ((view.top, view.height), (view.left, view.width))[axis]
        room, around = view.size[1 - axis], view.margin / view.scale
        first = max(0, math.floor(begin - around))
        last = min(view.shape[axis], math.ceil(begin + side + around))
        start, stop = (round((edge - begin) * view.scale) + view.margin for edge in (first, last))
        canvas = slice(max(0, start), min(room, stop))
        seen = slice(canvas.start - start, canvas.stop - start)
        return cls(slice(first, last), stop - start, seen, canvas)


def _windowed(film: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    """uint8 grey stretched so that the window fills the range from black to white."""
    low, high = window
    levels = (np.arange(256) - low) * 255.0 / max(high - low, 1)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)[film]
