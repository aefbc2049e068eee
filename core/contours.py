"""Outlines of lesions drawn by code: none is anybody's."""

import numpy as np

from core.lesions import SIDE
from core.masks import Stroke, rasterise

CORNERS = 160  # of the polygon that stands for an outline
# Levels of chance, and at each the share of the square, and short by long axis before waves.
LEVELS = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
SHARES = (0.02, 0.052, 0.158, 0.294, 0.488, 0.767, 0.9)
ASPECTS = (0.4, 0.52, 0.64, 0.75, 0.84, 0.93, 1)
OFFSET = (0.05, 0.043)  # of the middle from the square's, in sides: how far on average
RIPPLES = np.arange(3, 17)  # waves along the border


def outline(
    centre: tuple[float, float],
    radius: float,
    aspect: float = 1.0,
    turn: float = 0.0,
    ripples: np.ndarray | None = None,
) -> Stroke:
    """An ellipse in px of the square, whose border may be wavy, as a filled polygon.

    radius: that of the circle of its area, about. aspect: short by long axis. turn: of the long
    axis from level, in radians. ripples: (K,) complex, waves 3, 4, 5 … to the round by size, as a
    share of the radius, and phase.
    """
    ripples = np.zeros(0) if ripples is None else ripples
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    waves = np.exp(1j * np.outer(angles, np.arange(3, 3 + len(ripples)))) @ ripples
    way = (np.cos(angles) + 1j * aspect * np.sin(angles)) * np.maximum(1 + waves.real, 0.1)
    way *= radius / np.sqrt(aspect) * np.exp(1j * turn)
    return Stroke(np.stack([way.real, way.imag], 1) + centre, tool="polygon")


def random_contour(seed: int) -> Stroke:
    """The outline of a lesion that might be, in px of the square, always the same for a seed.

    A wavy ellipse, drawn by chance after the 8,080 masks of the training split (HAM10000, by
    `trainers.lesions`). Median, and 5th to 95th percentile, of those and of 1,500 of these:

    - share of the square: 0.29 (0.05 to 0.77) and 0.29 (0.05 to 0.75)
    - middle from the square's, in sides: 0.055 (0.013 to 0.19) and 0.060 (0.013 to 0.17)
    - short by long axis: 0.77 (0.53 to 0.94) and 0.77 (0.53 to 0.94)
    - share of the convex hull: 0.96 (0.90 to 0.98) and 0.97 (0.92 to 0.99)
    - border's wander, root mean square of waves 3 to 24 to the round as a share of the radius, of
      lesions wholly in the square: 0.061 (0.031 to 0.12) and 0.063 (0.028 to 0.13)
    - running out of the square: 31 % and 28 %
    """
    rng = np.random.default_rng((1, seed))  # not the numbers of the noise with this seed
    share, aspect = (np.interp(rng.random(), LEVELS, of) for of in (SHARES, ASPECTS))
    centre = SIDE * (0.5 + rng.laplace(0, OFFSET))
    turn = rng.uniform(0, np.pi)
    waves = rng.normal(size=(len(RIPPLES), 2)) @ [1, 1j]
    ripples = 0.25 * rng.lognormal(0, 0.4) * waves * RIPPLES**-1.58
    radius = SIDE * np.sqrt(share / np.pi)
    for _ in range(8):  # what leaves the square does not count, so the rest has to be larger
        found = outline(tuple(centre), radius, aspect, turn, ripples)
        radius *= np.sqrt(share / max(rasterise([found], (SIDE, SIDE)).mean(), 0.01))
    return found
