"""The tibiofemoral joint on a film of one frontal knee, and the width of its space."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from core.joint_edges import COLUMNS, Path, follow

Side = Literal["left", "right"]

METHOD = (
    "The space is the distance, at right angles to the joint line, between the lower edge of the "
    "femur and the upper edge of the tibia. Each edge is where the brightness changes fastest; "
    "both are followed together across a compartment, and the figure is the median over its "
    "weight-bearing middle (15 to 30 % of the bones' width in from their margin). It is a "
    "distance on the film: magnification, a bent knee and an oblique beam change it, and a space "
    "under about 2 % of the bones' width cannot be told from a closed one."
)

SMALLEST = 64  # px a side
_SIZE = 224  # side of the working copy; every length and place below is in its pixels
# Shares of the bones' width, from their margin inwards: where a compartment is measured (the range
# of Neumann et al. 2009, location-specific joint space width), and where its line climbs.
_MIDDLE = (0.15, 0.30)
_NOTCH = (0.38, 0.45)

# Bounds, by the val films of the knee pack: together they stop 997 of 1,000 halves of its knees and
# let 982 of 1,000 whole ones pass.
_LEAST_EDGE = 0.22  # mean over the middle of a compartment; 0.55 is usual
_CLEAR_EDGE = 0.4  # that at least one of the two must have
_LEAST_CLIMB = 2.2
_LEAST_MARGIN = 0.05
_LEAST_WIDTH = 125
_MOST_TILT = 15.0

_CLOSED = "No space can be told here: the bones touch, or overlap on the film."

_NO_LINE = (
    "No joint line is seen between two bones: use a film of one knee from the front, with the "
    "joint in the middle."
)
_PART = (
    "Only part of a knee is seen, or a knee from another side: use a film of one knee from the "
    "front, whole, with the margins of the bones on both sides."
)


class NoJoint(ValueError):
    """A film whose joint cannot be measured; `reason` is one sentence for its reader."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Gap:
    """The joint space in one compartment, in pixels of the film.

    `upper` and `lower` are (N, 2) points x, y of the femur's and of the tibia's edge; `width_px` is
    their distance over `span`, a range of x. It is None where no space can be told, for `reason`.
    """

    width_px: float | None
    span: tuple[float, float]
    upper: np.ndarray
    lower: np.ndarray
    reason: str | None = None


@dataclass(frozen=True)
class Joint:
    """A knee's joint in pixels of the film.

    `box` is (x0, y0, x1, y1), from margin to margin of the bones; `line` (N, 2) runs midway between
    them from the image's left to its right, straight across the notch.
    """

    box: tuple[float, float, float, float]
    line: np.ndarray
    left: Gap
    right: Gap


def millimetres(width_px: float | None, spacing_mm: tuple[float, float] | None) -> float | None:
    """A width in mm, given the (row, column) spacing of pixels; None where either is unknown.

    The space is measured upright but for a few degrees, so the rows' spacing counts.
    """
    return None if width_px is None or spacing_mm is None else width_px * spacing_mm[0]


def medial_side(side: Side | None) -> Side | None:
    """The image side of the medial compartment of a patient's left or right knee.

    A film is shown as if the patient faced the reader: of a right knee, the fibula is at the
    image's left and the medial compartment at its right.
    """
    return None if side is None else "left" if side == "left" else "right"


def find_joint(grey: np.ndarray) -> Joint:
    """The joint of a (H, W) uint8 film of one frontal knee, bones bright, joint about the middle.

    Per compartment both edges are one path of most evidence across its columns, by dynamic
    programming (Bellman 1957) over the row of the upper edge and the width; the evidence is the
    slope of grey levelled locally. Raises NoJoint when no whole knee is seen.
    """
    film, scale, cut = _working_copy(grey)
    level = _levelled(film, 10)
    paths = follow(level)
    middle = int(np.median(np.concatenate([path.middle for path in paths])))
    margins = _margins(film, middle)
    width = _SIZE - sum(place for place, _ in margins)
    _check(paths, margins, width)
    gaps = [_measure(path, place, width) for path, (place, _) in zip(paths, margins, strict=True)]
    return _on_film(gaps, margins, scale, cut)


