"""What a table of training runs says: in what they differ, and the best of each measure."""

import pandas as pd
import pytest

from core.learning import TRAINERS
from core.run_table import Best, bests, differing, in_words

FRACTURE, INPAINT = TRAINERS["fracture"], TRAINERS["inpaint"]
NAN = float("nan")


@pytest.mark.parametrize(
    ("trainer", "rows", "expected"),
    [
        (FRACTURE, {"epoch": []}, {}),
        (
            FRACTURE,
            {
                "epoch": [1, 2, 3],
                "seconds": [9.0, 9.0, 9.0],
                "train_loss": [3.0, 2.0, 1.0],
                "loss": [0.5, 0.25, 0.75],
                "auroc": [0.5, 0.75, 0.75],
            },
            {"auroc": Best(0.75, 2), "loss": Best(0.25, 2)},
        ),
        (FRACTURE, {"epoch": [1, 2], "auroc": [NAN, 0.25]}, {"auroc": Best(0.25, 2)}),
        (FRACTURE, {"epoch": [1], "auroc": [NAN]}, {}),
        (
            INPAINT,
            {
                "epoch": [1, 2],
                "psnr_strokes": [30.0, 20.0],
                "l1_strokes": [4.0, 3.0],
                "distance": [0.5, 0.25],
                "critics": [1.0, 2.0],
            },
            {
                "distance": Best(0.25, 2),
                "psnr_strokes": Best(30.0, 1),
                "l1_strokes": Best(3.0, 2),
            },
        ),
    ],
)
def test_the_best_of_every_measure_and_when(trainer, rows, expected):
    found = bests(trainer, pd.DataFrame(rows))
    assert found == expected and list(found) == list(expected)


@pytest.mark.parametrize(
    ("configs", "expected"),
    [
        ([], []),
        ([{"rate": 0.1, "seed": 0}], []),
        ([{"rate": 0.1, "seed": 0}, {"rate": 0.1, "seed": 1}], ["seed"]),
        ([{"rate": 0.1, "crop": None}, {"rate": 0.2}], ["crop", "rate"]),
        ([{"run": "a", "publish": "x"}, {"run": "b"}], []),
        ([{"pretrained": True}, {"pretrained": 1}], ["pretrained"]),
        ([{"no_option_any_more": 1}, {"rate": 0.1}], ["rate"]),
        ([{"rate": 0.1, "seed": 0}, {}, {"rate": 0.1, "seed": 1}], ["seed"]),
        ([{"rate": 0.1, "seed": 0}, {}], []),
        ([{}, {}], []),
    ],
)
def test_only_options_that_differ_are_told(configs, expected):
    assert sorted(differing(FRACTURE, configs)) == expected


def test_settings_are_told_in_words_unless_all_are_numbers():
    assert in_words([1, 0.5]) == [1, 0.5]
    assert in_words([True, None, 3, ["a", 2], "x"]) == ["on", "", "3", "a, 2", "x"]
    assert in_words([True, False]) == ["on", "off"]
