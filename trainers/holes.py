"""Holes of any shape, and films with holes in them, for a network that learns to fill."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from core import membrane
from core.inpaint import MIDDLE, middle
from core.phantoms import implants

SIDE = 224  # px: the film that the sizes below are written for


def centre(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """(H, W) bool: a rectangle about the middle of a film, up to a tenth off its place, and up to
    a third smaller than `core.inpaint.middle`."""
    height, width = shape
    half = np.array(MIDDLE) / SIDE / 2 * rng.uniform(0.7, 1.05, 2)
    at = 0.5 + rng.uniform(-0.1, 0.1, 2)
    (x0, y0), (x1, y1) = at - half, at + half
    return _box(shape, x0 * width, y0 * height, x1 * width, y1 * height)


def rectangles(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """(H, W) bool: one to three rectangles of a twentieth to a third of the film a side."""
    mask = np.zeros(shape, bool)
    for _ in range(rng.integers(1, 4)):
        size = rng.uniform(0.05, 0.33, 2) * shape
        y, x = rng.uniform(-0.02, 1, 2) * (np.array(shape) - size)
        mask |= _box(shape, x, y, x + size[1], y + size[0])
    return mask


def strokes(shape: tuple[int, int], rng: np.random.Generator, widest: float = 20) -> np.ndarray:
    """(H, W) bool: one to five strokes of a round brush whose direction wanders."""
    unit = min(shape) / SIDE
    canvas = np.zeros(shape, np.uint8)
    for _ in range(rng.integers(1, 6)):
        steps = int(rng.integers(4, 16))
        turns = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.5, steps))
        length = rng.uniform(5, 14) * unit
        walk = np.cumsum(length * np.column_stack([np.cos(turns), np.sin(turns)]), 0)
        points = np.rint(rng.uniform(0.1, 0.9, 2) * shape[::-1] + walk).astype(np.int32)
        width = max(2, round(rng.uniform(3, widest) * unit))
        cv2.polylines(canvas, [points.reshape(-1, 1, 2)], False, 1, width)
        for end in (points[0], points[-1]):
            cv2.circle(canvas, (int(end[0]), int(end[1])), width // 2, 1, -1)
    return canvas.astype(bool)


def hardware(
    shape: tuple[int, int], rng: np.random.Generator, kind: str | None = None
) -> np.ndarray:
    """(H, W) bool: the shape of an implant, with a rim of 0 to 3 px as a careful reader draws."""
    mask = (implants.silhouette(shape, rng, kind) > implants.SEEN).astype(np.uint8)
    rim = 2 * int(rng.integers(0, 4)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))
    return cv2.dilate(mask, kernel).astype(bool)


def _box(shape, x0, y0, x1, y1) -> np.ndarray:
    mask = np.zeros(shape, bool)
    low, high = np.maximum([y0, x0], 0), np.maximum([y1, x1], 1)
    mask[round(low[0]) : round(high[0]), round(low[1]) : round(high[1])] = True
    return mask


Draw = Callable[[tuple[int, int], np.random.Generator], np.ndarray]


class Diet(NamedTuple):
    """A kind of batch: `count` views of side `side` px, holes drawn by one of `draws`."""

    side: int
    count: int
    draws: tuple[tuple[float, Draw], ...]  # probability, how

    def hole(self, rng: np.random.Generator) -> np.ndarray:
        """A hole (SIDE, SIDE) bool that hides something but less than all."""
        chances, draws = zip(*self.draws, strict=True)
        while True:
            mask = draws[rng.choice(len(draws), p=chances)]((SIDE, SIDE), rng)
            if 12 <= mask.sum() < 0.6 * mask.size:
                return mask


def _wide_strokes(shape, rng):
    return strokes(shape, rng, widest=48)


def _middle(shape, rng):
    return middle(shape)


def _prosthesis(shape, rng):
    return hardware(shape, rng, "prosthesis")


# Thin holes are judged by their surroundings, so small views are enough, and many fit a batch.
THIN = Diet(112, 16, ((0.45, strokes), (0.45, hardware), (0.1, rectangles)))
WIDE = Diet(
    SIDE,
    6,
    (
        (0.3, _middle),
        (0.25, centre),
        (0.15, rectangles),
        (0.15, _prosthesis),
        (0.15, _wide_strokes),
    ),
)


MIDDLE_ONLY = Diet(SIDE, 16, ((1.0, _middle),))


class HoledFilms(Dataset):
    """Whole batches of films with holes, decided by (seed, epoch) alone.

    Args:
        films: (N, 224, 224) uint8.
        count: batches an epoch.

    Items: `input` (n, 2, s, s) float32, the film in [0, 1] with its hole spanned smoothly and the
    mask; `truth` (n, 1, s, s) float32; `corner` (n, 2) int, row and column of a window of
    `window` px around a place in the hole.
    """

    def __init__(
        self,
        films: np.ndarray,
        seed: tuple[int, int],
        count: int,
        diet: Diet,
        window: int = 64,
    ) -> None:
        self.films, self.seed, self.count = films, seed, count
        self.diet, self.window = diet, window

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng([*self.seed, index])
        views = [self._view(rng) for _ in range(self.diet.count)]
        return {
            "input": torch.from_numpy(np.stack([with_hole(film, mask) for film, mask, _ in views])),
            "truth": torch.from_numpy(np.stack([film[None] for film, _, _ in views])),
            "corner": torch.tensor(np.stack([corner for _, _, corner in views])),
        }

    def _view(self, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        film = self.films[rng.integers(len(self.films))].astype(np.float32) / 255
        mask = self.diet.hole(rng)
        if rng.random() < 0.5:
            film = film[:, ::-1]
        row, column = self._around(mask, self.diet.side, rng)
        part = slice(row, row + self.diet.side), slice(column, column + self.diet.side)
        film, mask = np.ascontiguousarray(film[part]), mask[part]
        return film, mask, self._around(mask, self.window, rng)

    @staticmethod
    def _around(mask: np.ndarray, side: int, rng) -> np.ndarray:
        """The corner of a window of that side, inside the film, around a random hidden pixel."""
        places = np.argwhere(mask)
        place = places[rng.integers(len(places))] - side // 2
        return np.clip(place, 0, np.array(mask.shape) - side)


def with_hole(film: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(2, H, W) float32, a network's input: the film (H, W) in [0, 1] with its hole spanned, and
    the mask (H, W) bool."""
    start = membrane.span(film.astype(np.float32), ~mask)
    return np.stack([start, mask.astype(np.float32)])
