"""Knees on films of one leg and of both, told by their likeness to a phantom's."""

import cv2
import numpy as np
import pytest

from core.knees import Knee, find_knees
from core.phantoms import knee, long_bone

SIZE = 64
UNLIKE = 0.35  # stand-in for a gate's threshold


def standard(crop: np.ndarray) -> np.ndarray:
    small = cv2.resize(crop, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= cv2.GaussianBlur(small, (0, 0), 8)
    return (small / max(float(np.linalg.norm(small)), 1e-6)).ravel()


class Likeness:
    """Distance from the nearest phantom, 0 to 2; counts the crops that it was asked for."""

    def __init__(self, *films: np.ndarray) -> None:
        self.known = np.stack([standard(film) for film in films])
        self.asked = 0

    def __call__(self, crops: list[np.ndarray]) -> np.ndarray:
        self.asked += len(crops)
        return 1 - np.max(np.stack([standard(crop) for crop in crops]) @ self.known.T, axis=1)


RIGHT, LEFT = knee(1, 1).pixels, knee(5, 0).pixels


def leg(film: np.ndarray, height: int, top: int, aside: int = 60) -> np.ndarray:
    """A knee with its leg above and below, fading into the dark on both sides."""
    rims = (top, height - top - film.shape[0], aside, aside)
    limb = cv2.copyMakeBorder(film, *rims, cv2.BORDER_REPLICATE).astype(np.float32)
    x = np.arange(limb.shape[1])
    outside = np.maximum(aside - x, x - (limb.shape[1] - aside - 1))
    return np.rint(limb * np.clip(1 - outside / 30, 0, 1)).astype(np.uint8)


def overlap(knee: Knee, x0: int, y0: int, side: int) -> float:
    """Intersection over union of a knee's box and a square."""
    a, b = knee.box, (x0, y0, x0 + side, y0 + side)
    width = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    both = (a[2] - a[0]) * (a[3] - a[1]) + side * side - width * height
    return width * height / both


@pytest.mark.parametrize("shape", [(224, 224), (448, 448), (250, 224), (224, 250)])
def test_a_film_that_is_a_knee_stays_whole(shape):
    film = cv2.resize(RIGHT, shape[::-1])
    distance = Likeness(RIGHT)
    assert find_knees(film, distance, UNLIKE) == [Knee(None, (0, 0, shape[1], shape[0]))]
    assert distance.asked == 1


@pytest.mark.parametrize("tops", [(40, 40), (200, 160), (20, 250)])
def test_both_knees_are_found_at_their_own_height(tops):
    film = np.hstack([leg(RIGHT, 520, tops[0]), leg(LEFT, 520, tops[1])])
    distance = Likeness(RIGHT, LEFT)
    found = find_knees(film, distance, UNLIKE)
    assert [knee.side for knee in found] == ["left", "right"]
    assert overlap(found[0], 60, tops[0], 224) > 0.6
    assert overlap(found[1], 344 + 60, tops[1], 224) > 0.6
    assert distance.asked <= 40


@pytest.mark.parametrize("top", [0, 130, 300, 576])
def test_a_knee_is_found_down_a_leg(top):
    distance = Likeness(RIGHT)
    (found,) = find_knees(leg(RIGHT, 800, top), distance, UNLIKE)
    assert found.side is None and overlap(found, 60, top, 224) > 0.6
    assert distance.asked <= 20


def test_one_knee_beside_another_limb_is_one_knee():
    shaft = cv2.resize(long_bone(3, False).pixels, (344, 520))
    (found,) = find_knees(np.hstack([leg(RIGHT, 520, 150), shaft]), Likeness(RIGHT), UNLIKE)
    assert found.side is None and overlap(found, 60, 150, 224) > 0.6


def test_a_box_lies_inside_the_film_and_holds_whole_pixels():
    film = np.hstack([leg(RIGHT, 520, 0, aside=20), leg(LEFT, 520, 296, aside=20)])
    for found in find_knees(film, Likeness(RIGHT, LEFT), UNLIKE):
        x0, y0, x1, y1 = found.box
        assert all(isinstance(value, int) for value in found.box)
        assert 0 <= x0 < x1 <= film.shape[1] and 0 <= y0 < y1 <= film.shape[0]
        assert found.box.of(film).shape == (y1 - y0, x1 - x0)


@pytest.mark.parametrize(
    "film",
    [
        np.zeros((300, 300), np.uint8),
        np.full((300, 900), 255, np.uint8),
        np.zeros((0, 0), np.uint8),
        np.zeros((2000, 40), np.uint8),
        np.zeros((1500, 80), np.uint8),
        np.zeros((70, 129), np.uint8),
        np.random.default_rng(0).integers(0, 256, (400, 700)).astype(np.uint8),
        long_bone(2, False).pixels,
    ],
    ids=["black", "white", "empty", "a strip", "a narrow leg", "a low film", "noise", "a shaft"],
)
def test_a_film_without_a_knee_has_none(film):
    distance = Likeness(RIGHT)
    assert find_knees(film, distance, UNLIKE) == []
    assert distance.asked <= 40


def test_nothing_passes_a_gate_that_is_shut():
    film = np.hstack([leg(RIGHT, 520, 100), leg(LEFT, 520, 100)])
    assert find_knees(film, Likeness(RIGHT, LEFT), -1.0) == []


def test_the_threshold_itself_does_not_pass():
    assert find_knees(RIGHT, lambda crops: np.full(len(crops), 3.0), 3.0) == []
