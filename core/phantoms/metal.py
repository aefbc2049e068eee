"""Bones that carry metal: plates, screws and wires."""

from __future__ import annotations

import numpy as np

from core.phantoms.film import Phantom, develop, draw, fracture_box, random_fracture, visible
from core.phantoms.knees import replaced_knee
from core.phantoms.limbs import lay_limb

HARDWARE = ("plate", "screws", "wire", "prosthesis")
_METAL = 6.0  # attenuation


def _screw(canvas, start, end, width) -> None:
    start, end = np.asarray(start), np.asarray(end)
    axis = (end - start) / np.hypot(*(end - start))
    normal = np.array([-axis[1], axis[0]])
    draw(canvas, [start, end], 0.65 * width)
    for step in np.arange(1.5 * width, np.hypot(*(end - start)) - width, max(2.2, 0.7 * width)):
        thread = start + step * axis
        draw(canvas, [thread - 0.5 * width * normal, thread + 0.5 * width * normal], 1)
    draw(canvas, [start - 0.9 * width * normal, start + 0.9 * width * normal], 0.7 * width)


def _plate(canvas, bone, at, side, rng) -> None:
    half, r = rng.uniform(0.2, 0.32) * min(bone.length, 26 * bone.radius), bone.radius
    at = np.clip(at, half, bone.length - half)
    edge_on = rng.random() < 0.5
    off, width = (side * 1.12 * r, 0.2 * r) if edge_on else (side * 0.2 * r, 0.5 * r)
    along = np.linspace(at - half, at + half, 12)
    across = np.repeat([off - width, off + width], 12)
    draw(canvas, bone.to_film(np.concatenate([along, along[::-1]]), across))
    circle = np.linspace(0, 2 * np.pi, 20)
    for hole in np.linspace(at - half, at + half, int(rng.integers(5, 9)) + 2)[1:-1]:
        if edge_on:
            ends = bone.to_film([hole, hole], [off, -side * 1.15 * r])
            _screw(canvas, *ends, max(2.0, 0.28 * r))
        else:
            for size, value in ((0.36, 0.04), (0.18, 1.0)):
                rim = (hole + size * r * np.sin(circle), off + size * r * np.cos(circle))
                draw(canvas, bone.to_film(*rim), value=value)


def _screws(canvas, bone, at, side, rng) -> None:
    r = bone.radius
    for place in at + (np.arange(rng.integers(2, 5)) - 1) * 1.6 * r:
        along = [place, place + rng.normal(0, 0.5) * r]
        ends = bone.to_film(along, [side * 1.3 * r, -side * 1.1 * r])
        _screw(canvas, *ends, max(2.2, 0.32 * r))


def _wires(canvas, bone, at, side, rng) -> None:
    r = bone.radius
    for _ in range(rng.integers(1, 4)):
        along = np.clip(at + np.array([-1, 1]) * rng.uniform(3, 7, 2) * r, -r, bone.length + r)
        draw(canvas, bone.to_film(along, rng.uniform(-0.7, 0.7, 2) * r), max(1.3, 0.13 * r))
    turn = np.linspace(0, 2 * np.pi, 24)
    for place in at + np.arange(rng.integers(0, 4)) * 2.2 * r:
        loop = bone.to_film(place + 0.25 * r * np.sin(turn), side * 1.08 * r * np.cos(turn))
        draw(canvas, loop, max(1.2, 0.12 * r))


def hardware(seed: int, kind: str, fractured: bool = False, bits: int = 8) -> Phantom:
    """A bone carrying metal: a "plate", "screws" or "wire", or a knee "prosthesis".

    A fracture lies under the metal. Raises ValueError for any other kind, and for a fractured
    prosthesis.
    """
    if kind not in HARDWARE:
        raise ValueError(f"hardware is one of {', '.join(HARDWARE)}, not {kind!r}")
    if kind == "prosthesis":
        if fractured:
            raise ValueError("a knee with a prosthesis is never drawn fractured")
        return replaced_knee(seed, bits)
    anatomy, injury, exposure, surgery = (np.random.default_rng([seed, n]) for n in range(4))
    limb = lay_limb(anatomy, digits=False, closer=1.3)
    bone = limb.bone
    fracture = random_fracture(bone, limb.shape, injury) if fractured else None
    at = fracture.at if fracture else float(injury.choice(visible(bone, limb.shape)))
    canvas = np.zeros(limb.shape, np.uint8)
    lay = {"plate": _plate, "screws": _screws, "wire": _wires}[kind]
    lay(canvas, bone, at, surgery.choice([-1, 1]), surgery)
    film = limb.attenuation(fracture) + canvas * np.float32(_METAL / 255)
    boxes = (fracture_box(bone, fracture, limb.shape),) if fracture else ()
    return Phantom(develop(film, exposure, bits), boxes, int(fractured))
