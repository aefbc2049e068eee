"""The pictures of a quiz, made so that nothing but what they show tells what they are."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from core import png_file
from core.quiz_records import MAX_PICTURE, Picture

QUALITY = 92  # of JPEG: of 100
SQUARE = 512  # px: the side of a picture that is real or generated
_THUMBNAIL = 200  # px on the longer side
_CHECKS = 4  # px: of a hole that is shown as one


def eight_bits(pixels: np.ndarray) -> np.ndarray:
    """Pixels uint8 or uint16 as uint8."""
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def fitted(pixels: np.ndarray) -> np.ndarray:
    """Pixels (H, W) or (H, W, 3) uint8, shrunk to `MAX_PICTURE` on the longer side if need be."""
    scale = MAX_PICTURE / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = tuple(max(1, round(side * scale)) for side in pixels.shape[1::-1])
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def enlarged(pixels: np.ndarray, side: int = SQUARE) -> np.ndarray:
    """Pixels (H, W) or (H, W, 3) uint8, smaller than `side` on the longer side, enlarged to it."""
    scale = side / max(pixels.shape[:2])
    size = tuple(max(1, round(length * scale)) for length in pixels.shape[1::-1])
    return cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC) if scale > 1 else pixels


def picture(pixels: np.ndarray, alt: str, *, lossless: bool = False) -> Picture:
    """Pixels (H, W) or (H, W, 3) uint8 RGB as a file that holds nothing else: JPEG, or PNG where
    pictures are to be compared closely."""
    shown = fitted(pixels)
    if lossless:
        return Picture(png_file.write(shown), alt)
    shown = cv2.cvtColor(shown, cv2.COLOR_RGB2BGR) if shown.ndim == 3 else shown
    data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    return Picture(data.tobytes(), alt)


def thumbnail(pixels: np.ndarray) -> str:
    """Pixels (H, W) or (H, W, 3) uint8 as a small picture, in the address it has in a table."""
    scale = _THUMBNAIL / max(pixels.shape[:2])
    size = tuple(max(1, round(side * scale)) for side in pixels.shape[1::-1])
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return "data:image/jpeg;base64," + base64.b64encode(picture(small, "").data).decode()


def around(mask: np.ndarray) -> tuple[slice, slice]:
    """The part of a film that shows a hole (H, W) bool and, on each side, a quarter of its length:
    rows and columns."""
    spans = [np.flatnonzero(mask.any(axis)) for axis in (1, 0)]
    margin = max(int(span[-1] - span[0]) + 1 for span in spans) // 4
    rows, columns = (slice(max(0, int(s[0]) - margin), int(s[-1]) + 1 + margin) for s in spans)
    return rows, columns


def with_hole(film: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A film (H, W) uint8 whose masked part is shown as missing: as a chequerboard."""
    rows, columns = np.indices(film.shape)
    board = np.where((rows // _CHECKS + columns // _CHECKS) % 2, 255, 90).astype(np.uint8)
    return np.where(mask, board, film)
