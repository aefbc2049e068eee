"""A grading model read over many knees, and the numbers that follow."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core import grading, metrics
from core.classify import grade_knees, tempered
from core.film_packs import Film, Pack
from core.images import BadImage
from core.models import Model
from trainers.progress import MEASURING, current
from trainers.squares import read_grey


@dataclass(frozen=True)
class GradeReading:
    """What a model says of `films`, in step with them: `probabilities` (N, K), one a grade;
    `skipped` (name, reason)."""

    films: list[Film]
    probabilities: np.ndarray
    skipped: list[tuple[str, str]]

    @property
    def labels(self) -> np.ndarray:
        """(N,) true grades."""
        return np.array([film.label for film in self.films])

    @property
    def called(self) -> np.ndarray:
        """(N,) grades, called as the app does."""
        return grading.called_grades(self.probabilities)

    def calibrated(self, temperature: float) -> "GradeReading":
        """The reading of an uncalibrated model as it will be with this temperature."""
        return replace(self, probabilities=tempered(self.probabilities, temperature))

    def of(self, indices: np.ndarray) -> "GradeReading":
        """The reading of some of the films."""
        films = [self.films[i] for i in indices]
        return GradeReading(films, self.probabilities[indices], self.skipped)

    def write(self, path: Path) -> None:
        """CSV: image, label, then one column a grade."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", "label", *range(self.probabilities.shape[1])])
            for film, row in zip(self.films, self.probabilities, strict=True):
                writer.writerow([film.name, film.label, *(f"{p:.6f}" for p in row)])


def read_all(model: Model, pack: Pack, films: Sequence[Film]) -> GradeReading:
    """Grade films one by one, as the app does; unreadable ones are skipped and listed."""
    kept, found, skipped = [], [], []
    for film, data in current().watch(pack.read_all(list(films)), MEASURING, len(films)):
        try:
            found.append(grade_knees([read_grey(data, film.name)], model)[0].probabilities)
        except BadImage as error:
            skipped.append((film.name, error.reason))
            continue
        kept.append(film)
    return GradeReading(kept, np.array(found).reshape(-1, len(model.card.classes)), skipped)


def numbers(reading: GradeReading) -> dict[str, float]:
    """The severity metrics. `ece` is that of "grade 2 or worse", osteoarthritis by definition.

    The recall of a grade that does not occur is left out.
    """
    truth, called = reading.labels, reading.called
    recalls = grading.recalls(truth, called)
    found = {
        "qwk": grading.quadratic_kappa(truth, called),
        "accuracy": grading.accuracy(truth, called),
        "balanced_accuracy": grading.balanced_accuracy(truth, called),
        "mae": grading.mean_absolute_error(truth, called),
        **{f"recall_{grade}": float(recall) for grade, recall in enumerate(recalls)},
        "ece": metrics.ece(truth >= 2, reading.probabilities[:, 2:].sum(1)),
    }
    return {name: value for name, value in found.items() if np.isfinite(value)}


def intervals(reading: GradeReading, draws: int = 1000) -> dict[str, list[float]]:
    """95 % intervals of `numbers`, drawing whole patients with replacement."""
    computed: dict[str, list[float]] = {}

    def collect(indices: np.ndarray) -> float:
        for name, value in numbers(reading.of(indices)).items():
            computed.setdefault(name, []).append(value)
        return 0.0

    metrics.grouped_bootstrap([film.group for film in reading.films], collect, draws)
    return {name: np.quantile(computed[name], [0.025, 0.975]).tolist() for name in numbers(reading)}
