"""Small pictures of what was found, to be seen side by side."""

import cv2
import numpy as np

from core.archive import BadPack
from core.audit.layouts import Listing
from core.audit.run import Audit
from core.images import BadImage, decode

SIDE = 220  # px of the longer one
MOST = 6  # cases shown of one finding


def thumbnails(listing: Listing, result: Audit) -> dict[str, bytes]:
    """Name → JPEG of the pictures of the first cases of every finding of a listing, as their files
    show them.

    What cannot be read is left out.
    """
    members = {fact.entry.name: fact.entry.member for fact in result.facts}
    wanted = {
        name
        for finding in result.findings
        for item in finding.items[:MOST]
        for name in item.names
        if name in members
    }
    pictures = {}
    for name in sorted(wanted):
        try:
            pictures[name] = _small(listing.archive.read(members[name]), name)
        except (BadImage, BadPack, OSError):
            continue
    return pictures


def _small(data: bytes, name: str) -> bytes:
    image = decode(data, name)
    pixels, (low, high) = image.pixels, image.window or (0, 255)
    if pixels.dtype != np.uint8 or image.window:
        if image.window is None:
            low, high = float(pixels.min()), float(pixels.max())
        stretched = (pixels.astype(np.float32) - low) * (255 / max(high - low, 1e-6))
        pixels = np.clip(stretched, 0, 255).astype(np.uint8)
    scale = min(1.0, SIDE / max(pixels.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in pixels.shape[1::-1])
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    bgr = small[..., ::-1] if small.ndim == 3 else small
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
