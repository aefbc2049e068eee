"""One closed polygon for a mask, as COCO and YOLO keep them: neither knows a hole."""

from itertools import groupby

import numpy as np

from core.masks import Stroke
from core.outlines import outlines


def single(mask: np.ndarray) -> np.ndarray:
    """(N, 2) corners x, y of one polygon that fills exactly this (H, W) bool mask, of one piece
    joined by sides or corners.

    Holes are reached by bridges, there and back along one border between pixels and through paint,
    so that they have no area and no program that draws edges sees more than the mask. A hole's
    bridge leaves its first corner, in reading order, to the left. Raises ValueError for a mask that
    is empty or in pieces.
    """
    outer, *holes = [np.asarray(ring.points, int) for ring in _rings(mask)]
    if not holes:
        return outer
    # The corners of all rings, one after the other; a hole's first is repeated as its last. Behind
    # them, two for each hole where its bridge lands: for the way there and for the way back.
    rings = [outer, *(np.vstack([hole, hole[:1]]) for hole in holes)]
    ends = np.cumsum([len(ring) for ring in rings])
    firsts = np.array([hole[0] for hole in holes])
    landings = firsts.copy()
    for at, (x, y) in enumerate(firsts):
        gaps = np.flatnonzero(~mask[y, :x])
        landings[at, 0] = gaps[-1] + 1 if len(gaps) else 0
    corners = np.vstack([*rings, np.repeat(landings, 2, axis=0)])
    after = np.arange(1, len(corners) + 1)
    after[ends - 1] = [0, *(ends[1:] - 1)]
    edges = _upright(corners, corners[after[: ends[-1]]], mask.shape)[tuple(landings.T[::-1])]
    after = after.tolist()
    bridges = zip(edges.tolist(), landings[:, 1].tolist(), range(len(holes)), strict=True)
    # An edge may carry several bridges: in the order in which it meets them.
    for edge, found in groupby(sorted(bridges), key=lambda bridge: bridge[0]):
        last, following = edge, after[edge]
        upwards = corners[following, 1] < corners[edge, 1]
        for _, _, hole in list(found)[:: -1 if upwards else 1]:
            there = int(ends[-1]) + 2 * hole
            after[last], after[there], last = there, int(ends[hole]), there + 1
            after[ends[hole + 1] - 1] = there + 1
        after[last] = following
    way = [0]
    while after[way[-1]]:
        way.append(after[way[-1]])
    return corners[way]


def _rings(mask: np.ndarray) -> list[Stroke]:
    """The outline, then those of the holes."""
    rings = outlines(mask)
    if sum(not ring.erase for ring in rings) != 1:
        raise ValueError("A single polygon is that of a mask of one piece.")
    return sorted(rings, key=lambda ring: ring.erase)


def _upright(corners: np.ndarray, follow: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(H, W + 1): for every pixel's upright side the number of the corner that its edge starts at;
    follow: the corners that the first of these go on to."""
    upright = np.flatnonzero(corners[: len(follow), 0] == follow[:, 0])
    y, below = np.sort([corners[upright, 1], follow[upright, 1]], axis=0)
    starts = np.repeat(upright, below - y)
    rows = np.arange(len(starts)) - np.repeat(np.cumsum(below - y) - below, below - y)
    sides = np.full((shape[0], shape[1] + 1), -1)
    sides[rows, corners[starts, 0]] = starts
    return sides
