"""Pixels as a PNG file, with a comment or without a word."""

import struct
import zlib

import cv2
import numpy as np

_HEADER = 33  # bytes of signature and IHDR, which must come first


def write(pixels: np.ndarray, comment: str = "") -> bytes:
    """A PNG file of pixels (H, W) or (H, W, 3), uint8 or uint16. comment: in Latin-1; without one
    the file holds nothing but pixels."""
    # OpenCV writes it: Pillow has no colour of 16 bits.
    data = cv2.imencode(".png", pixels[..., ::-1] if pixels.ndim == 3 else pixels)[1].tobytes()
    if not comment:
        return data
    body = b"tEXtComment\0" + comment.encode("latin-1")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:_HEADER] + chunk + data[_HEADER:]
