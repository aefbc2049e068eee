"""Frontal knees by grade of osteoarthritis, and a knee prosthesis."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.phantoms.film import Phantom, develop, draw, uneven

_SIZE = 224
_WORN_GAP = (1.0, 0.88, 0.68, 0.4, 0.1)  # of the joint space, in the worn compartment, by grade
_SPARED_GAP = (1.0, 0.97, 0.9, 0.8, 0.65)


@dataclass(frozen=True)
class _Outline:
    """Outlines (N, 2) of the bones and the heights (px) of the two joint surfaces over `x`."""

    femur: np.ndarray
    tibia: np.ndarray
    x: np.ndarray
    condyles: np.ndarray
    plateau: np.ndarray
    half: float


def _smooth(points: np.ndarray, spread: float) -> np.ndarray:
    """A closed outline resampled every 2 px and rounded with a Gaussian of `spread` px."""
    closed = np.vstack([points, points[:1]])
    walked = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    even = np.arange(0, walked[-1], 2)
    dense = np.column_stack([np.interp(even, walked, closed[:, axis]) for axis in (0, 1)])
    reach = int(2 * spread)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * 2 / spread) ** 2)
    around = np.vstack([dense[-reach:], dense, dense[:reach]])
    return np.column_stack(
        [np.convolve(around[:, axis], kernel / kernel.sum(), "valid") for axis in (0, 1)]
    )


def _outline(rng: np.random.Generator, grade: int) -> _Outline:
    middle, half = _SIZE / 2 + rng.uniform(-6, 6), rng.uniform(82, 94)
    joint = rng.uniform(118, 134)
    gap = rng.uniform(9.5, 12.5)
    worn = rng.choice([-1, 1])
    t = np.linspace(-1, 1, 121)
    share = 1 / (1 + np.exp(-8 * t * worn))
    width = gap * (share * _WORN_GAP[grade] + (1 - share) * _SPARED_GAP[grade])
    lobes = rng.uniform(5, 8) * ((np.abs(t) - 0.52) / 0.48) ** 2
    notch = rng.uniform(15, 22) * np.exp(-((t / 0.2) ** 2))
    corner = half * 0.2 * np.clip((np.abs(t) - 0.8) / 0.2, 0, 1) ** 2
    spines = rng.uniform(9, 13) * np.exp(-(((np.abs(t) - 0.1) / 0.09) ** 2))
    slope = rng.normal(0, 2) * t
    plateau = joint + slope - spines - 0.5 * lobes
    condyles = joint + slope - width - 0.7 * lobes - notch - corner
    spur = rng.uniform(0.6, 1.1, 4) * (0, 1.5, 5, 9, 13)[grade]
    x = middle + t * half
    shaft = rng.uniform(0.6, 0.72)

    def side(sign, heights, widths):
        return np.column_stack([middle + sign * half * np.asarray(widths), joint + heights])

    up, out = np.array([-32, -50, -72, -98, -200]), [1.02, 1.04, 0.99, 0.82, shaft]
    down, taper = np.array([5, 20, 52, 85, 180]), [1.04, 1.02, 0.87, 0.75, 0.66]
    right, left = side(1, up, out), side(-1, up, out)
    right[0] += (spur[0], 6)
    left[0] += (-spur[1], 6)
    femur = _smooth(np.vstack([np.column_stack([x, condyles]), right, left[::-1]]), 5)
    right, left = side(1, down, taper), side(-1, down, taper)
    right[0] += (spur[2], -0.4 * spur[2])
    left[0] += (-spur[3], -0.4 * spur[3])
    tibia = _smooth(np.vstack([np.column_stack([x, plateau]), right, left[::-1]]), 2)
    return _Outline(femur, tibia, x, condyles, plateau, half)


def _bone(points: np.ndarray, texture: np.ndarray) -> np.ndarray:
    """A spongy bone of that outline with a bright rim: attenuation (H, W)."""
    mask = np.zeros((_SIZE, _SIZE), np.uint8)
    draw(mask, points)
    depth = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
    rim = 0.33 * np.exp(-(((depth - 1.5) / 1.4) ** 2))
    body = 0.55 * (1 - np.exp(-depth / 9)) + 0.25 * (depth > 0) + rim
    return (body * (1 + 0.07 * texture)).astype(np.float32) * cv2.GaussianBlur(
        mask.astype(np.float32) / 255, (0, 0), 0.7
    )


def _surface(points, width, strength) -> np.ndarray:
    """A soft bright band along a joint surface, thickened below it (sclerosis)."""
    band = np.zeros((_SIZE, _SIZE), np.uint8)
    draw(band, points, width)
    return cv2.GaussianBlur(band, (0, 0), 0.4 * width + 0.5).astype(np.float32) * (strength / 255)


def _prosthesis(shape: _Outline) -> np.ndarray:
    """Femoral shell, tibial tray and keel of a total knee replacement, (H, W) in 0..1."""
    canvas = np.zeros((_SIZE, _SIZE), np.uint8)
    part = slice(8, -8)
    below = np.column_stack([shape.x, shape.condyles - 1])[part]
    top = np.column_stack([shape.x, 0 * shape.x + shape.condyles[part].min() - 16])[part]
    draw(canvas, _smooth(np.vstack([below, top[::-1]]), 4))
    middle, joint = shape.x.mean(), shape.plateau[[10, -10]].mean() + 6
    half = shape.half
    draw(canvas, [(middle - half, joint), (middle + half, joint)], 7)
    keel = [(-0.2, 0), (0.2, 0), (0.1, 14), (0.1, 55), (0, 62), (-0.1, 55), (-0.1, 14)]
    draw(canvas, [(middle + a * half, joint + b) for a, b in keel])
    for peg in (-0.6, 0.6):
        draw(canvas, [(middle + peg * half, joint), (middle + peg * half, joint + 16)], 6)
    return canvas.astype(np.float32) / 255


def _attenuation(shape: _Outline, grade: int, anatomy: np.random.Generator) -> np.ndarray:
    noise = anatomy.standard_normal((_SIZE, _SIZE), np.float32)
    texture = cv2.GaussianBlur(noise, (0, 0), sigmaX=0.7, sigmaY=2.6) * 4.2
    across = (np.arange(_SIZE, dtype=np.float32) - shape.x.mean()) / (1.32 * shape.half)
    flesh = 0.6 * np.sqrt(np.maximum(1 - across**2, 0))[None, :].repeat(_SIZE, 0)
    film = cv2.GaussianBlur(flesh, (0, 0), 3)
    fibula = np.array([(0.62, 42), (0.95, 34), (1.08, 48), (0.98, 75), (0.95, 160), (0.75, 160)])
    corner = np.array([shape.x.mean(), shape.plateau[10]])
    bones = [
        _bone(shape.femur, texture),
        _bone(shape.tibia, texture),
        0.45
        * _bone(corner + _smooth(fibula, 8) * (anatomy.choice([-1, 1]) * shape.half, 1), texture),
    ]
    film += sum(bones)
    ring = np.linspace(0, 2 * np.pi, 40)
    patella = corner + np.column_stack(
        [
            40 * np.cos(ring),
            anatomy.uniform(-62, -48) + 36 * np.sin(ring),
        ]
    )
    film += 0.22 * _bone(patella, texture)
    sclerosis = (0.18, 0.24, 0.36, 0.6, 0.85)[grade]
    plateau = np.column_stack([shape.x, shape.plateau + 2])
    for part in (slice(4, 50), slice(71, 117)):
        film += _surface(plateau[part], 2 + grade, sclerosis)
        film += _surface(
            np.column_stack([shape.x, shape.condyles - 2])[part], 1 + grade / 2, 0.6 * sclerosis
        )
    return film * uneven(film.shape, 0.09, anatomy)


def knee(seed: int, grade: int, bits: int = 8) -> Phantom:
    """A frontal knee, 224x224: the joint space narrows, spurs and sclerosis grow with the grade.

    Raises ValueError unless 0 <= grade <= 4.
    """
    if grade not in range(5):
        raise ValueError(f"a knee grade is 0, 1, 2, 3 or 4, not {grade!r}")
    anatomy, exposure = (np.random.default_rng([seed, stream]) for stream in (4, 5))
    shape = _outline(anatomy, grade)
    return Phantom(develop(_attenuation(shape, grade, anatomy), exposure, bits), (), 0)


def replaced_knee(seed: int, bits: int = 8) -> Phantom:
    """A frontal knee with a total knee replacement, 224x224."""
    anatomy, exposure = (np.random.default_rng([seed, stream]) for stream in (4, 5))
    shape = _outline(anatomy, 1)
    film = _attenuation(shape, 1, anatomy) + 5 * _prosthesis(shape)
    return Phantom(develop(film, exposure, bits), (), 0)
