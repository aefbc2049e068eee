"""Films or pictures with known labels, and what several models say of each of them."""

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from core.grading import called_grades
from core.kellgren_lawrence import GRADES
from core.lesions import CODES, DIAGNOSES
from core.models import ModelCard

FILMS = "films.csv"  # beside a task's models: group and attributes of their validation films


class BadSet(ValueError):
    """Labelled films that cannot be used; `reason`, one sentence, says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Disease:
    """What counts as positive where a task is read as yes or no: the classes `columns`."""

    name: str  # as in "called …"
    other: str
    columns: tuple[int, ...]
    patients: str  # whom a prevalence is of


DISEASES = {
    "fracture": Disease("fractured", "not fractured", (1,), "people who are X-rayed"),
    "severity": Disease("grade 2 or worse", "grade 0 or 1", (2, 3, 4), "knees"),
    "lesion": Disease("melanoma", "another lesion", (CODES.index("mel"),), "lesions"),
}
# How the classes of a task are called, in their order.
CLASSES = {
    "fracture": ("not fractured", "fractured"),
    "severity": tuple(f"grade {grade.number}" for grade in GRADES),
    "lesion": tuple(diagnosis.name for diagnosis in DIAGNOSES),
}


@dataclass(frozen=True, eq=False)
class ModelReading:
    """What one model says of every film of a set: `probabilities` (N, K), calibrated."""

    card: ModelCard
    probabilities: np.ndarray

    @property
    def threshold(self) -> float:
        """From which probability of disease on the model calls it: its balanced operating point,
        or one half."""
        return self.card.balanced.threshold if self.card.balanced else 0.5


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """N films of one task, in step: `images` their names, `labels` (N,) int classes, `groups` (N,)
    of films that belong together (one patient's), `attributes` title → (N,) words. `data` says
    where they come from."""

    task: str
    data: str
    images: tuple[str, ...]
    labels: np.ndarray
    groups: np.ndarray
    attributes: Mapping[str, np.ndarray]
    readings: tuple[ModelReading, ...]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def disease(self) -> Disease:
        """What counts as positive."""
        return DISEASES[self.task]

    @property
    def classes(self) -> tuple[str, ...]:
        """What the classes are called."""
        return CLASSES[self.task]

    @property
    def positives(self) -> np.ndarray:
        """(N,) bool: who has the disease."""
        return np.isin(self.labels, self.disease.columns)

    @cached_property
    def version(self) -> str:
        """Tells this set from every other: what is computed of it may be kept under this."""
        digest = hashlib.sha256(repr((self.task, self.images)).encode())
        for array in (self.labels, *(r.probabilities for r in self.readings)):
            digest.update(np.ascontiguousarray(array, float).tobytes())
        words = [list(map(str, self.groups)), [r.card.version for r in self.readings]]
        words += [[title, *map(str, column)] for title, column in self.attributes.items()]
        digest.update(repr(words).encode())
        return digest.hexdigest()

    def scores(self, reading: ModelReading) -> np.ndarray:
        """(N,) probability of disease."""
        return reading.probabilities[:, list(self.disease.columns)].sum(1)

    def called(self, reading: ModelReading) -> np.ndarray:
        """(N,) int classes as the pages call them: fractured from the model's own threshold on, a
        knee's grade by the median of its probabilities, the likeliest diagnosis of a lesion."""
        if self.task == "fracture":
            return (self.scores(reading) >= reading.threshold).astype(int)
        if self.task == "severity":
            return called_grades(reading.probabilities)
        return reading.probabilities.argmax(1)

    def right(self, reading: ModelReading) -> np.ndarray:
        """(N,) bool: whose called class is the true one."""
        return self.called(reading) == self.labels

    def of(self, indices: np.ndarray) -> "LabelledSet":
        """Some of the films."""
        return replace(
            self,
            images=tuple(self.images[i] for i in indices),
            labels=self.labels[indices],
            groups=self.groups[indices],
            attributes={title: column[indices] for title, column in self.attributes.items()},
            readings=tuple(ModelReading(r.card, r.probabilities[indices]) for r in self.readings),
        )


def checked(labelled: LabelledSet) -> LabelledSet:
    """The set, where models can be compared on it. Raises BadSet unless it holds films with and
    without the disease."""
    if not len(labelled):
        raise BadSet(
            "These models were measured on different films: choose some that share theirs."
        )
    check_labels(labelled.task, labelled.labels)
    return labelled


def check_labels(task: str, labels: np.ndarray) -> None:
    """Raise BadSet where labels (N,) are all of the disease, or none is."""
    positive, disease = np.isin(labels, DISEASES[task].columns), DISEASES[task]
    if len(set(positive.tolist())) < 2:
        held, missing = (disease.name, disease.other)[:: 1 if positive.all() else -1]
        raise BadSet(
            f"Every label is {held} (n = {len(labels):,}): models can be compared only where some "
            f"are {missing}."
        )


def from_cards(cards: Sequence[ModelCard], table: Path | None = None) -> LabelledSet:
    """The validation predictions of models of one task, on the films that all of them read.

    table: `films.csv` with `image`, `group` and a column an attribute; a film that it does not
    list is a group of its own, "unknown" in every attribute. Knees need none: their names begin
    with the patient. Raises BadSet.
    """
    read = [predictions(card) for card in cards]
    common = [name for name in read[0] if all(name in other for other in read)]
    for name in common:
        if len({rows[name][0] for rows in read}) > 1:
            raise BadSet(
                f"The models' validation labels of {name} differ: compare models that were "
                "measured on the same data."
            )
    task = cards[0].task
    groups, attributes = _of_films(task, common, table)
    labels = np.array([read[0][name][0] for name in common], int)
    data = list(dict.fromkeys(str(card.validation.get("data", "")) for card in cards))
    return checked(
        LabelledSet(
            task,
            "; ".join(filter(None, data)),
            tuple(common),
            labels,
            groups,
            attributes | truth(task, labels),
            tuple(
                ModelReading(card, np.array([rows[name][1] for name in common], float))
                for card, rows in zip(cards, read, strict=True)
            ),
        )
    )


def sharing(cards: Sequence[ModelCard]) -> list[ModelCard]:
    """As many models as were measured on the same films, on many films rather than few. Those that
    were trained elsewhere may share none with the others."""
    together: dict[frozenset[str], list[ModelCard]] = {}
    for card in cards:
        try:
            together.setdefault(frozenset(predictions(card)), []).append(card)
        except BadSet:
            continue
    most = max(together, key=lambda films: (len(together[films]), len(films)), default=frozenset())
    return together.get(most, [])


def truth(task: str, labels: np.ndarray) -> dict[str, np.ndarray]:
    """The attribute that the labels themselves are, where there are more than two classes."""
    if task == "fracture":
        return {}
    title = "True grade" if task == "severity" else "True diagnosis"
    return {title: np.array(CLASSES[task], object)[labels]}


def predictions(card: ModelCard) -> dict[str, tuple[int, list[float]]]:
    """Film → label and probabilities of the classes, of a card's validation predictions. Raises
    BadSet when there are none, or none that can be read."""
    try:
        if card.predictions is None:
            raise OSError
        with card.predictions.open(newline="", encoding="utf-8") as file:
            found = {
                row["image"]: (_label(card, row["label"]), [float(row[k]) for k in card.classes])
                for row in csv.DictReader(file)
            }
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        found = {}
    if not found or not np.isfinite([chances for _, chances in found.values()]).all():
        raise BadSet(
            f"The model {card.title} has no readable validation predictions: leave it out, or "
            "restore its predictions.csv."
        )
    return found


def _label(card: ModelCard, written: str) -> int:
    label = CODES.index(written) if card.task == "lesion" else int(written)
    if not 0 <= label < len(card.classes):
        raise ValueError(written)
    return label


def _of_films(
    task: str, names: Sequence[str], table: Path | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The groups and the attributes of films."""
    if task == "severity":
        sides = {"L": "left", "R": "right"}
        groups = [(re.match(r"\d+", name) or [name])[0] for name in names]
        side = [sides.get(name.rpartition(".")[0][-1:].upper(), "unknown") for name in names]
        return np.array(groups, object), {"Side": np.array(side, object)}
    known: dict[str, dict[str, str]] = {}
    if table is not None and table.exists():
        with table.open(newline="", encoding="utf-8") as file:
            known = {row.pop("image"): row for row in csv.DictReader(file)}
    groups = [known.get(name, {}).get("group", name) for name in names]
    titles = [title for title in next(iter(known.values()), {}) if title != "group"]
    attributes = {
        title: np.array([known.get(name, {}).get(title, "unknown") for name in names], object)
        for title in titles
    }
    return np.array(groups, object), attributes
