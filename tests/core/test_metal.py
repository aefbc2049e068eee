"""Metal drawn on a synthetic knee is found; a knee without any is left alone."""

import cv2
import numpy as np
import pytest

from core.masks import dice
from core.metal import find_metal
from core.phantoms import hardware, knee
from core.phantoms.implants import KINDS, implanted


def bone(seed: int = 3) -> np.ndarray:
    return knee(seed, 0).pixels


def disc(shape=(300, 240), brightness=230, around=120, radius=30, blur=0.7) -> np.ndarray:
    """A film with a bright disc in a soft ground."""
    film = np.full(shape, around, np.uint8)
    middle = (shape[1] // 2, shape[0] // 2)
    cv2.circle(film, middle, radius, brightness, -1)
    cv2.circle(film, (20, 20), 12, 0, -1)  # black is somewhere on every film
    film = cv2.GaussianBlur(film, (0, 0), blur)
    grain = np.random.default_rng(0).normal(0, 2, shape)
    return np.clip(film + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_implants_are_found(kind):
    found = []
    for seed in range(3):
        film = implanted(bone(seed), seed, kind)
        found.append(dice(find_metal(film.film), film.mask))
    assert np.median(found) > 0.7


@pytest.mark.parametrize("seed", range(5))
def test_a_knee_without_metal_gets_no_mask(seed):
    assert not find_metal(bone(seed)).any()


def test_a_prosthesis_is_found():
    found = find_metal(hardware(1, "prosthesis").pixels)
    assert 0.02 < found.mean() < 0.3


@pytest.mark.parametrize(
    ("film", "is_metal"),
    [
        (disc(), True),
        (disc(brightness=160), True),
        (disc(brightness=125), False),
        (disc(blur=14), False),
        (disc(radius=5), True),
        (disc(radius=1), False),
        (disc(radius=80), True),
        (disc(radius=140), False),
        (disc(brightness=20), False),
    ],
    ids=[
        *("bright", "less bright", "hardly bright", "without an edge", "small", "a speck"),
        *("large", "nearly everything", "dark"),
    ],
)
def test_what_is_metal(film, is_metal):
    found = find_metal(film)
    assert found.any() == is_metal
    if is_metal:
        assert found[150, 120] and not found[5, 5]


def test_the_mask_covers_the_edge_and_little_more():
    found = find_metal(disc(radius=30))
    rows, columns = np.mgrid[:300, :240]
    away = np.hypot(rows - 150, columns - 120)
    assert found[away < 30].all()
    assert not found[away > 34].any()


def test_white_margins_and_letters_are_left_out():
    film = disc(brightness=120)
    film[-20:] = 255
    film[:, :8] = 255
    film[60:290, -60:] = 0
    cv2.putText(film, "R", (200, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
    assert not find_metal(film).any()


def test_where_a_collimator_cuts_the_film_nothing_is_metal():
    film = np.zeros((300, 240), np.uint8)
    film[40:260, 30:200] = 140
    film[40:260, 60:170] = 190
    film = cv2.GaussianBlur(film, (0, 0), 1)
    assert not find_metal(film).any()


@pytest.mark.parametrize("side", [128, 900])
def test_a_film_of_any_size_gets_the_same_mask(side):
    film = implanted(bone(), 4, "prosthesis")
    shape = (side, round(side * film.film.shape[1] / film.film.shape[0]))
    found = find_metal(cv2.resize(film.film, shape[::-1], interpolation=cv2.INTER_AREA))
    assert found.shape == shape and found.dtype == bool
    wanted = cv2.resize(film.mask.astype(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST)
    assert dice(found, wanted) > 0.85


@pytest.mark.parametrize("shape", [(16, 16), (16, 900), (1, 7), (50, 40)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_empty_film_gets_an_empty_mask(shape, value):
    found = find_metal(np.full(shape, value, np.uint8))
    assert found.shape == shape and not found.any()


def test_the_film_is_left_as_it_is():
    film = disc()
    before = film.copy()
    film.flags.writeable = False
    np.testing.assert_array_equal(find_metal(film), find_metal(film))
    np.testing.assert_array_equal(film, before)
