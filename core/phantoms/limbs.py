"""Arms and legs as bones in flesh, laid on a film, whole or broken."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.phantoms.film import (
    Bone,
    Phantom,
    add_bone,
    add_flesh,
    develop,
    fracture_box,
    random_fracture,
    uneven,
)

_SHAPES = ((400, 329), (400, 320), (329, 400), (320, 400), (400, 400))
_UPPER = 2  # index of the humerus or femur, which always runs out of the film


@dataclass
class _Limb:
    """Bones and sleeves of flesh in units of the forearm or shin; which bones may be looked at."""

    bones: list[tuple]  # start, end, radius, flare, bow, cortex
    flesh: list[tuple]  # start, end, widths
    shafts: list[int]  # indices into bones
    digits: list[int]


def _turn(points, angle, about):
    cos, sin = np.cos(angle), np.sin(angle)
    return (np.asarray(points) - about) @ np.array([[cos, sin], [-sin, cos]]) + about


def _rays(limb: _Limb, origin, lengths, radius, spread, rng, thumb=True) -> None:
    """Five rays of metacarpals (or metatarsals) and phalanges, fanned out from a wrist or foot."""
    for ray in range(5):
        place = (ray - 2) / 2
        angle = place * spread + rng.normal(0, 0.03)
        scale = 1 - 0.1 * abs(place - 0.1)
        point = np.array([origin[0] + place * 3.9 * radius, origin[1] + abs(place) * radius])
        if thumb and ray == 0:
            angle, scale = angle - rng.uniform(0.15, 0.6), 0.75
            point = point - (1.2 * radius, radius)
        first = point
        for joint, length in enumerate(lengths):
            step = length * scale * rng.uniform(0.95, 1.05)
            end = point + step * np.array([np.sin(angle), np.cos(angle)])
            thin = radius * (1, 0.86, 0.72, 0.6)[joint] * (1.1 if thumb and ray == 0 else 1)
            if joint < 2:
                limb.digits.append(len(limb.bones))
            limb.bones.append((point, end, thin, (1.55, 1.5), 0.0, 0.36))
            point = end + (end - point) / step * 0.15 * radius
            angle += rng.normal(0, 0.03)
        limb.flesh.append((first, point, (2.3 * radius, 1.5 * radius)))


def _arm(rng) -> _Limb:
    """Forearm of length 1 along y, with upper arm, carpals and hand."""
    thick = rng.uniform(0.9, 1.15)
    limb = _Limb([], [], [0, 1], [])
    limb.bones += [
        ((0.045, 0.02), (0.055, 0.98), 0.024 * thick, (1.35, 2.0), rng.uniform(0.01, 0.035), 0.32),
        ((-0.035, -0.07), (-0.055, 0.96), 0.022 * thick, (1.9, 1.15), -0.01, 0.32),
    ]
    bend = rng.choice([0.0, rng.uniform(0, 1.6)])
    upper = _turn([(0, -1.5), (0, -0.03)], bend, (0, 0))
    limb.bones.append((upper[0], upper[1], 0.037 * thick, (1.3, 1.75), 0.0, 0.32))
    if bend < 0.6:
        limb.shafts.append(2)
    for k in range(7):
        x, y = 0.045 * (k % 4 - 1.5) + (k > 3) * 0.02, 1.02 + 0.05 * (k > 3)
        tilt = rng.normal(0, 0.01)
        limb.bones.append(((x - tilt, y), (x + tilt, y + 0.052), 0.022, (1.1, 1.1), 0.0, 0.3))
    limb.flesh += [
        (upper[0], upper[1], (0.15 * thick, 0.115)),
        ((0, 0), (0, 0.3), (0.12, 0.135 * thick)),
        ((0, 0.3), (0, 1), (0.135 * thick, 0.088)),
        ((0, 1), (0, 1.3), (0.085, 0.105)),
    ]
    _rays(limb, (0, 1.13), (0.25, 0.155, 0.095, 0.065), 0.0165 * thick, rng.uniform(0.1, 0.3), rng)
    return limb


def _leg(rng) -> _Limb:
    """Shin of length 1 along y, with thigh, patella, ankle and foot."""
    thick = rng.uniform(0.9, 1.1)
    limb = _Limb([], [], [0, 0, 1, 2], [])
    bend = rng.choice([0.0, rng.uniform(0, 0.9)])
    thigh = _turn([(0.04, -1.8), (0, -0.025)], bend, (0, 0))
    limb.bones += [
        ((-0.005, 0.02), (0, 1), 0.042 * thick, (1.95, 1.4), rng.uniform(-0.02, 0.02), 0.32),
        ((0.088, 0.09), (0.07, 1.05), 0.017 * thick, (1.5, 1.6), -0.01, 0.5),
        (thigh[0], thigh[1], 0.05 * thick, (1.2, 1.85), 0.015, 0.32),
        (_turn((-0.01, -0.1), bend / 2, (0, 0)), (0, -0.01), 0.04, (1.1, 1.1), 0.0, 0.2),
        ((0, 1.01), (0.0, 1.1), 0.05, (1.1, 1.0), 0.0, 0.25),
    ]
    for k in range(5):
        x, y = 0.035 * (k % 3 - 1), 1.1 + 0.055 * (k > 2)
        limb.bones.append(((x, y), (x, y + 0.06), 0.024, (1.1, 1.1), 0.0, 0.25))
    limb.flesh += [
        (thigh[0], thigh[1], (0.24 * thick, 0.15)),
        ((0.02, 0), (0.03, 0.3), (0.14, 0.165 * thick)),
        ((0.03, 0.3), (0.01, 0.95), (0.165 * thick, 0.085)),
        ((0, 0.95), (0, 1.35), (0.09, 0.12)),
    ]
    _rays(limb, (0, 1.2), (0.24, 0.09, 0.045, 0.035), 0.017, rng.uniform(0.05, 0.15), rng, False)
    return limb


@dataclass
class Scene:
    """A limb laid on a film: bones in pixels and the one in focus."""

    shape: tuple[int, int]
    bones: list[Bone]
    flesh: list[tuple]
    focus: int
    texture: np.ndarray  # (H, W), standard noise: trabeculae
    muscle: np.ndarray  # (H // 4, W // 4), about 1: uneven flesh
    unit: float  # attenuation of a pixel of cortex

    @property
    def bone(self) -> Bone:
        """The bone in focus: the one that breaks or carries metal."""
        return self.bones[self.focus]

    def attenuation(self, fracture=None) -> np.ndarray:
        """The film of attenuations (H, W) float32, the bone in focus broken if so wished."""
        height, width = self.shape
        quarter = np.zeros((height // 4, width // 4), np.float32)
        for start, end, widths in self.flesh:
            add_flesh(quarter, start / 4, end / 4, np.divide(widths, 4), 0.34 * self.unit)
        quarter = cv2.GaussianBlur(quarter * self.muscle, (0, 0), 1.1)
        film = cv2.resize(quarter, (width, height), interpolation=cv2.INTER_CUBIC)
        np.maximum(film, 0, out=film)
        film *= 1 + np.float32(0.015) * self.texture
        reference = 0.03 * 26 / self.unit
        for index, bone in enumerate(self.bones):
            # Exposed as they are, thin bones would fade into the flesh.
            unit = self.unit * np.sqrt(reference / bone.radius)
            add_bone(film, bone, self.texture, unit, fracture if index == self.focus else None)
        return film


def lay_limb(rng: np.random.Generator, digits: bool = True, closer: float = 1.0) -> Scene:
    """A random arm or leg on a film, a shaft or (with `digits`) a finger or toe in focus."""
    limb = _arm(rng) if rng.random() < 0.55 else _leg(rng)
    shape = _SHAPES[rng.integers(len(_SHAPES))]
    small = digits and rng.random() < 0.3
    focus = int(rng.choice(limb.digits if small else limb.shafts))
    start, end, *_ = limb.bones[focus]
    start, end = np.asarray(start), np.asarray(end)
    scale = closer * max(shape) * (rng.uniform(1.1, 2.0) if small else rng.uniform(0.62, 1.15))
    about = start + (end - start) * rng.uniform(0.6 if focus == _UPPER else 0.25, 0.85)
    turn = rng.normal(0, 0.18) + (np.pi / 2 if shape[1] > shape[0] else 0)
    turn += np.pi * (rng.random() < 0.25)
    mirror = np.array([rng.choice([-1, 1]), 1])
    centre = np.array(shape[::-1]) * rng.uniform(0.38, 0.62, 2)

    def place(point):
        return _turn((np.asarray(point) - about) * mirror * scale, turn, (0, 0)) + centre

    bones = [
        Bone(tuple(place(a)), tuple(place(b)), r * scale, flare, bow * mirror[0], cortex)
        for a, b, r, flare, bow, cortex in limb.bones
    ]
    flesh = [(place(a), place(b), tuple(w * scale for w in ws)) for a, b, ws in limb.flesh]
    noise = rng.standard_normal(shape, np.float32)
    texture = cv2.GaussianBlur(noise, (5, 5), 1.0) * 3
    muscle = uneven((shape[0] // 4, shape[1] // 4), 0.12, rng)
    return Scene(shape, bones, flesh, focus, texture, muscle, 26.0 / scale)


def long_bone(seed: int, fractured: bool, bits: int = 8) -> Phantom:
    """A limb film, 320 to 400 px: forearm, elbow, hand, thigh, knee, shin or foot.

    With the same seed, the fractured and the intact film differ by the fracture alone. `bits` is 8
    (uint8) or 9 to 16 (uint16).
    """
    anatomy, injury, exposure = (np.random.default_rng([seed, stream]) for stream in range(3))
    limb = lay_limb(anatomy)
    fracture = random_fracture(limb.bone, limb.shape, injury) if fractured else None
    film = limb.attenuation(fracture)
    boxes = (fracture_box(limb.bone, fracture, limb.shape),) if fracture else ()
    return Phantom(develop(film, exposure, bits), boxes, int(fractured))
