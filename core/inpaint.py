"""Fill what lies under a mask from what surrounds it, at the film's own size and depth.

Every hole is cut out with its surroundings, shrunk where it is too large for the method, filled,
enlarged and laid back. What is not under the mask stays identical to the last bit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from core import membrane
from core.painters import Painter

CLASSICAL = {"ns": "Navier-Stokes", "telea": "Telea", "biharmonic": "Biharmonic"}
RADIUS = 3  # px: how far Telea and Navier-Stokes look
APART = 24  # px: holes nearer to each other than this are filled as one
LARGEST = 512  # px: longest side of what a classical way fills at once
THIN = 12.0  # px from the rim to the middle of a hole that follows from its two banks
LEAST_SIDE = 4  # px
MOST_UNKNOWN = 20_000  # pixels: the biharmonic way solves one equation for each
MIDDLE = (162, 112)  # px of a film 224 px wide: the hole of the first context encoder
LEAST_KNOWN = 0.05  # share of the film that must be left to fill from
SAMPLE = 100_000  # pixels that are enough to measure grain
SEAM = 1.5  # px inside the rim from which a fill stands alone
BLUNT_SEAM = 3.0  # and where a network does not see the rim that it has to meet

Paint = Callable[[np.ndarray, np.ndarray], np.ndarray]


class BadHole(ValueError):
    """A mask that cannot be filled; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Filled:
    """`pixels` like the film's, in shape and depth; `holes` that were filled one by one; `scale`
    at which the largest was filled, 1 for the film's own; and how long it took."""

    pixels: np.ndarray
    holes: int
    scale: float
    seconds: float


def fill(
    pixels: np.ndarray,
    mask: np.ndarray,
    method: str | Painter,
    window: tuple[float, float] | None = None,
    negative: bool = False,
    grain: bool = False,
    seed: int = 0,
) -> Filled:
    """Fill the `mask` (H, W) bool of a film (H, W) or (H, W, 3), uint8 or uint16.

    Args:
        method: a name of `CLASSICAL` (Telea 2004; Bertalmio et al. 2001; biharmonic functions,
            Damelin & Hoang 2018), or an opened network.
        window: (low, high) of the pixels' values that a network is shown as black and white; by
            default the range of 8 bits, or that of the film's known pixels.
        negative: the film is a photographic negative, which a network must not see.
        grain: add noise like the surroundings'; the same `seed` adds the same.

    Raises BadHole when the mask has another shape, is empty, leaves too little of the film, or is
    none that the network can fill.
    """
    _check(pixels, mask)
    if pixels.ndim == 3:
        return _in_colour(pixels, mask, method, window, negative, grain, seed)
    whole = isinstance(method, Painter) and method.whole
    if whole and (mask & ~middle(mask.shape)).any():
        raise BadHole(
            f"{method.card.title} only ever learned to draw the middle of a knee film: keep the "
            "mask inside it, or choose another method."
        )
    started = time.perf_counter()
    low, high = window or _range(pixels, mask)
    top = 255 if pixels.dtype == np.uint8 else int(pixels.max())
    filled, scale = pixels.copy(), 1.0
    views = [(np.s_[:, :], mask)] if whole else holes(mask)
    rng = np.random.default_rng(seed)
    for view, hole in views:
        grey = (pixels[view].astype(np.float32) - low) / (high - low)
        if negative:
            grey = 1 - grey
        unknown = mask[view]
        new, used = _paint(grey, unknown, method)
        if grain:
            new = new + _grain(grey, new, ~unknown, rng)
        if negative:
            new = 1 - new
        values = np.clip(np.rint(new[hole] * (high - low) + low), 0, top)
        filled[view][hole] = values.astype(pixels.dtype)
        scale = min(scale, used)
    return Filled(filled, len(views), scale, time.perf_counter() - started)


