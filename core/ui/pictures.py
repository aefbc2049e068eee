"""Pictures of films on their way to the browser: to the size that is shown, and as JPEG."""

import cv2
import numpy as np

DRAWN = 900  # px on the longer side of a film that something is drawn on
QUALITY = 92


def scaled(picture: np.ndarray, scale: float) -> np.ndarray:
    """A picture (H, W) or (H, W, 3) at `scale` times its size, at least a pixel a side."""
    size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def jpeg(rgb: np.ndarray) -> bytes:
    """JPEG bytes of a picture (H, W, 3) uint8 RGB."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
