"""Synthetic limb radiographs: hollow bones in soft tissue, projected by a simple attenuation model.

A bone is a hollow cylinder of varying radius. A ray crossing it at distance v from the axis meets
2·(√(R² - v²) - √(r² - v²)) of cortex and 2·√(r² - v²) of marrow, which is what makes cortices
bright on a film. Bones and soft tissue add up, and the film saturates as 1 - exp(-attenuation).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

Point = tuple[float, float]


@dataclass(frozen=True)
class Phantom:
    """A synthetic film and the truth about it.

    pixels: (H, W) uint8, or uint16 holding 12 bits. boxes_xyxy_relative: one (x0, y0, x1, y1) a
    fracture, fractions of width and height. fractured: 1 or 0.
    """

    pixels: np.ndarray
    boxes_xyxy_relative: tuple[tuple[float, float, float, float], ...]
    fractured: int


@dataclass(frozen=True)
class Bone:
    """A bone from `start` to `end` (x, y), of mid-shaft `radius`, flared at its two ends."""

    start: Point
    end: Point
    radius: float
    flare: Point = (1.3, 1.3)
    bow: float = 0.0
    cortex: float = 0.32
    length: float = field(init=False)

    def __post_init__(self):
        span = np.subtract(self.end, self.start)
        object.__setattr__(self, "length", float(np.hypot(*span)))

    def to_film(self, along, across) -> np.ndarray:
        """Points of the bone's own frame (distance along, across) as film points (..., 2)."""
        axis = np.subtract(self.end, self.start) / self.length
        along, across = np.asarray(along, float), np.asarray(across, float)
        across = across - self._bend(along)
        normal = np.array([-axis[1], axis[0]])
        return self.start + along[..., None] * axis + across[..., None] * normal

    def to_bone(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Film points as (along, across) of the bone's own frame."""
        ax, ay = np.subtract(self.end, self.start).astype(np.float32) / np.float32(self.length)
        x, y = x - np.float32(self.start[0]), y - np.float32(self.start[1])
        along = x * ax + y * ay
        return along, y * ax - x * ay + self._bend(along)

    def _bend(self, along):
        t = np.clip(along / self.length, 0, 1)
        return np.float32(self.bow * 4 * self.length) * t * (1 - t)


@dataclass(frozen=True)
class Fracture:
    """A break of one bone: where its line runs, how wide it gapes, how the far fragment moved."""

    at: float  # distance along the bone, px
    slope: float  # of the line, px along per px across
    wave: np.ndarray  # ruggedness of the line, px, over across = -2 radii .. 2 radii
    gap: float  # px, measured across the line
    shift: Point  # of the far fragment (along, across), px
    angle: float  # of the far fragment, radians
    side: float  # 0: through both cortices; ±1: only through the cortex on that side

    def line(self, across: np.ndarray, radius: float) -> np.ndarray:
        """Distance along the bone at which the line runs, for each position across it."""
        grid = np.linspace(-2 * radius, 2 * radius, len(self.wave))
        return (self.at + self.slope * across + np.interp(across, grid, self.wave)).astype(
            np.float32
        )

    def moved_back(self, along, across):
        """Where points of the far fragment came from."""
        cos, sin = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        along = along - np.float32(self.at + self.shift[0])
        across = across - np.float32(self.shift[1])
        return along * cos + across * sin + np.float32(self.at), across * cos - along * sin


def _profile(bone: Bone) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outer radius², marrow radius² and spongy share, each half pixel along the bone."""
    u = np.arange(0, bone.length, 0.5, dtype=np.float32)
    radius = np.ones_like(u)
    spongy, cap = np.zeros_like(u), np.ones_like(u)
    for distance, flare in ((u, bone.flare[0]), (bone.length - u, bone.flare[1])):
        reach = min(2.6 * bone.radius * flare, 0.35 * bone.length)
        near = np.exp(-((distance / reach) ** 2))
        radius += (flare - 1) * near
        spongy = np.maximum(spongy, near)
        tip = np.clip(distance / min(0.75 * bone.radius * flare, 0.45 * bone.length), 0, 1)
        cap = np.minimum(cap, (1 - (1 - tip) ** 2) ** 0.4)
    radius *= bone.radius * cap
    wall = bone.radius * bone.cortex * (1 - 0.72 * spongy)
    return radius**2, np.maximum(radius - wall, 0) ** 2, spongy


def _chord(bone: Bone, profile, along, across, texture) -> np.ndarray:
    """Attenuating thickness of the bone for rays at (along, across), px of cortex."""
    outer2, inner2, spongy = profile
    index = (along * 2).astype(np.int32)
    inside = (index >= 0) & (index < len(outer2)) & (along >= 0)
    index = np.clip(index, 0, len(outer2) - 1)
    across2 = across * across
    outer = np.sqrt(np.maximum(outer2[index] - across2, 0))
    inner = np.sqrt(np.maximum(inner2[index] - across2, 0))
    share = spongy[index]
    marrow = 0.08 + 0.3 * share + texture * (0.02 + 0.06 * share)
    return (outer - inner * (1 - marrow)) * inside


def _window(points: np.ndarray, margin: float, shape) -> tuple[slice, slice] | None:
    low = np.maximum(np.floor(points.min(0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(points.max(0) + margin), (shape[1], shape[0])).astype(int)
    return None if (high <= low).any() else (slice(low[1], high[1]), slice(low[0], high[0]))


def add_bone(film: np.ndarray, bone: Bone, texture: np.ndarray, unit: float, fracture=None) -> None:
    """Add the attenuation of a bone, broken or whole, to a film of attenuations, in place.

    `unit` is the attenuation of one pixel of cortex; `texture` (H, W) is standard noise.
    """
    margin = bone.radius * max(bone.flare) + abs(bone.bow) * bone.length + 2
    if fracture:
        margin += np.hypot(*fracture.shift) + abs(np.sin(fracture.angle)) * bone.length
    window = _window(np.array([bone.start, bone.end]), margin, film.shape)
    if window is None:
        return
    rows, columns = window
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :]
    along, across = bone.to_bone(x, y)
    profile, grain = _profile(bone), texture[window]
    whole = _chord(bone, profile, along, across, grain)
    if fracture:
        steep = np.float32(np.hypot(1, fracture.slope))
        far_along, far_across = fracture.moved_back(along, across)
        before = (fracture.line(across, bone.radius) - along) / steep - fracture.gap / 2
        after = (far_along - fracture.line(far_across, bone.radius)) / steep - fracture.gap / 2
        broken = whole * np.clip(before + 0.5, 0, 1)
        far = _chord(bone, profile, far_along, far_across, grain)
        broken += far * np.clip(after + 0.5, 0, 1)
        if fracture.side:
            share = np.clip(0.5 + fracture.side * across / bone.radius, 0, 1)
            broken = share * broken + (1 - share) * whole
        whole = broken
    film[window] += np.float32(unit) * whole


def add_flesh(film: np.ndarray, start, end, widths: Point, unit: float) -> None:
    """Lay a tapering round sleeve of soft tissue; overlapping sleeves count once, in place."""
    start, end = np.asarray(start, np.float32), np.asarray(end, np.float32)
    window = _window(np.array([start, end]), max(widths), film.shape)
    if window is None:
        return
    rows, columns = window
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - start[1]
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - start[0]
    span = end - start
    t = np.clip((x * span[0] + y * span[1]) / np.float32(span @ span), 0, 1)
    width = np.float32(widths[0]) + np.float32(widths[1] - widths[0]) * t
    off2 = (x - t * span[0]) ** 2 + (y - t * span[1]) ** 2
    depth = np.sqrt(np.maximum(width * width - off2, 0)) * np.float32(unit)
    np.maximum(film[window], depth, out=film[window])


def visible(bone: Bone, shape) -> np.ndarray:
    """Distances along a bone that lie well inside the film; its middle when none does."""
    along = np.linspace(0.1, 0.9, 33) * bone.length
    points = bone.to_film(along, np.zeros(33)) / (shape[1], shape[0])
    inside = ((points > 0.1) & (points < 0.9)).all(1)
    return along[inside] if inside.any() else along[16:17]


def random_fracture(bone: Bone, shape, rng: np.random.Generator) -> Fracture:
    """A fracture somewhere on the visible part of a bone, from a hairline to a displaced one."""
    at = float(rng.choice(visible(bone, shape)))
    radius = bone.radius
    slope = rng.choice([-1, 1]) * rng.choice(
        [rng.uniform(0, 0.25), rng.uniform(0.5, 1.1), rng.uniform(1.5, 2.4)], p=[0.4, 0.4, 0.2]
    )
    wave = rng.normal(0, 0.09 * radius, 17)
    forms = ["hairline", "step", "angled", "one cortex"]
    # Half a gap in a thin bone would be lost in the blur of the film.
    form = rng.choice(forms, p=[0.3, 0.3, 0.25, 0.15] if radius > 7 else [0.3, 0.4, 0.3, 0])
    gap = float(np.clip(rng.uniform(0.13, 0.26) * radius, 1.8, 3.6))
    shift, angle = (0.0, 0.0), 0.0
    if form in ("step", "angled"):
        shift = (-rng.uniform(0, 0.15) * radius, rng.choice([-1, 1]) * rng.uniform(0.3, 1) * radius)
    if form == "angled":
        lever = max(bone.length - at, 4 * radius)
        limit = min(0.3, 14 / lever)
        angle = rng.choice([-1, 1]) * rng.uniform(0.4, 1) * limit
    side = float(rng.choice([-1, 1])) if form == "one cortex" else 0.0
    return Fracture(at, slope, wave, gap, shift, angle, side)


def fracture_box(bone: Bone, fracture: Fracture, shape) -> tuple[float, float, float, float]:
    """The box around a fracture line on both fragments, as fractions of width and height."""
    flare = np.sqrt(_profile(bone)[0][min(int(fracture.at * 2), int(bone.length * 2) - 1)])
    across = np.linspace(-flare, flare, 15)
    if fracture.side:
        across = np.linspace(-0.5 * bone.radius, flare, 15) * fracture.side
    along = fracture.line(across, bone.radius)
    turned = replace(fracture, shift=(0.0, 0.0), angle=-fracture.angle)
    far_along, far_across = turned.moved_back(along, across)
    points = np.vstack(
        [
            bone.to_film(along, across),
            bone.to_film(far_along + fracture.shift[0], far_across + fracture.shift[1]),
        ]
    )
    pad = fracture.gap / 2 + 2
    size = (shape[1], shape[0])
    low = np.clip((points.min(0) - pad) / size, 0, 1)
    high = np.clip((points.max(0) + pad) / size, 0, 1)
    return (*low.tolist(), *high.tolist())


def uneven(shape, spread: float, rng: np.random.Generator) -> np.ndarray:
    """A smooth random field (H, W) float32 about 1, for tissue that is not even."""
    coarse = rng.normal(1, spread, (7, 6)).astype(np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def draw(canvas, points, width=None, value=1.0) -> None:
    """A filled polygon, or a line of that width when one is given, antialiased, in place."""
    fixed = np.round(np.asarray(points) * 16).astype(np.int32).reshape(-1, 1, 2)
    colour = int(value * 255)
    if width is None:
        cv2.fillPoly(canvas, [fixed], colour, cv2.LINE_AA, 4)
    else:
        cv2.polylines(canvas, [fixed], False, colour, max(1, round(width)), cv2.LINE_AA, 4)


def develop(attenuation: np.ndarray, rng: np.random.Generator, bits: int = 8) -> np.ndarray:
    """Expose a film of attenuations (H, W) float32: fog, banding, borders, marker, blur, grain.

    Returns uint8, or uint16 holding `bits` bits.
    """
    height, width = attenuation.shape
    fog, peak = rng.uniform(0.01, 0.2), rng.uniform(0.7, 0.98)
    kv, toe = rng.uniform(1.0, 1.7), rng.uniform(-0.1, 0.35)
    image = 1 - np.exp(np.float32(-kv) * attenuation)
    image *= 1 - np.float32(toe) * (1 - image)
    image = image * np.float32(peak - fog) + np.float32(fog)
    bands = np.cumsum(rng.normal(0, 0.002, width)) + rng.normal(0, 0.002, width)
    heel = np.linspace(-1, 1, height) * rng.uniform(-0.02, 0.02)
    image += (bands - bands.mean()).astype(np.float32) + heel.astype(np.float32)[:, None]
    if rng.random() < 0.35:
        spot = (rng.choice([0.06, 0.88]) * width, rng.uniform(0.06, 0.95) * height)
        letter = str(rng.choice(["L", "R"]))
        place = (int(min(spot[0], width - 16)), int(max(spot[1], 16)))
        lead = np.zeros((height, width), np.uint8)
        cv2.putText(lead, letter, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1, cv2.LINE_AA)
        np.maximum(image, lead * np.float32(0.95 / 255), out=image)
    _borders(image, rng)
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.45, 0.85))
    grain = rng.standard_normal((height, width), np.float32)
    image += cv2.GaussianBlur(grain, (0, 0), 0.6) * np.float32(rng.uniform(0.004, 0.018))
    top = 2**bits - 1
    return (np.clip(image, 0, 1) * top + 0.5).astype(np.uint8 if bits == 8 else np.uint16)


def _borders(image: np.ndarray, rng: np.random.Generator) -> None:
    """Collimation: now and then a black rim, or a ragged white strip of unexposed film."""
    style = rng.random()
    if style < 0.3:
        rim = int(rng.integers(3, 16))
        image[:rim], image[-rim:], image[:, :rim], image[:, -rim:] = (0.01,) * 4
    elif style < 0.55:
        turned = np.rot90(image, int(rng.integers(4)))
        ragged = np.interp(
            np.arange(turned.shape[1]),
            np.linspace(0, turned.shape[1], 12),
            rng.uniform(4, 11) + rng.normal(0, 1.2, 12),
        )
        depth = ragged[None] - np.arange(turned.shape[0])[:, None]
        turned[:] = np.maximum(turned, np.clip(depth / 3, 0, 1) * 0.93)
