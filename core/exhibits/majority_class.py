"""Accuracy of one who answers with the most frequent class without looking."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.lesions import CODES

MAJORITY = CODES.index("nv")
# What the other project reported of its generated pictures: accuracy, and that of each diagnosis.
REPORTED = 0.7029
REPORTED_RECALLS = {
    "akiec": 0.031,
    "bcc": 0.110,
    "bkl": 0.051,
    "df": 0.080,
    "mel": 0.200,
    "nv": 0.969,
    "vasc": 0.070,
}


@dataclass(frozen=True)
class Answers:
    """What a classifier answers: labels and answers (N,), indices into `core.lesions.CODES`."""

    labels: np.ndarray
    called: np.ndarray


@dataclass(frozen=True)
class Score:
    """Accuracy, the mean of the recalls (balanced accuracy), and the recall of every diagnosis
    (7,), NaN where no picture shows it."""

    accuracy: float
    balanced: float
    recalls: np.ndarray


def answers(predictions: Path) -> Answers | None:
    """The likeliest diagnosis of each picture in a model's predictions; None where they are
    missing or unreadable."""
    try:
        with predictions.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        labels = np.array([CODES.index(row["label"]) for row in rows])
        chances = np.array([[float(row[code]) for code in CODES] for row in rows])
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return None
    return Answers(labels, chances.argmax(1)) if rows else None


def without_looking(given: Answers, share: float) -> Answers:
    """The same, but for a share of the pictures (0 to 1), always the same ones, the answer is the
    majority's."""
    order = np.random.default_rng(0).permutation(len(given.labels))
    called = given.called.copy()
    called[order[: round(share * len(order))]] = MAJORITY
    return Answers(given.labels, called)


def score(given: Answers) -> Score:
    """How good answers are."""
    right = given.called == given.labels
    recalls = np.full(len(CODES), np.nan)
    for label in np.unique(given.labels):
        recalls[label] = right[given.labels == label].mean()
    return Score(float(right.mean()), float(np.nanmean(recalls)), recalls)
