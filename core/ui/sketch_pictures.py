"""Pictures of generated lesions on their way to the browser: enlarged, with their outline."""

import cv2
import numpy as np

from core.ui.pictures import jpeg

SCALE = 3  # px of screen for a pixel of the network
LIGHT, DARK = (255, 255, 255), (0, 0, 0)  # one of the two stands out from any skin


def shown(picture: np.ndarray, outline: np.ndarray | None = None) -> bytes:
    """JPEG bytes of a picture (S, S, 3) uint8, enlarged, with the border of a mask (S, S) bool
    drawn on it where one is given."""
    size = [SCALE * side for side in picture.shape[1::-1]]
    large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    if outline is not None:
        mask = cv2.resize(outline.astype(np.float32), size, interpolation=cv2.INTER_CUBIC) > 0.5
        found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(large, found, -1, DARK, 4, cv2.LINE_AA)
        cv2.drawContours(large, found, -1, LIGHT, 2, cv2.LINE_AA)
    return jpeg(large)
