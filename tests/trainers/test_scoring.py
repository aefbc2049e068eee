import csv

import numpy as np
import pytest

from core.film_packs import Film
from trainers.scoring import Reading, intervals, numbers, pointing_game, points_into_box, subgroups

BOX = [(0.4, 0.4, 0.5, 0.5)]


@pytest.mark.parametrize(
    ("peak", "shape", "inside"),
    [
        ((0.45, 0.45), (100, 100), True),
        ((0.52, 0.45), (100, 100), True),  # within the 3 % margin
        ((0.54, 0.45), (100, 100), False),
        ((0.37, 0.37), (100, 100), True),
        ((0.36, 0.45), (100, 100), False),
        ((0.55, 0.45), (200, 100), True),  # 3 % of the longer side is 6 % of the width
        ((0.45, 0.54), (200, 100), False),
    ],
)
def test_a_box_grows_by_three_percent_of_the_longer_side(peak, shape, inside):
    assert points_into_box(peak, BOX, shape) is inside


def film(name, label, boxes=(), flags=(), group=None):
    return Film(name, name, label, "val", group or name, tuple(boxes), frozenset(flags))


def reading(films, probabilities, peaks=None):
    n = len(films)
    peaks = np.full((n, 2), 0.45) if peaks is None else np.array(peaks)
    return Reading(films, np.array(probabilities, float), peaks, np.full((n, 2), 100), [])


def test_the_pointing_game_counts_only_boxed_fractures_called_positive():
    films = [film("hit", 1, BOX), film("miss", 1, BOX), film("not called", 1, BOX)]
    films += [film("no box", 1), film("sound", 0)]
    peaks = [(0.45, 0.45), (0.9, 0.9), (0.45, 0.45), (0.45, 0.45), (0.45, 0.45)]
    assert pointing_game(reading(films, [0.9, 0.9, 0.1, 0.9, 0.9], peaks), 0.5) == 0.5
    assert np.isnan(pointing_game(reading(films, [0.1] * 5, peaks), 0.5))


def test_numbers_name_fracture_as_the_positive_class():
    films = [film("a", 1), film("b", 1), film("c", 0), film("d", 0), film("e", 0)]
    found = numbers(reading(films, [0.9, 0.2, 0.8, 0.1, 0.1]), 0.5)
    assert found["sensitivity"] == pytest.approx(1 / 2)
    assert found["specificity"] == pytest.approx(2 / 3)


def test_intervals_hold_the_value_and_are_wider_for_fewer_groups():
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1], 60)
    scores = np.clip(labels * 0.3 + rng.random(120) * 0.7, 0, 1)
    single = reading([film(f"{i}", int(y)) for i, y in enumerate(labels)], scores)
    clumped = reading(
        [film(f"{i}", int(y), group=f"g{i // 20}") for i, y in enumerate(labels)], scores
    )
    value = numbers(single, 0.5)["auroc"]
    low, high = intervals(single, 0.5, draws=200)["auroc"]
    assert low < value < high
    assert intervals(clumped, 0.5, draws=200).keys() == numbers(single, 0.5).keys()


def test_subgroups_leave_hardware_out_and_name_their_size():
    films = [film("metal", 1, flags=["hardware", "hand"]), film("a", 1, flags=["hand"])]
    films += [film("b", 0, flags=["hand"]), film("c", 0, flags=["leg"])]
    found = subgroups(reading(films, [0.1, 0.9, 0.5, 0.2]))
    assert found["without hardware"] == {"auroc": 1.0, "n": 3, "fractured": 1}
    assert found["hand"]["n"] == 3
    assert "leg" not in found  # one class only


def test_predictions_have_a_column_for_each_class(tmp_path):
    path = tmp_path / "preds.csv"
    reading([film("a.png", 1), film("b.png", 0)], [0.75, 0.25]).write(path)
    rows = list(csv.DictReader(path.open()))
    assert list(rows[0]) == ["image", "label", "not fractured", "fractured"]
    assert rows[0] == {
        "image": "a.png",
        "label": "1",
        "not fractured": "0.250000",
        "fractured": "0.750000",
    }


def test_calibration_moves_probabilities_but_not_their_order():
    raw = reading([film("a", 1), film("b", 0), film("c", 0)], [0.9, 0.5, 0.2])
    moved = raw.calibrated(temperature=2.0, bias=-1.0)
    assert moved.probabilities[1] == pytest.approx(1 / (1 + np.e))
    assert (np.diff(moved.probabilities) < 0).all()
