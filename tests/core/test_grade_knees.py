"""Grading on a toy: the brighter the film, the higher the grade."""

import numpy as np
import pytest

from core.classify import Grading, grade_knees
from core.explain import peak
from core.models import find, open_model
from core.preprocess import InputSpec, Placement
from tests.toy_models import SIZE, publish_graded


def toy(folder, **changes):
    publish_graded(folder, **changes)
    return open_model(find(folder, "severity", "toy"))


def even(grey: int, shape=(64, 64)) -> np.ndarray:
    return np.full(shape, grey, np.uint8)


def leaning(shape=(64, 64)) -> np.ndarray:
    """A film whose right half is bright."""
    film = even(20, shape)
    film[:, shape[1] // 2 :] = 230
    return film


def test_brighter_films_get_higher_grades(tmp_path):
    found = grade_knees([even(grey) for grey in (0, 64, 128, 191, 255)], toy(tmp_path))
    assert [grading.grade for grading in found] == [0, 1, 2, 3, 4]
    assert (np.diff([grading.expected for grading in found]) > 0).all()
    for grading in found:
        assert grading.probabilities.shape == (5,)
        assert (grading.probabilities >= 0).all()
        assert grading.probabilities.sum() == pytest.approx(1, abs=1e-6)
        assert grading.embedding.shape == (8,) and grading.seconds >= 0


def test_probabilities_by_hand(tmp_path):
    (grading,) = grade_knees([even(255)], toy(tmp_path))
    exponents = np.exp([-16.0, -9, -4, -1, 0])  # -(k - 4)²: see tests.toy_models.graph
    np.testing.assert_allclose(grading.probabilities, exponents / exponents.sum(), atol=1e-6)


@pytest.mark.parametrize("flips", [False, True], ids=["one view", "flips"])
def test_a_batch_is_graded_as_one_by_one(tmp_path, flips):
    model = toy(tmp_path, lean=0.5, flips=flips)
    films = [leaning((64, 64)), even(90, (100, 40)), leaning((31, 77))]
    for film, together in zip(films, grade_knees(films, model), strict=True):
        (alone,) = grade_knees([film], model)
        np.testing.assert_allclose(together.probabilities, alone.probabilities, atol=1e-6)
        np.testing.assert_allclose(together.class_map, alone.class_map, atol=1e-5)
        np.testing.assert_allclose(together.embedding, alone.embedding, atol=1e-5)
        assert together.place == alone.place


def test_flips_are_the_mean_of_a_film_and_its_mirror_image(tmp_path):
    film = leaning()
    one = toy(tmp_path / "one", lean=0.6)
    both = toy(tmp_path / "both", lean=0.6, flips=True)
    straight, mirrored = grade_knees([film, film[:, ::-1]], one)
    assert np.abs(straight.probabilities - mirrored.probabilities).max() > 0.05
    expected = (straight.probabilities + mirrored.probabilities) / 2
    for view in (film, film[:, ::-1]):
        (grading,) = grade_knees([view], both)
        np.testing.assert_allclose(grading.probabilities, expected, atol=1e-6)
        x, _ = peak(grading.heat(grading.grade))
        assert (x > 0.5) == (view is film)


def test_temperature_flattens_and_keeps_the_order(tmp_path):
    sharp = grade_knees([even(150)], toy(tmp_path / "sharp"))[0]
    calibration = {"temperature": 3.0, "bias": 0.0}
    flat = grade_knees([even(150)], toy(tmp_path / "flat", calibration=calibration))[0]
    roots = sharp.probabilities ** (1 / 3)
    np.testing.assert_allclose(flat.probabilities, roots / roots.sum(), atol=1e-5)
    assert flat.grade == sharp.grade and flat.certainty < sharp.certainty


def grading_of(*probabilities: float) -> Grading:
    spec, place = InputSpec(SIZE, (0.0,), (1.0,)), Placement(0, 0, SIZE, SIZE)
    heat = np.zeros((len(probabilities), 8, 8), np.float32)
    return Grading(np.array(probabilities), heat, place, spec, np.zeros(8), 0.0)


@pytest.mark.parametrize(
    ("probabilities", "grade", "expected", "certainty"),
    [
        ((0.2, 0.2, 0.2, 0.2, 0.2), 2, 2.0, 0.0),
        ((0.0, 0.0, 0.0, 1.0, 0.0), 3, 3.0, 1.0),
        ((0.5, 0.5), 0, 0.5, 0.0),
        ((0.0, 0.5, 0.5, 0.0), 1, 1.5, 0.5),  # one bit known of two
        ((0.1, 0.1, 0.2, 0.6), 3, 2.3, 0.214524),
    ],
)
def test_grade_expected_and_certainty_by_hand(probabilities, grade, expected, certainty):
    grading = grading_of(*probabilities)
    assert grading.grade == grade
    assert grading.expected == pytest.approx(expected)
    assert grading.certainty == pytest.approx(certainty, abs=1e-6)


@pytest.mark.parametrize("shape", [(96, 96), (160, 80), (80, 160), (131, 97)])
def test_heat_covers_the_film_and_only_it(tmp_path, shape):
    (grading,) = grade_knees([leaning(shape)], toy(tmp_path))
    for grade in range(1, 5):
        heat = grading.heat(grade)
        assert heat.dtype == np.float32 and heat.min() >= 0 and heat.max() <= 1
        assert heat.shape == (grading.place.height, grading.place.width)
        assert heat.shape[0] / heat.shape[1] == pytest.approx(shape[0] / shape[1], rel=0.05)
        width = heat.shape[1]
        assert heat[:, -width // 4 :].mean() > 3 * heat[:, : width // 4].mean()
    assert not grading.heat(0).any()  # nothing on a bright film speaks for grade 0
