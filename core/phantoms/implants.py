"""Hardware to lay over any film: silhouettes of implants, and films that carry one.

Drawn anew from a random generator. What the implant hides is known, so that a fill and a suggested
mask can be measured.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from core.phantoms.film import draw

KINDS = ("screws", "plate", "wire", "nail", "prosthesis")
_SIDE = 224  # px: the film that the sizes below are written for
SEEN = 0.04  # coverage from which a pixel counts as hidden


class Implanted(NamedTuple):
    """A film (H, W) with an implant laid over it, and where: `mask` (H, W) bool."""

    film: np.ndarray
    mask: np.ndarray
    kind: str


def silhouette(
    shape: tuple[int, int], rng: np.random.Generator, kind: str | None = None
) -> np.ndarray:
    """How much of each pixel an implant of a random or given `kind` covers, (H, W) float32, 0..1.

    Raises ValueError for a kind that is not one of `KINDS`.
    """
    if kind is None:
        kind = str(rng.choice(KINDS))
    if kind not in KINDS:
        raise ValueError(f"an implant is one of {', '.join(KINDS)}, not {kind!r}")
    canvas = np.zeros(shape, np.uint8)
    place = _Place.random(shape, rng)
    {
        "screws": _screws,
        "plate": _plate,
        "wire": _wires,
        "nail": _nail,
        "prosthesis": _prosthesis,
    }[kind](canvas, place, rng)
    return canvas.astype(np.float32) / 255


def implanted(grey: np.ndarray, seed: int, kind: str | None = None) -> Implanted:
    """Lay an implant over a film (H, W): nearly white, blurred and grainy like the film.

    uint8, or uint16 of as many bits as its brightest value takes; the film keeps its depth. The
    same seed gives the same implant. Raises ValueError as `silhouette` does.
    """
    top = 255 if grey.dtype == np.uint8 else 2 ** int(grey.max()).bit_length() - 1
    level = top / 255
    rng = np.random.default_rng([seed, 41])
    kind = kind or str(rng.choice(KINDS))
    scale = min(grey.shape) / _SIDE
    cover = cv2.GaussianBlur(
        silhouette(grey.shape, rng, kind), (0, 0), max(0.4, scale * rng.uniform(0.4, 0.8))
    )
    film = grey.astype(np.float32)
    white = min(top, float(np.percentile(film, 99.5)) * rng.uniform(1.0, 1.25) + 20 * level)
    let_through = rng.uniform(0, 0.12)
    metal = white + let_through * (film - film.mean())
    metal += cv2.GaussianBlur(rng.standard_normal(film.shape, np.float32), (0, 0), 0.7) * 3 * level
    film = film + np.maximum(metal - film, 0) * cover
    return Implanted(np.clip(np.rint(film), 0, top).astype(grey.dtype), cover > SEEN, kind)


class _Place(NamedTuple):
    """Where an implant's own coordinates (x to the right, y down its length) lie on a film."""

    centre: np.ndarray
    along: np.ndarray  # one unit down, in px
    across: np.ndarray  # one unit to the right, in px
    unit: float  # px

    @classmethod
    def random(cls, shape: tuple[int, int], rng: np.random.Generator) -> _Place:
        unit = min(shape) / _SIDE * rng.uniform(0.8, 1.25)
        angle = rng.normal(0, 0.45) + (np.pi / 2 if rng.random() < 0.2 else 0)
        centre = np.array(shape[::-1]) * rng.uniform(0.25, 0.75, 2)
        along = np.array([-np.sin(angle), np.cos(angle)]) * unit
        return cls(centre, along, np.array([along[1], -along[0]]), unit)

    def film(self, points) -> np.ndarray:
        points = np.asarray(points, float)
        return self.centre + points[..., :1] * self.across + points[..., 1:] * self.along