def holes(mask: np.ndarray) -> list[tuple[tuple[slice, slice], np.ndarray]]:
    """The far-apart parts of a mask (H, W) bool: for each a view, its rows and columns, that holds
    it and its surroundings, half its size on every side and `APART` px at least; and the part
    itself, bool, of the view's shape."""
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (APART + 1, APART + 1))
    joined = cv2.dilate(mask.astype(np.uint8), near)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for label, (x, y, width, height, _) in enumerate(boxes[1:], 1):
        margin = max(APART, max(width, height) // 2)
        view = (
            slice(max(0, y - margin), min(mask.shape[0], y + height + margin)),
            slice(max(0, x - margin), min(mask.shape[1], x + width + margin)),
        )
        found.append((view, mask[view] & (labels[view] == label)))
    return found


def middle(shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool: the one hole that a classic context encoder fills, of a film letterboxed to a
    square of 224 px."""
    side = max(shape)
    half = np.array(MIDDLE) / 224 * side / 2
    centre = np.array([shape[1], shape[0]]) / 2
    (x0, y0), (x1, y1) = centre - half, centre + half
    mask = np.zeros(shape, bool)
    mask[max(0, round(y0)) : round(y1), max(0, round(x0)) : round(x1)] = True
    return mask


def _check(pixels: np.ndarray, mask: np.ndarray) -> None:
    if mask.shape != pixels.shape[:2]:
        (height, width), (mask_height, mask_width) = pixels.shape[:2], mask.shape
        raise BadHole(
            f"The mask is {mask_width} by {mask_height} pixels, but the film {width} by {height}: "
            "use a mask that was drawn on this film."
        )
    if not mask.any():
        raise BadHole("The mask is empty: draw over what should be filled.")
    if mask.mean() > 1 - LEAST_KNOWN:
        raise BadHole(
            "The mask covers all of the film, or nearly: a fill needs surroundings, so leave some."
        )


def _in_colour(pixels, mask, method, window, negative, grain, seed) -> Filled:
    channels = [
        fill(np.ascontiguousarray(pixels[..., c]), mask, method, window, negative, grain, seed)
        for c in range(3)
    ]
    return Filled(
        np.stack([channel.pixels for channel in channels], 2),
        channels[0].holes,
        channels[0].scale,
        sum(channel.seconds for channel in channels),
    )


def _range(pixels: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    low = int(pixels.min(where=~mask, initial=np.iinfo(pixels.dtype).max))
    high = int(pixels.max(where=~mask, initial=0))
    return float(low), float(max(high, low + 1))


def _paint(view: np.ndarray, mask: np.ndarray, method: str | Painter) -> tuple[np.ndarray, float]:
    """A view (H, W) float32 with its mask filled, and the scale at which that was done."""
    if isinstance(method, Painter) and method.whole:
        start = membrane.span(view, ~mask)
        return _feathered(start, method.paint(start, mask), mask, BLUNT_SEAM), 1.0
    if isinstance(method, Painter):
        return _at_scale(view, mask, partial(_network, method), method.largest)
    paint = {"telea": _telea, "ns": _navier_stokes, "biharmonic": _biharmonic}[method]
    return _at_scale(view, mask, paint, LARGEST)


def _at_scale(
    view: np.ndarray, mask: np.ndarray, paint: Paint, largest: int
) -> tuple[np.ndarray, float]:
    """Paint a view, shrunk as little as must be: until all of it fits `largest` px a side, or
    until the hole is thin, whichever comes first; a thin hole is painted piece by piece.

    Enlarged again, a fill is softer than the film and may miss its level: what it misses on the
    known side of the rim is spread smoothly over the hole.
    """
    depth = float(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3).max())
    scale = min(1.0, max(largest / max(view.shape), THIN / depth))
    if scale == 1.0:
        start = membrane.span(view, ~mask)
        return _in_pieces(start, mask, paint, largest), scale
    height, width = view.shape
    size = max(LEAST_SIDE, round(width * scale)), max(LEAST_SIDE, round(height * scale))
    start = membrane.span(*membrane.shrunk(view, ~mask, size))
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    painted = _in_pieces(start, share > 0.25, paint, largest)
    large = cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)
    missed = membrane.span(*membrane.shrunk(view - large, ~mask, size))
    return large + cv2.resize(missed, (width, height), interpolation=cv2.INTER_CUBIC), scale


def _in_pieces(start: np.ndarray, mask: np.ndarray, paint: Paint, largest: int) -> np.ndarray:
    """Paint a spanned view (H, W) in windows of `largest` px that overlap by half; where several
    painted, the nearest to a window's middle counts most."""
    if max(start.shape) <= largest:
        return paint(start, mask)
    sums, weights = np.zeros_like(start), np.zeros_like(start)
    rise = np.minimum(np.arange(1, largest + 1), np.arange(largest, 0, -1)).astype(np.float32)
    for top in _steps(start.shape[0], largest):
        for left in _steps(start.shape[1], largest):
            part = np.s_[top : top + largest, left : left + largest]
            if mask[part].any():
                rows, columns = mask[part].shape
                weight = np.outer(rise[:rows], rise[:columns])
                sums[part] += weight * paint(np.ascontiguousarray(start[part]), mask[part])
                weights[part] += weight
    return np.where(weights > 0, sums / np.maximum(weights, 1e-6), start)


def _steps(side: int, largest: int) -> list[int]:
    """Where windows begin that cover a side, the last one ending with it."""
    last = max(0, side - largest)
    return [*range(0, last, largest // 2), last]


def _network(painter: Painter, start: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return _feathered(start, painter.paint(start, mask), mask, SEAM)


def _feathered(
    start: np.ndarray, painted: np.ndarray, mask: np.ndarray, width: float
) -> np.ndarray:
    """From the smooth fill, which meets the rim, to the painted one `width` px inside."""
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    share = np.clip(depth / width, 0, 1)
    return start + share * (painted - start)


def _telea(view: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return _opencv(view, mask, cv2.INPAINT_TELEA)


def _navier_stokes(view: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return _opencv(view, mask, cv2.INPAINT_NS)


def _opencv(view: np.ndarray, mask: np.ndarray, flag: int) -> np.ndarray:
    return cv2.inpaint(view * 255, mask.astype(np.uint8), RADIUS, flag) / 255


def _biharmonic(view: np.ndarray, mask: np.ndarray) -> np.ndarray:
    from skimage.restoration import inpaint_biharmonic  # slow to import, and seldom asked for

    if mask.sum() > MOST_UNKNOWN:
        largest = int(max(view.shape) * np.sqrt(MOST_UNKNOWN / mask.sum()))
        return _at_scale(view, mask, _biharmonic, largest)[0]
    return inpaint_biharmonic(view, mask, split_into_regions=True).astype(np.float32)


def _grain(
    view: np.ndarray, filled: np.ndarray, known: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Noise that lifts the fill's fine texture to that of what is known around it, (H, W).

    Fine is what a Gaussian of 1 px takes away. Its spread is measured by the median, so that edges
    do not count. Its coarseness is not: that is a fixed blur of 0.6 px.
    """
    whole = np.where(known, view, filled)
    fine = whole - cv2.GaussianBlur(whole, (0, 0), 1.0)
    inner = cv2.erode(known.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    around, inside = fine[inner], fine[~known]
    if around.size < 64:
        return np.zeros_like(view)
    spread, own = _spread(around), _spread(inside)
    lacking = np.sqrt(max(spread**2 - own**2, 0))
    noise = rng.standard_normal(view.shape, np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), 0.6)
    visible = noise - cv2.GaussianBlur(noise, (0, 0), 1.0)
    return noise * np.float32(lacking / max(float(visible.std()), 1e-6))


def _spread(values: np.ndarray) -> float:
    """The standard deviation of noise (N,) about 0, by the median of a sample of it."""
    sample = values[:: max(1, values.size // SAMPLE)]
    return 1.4826 * float(np.median(np.abs(sample)))
