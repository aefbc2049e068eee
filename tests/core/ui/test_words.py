import csv
import io

import pytest

from core.models import Metric
from core.ui.batch import as_csv
from core.ui.verdict import words
from core.ui.words import SPACE, interval, percent, plain, span

NAN = float("nan")


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (0.0, 0, "0 %"),
        (0.001, 0, "<1 %"),
        (0.04, 0, "4 %"),
        (0.876, 0, "88 %"),
        (0.999, 0, ">99 %"),
        (1.0, 0, "100 %"),
        (0.0374, 1, "3.7 %"),
        (0.0001, 1, "<0.1 %"),
        (0.99999, 1, ">99.9 %"),
        (NAN, 0, "n/a"),
    ],
)
def test_percent_never_rounds_to_none_or_all(share, digits, text):
    assert percent(share, digits).replace("\N{NARROW NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        (None, "not measured"),
        (Metric(NAN, 0, 1), "not measured"),
        (Metric(0.91234), ".912"),
        (Metric(0.9, 0.85, 1.0), ".900 (.850 to 1.000)"),
        (Metric(1.0, 1.0, 1.0), "1.000"),
    ],
)
def test_interval(metric, text):
    assert interval(metric) == text


@pytest.mark.parametrize(
    ("probability", "threshold", "said"),
    [
        (0.87, 0.5, "Fracture likely"),
        (0.5, 0.5, "Fracture likely"),
        (0.1, 0.04, "Fracture possible"),
        (0.03, 0.04, "No fracture found"),
        (0.6, 0.7, "No fracture found"),
    ],
)
def test_words_of_a_verdict(probability, threshold, said):
    assert words(probability, threshold) == said


def test_plain_text_stays_letters_in_markdown():
    assert plain("![x](//evil) **a**") == r"\!\[x\]\(//evil\) \*\*a\*\*"


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@x", "\tx", "\rx"])
def test_csv_never_holds_a_formula(name):
    text = as_csv([{"file": name, "probability": -0.5}]).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["file"] == f"'{name}"
    assert row["probability"] == "-0.5"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3570, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (273600, "3 d 4 h"),
        (float("nan"), "unknown"),
        (float("inf"), "unknown"),
    ],
)
def test_a_time_to_wait_is_told_in_two_units(seconds, said):
    assert span(seconds).replace(SPACE, " ") == said
