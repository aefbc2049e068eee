"""Pictures of knees: heat laid over them, joints and frames drawn in."""

import cv2
import numpy as np

from core import explain
from core.joint import Joint
from core.knees import Knee
from core.ui.film import Film

DRAWN = 900  # px on the longer side of a film that something is drawn on


def picture(
    grey: np.ndarray, heat: np.ndarray | None, opacity: float, found: Joint | None
) -> bytes:
    """JPEG bytes of a (H, W) uint8 film with heat over it and its joint drawn in."""
    scale = DRAWN / max(grey.shape)
    large = _scaled(grey, scale)
    rgb = np.repeat(large[..., None], 3, 2)
    if heat is not None:
        rgb = explain.overlay(large, heat, opacity)
    if found is not None:
        rgb = explain.with_joint(rgb, found, scale)
    return _jpeg(rgb)


def overview(film: Film, inverted: bool, knees: list[Knee], chosen: Knee) -> bytes:
    """JPEG bytes of a whole film with a frame around each knee, the chosen one's solid."""
    shown = film.shown(inverted)
    scale = min(1.0, DRAWN / max(shown.shape))
    rgb = np.repeat(_scaled(shown, scale)[..., None], 3, 2)
    for knee in knees:
        rgb = explain.with_frame(rgb, np.array(knee.box) * scale, dashed=knee != chosen)
    return _jpeg(rgb)


def _scaled(grey: np.ndarray, scale: float) -> np.ndarray:
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(grey, size, interpolation=way)


def _jpeg(rgb: np.ndarray) -> bytes:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
