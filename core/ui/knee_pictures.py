"""Pictures of knees: heat laid over them, joints and frames drawn in."""

import numpy as np

from core import explain
from core.joint import Joint
from core.knees import Knee
from core.ui.film import Film
from core.ui.pictures import DRAWN, jpeg, scaled


def picture(
    grey: np.ndarray, heat: np.ndarray | None, opacity: float, found: Joint | None
) -> bytes:
    """JPEG bytes of a (H, W) uint8 film with heat over it and its joint drawn in."""
    scale = DRAWN / max(grey.shape)
    large = scaled(grey, scale)
    rgb = np.repeat(large[..., None], 3, 2)
    if heat is not None:
        rgb = explain.overlay(large, heat, opacity)
    if found is not None:
        rgb = explain.with_joint(rgb, found, scale)
    return jpeg(rgb)


def overview(film: Film, inverted: bool, knees: list[Knee], chosen: Knee) -> bytes:
    """JPEG bytes of a whole film with a frame around each knee, the chosen one's solid."""
    shown = film.shown(inverted)
    scale = min(1.0, DRAWN / max(shown.shape))
    rgb = np.repeat(scaled(shown, scale)[..., None], 3, 2)
    for knee in knees:
        rgb = explain.with_frame(rgb, np.array(knee.box) * scale, dashed=knee != chosen)
    return jpeg(rgb)
