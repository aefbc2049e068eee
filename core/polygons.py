"""One closed polygon for a mask, as COCO and YOLO keep them: neither knows a hole."""

from itertools import pairwise

import numpy as np

from core import masks


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
    # The corners of all rings, one after the other; a hole's first is repeated as its last.
    rings = [outer, *(np.vstack([hole, hole[:1]]) for hole in holes)]
    corners = np.vstack(rings).tolist()
    ends = np.cumsum([len(ring) for ring in rings]).tolist()
    after = [*range(1, len(corners)), 0]
    after[ends[0] - 1] = 0
    edges = _upright(rings, ends)
    landings: dict[int, list] = {}  # edge → where bridges land on it, and where they come from
    for at, (start, end) in enumerate(pairwise(ends)):
        x, y = holes[at][0]
        gaps = np.flatnonzero(~mask[y, :x])
        landing = int(gaps[-1]) + 1 if len(gaps) else 0
        landings.setdefault(edges[landing, y], []).append((int(y), landing, start, end - 1))
    for edge, bridges in landings.items():
        last, upwards = edge, corners[after[edge]][1] < corners[edge][1]
        following = after[edge]
        for y, x, first, back in sorted(bridges, reverse=upwards):
            here = len(corners)
            corners += [[x, y], [x, y]]
            after += [first, -1]
            after[last], after[back], last = here, here + 1, here + 1
        after[last] = following
    way, at = [corners[0]], after[0]
    while at:
        way.append(corners[at])
        at = after[at]
    return np.array(way)


def _rings(mask: np.ndarray) -> list[masks.Stroke]:
    """The outline, then those of the holes."""
    rings = masks.outlines(mask)
    if sum(not ring.erase for ring in rings) != 1:
        raise ValueError("A single polygon is that of a mask of one piece.")
    return sorted(rings, key=lambda ring: ring.erase)


def _upright(rings: list[np.ndarray], ends: list[int]) -> dict[tuple[int, int], int]:
    """(x, row) of every pixel's side that an upright edge holds → the corner it starts at."""
    found = {}
    for ring, end in zip(rings, ends, strict=True):
        first = end - len(ring)
        for at, ((x, y), (to, below)) in enumerate(
            zip(ring.tolist(), np.roll(ring, -1, axis=0).tolist(), strict=True)
        ):
            if x == to:
                for row in range(min(y, below), max(y, below)):
                    found[x, row] = first + at
    return found
