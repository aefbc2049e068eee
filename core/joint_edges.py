"""The two edges of a knee's joint space, followed together across each compartment.

Dynamic programming (Bellman 1957) over the row of the upper edge and the width of the space.
"""

from dataclasses import dataclass

import cv2
import numpy as np

WIDEST = 26  # px: the widest space that is considered
REACH = 80  # px: the joint is searched this far above and below the middle
COLUMNS = (14, 102)  # from a film's side inwards: holds a compartment with room to spare
BEND = 0.12  # price of a step in height or in width, in the units of an edge's strength


@dataclass(frozen=True)
class Path:
    """Both edges of one compartment over `COLUMNS`, counted from its own side of the film."""

    upper: np.ndarray  # rows, float
    lower: np.ndarray
    strength: np.ndarray  # of the weaker edge

    @property
    def middle(self) -> np.ndarray:
        return (self.upper + self.lower) / 2


def follow(level: np.ndarray) -> list[Path]:
    """The joint's edges at the image's left and right, found as a pair about level with each other.

    The right is read in the mirrored film, so that both run from the margin to the notch.

    level: (H, W) float, W 224 px: grey levelled locally, one knee, the joint about the middle.
    """
    slope = np.gradient(cv2.GaussianBlur(level, (0, 0), sigmaX=1.6, sigmaY=1.0), axis=0)
    height, columns = len(level), slice(*COLUMNS)
    reach = min(REACH, height // 4)
    top = height // 2 - reach
    slopes = [slope[:, columns], slope[:, ::-1][:, columns]]
    levels = [level[:, columns], level[:, ::-1][:, columns]]
    swept = [_sweep(_evidence(*side, top, 2 * reach)) for side in zip(levels, slopes, strict=True)]
    left, right = (best.max(1) for best, _ in swept)
    rows = np.arange(2 * reach)
    apart = np.abs(rows[:, None] - rows)
    pair = left[:, None] + right - np.maximum(apart - 5, 0)
    ends = np.unravel_index(pair.argmax(), pair.shape)
    return [
        _refined(side, *_walk_back(steps, int(row), int(best[row].argmax())), top)
        for side, (best, steps), row in zip(slopes, swept, ends, strict=True)
    ]


def _evidence(level: np.ndarray, slope: np.ndarray, top: int, rows: int) -> np.ndarray:
    """How much a space looks to begin at each row, for each width: (columns, rows, widths) float32.

    Both edges count, the weaker one half as much again, for one strong edge alone is no joint; and
    so does the darkness between them.
    """
    femur, tibia = np.clip(-slope, -0.6, 1.2), np.clip(slope, -0.6, 1.2)
    total = np.cumsum(level, 0)
    upper = femur[top : top + rows]
    found = np.empty((level.shape[1], rows, WIDEST), np.float32)
    for width in range(1, WIDEST + 1):
        below = slice(top + width, top + width + rows)
        dark = np.clip((total[top : top + rows] - total[below]) / width, -1, 1)
        both = upper + tibia[below] + 0.5 * np.minimum(upper, tibia[below])
        found[:, :, width - 1] = (both + dark / 4).T
    return found


def _sweep(evidence: np.ndarray) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """The most evidence on a path to each (row, width) of the last column, and the paths' steps."""
    best, steps = evidence[0], []
    for column in evidence[1:]:
        best, wider = _best_step(best, 1)
        best, lower = _best_step(best, 0)
        steps.append((lower, wider))
        best = best + column
    return best, steps


def _best_step(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """The best of each cell and its neighbours along an axis, and which it was: -1, 0 or 1."""
    best, step = values.copy(), np.zeros(values.shape, np.int8)
    first, last = ((slice(None),) * axis + (part,) for part in (slice(-1), slice(1, None)))
    for here, there, way in ((last, first, -1), (first, last, 1)):
        better = values[there] - BEND > best[here]
        best[here] = np.where(better, values[there] - BEND, best[here])
        step[here][better] = way
    return best, step


def _walk_back(steps: list, row: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The path that ends at this row and index of width, from its first column on."""
    path = [(row, width)]
    for lower, wider in reversed(steps):
        row += int(lower[row, width])
        width += int(wider[row, width])
        path.append((row, width))
    rows, widths = np.array(path[::-1]).T
    return rows, widths + 1


def _refined(slope: np.ndarray, rows: np.ndarray, widths: np.ndarray, top: int) -> Path:
    """A path with its edges moved to the peak of the slope nearby, to a fraction of a pixel."""
    edges, strengths = [], []
    columns = np.arange(len(rows))
    for sign, at in ((-1, top + rows), (1, top + rows + widths)):
        before, here, after = (sign * slope[at + step, columns] for step in (-1, 0, 1))
        bend = before - 2 * here + after
        peak = (before - after) / np.where(bend < -1e-3, 2 * bend, np.inf)
        edges.append(at + np.clip(peak, -1, 1))
        strengths.append(here)
    return Path(*edges, np.minimum(*strengths))
