"""Pictures of a fill: the film before and after, the part round the fill, and the difference."""

import cv2
import numpy as np

from core.ui.pictures import DRAWN, jpeg, scaled

DARKER, BRIGHTER = np.array([86, 180, 233]), np.array([230, 159, 0])  # told apart by every eye
MARGIN = 0.25  # of the longer side of what is filled


def around(mask: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of a mask (H, W) bool, of which some is True, with a margin."""
    spans = [np.flatnonzero(mask.any(axis)) for axis in (1, 0)]
    margin = max(16, round(MARGIN * max(np.ptp(span) for span in spans)))
    rows, columns = (
        slice(max(0, int(span[0]) - margin), int(span[-1]) + 1 + margin) for span in spans
    )
    return rows, columns


def plain(grey: np.ndarray) -> bytes:
    """JPEG bytes of a film, or a part of one, (H, W) uint8."""
    return jpeg(np.repeat(_sized(grey)[..., None], 3, 2))


def outlined(grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A film (H, W) uint8, to the size that is shown and in colour, (h, w, 3), with a line round
    each part of its mask (H, W) bool."""
    rgb = np.repeat(_sized(grey)[..., None], 3, 2)
    inside = (_sized(mask.astype(np.float32)) > 0.5).astype(np.uint8)
    found, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for colour, width in (((0, 0, 0), 7), (BRIGHTER.tolist(), 3)):
        cv2.drawContours(rgb, found, -1, colour, width, cv2.LINE_AA)
    return rgb


def difference(before: np.ndarray, after: np.ndarray, mask: np.ndarray, gain: int) -> bytes:
    """JPEG bytes of what a fill changed inside the mask: blue where darker, orange where brighter.

    Films (H, W) uint8. The full colour stands for 255 / `gain` grey levels and more. The film lies
    dimly round it.
    """
    # To the size that is shown first: a large film in colour and in floats would take gigabytes.
    before, after, inside = (_sized(part) for part in (before, after, mask.astype(np.float32)))
    strength = np.clip(gain * (after.astype(np.float32) - before) / 255, -1, 1)[..., None]
    ground = np.repeat((before * np.float32(0.35))[..., None], 3, 2)
    colour = np.where(strength < 0, DARKER, BRIGHTER).astype(np.float32)
    shown = np.where(inside[..., None] > 0.5, np.abs(strength) * colour, ground)
    return jpeg(np.rint(shown).astype(np.uint8))


def legend(width: int, height: int) -> np.ndarray:
    """(height, width, 3) RGB scale of `difference`, from darker at the left to brighter."""
    ramp = np.linspace(-1, 1, width)[None, :, None]
    colours = np.abs(ramp) * np.where(ramp < 0, DARKER, BRIGHTER)
    return np.repeat(np.rint(colours).astype(np.uint8), height, 0)


def _sized(picture: np.ndarray) -> np.ndarray:
    return scaled(picture, DRAWN / max(picture.shape[:2]))