def _working_copy(grey: np.ndarray) -> tuple[np.ndarray, float, int]:
    """A float32 film _SIZE wide, its pixels per pixel of the film, and the columns cut off before.

    Of a film wider than high only the middle square is kept. Raises NoJoint for a film that is too
    small or blank.
    """
    height, width = grey.shape
    if min(height, width) < SMALLEST:
        raise NoJoint(
            f"The film is too small ({width}x{height} pixels): use one of at least {SMALLEST} "
            "pixels a side."
        )
    if np.ptp(np.percentile(grey, [1, 99])) < 4:
        raise NoJoint("The film is blank: choose one that shows a knee.")
    cut = max(0, (width - height) // 2)
    middle = grey[:, cut : width - cut]
    scale = _SIZE / middle.shape[1]
    size = (_SIZE, max(_SIZE, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(middle, size, interpolation=way).astype(np.float32), scale, cut


def _levelled(film: np.ndarray, near: float) -> np.ndarray:
    """Grey less its local mean, by its local spread: burnt-out bone then looks like any other."""
    rest = film - cv2.GaussianBlur(film, (0, 0), near)
    return rest / (np.sqrt(cv2.GaussianBlur(rest * rest, (0, 0), 1.4 * near)) + 1)


def _margins(film: np.ndarray, middle: int) -> list[tuple[int, float]]:
    """How far in from the film's left and right the bones above and below row `middle` begin, and
    how sharply."""
    level = cv2.GaussianBlur(_levelled(film, 16), (0, 0), sigmaX=2.5, sigmaY=1)
    femur, tibia = level[max(0, middle - 40) : middle - 13], level[middle + 10 : middle + 36]
    slope = np.gradient((femur.mean(0) + tibia.mean(0)) / 2)
    profile = cv2.GaussianBlur(slope[None], (0, 0), 3)[0]
    found = []
    for inwards in (profile, -profile[::-1]):
        place = 3 + int(inwards[3 : _SIZE // 3].argmax())
        found.append((place, float(inwards[place])))
    return found


def _between(margin: int, width: int, shares: tuple[float, float]) -> slice:
    """The part of `COLUMNS` at these shares of the bones' width from their margin, never empty."""
    start, end = (round(margin + share * width) - COLUMNS[0] for share in shares)
    return slice(np.clip(start, 0, COLUMNS[1] - COLUMNS[0] - 3), max(3, end))


def _check(paths: list[Path], margins: list[tuple[int, float]], width: int) -> None:
    """Raise NoJoint unless two bones meet in a line that climbs from both sides to a notch."""
    edges, heights, notches = [], [], []
    for path, (margin, _) in zip(paths, margins, strict=True):
        middle = _between(margin, width, _MIDDLE)
        edges.append(path.strength[middle].mean())
        heights.append(path.middle[middle].mean())
        notches.append(path.middle[_between(margin, width, _NOTCH)].mean())
    if max(edges) < _CLEAR_EDGE:
        raise NoJoint(_NO_LINE)
    # How far the straight line through both middles has gone where the notch begins.
    share = (np.mean(_NOTCH) - np.mean(_MIDDLE)) / (1 - 2 * np.mean(_MIDDLE))
    lean = heights[1] - heights[0]
    climbs = (heights[0] + share * lean - notches[0], heights[1] - share * lean - notches[1])
    tilt = np.degrees(np.arctan(abs(lean) / ((1 - 2 * np.mean(_MIDDLE)) * width)))
    whole = min(climbs) > _LEAST_CLIMB and min(sharp for _, sharp in margins) > _LEAST_MARGIN
    if not whole or width < _LEAST_WIDTH or tilt > _MOST_TILT:
        raise NoJoint(_PART)


def _measure(path: Path, margin: int, width: int) -> Gap:
    """One compartment in the working copy, x counted from its own side."""
    part = _between(margin, width, _MIDDLE)
    x = np.arange(*COLUMNS)
    slant = np.polyfit(x[part], path.middle[part], 1)[0]
    across = float(np.median((path.lower - path.upper)[part]) * np.cos(np.arctan(slant)))
    seen = x >= margin
    upper, lower = (np.column_stack([x, edge])[seen] for edge in (path.upper, path.lower))
    closed = path.strength[part].mean() < _LEAST_EDGE
    span = (float(x[part][0]), float(x[part][-1]))
    return Gap(None if closed else across, span, upper, lower, _CLOSED if closed else None)


def _on_film(gaps: list[Gap], margins: list[tuple[int, float]], scale: float, cut: int) -> Joint:
    """The joint in pixels of the film."""

    def placed(x, mirrored: bool):
        x = np.asarray(x, float)
        return ((_SIZE - 1 - x if mirrored else x) + 0.5) / scale - 0.5 + cut

    def moved(gap: Gap, mirrored: bool) -> Gap:
        way = slice(None, None, -1 if mirrored else 1)
        upper, lower = (
            np.column_stack([placed(x, mirrored), (y + 0.5) / scale - 0.5])[way]
            for x, y in (gap.upper.T, gap.lower.T)
        )
        span = tuple(sorted(placed(gap.span, mirrored).tolist()))
        width = None if gap.width_px is None else gap.width_px / scale
        return Gap(width, span, upper, lower, gap.reason)

    left, right = moved(gaps[0], False), moved(gaps[1], True)
    line = np.vstack([(gap.upper + gap.lower) / 2 for gap in (left, right)])
    x0, x1 = (
        float(placed(margin, side))
        for (margin, _), side in zip(margins, (False, True), strict=True)
    )
    rim = 0.06 * (x1 - x0)
    top = min(gap.upper[:, 1].min() for gap in (left, right)) - rim
    bottom = max(gap.lower[:, 1].max() for gap in (left, right)) + rim
    return Joint((x0, float(top), x1, float(bottom)), line, left, right)
