"""The knee, or both knees, on a film of one leg or of both."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from core.joint import SMALLEST, NoJoint, Side, find_joint

Distance = Callable[[list[np.ndarray]], np.ndarray]

_SQUARE = 1.35  # the longest proportion of a film that may be one knee's as it is
_BOTH = 0.8  # width by height from which a film may show both legs
_HEIGHTS = 12  # places down a leg that are tried first: with both legs, some 40 crops in all
_STEP = 0.25  # of a crop's side between two of them, or more where the leg is long

# How the joint lies in the knee pack's films, the median of its val split: shares of the side.
_BONES = 0.83
_JOINT_DOWN = 0.56


class Box(NamedTuple):
    """A part of a film, in whole pixels; the last column and row are left out."""

    x0: int
    y0: int
    x1: int
    y1: int

    def of(self, grey: np.ndarray) -> np.ndarray:
        """That part of a (H, W) film."""
        return grey[self.y0 : self.y1, self.x0 : self.x1]


@dataclass(frozen=True)
class Knee:
    """Where one knee lies; `side` is the film's (not the patient's), None where it shows one."""

    side: Side | None
    box: Box


def find_knees(grey: np.ndarray, distance: Distance, threshold: float) -> list[Knee]:
    """The knees on a (H, W) uint8 film, bones bright: none, one, or the left and then the right.

    `distance` says how unlike a knee each of a list of (h, w) uint8 crops is; one below `threshold`
    is a knee. It is asked for at most 40 crops. A film about square that is a knee as it is stays
    whole. A broad one is split between the legs; each leg, or the whole film, is then searched from
    top to bottom with squares as wide as the leg, and the best is framed anew around its joint.
    """
    height, width = grey.shape
    if min(height, width) < SMALLEST:
        return []
    whole = Box(0, 0, width, height)
    if max(height, width) <= _SQUARE * min(height, width) and distance([grey])[0] < threshold:
        return [Knee(None, whole)]
    if width >= max(_BOTH * height, 2 * SMALLEST):
        between = _between_legs(grey)
        legs = Box(0, 0, between, height), Box(between, 0, width, height)
        boxes = [_search(grey, leg, distance, threshold) for leg in legs]
        if all(boxes):
            return [Knee(side, box) for side, box in zip(("left", "right"), boxes, strict=True)]
        if any(boxes):
            return [Knee(None, boxes[0] or boxes[1])]
        return []
    box = _search(grey, whole, distance, threshold)
    return [Knee(None, box)] if box else []


def _between_legs(grey: np.ndarray) -> int:
    """The darkest column of a film's middle third."""
    width = grey.shape[1]
    profile = cv2.GaussianBlur(grey.mean(0, dtype=np.float32)[None], (0, 0), width / 60)[0]
    return width // 3 + int(profile[width // 3 : width - width // 3].argmin())


def _search(grey: np.ndarray, leg: Box, distance: Distance, threshold: float) -> Box | None:
    """The most knee-like square on one leg, framed around its joint; None when it is no knee."""
    start, end = _limb(leg.of(grey))
    side = min(end - start, leg.y1)
    count = min(_HEIGHTS, 1 + int(np.ceil((leg.y1 - side) / (_STEP * side))))
    heights = np.linspace(side / 2, leg.y1 - side / 2, count)
    tried = [_square(grey, leg.x0 + (start + end) / 2, y, side) for y in heights]
    best, near = _nearest(grey, tried, distance)
    x, y = (best.x0 + best.x1) / 2, (best.y0 + best.y1) / 2
    step = (heights[1] - heights[0]) / 2 if count > 1 else 0
    moves = [(-step, 1), (step, 1), (0, 0.75), (-step, 0.75), (step, 0.75), (0, 1.25)]
    tried = [_square(grey, x, y + down, side * scale) for down, scale in moves]
    other, nearer = _nearest(grey, tried, distance)
    if nearer < near:
        best, near = other, nearer
    # Of so many squares one may look like a knee by chance: only one with a joint in it counts.
    framed = _framed(grey, best)
    if framed is None:
        return None
    if distance([framed.of(grey)])[0] < threshold:
        return framed
    return best if near < threshold else None


def _limb(grey: np.ndarray) -> tuple[int, int]:
    """The first column of the limb on a film of one leg, and the one behind its last."""
    profile = np.median(grey, axis=0)
    lit = np.flatnonzero(profile > profile.min() + 0.25 * np.ptp(profile))
    if len(lit) < SMALLEST:
        return 0, grey.shape[1]
    return int(lit[0]), int(lit[-1]) + 1


def _square(grey: np.ndarray, x: float, y: float, side: float) -> Box:
    """The square of this side around (x, y), moved inside the film and no larger than it."""
    height, width = grey.shape
    side = round(min(max(side, SMALLEST), height, width))
    x0 = round(np.clip(x - side / 2, 0, width - side))
    y0 = round(np.clip(y - side / 2, 0, height - side))
    return Box(x0, y0, x0 + side, y0 + side)


def _nearest(grey: np.ndarray, boxes: list[Box], distance: Distance) -> tuple[Box, float]:
    """The box most like a knee, and its distance."""
    distances = distance([box.of(grey) for box in boxes])
    return boxes[int(np.argmin(distances))], float(np.min(distances))


def _framed(grey: np.ndarray, box: Box) -> Box | None:
    """The square in which the joint lies as in the films that the models learned from.

    It is looked for in the box, then in larger ones, whose bones have their margins inside, and
    above and below.
    """
    x, y, side = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, box.x1 - box.x0
    larger = (_square(grey, x, y + down * side, 1.25 * side) for down in (0, -0.25, 0.25))
    for seen in (box, *larger):
        try:
            x0, y0, x1, y1 = find_joint(seen.of(grey)).box
        except NoJoint:
            continue
        side = (x1 - x0) / _BONES
        middle = (y0 + y1) / 2 + (0.5 - _JOINT_DOWN) * side
        return _square(grey, seen.x0 + (x0 + x1) / 2, seen.y0 + middle, side)
    return None
