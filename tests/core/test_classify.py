"""Verdict and heat on a toy whose class map is the film's own brightness."""

import math

import numpy as np
import pytest

from core.classify import calibrated, over_film, read_film, scaled
from core.explain import peak
from core.models import find, open_model
from core.preprocess import InputSpec, letterbox_placement
from tests.toy_models import SIZE, publish


def model_with(tmp_path, **published):
    publish(tmp_path, **published)
    return open_model(find(tmp_path, "fracture", "toy"))


def film_with_spot(shape, x: float, y: float) -> np.ndarray:
    """A dark film with a bright spot around (x, y), fractions of width and height."""
    rows, columns = np.indices(shape)
    radius = max(shape) / 12
    near = (rows - y * shape[0]) ** 2 + (columns - x * shape[1]) ** 2 < radius**2
    return np.where(near, 255, 10).astype(np.uint8)


PLACES = [(0.2, 0.15), (0.8, 0.2), (0.5, 0.5), (0.25, 0.85), (0.85, 0.8)]
SHAPES = {"square": (96, 96), "portrait": (160, 80), "landscape": (80, 160), "odd": (131, 97)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("x", "y"), PLACES)
@pytest.mark.parametrize("flips", [False, True], ids=["one view", "flips"])
def test_heat_lands_where_the_film_is_bright(tmp_path, shape, x, y, flips):
    film = film_with_spot(shape, x, y)
    heat = read_film(film, model_with(tmp_path, flips=flips)).heat
    assert heat.dtype == np.float32 and heat.min() >= 0 and heat.max() <= 1
    assert heat.shape[0] / heat.shape[1] == pytest.approx(shape[0] / shape[1], rel=0.05)
    cell = 4 / min(heat.shape)
    assert peak(heat) == pytest.approx((x, y), abs=0.75 * cell)
    # One place only: a mirrored view that was not turned back would leave a second one.
    rows, columns = np.indices(heat.shape)
    away = np.hypot(rows - y * heat.shape[0], columns - x * heat.shape[1]) > 10
    assert heat[away].max() < 0.2


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_flips_undo_a_lean_to_one_side(tmp_path, shape):
    film = film_with_spot(shape, 0.2, 0.4)
    straight = model_with(tmp_path / "straight", lean=0.0)
    leaning = model_with(tmp_path / "leaning", lean=0.6)
    both = model_with(tmp_path / "both", lean=0.6, flips=True)
    fair = read_film(film, straight).probability
    assert read_film(film, leaning).probability != pytest.approx(fair, abs=1e-3)
    assert read_film(film, both).probability == pytest.approx(fair, abs=1e-6)
    assert read_film(film[:, ::-1], both).probability == pytest.approx(fair, abs=1e-6)


def test_verdict_holds_calibrated_probability_and_embedding(tmp_path):
    model = model_with(tmp_path, calibration={"temperature": 0.5, "bias": -1.0})
    verdict = read_film(np.full((40, 40), 255, np.uint8), model)
    assert verdict.probability == pytest.approx(1 / (1 + math.exp(-1)))  # 1 / 0.5 - 1
    assert verdict.embedding.shape == (8,)
    assert verdict.seconds >= 0


@pytest.mark.parametrize(
    ("logits", "temperature", "bias", "expected"),
    [
        ((0, 0), 1, 0, 0.5),
        ((0, 2), 1, 0, 0.880797),
        ((2, 0), 1, 0, 0.119203),
        ((7, 9), 1, 0, 0.880797),  # only the difference counts
        ((0, 2), 2, 0, 0.731059),
        ((0, 2), 2, -1, 0.5),
        ((0, 500), 1, 0, 1),
        ((500, 0), 1, 0, 0),
    ],
)
def test_calibration_by_hand(logits, temperature, bias, expected):
    p = calibrated(np.array(logits, np.float32), temperature, bias)
    assert p == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "class_map", "expected"),
    [
        ("Grad-CAM", [[-3, 0], [1, 4]], [[0, 0], [0.25, 1]]),
        ("Grad-CAM", [[-3, -1], [-2, -4]], [[0, 0], [0, 0]]),
        ("class map", [[0, 2], [-2, -4]], [[0.5, 0.880797], [0.119203, 0.017986]]),
    ],
    ids=["relative to the peak", "nothing speaks for disease", "absolute"],
)
def test_heat_scale(kind, class_map, expected):
    heat = scaled(np.array(class_map, np.float32), kind)
    assert heat.dtype == np.float32
    np.testing.assert_allclose(heat, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(400, 300), (300, 400), (400, 400), (399, 57)])
def test_over_film_cuts_away_what_is_outside_the_film(shape):
    spec = InputSpec(SIZE, (0.0,), (1.0,))
    place = letterbox_placement(*shape, SIZE)
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    for gradient, start, length in (
        (rows, place.top, place.height),
        (columns, place.left, place.width),
    ):
        part = over_film(gradient, place, spec)
        assert part.shape == (place.height, place.width)
        assert (part.min(), part.max()) == (start, start + length - 1)


def test_over_film_interpolates_between_the_centres_of_the_cells():
    spec = InputSpec(8, (0.0,), (1.0,))
    heat = over_film(np.float32([[0, 8], [0, 8]]), letterbox_placement(8, 8, 8), spec)
    np.testing.assert_allclose(heat[3], [0, 0, 1, 3, 5, 7, 8, 8])
