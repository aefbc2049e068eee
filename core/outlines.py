"""The outlines of a mask: polygons that drawn again give exactly the mask."""

import numpy as np

from core.masks import BadMask, Stroke, keepable

MAX_OUTLINE = 400_000  # px of outline that a mask may have to be kept as strokes


def outlines(mask: np.ndarray) -> tuple[Stroke, ...]:
    """Polygons that `rasterise` turns back into exactly this (H, W) mask.

    They follow the borders between pixels. Outer ones come before what lies in them; those round
    a hole erase.
    """
    padded = np.pad(np.asarray(mask, bool), 1)
    # At a corner of the outline an odd number of the four pixels round it is painted; where just
    # two do, diagonally, two corners touch.
    four = [padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]]
    touching = (four[0] == four[3]) & (four[1] == four[2]) & (four[0] != four[1])
    y, x = np.nonzero(four[0] ^ four[1] ^ four[2] ^ four[3] | touching)
    twice = np.where(touching[y, x], 2, 1)
    second = np.arange(twice.sum()) - np.repeat(twice.cumsum() - twice, twice)
    y, x = np.repeat(y, twice), np.repeat(x, twice)
    # Along a row, and down a column, corners follow each other as beginning and end of an edge.
    # Of two that touch, one ends an edge from the left, the other begins one to the right; the one
    # from the left turns so that paint on the diagonal stays joined.
    falling = four[0][y, x] & touching[y, x]  # painted at the upper left and the lower right
    along = np.lexsort((second, x, y))
    down = np.lexsort((np.where(falling, 1 - second, second), y, x))
    sideways, upright = np.empty(len(x), int), np.empty(len(x), int)
    sideways[along[::2]], sideways[along[1::2]] = along[1::2], along[::2]
    upright[down[::2]], upright[down[1::2]] = down[1::2], down[::2]
    rings = [np.stack([x[ring], y[ring]], 1) for ring in _rings(sideways, upright)]
    # A ring that starts at its upper left corner and goes right has its inside below the edge.
    painted = [bool(padded[ring[0, 1] + 1, ring[0, 0] + 1]) for ring in rings]
    size = [_area(ring) for ring in rings]
    order = sorted(range(len(rings)), key=lambda at: -size[at])
    return tuple(
        Stroke(rings[at].astype(float), tool="polygon", erase=not painted[at]) for at in order
    )


def traced(mask: np.ndarray) -> tuple[Stroke, ...]:
    """The outlines of a mask (H, W) bool. Raises BadMask where they are too long to be kept."""
    steps = [np.count_nonzero(np.diff(mask, axis=axis)) for axis in (0, 1)]
    strokes = outlines(mask) if sum(steps) <= MAX_OUTLINE else None
    if strokes is None or not keepable(strokes, mask.shape):
        raise BadMask(
            "This mask is made of too many small pieces to work with: use a cleaner one, or remove "
            "its specks."
        )
    return strokes


def _rings(sideways: np.ndarray, upright: np.ndarray) -> list[list[int]]:
    """The closed ways through corners, each from its first corner in reading order."""
    steps, left, found = (sideways.tolist(), upright.tolist()), [True] * len(sideways), []
    for start in range(len(sideways)):
        at, ring = start, []
        while left[at]:
            left[at] = False
            ring.append(at)
            at = steps[len(ring) % 2 == 0][at]
        if ring:
            found.append(ring)
    return found


def _area(ring: np.ndarray) -> float:
    """Area of a polygon of (N, 2) corners: the shoelace formula."""
    (x, y), (next_x, next_y) = ring.T, np.roll(ring, -1, axis=0).T
    return abs(float((x * next_y - next_x * y).sum())) / 2
