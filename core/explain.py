"""Heatmaps over films: where the network saw what it calls disease."""

import cv2
import numpy as np


def colours(heat: np.ndarray) -> np.ndarray:
    """(H, W) heat in [0, 1] → (H, W, 3) uint8 RGB on the perceptually ordered inferno scale."""
    mapped = cv2.applyColorMap((np.clip(heat, 0, 1) * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return cv2.cvtColor(mapped, cv2.COLOR_BGR2RGB)


def overlay(grey: np.ndarray, heat: np.ndarray, opacity: float) -> np.ndarray:
    """A (H, W) uint8 film with (h, w) heat laid over it, (H, W, 3) uint8 RGB.

    Where there is no heat the film stays as it is: the blend at each pixel is `opacity` (0 to 1)
    times the heat's square root, so that faint heat is seen without veiling the bone.
    """
    size = (grey.shape[1], grey.shape[0])
    full = cv2.resize(heat, size, interpolation=cv2.INTER_LINEAR)
    weight = (opacity * np.sqrt(np.clip(full, 0, 1)))[..., None]
    film = np.repeat(grey[..., None], 3, axis=2)
    return np.rint(film * (1 - weight) + colours(full) * weight).astype(np.uint8)


def peak(heat: np.ndarray) -> tuple[float, float]:
    """The hottest place as (x, y) fractions of the film's width and height."""
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    return (column + 0.5) / heat.shape[1], (row + 0.5) / heat.shape[0]


def legend(width: int = 256, height: int = 12) -> np.ndarray:
    """The colour scale from 0 to 1 as a (height, width, 3) uint8 RGB strip."""
    return colours(np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1)))