def _screw(canvas, place, start, end, width) -> None:
    """A head, a shaft that tapers at its tip, and a thread."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    length = float(np.hypot(*(end - start)))
    axis = (end - start) / length
    normal = np.array([-axis[1], axis[0]])
    tip = start + 0.88 * length * axis
    half = 0.34 * width * normal
    draw(canvas, place.film([start + half, tip + half, end, tip - half, start - half]))
    for step in np.arange(0.3 * length, 0.9 * length, max(2.0, 0.55 * width)):
        at = start + step * axis
        draw(
            canvas,
            place.film([at + 0.5 * width * normal, at - 0.5 * width * normal + 0.3 * axis]),
            max(1, 0.25 * width * place.unit),
        )
    cap = [start - 0.85 * width * normal, start + 0.85 * width * normal]
    draw(canvas, place.film(cap), max(1, 0.7 * width * place.unit))


def _screws(canvas, place, rng) -> None:
    lean = rng.normal(0, 0.25)
    for nth in range(rng.integers(1, 5)):
        start = np.array([-rng.uniform(12, 32), (nth - 1.5) * rng.uniform(14, 26)])
        length = rng.uniform(24, 72)
        turn = lean + rng.normal(0, 0.12)
        end = start + length * np.array([np.cos(turn), np.sin(turn)])
        _screw(canvas, place, start, end, rng.uniform(3.5, 7))


def _plate(canvas, place, rng) -> None:
    half, width = rng.uniform(28, 75), rng.uniform(2.5, 7)
    bend = rng.normal(0, 5)
    y = np.linspace(-half, half, 24)
    x = bend * (y / half) ** 2 + rng.uniform(0, 8) * np.clip((y - 0.6 * half) / half, 0, 1)
    edge = np.column_stack([x + width, y]), np.column_stack([x - width, y])[::-1]
    draw(canvas, place.film(np.vstack(edge)))
    face_on = rng.random() < 0.5
    ring = np.linspace(0, 2 * np.pi, 20)
    side = rng.choice([-1, 1])
    for hole in np.linspace(-half, half, int(rng.integers(4, 9)) + 2)[1:-1]:
        middle = np.array([np.interp(hole, y, x), hole])
        if face_on:
            circle = middle + 0.55 * width * np.column_stack([np.cos(ring), np.sin(ring)])
            draw(canvas, place.film(circle), value=0 if rng.random() < 0.6 else 1)
        elif rng.random() < 0.7:
            reach = side * rng.uniform(20, 48)
            end = np.add(middle, (reach, rng.normal(0, 4)))
            _screw(canvas, place, middle - (side * width, 0), end, rng.uniform(3.5, 6))


def _wires(canvas, place, rng) -> None:
    width = max(1.0, rng.uniform(1.2, 3.2) * place.unit)
    for _ in range(rng.integers(1, 4)):
        start = rng.uniform((-25, -70), (25, -20))
        end = start + rng.uniform((-25, 50), (25, 130))
        sag = (start + end) / 2 + rng.normal(0, 3, 2)
        t = np.linspace(0, 1, 16)[:, None]
        draw(canvas, place.film((1 - t) ** 2 * start + 2 * t * (1 - t) * sag + t**2 * end), width)
    ring = np.linspace(0, 2 * np.pi * rng.uniform(0.8, 1), 32)
    for nth in range(rng.integers(0, 4)):
        loop = np.column_stack([rng.uniform(16, 34) * np.cos(ring), 4 * np.sin(ring)])
        draw(canvas, place.film(np.add(loop, (0, 16 * nth - 20))), width)


def _nail(canvas, place, rng) -> None:
    width, length = rng.uniform(4, 9), rng.uniform(70, 200)
    rod = [(-width, 0), (-0.6 * width, -6), (0.6 * width, -6), (width, 0)]
    rod += [(0.8 * width, length), (0, length + 6), (-0.8 * width, length)]
    draw(canvas, place.film(np.subtract(rod, (0, 0.3 * length))))
    for height in rng.uniform(4, 30, rng.integers(1, 3)):
        _screw(
            canvas,
            place,
            (-rng.uniform(14, 30), height - 0.3 * length),
            (rng.uniform(14, 30), height - 0.3 * length + rng.normal(0, 4)),
            rng.uniform(3.5, 6),
        )


def _prosthesis(canvas, place, rng) -> None:
    """A femoral shell with its peg, a tibial tray with its keel; now and then of one side only."""
    half = rng.uniform(44, 82)
    low, high = (0, 1) if rng.random() < 0.3 else (-1, 1)
    t = np.linspace(low, high, 40)
    lobes = 7 * ((np.abs(t) - 0.5) / 0.5) ** 2
    below = -6 - lobes - rng.uniform(6, 14) * np.exp(-((t / 0.22) ** 2))
    above = below - rng.uniform(6, 15) - 12 * np.abs(t) ** 3
    x = t * half
    shell = np.vstack([np.column_stack([x, below]), np.column_stack([x, above])[::-1]])
    draw(canvas, place.film(shell))
    for peg in ((low + high) / 2 + np.array([-0.4, 0.4]) * (high - low) / 2) * half:
        if rng.random() < 0.6:
            ends = [(peg, -14), (peg, -14 - rng.uniform(8, 24))]
            draw(canvas, place.film(ends), max(1, 5 * place.unit))
    tray = rng.uniform(4, 8)
    corners = [(low * half, 4), (high * half, 4), (high * half, 4 + tray), (low * half, 4 + tray)]
    draw(canvas, place.film(corners))
    middle, keel = (low + high) / 2 * half, rng.uniform(14, 62)
    wide = rng.uniform(5, 14)
    stem = [(-wide, 4), (wide, 4), (0.5 * wide, keel), (0, keel + 4), (-0.5 * wide, keel)]
    draw(canvas, place.film(np.add(stem, (middle, 0))))
