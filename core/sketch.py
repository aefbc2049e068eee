"""A sketch of a lesion as the generators see it."""

import cv2
import numpy as np

REACH = 32  # px from the border at which the distance map is full


def condition(mask: np.ndarray) -> np.ndarray:
    """A filled contour (S, S) bool → (2, S, S) float32: the mask as 0 and 1, and the distance from
    its border in [-1, 1], positive inside, full `REACH` px away."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    distance = np.clip((inside - outside) / REACH, -1, 1)
    return np.stack([mask.astype(np.float32), distance])
