"""Films or pictures with known labels, and what several models say of each of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.grading import called_grades
from core.kellgren_lawrence import GRADES
from core.lesions import CODES, DIAGNOSES
from core.models import ModelCard


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


def truth(task: str, labels: np.ndarray) -> dict[str, np.ndarray]:
    """The attribute that the labels themselves are, where there are more than two classes."""
    if task == "fracture":
        return {}
    title = "True grade" if task == "severity" else "True diagnosis"
    return {title: np.array(CLASSES[task], object)[labels]}
