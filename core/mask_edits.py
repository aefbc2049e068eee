"""Masks as a whole grown, shrunk, filled, inverted and cleaned."""

import cv2
import numpy as np


def grow(mask: np.ndarray, px: float) -> np.ndarray:
    """(H, W) bool: every pixel within `px` of the mask, from middle to middle."""
    return _distance(mask) <= px


def shrink(mask: np.ndarray, px: float) -> np.ndarray:
    """(H, W) bool: the mask without what lies within `px` of its edge; the film's is none."""
    return _distance(~np.asarray(mask, bool)) > px


def _distance(mask: np.ndarray) -> np.ndarray:
    """(H, W) distance of every pixel from the nearest in the mask; endless where that is empty."""
    if not np.any(mask):
        return np.full(np.shape(mask), np.inf)
    elsewhere = (~np.asarray(mask, bool)).astype(np.uint8)
    return cv2.distanceTransform(elsewhere, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: the mask with what it encloses; a bay at the film's edge is not enclosed."""
    around = np.pad(np.asarray(mask, np.uint8), 1)
    cv2.floodFill(around, None, (0, 0), 2)
    return around[1:-1, 1:-1] != 2


def invert(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: all that is not in the mask."""
    return ~np.asarray(mask, bool)


def without_specks(mask: np.ndarray, px_area: float) -> np.ndarray:
    """(H, W) bool: the mask without its pieces of fewer than `px_area` pixels."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(mask, np.uint8))
    keep = stats[:, cv2.CC_STAT_AREA] >= px_area
    keep[0] = False
    return keep[labels]
