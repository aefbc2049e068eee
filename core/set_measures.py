"""What a labelled set says of each model: the measures of its task, with intervals over groups."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core import resampling
from core.labelled import CLASSES, LabelledSet, ModelReading
from core.models import Metric


@dataclass(frozen=True)
class Measure:
    """How a number is called, whether the higher is the better, and what it is in a sentence."""

    title: str
    help: str
    higher_is_better: bool = True


_ACCURACY = Measure("Accuracy", "The share of films whose called class is the true one.")
_BALANCED = Measure(
    "Balanced accuracy",
    "The mean recall of the classes: a class of few films counts as much as a common one.",
)
_AUROC = "The chance that a film with the disease scores above one without it; ties count half."
MEASURES: Mapping[str, Mapping[str, Measure]] = {
    "fracture": {
        "auroc": Measure("AUROC", _AUROC),
        "average_precision": Measure(
            "Average precision", "The mean precision over the steps of recall."
        ),
        "sensitivity": Measure(
            "Sensitivity",
            "The share of fractured films called so, at the model's own threshold.",
        ),
        "specificity": Measure(
            "Specificity", "The share of other films called not fractured, at the same threshold."
        ),
        "balanced_accuracy": _BALANCED,
        "accuracy": _ACCURACY,
        "brier": Measure(
            "Brier score", "The mean squared error of the probability (Brier 1950).", False
        ),
    },
    "severity": {
        "kappa": Measure(
            "Weighted kappa",
            "Agreement with the true grade beyond chance, misses weighted by their squared "
            "distance (Cohen 1968).",
        ),
        "accuracy": _ACCURACY,
        "balanced_accuracy": _BALANCED,
        "mae": Measure("Mean error, grades", "The mean distance from the true grade.", False),
        "auroc": Measure("AUROC, grade 2 or worse", _AUROC),
    },
    "lesion": {
        "balanced_accuracy": _BALANCED,
        "accuracy": _ACCURACY,
        "auroc": Measure("AUROC, melanoma", _AUROC),
        "sensitivity": Measure(
            "Melanomas called so", "The share of melanomas whose likeliest diagnosis is melanoma."
        ),
    },
}


OF_CLASSES = ("balanced_accuracy", "kappa")  # nothing on films of one true class


def draws(labelled: LabelledSet, reading: ModelReading, weights: np.ndarray) -> dict:
    """Measure → its (D,) values under weights (D, N): see `core.resampling`. NaN where a draw does
    not give a number."""
    classes = len(CLASSES[labelled.task])
    truth, called = labelled.labels, labelled.called(reading)
    positives, scores = labelled.positives, labelled.scores(reading)
    matrices = resampling.confusions(weights, truth, called, classes)
    shares = _shares(labelled, reading)
    computed = {
        "auroc": lambda: resampling.aurocs(weights, positives, scores),
        "average_precision": lambda: resampling.average_precisions(weights, positives, scores),
        "balanced_accuracy": lambda: resampling.balanced_accuracies(matrices),
        "brier": lambda: resampling.means(weights, (scores - positives) ** 2),
        "kappa": lambda: resampling.quadratic_kappas(matrices),
        "mae": lambda: resampling.means(weights, np.abs(truth - called)),
    }
    return {
        name: resampling.shares(weights, *shares[name]) if name in shares else computed[name]()
        for name in MEASURES[labelled.task]
    }


def _shares(labelled: LabelledSet, reading: ModelReading) -> dict[str, tuple[np.ndarray, ...]]:
    """The measures that are a share of films: which are chosen and among which, (N,) bool each."""
    called_positive = np.isin(labelled.called(reading), labelled.disease.columns)
    positives = labelled.positives
    return {
        "sensitivity": (called_positive, positives),
        "specificity": (~called_positive, ~positives),
        "accuracy": (labelled.right(reading), np.ones(len(labelled), bool)),
    }


def measured(
    labelled: LabelledSet, reading: ModelReading, weights: np.ndarray
) -> dict[str, Metric]:
    """Measure → the number on these films, with its 95 % interval from the draws (D, N): see
    `resampling.rate` for shares; other numbers that no draw changes have none."""
    drawn = draws(labelled, reading, weights)
    found = draws(labelled, reading, np.ones((1, len(labelled)), np.float32))
    shares = _shares(labelled, reading)
    numbers = {
        name: resampling.rate(*shares[name], drawn[name])
        if name in shares
        else resampling.metric(float(found[name][0]), drawn[name])
        for name in found
    }
    return {
        name: Metric(number.value, None, None) if number.low == number.high else number
        for name, number in numbers.items()
    }


@dataclass(frozen=True)
class Part:
    """Some films of a set: `value` of an attribute, n films of so many true `classes`, of which
    `positives` have the disease, and the measures of each model, in the set's order."""

    value: str
    n: int
    positives: int
    classes: int
    measures: tuple[dict[str, Metric], ...]


def parts(labelled: LabelledSet, title: str, weights: np.ndarray) -> list[Part]:
    """The measures of every model on the films of each value of an attribute: values that are
    classes in their order, then the others by how many films they have.

    NaN is a measure of several classes on films of one alone.
    """
    column = labelled.attributes[title].astype(str)
    names, counts = np.unique(column, return_counts=True)
    by_size = [str(names[i]) for i in np.argsort(-counts, kind="stable")]
    classes = [name for name in CLASSES[labelled.task] if name in by_size]
    found = []
    for value in dict.fromkeys([*classes, *by_size]):
        chosen = np.flatnonzero(column == value)
        part, drawn = labelled.of(chosen), weights[:, chosen]
        occurring = len(np.unique(part.labels))
        untold = dict.fromkeys(OF_CLASSES if occurring < 2 else (), Metric(np.nan, None, None))
        measures = tuple(
            measured(part, reading, drawn)
            | {n: untold[n] for n in untold if n in MEASURES[part.task]}
            for reading in part.readings
        )
        found.append(Part(value, len(part), int(part.positives.sum()), occurring, measures))
    return found
