"""Heatmaps over films: where the network saw what it calls disease."""

from itertools import pairwise

import cv2
import numpy as np

from core.joint import Joint

# Blue, orange and yellow stay apart for every kind of colour vision (Okabe & Ito 2008).
FRAME, FEMUR, TIBIA = (86, 180, 233), (230, 159, 0), (240, 228, 66)


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


def layer(heat: np.ndarray) -> np.ndarray:
    """(h, w) heat as a (h, w, 4) uint8 RGBA picture that, laid over a film, makes its `overlay`;
    the whole layer's opacity is that function's."""
    alpha = np.rint(255 * np.sqrt(np.clip(heat, 0, 1))).astype(np.uint8)
    return np.dstack([colours(heat), alpha])


def peak(heat: np.ndarray) -> tuple[float, float]:
    """The hottest place as (x, y) fractions of the film's width and height."""
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    return (column + 0.5) / heat.shape[1], (row + 0.5) / heat.shape[0]


def legend(width: int = 256, height: int = 12) -> np.ndarray:
    """The colour scale from 0 to 1 as a (height, width, 3) uint8 RGB strip."""
    return colours(np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1)))


def with_frame(rgb: np.ndarray, box, dashed: bool = False) -> np.ndarray:
    """A copy of an (H, W, 3) uint8 picture with a frame along a box (x0, y0, x1, y1) in pixels."""
    x0, y0, x1, y1 = np.clip(np.rint(box), 1, np.array(rgb.shape)[[1, 0, 1, 0]] - 2).astype(int)
    drawn = rgb.copy()
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    for start, end in pairwise(corners):
        for low, high in _dashes(np.hypot(*np.subtract(end, start)), dashed):
            along = [np.add(start, share * np.subtract(end, start)) for share in (low, high)]
            points = [tuple(map(int, np.rint(point))) for point in along]
            cv2.line(drawn, *points, (0, 0, 0), 4, cv2.LINE_AA)
            cv2.line(drawn, *points, FRAME, 2, cv2.LINE_AA)
    return drawn


def _dashes(length: float, dashed: bool) -> list[tuple[float, float]]:
    if not dashed:
        return [(0.0, 1.0)]
    ends = np.linspace(0, 1, 2 * max(2, int(length // 24)))
    return list(zip(ends[:-1:2], ends[1::2], strict=False))


def with_joint(rgb: np.ndarray, joint: Joint, scale: float) -> np.ndarray:
    """A copy of a picture with a joint's box and, where its space was measured, both edges.

    `scale` is pixels of the picture a pixel of the film the joint was found on.
    """
    drawn = with_frame(rgb, np.array(joint.box) * scale)
    for gap in (joint.left, joint.right):
        for edge, colour in ((gap.upper, FEMUR), (gap.lower, TIBIA)):
            inside = (edge[:, 0] >= gap.span[0]) & (edge[:, 0] <= gap.span[1])
            points = np.rint((edge[inside] + 0.5) * scale).astype(np.int32).reshape(-1, 1, 2)
            if gap.width_px is not None and len(points):
                cv2.polylines(drawn, [points], False, colour, 3, cv2.LINE_AA)
    return drawn
