"""Metal on a film, suggested: bright and even pieces that end in a step all round."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

_SIDE = 448  # px: longest side of the working copy; every length below is in its pixels
_LEVELS = 40  # brightnesses at which the film is cut
_HAZE = 40.0  # px: the scale of what the levelled film is freed of
_LEAST, _MOST = 2e-4, 0.35  # of the film's area
_MOST_BORDER = 0.15  # of a piece's outline that may lie on the film's border
_SMALL, _BLACK = 4e-3, 0.12  # of the film's area and range: a small piece on black is a letter
_WEAKEST = 8.0  # grey levels of contrast
# Shares of the outline that may lack a step. Large pieces are seldom mistaken, and metal that lies
# on dense bone hardly shows there; small ones must not be a joint line, steep on one side only.
_TOLERANCE, _SMALL_TOLERANCE, _LARGE = 25, 10, 0.01

# Bounds of the clarity (see `_clarity`), set on knees of the training split with and without drawn
# implants, and by eye on films of real ones.
_SURE = 10.0  # metal
_LIKELY = 7.0  # metal, where a piece that surely is is no brighter
_SAME = 0.7  # of the clarity within a piece that all of it must have


class _Piece(NamedTuple):
    """A part of the film, brighter than what surrounds it: `inside` (h, w) bool at `place`."""

    place: tuple[slice, slice]
    inside: np.ndarray
    brightness: float
    clarity: float


def find_metal(grey: np.ndarray) -> np.ndarray:
    """Suggest what is metal on a displayed film (H, W) uint8: (H, W) bool, often empty.

    The film, as it is and freed of its slow changes, is cut at many brightnesses, and the pieces
    are kept that are brighter than what lies two pixels outside, steep all along their outline and
    even inside. The idea is that of maximally stable extremal regions (Matas et al. 2002), with
    contrast in the place of stability. White margins and small bright signs on black are left out;
    large signs, casts and the densest bone may still be taken for metal.
    """
    height, width = grey.shape
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    film = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    found, field = np.zeros(film.shape, bool), _field(film)
    film = np.ascontiguousarray(film[field])
    found[field] = _chosen([*_pieces(film, film), *_pieces(film, _levelled(film))], film.shape)
    # The edge is blurred: what a fill is to replace begins a pixel further out.
    found = cv2.dilate(found.astype(np.float32), np.ones((3, 3), np.uint8))
    return cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5


def _field(film: np.ndarray) -> tuple[slice, slice]:
    """Where a film (h, w) is not black from side to side: bone ends there, but not in a step."""
    lit, bounds = _BLACK * np.percentile(film, 99.5), []
    for axis in (1, 0):
        (lines,) = np.nonzero(np.percentile(film, 95, axis=axis) > lit)
        # The edge of a collimator is blurred.
        bounds.append(slice(lines[0] + 2, lines[-1] - 1) if len(lines) > 8 else slice(None))
    return bounds[0], bounds[1]


def _chosen(pieces: list[_Piece], shape: tuple[int, int]) -> np.ndarray:
    """(h, w) bool: the pieces that are metal. Pieces lie in one another, cut at other levels."""
    found, clearest = np.zeros(shape, bool), np.zeros(shape, np.float32)
    sure = [piece.brightness for piece in pieces if piece.clarity >= _SURE]
    for piece in sorted(pieces, key=lambda piece: -piece.clarity):
        if piece.clarity < _SURE and (
            not sure or piece.clarity < _LIKELY or piece.brightness < min(sure)
        ):
            continue
        held = clearest[piece.place]
        if piece.clarity >= _SAME * held[piece.inside].max():
            held[piece.inside] = np.maximum(held[piece.inside], piece.clarity)
            found[piece.place] |= piece.inside
    return found


def _levelled(film: np.ndarray) -> np.ndarray:
    """The film (h, w) uint8 without its slow changes of brightness, on which metal is more even."""
    values = film.astype(np.float32)
    haze = cv2.GaussianBlur(values, (0, 0), _HAZE)
    return np.clip(values - 0.9 * (haze - values.mean()), 0, 255).astype(np.uint8)


def _pieces(shown: np.ndarray, film: np.ndarray) -> Iterator[_Piece]:
    """Pieces of a film (h, w) uint8 above each of many levels that may be metal.

    `shown` is the film as it is displayed, by which brightness and black are told.
    """
    film, near = cv2.medianBlur(film, 3), np.ones((5, 5), np.uint8)
    step = cv2.subtract(cv2.dilate(film, near), cv2.erode(film, near))
    black, white = np.percentile(film, (5, 99.5))
    extent = np.percentile(shown, (5, 99.5))
    if extent[0] == extent[1]:
        return
    for level in np.linspace(black + 0.25 * (white - black), white - 1, _LEVELS):
        count, labels, stats, _ = cv2.connectedComponentsWithStats((film >= level).astype(np.uint8))
        for label in range(1, count):
            x, y, w, h, area = (int(value) for value in stats[label])
            if max(12, _LEAST * film.size) <= area <= _MOST * film.size:
                place = np.s_[max(0, y - 4) : y + h + 4, max(0, x - 4) : x + w + 4]
                inside, share = labels[place] == label, area / film.size
                on_border = _on_border(inside, place, film.shape)
                piece = shown[place], film[place], step[place]
                clarity = _clarity(*piece, inside, share, on_border, extent)
                if clarity:
                    brightness = float(shown[place][inside].mean())
                    yield _Piece(place, inside, brightness, clarity)


def _on_border(inside: np.ndarray, place: tuple[slice, slice], shape: tuple[int, int]) -> int:
    """How many pixels of a piece lie on the film's border."""
    rows, columns = place
    return (
        int(inside[0].sum()) * (rows.start == 0)
        + int(inside[-1].sum()) * (rows.stop >= shape[0])
        + int(inside[:, 0].sum()) * (columns.start == 0)
        + int(inside[:, -1].sum()) * (columns.stop >= shape[1])
    )


def _clarity(shown, film, step, inside, share, on_border, extent) -> float:
    """How clearly a piece is metal, from its part of the films and of their steps; 0 if it is not.

    It is the contrast in grey levels, lowered for an uneven, a dark, a small and a cut off piece.
    """
    piece = inside.astype(np.uint8)
    outline = inside & (cv2.erode(piece, np.ones((3, 3), np.uint8)) == 0)
    wide, wider = (cv2.dilate(piece, np.ones((n, n), np.uint8)) for n in (5, 7))
    around, border = wider > wide, on_border / (int(outline.sum()) + on_border)
    black, white = extent
    if border > _MOST_BORDER or not around.any():
        return 0.0
    if share < _SMALL and np.median(shown[around]) < black + _BLACK * (white - black):
        return 0.0
    tolerance = _TOLERANCE if share >= _LARGE else _SMALL_TOLERANCE
    contrast = (1 - 4 * border) * min(
        film[inside].mean() - np.percentile(film[around], 100 - tolerance),
        np.percentile(step[outline], tolerance),
    )
    if contrast < _WEAKEST:
        return 0.0
    bright = min(1.2, (shown[inside].mean() - black) / (white - black))
    return float(contrast * bright * (100 * share) ** 0.2 / np.sqrt(1 + film[inside].std()))
