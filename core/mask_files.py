"""Masks as pictures: a lossless PNG out; in, one sentence on why a file is no mask."""

import numpy as np

from core import png_file
from core.images import BadImage, decode, display_name
from core.masks import BadMask

# A JPEG's two levels waver along edges: how far, as a share of the whole range, still counts.
RINGING = 0.25


def png(mask: np.ndarray) -> bytes:
    """A (H, W) mask as a lossless grey PNG: 255 where it is, 0 elsewhere."""
    return png_file.write(np.where(mask, 255, 0).astype(np.uint8))


def read_mask(data: bytes, name: str, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool mask in the bytes of a picture, for a film of (height, width) `shape`.

    The brighter of the picture's two grey levels is the mask. More levels are let pass only where
    all lie within RINGING of black or of white, as in a mask that was saved as a JPEG.

    Raises BadMask for another size, an empty or a full mask, and for a picture that is no mask or
    cannot be read.
    """
    try:
        pixels = decode(data, name).pixels
    except BadImage as error:
        raise BadMask(error.reason) from None
    name = display_name(name)
    if pixels.shape[:2] != tuple(shape):
        raise BadMask(
            f"The mask “{name}” is {pixels.shape[1]:,} by {pixels.shape[0]:,} pixels and the film "
            f"{shape[1]:,} by {shape[0]:,}: choose the mask that was made for this film."
        )
    if pixels.ndim == 3:
        raise BadMask(f"“{name}” is a picture in colour, not a mask: save it in black and white.")
    top = np.iinfo(pixels.dtype).max
    low, high = int(pixels.min()), int(pixels.max())
    if low == high:
        if low == 0:
            raise BadMask(f"The mask “{name}” is empty: paint in white what is to be filled.")
        raise BadMask(f"The mask “{name}” covers the whole film: leave black what is to stay.")
    between = pixels[(pixels != low) & (pixels != high)]
    if ((between > RINGING * top) & (between < (1 - RINGING) * top)).any() or (
        between.size and not (low <= RINGING * top and high >= (1 - RINGING) * top)
    ):
        raise BadMask(
            f"“{name}” has more than two grey levels, so it is not a mask: save it in black and "
            "white."
        )
    return pixels > (low + high) / 2
