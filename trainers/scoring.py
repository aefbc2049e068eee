"""A fracture model read over many films, and the numbers that follow."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core import metrics
from core.classify import read_film
from core.explain import peak
from core.film_packs import REGIONS, Film, Pack
from core.images import BadImage
from core.models import Model
from trainers.progress import MEASURING, current
from trainers.squares import read_grey

BOX_MARGIN = 0.03


@dataclass(frozen=True)
class Reading:
    """What a model says of `films`, in step with them.

    `probabilities` (N,) of fracture; `peaks` (N, 2) the heatmap's peak as (x, y) fractions of the
    film; `shapes` (N, 2) height and width in any common unit; `skipped` (name, reason).
    """

    films: list[Film]
    probabilities: np.ndarray
    peaks: np.ndarray
    shapes: np.ndarray
    skipped: list[tuple[str, str]]

    @property
    def labels(self) -> np.ndarray:
        """(N,) 0 or 1."""
        return np.array([film.label for film in self.films])

    def scores(self) -> np.ndarray:
        """(N,) log-odds of fracture."""
        p = np.clip(self.probabilities, 1e-12, 1 - 1e-12)
        return np.log(p) - np.log1p(-p)

    def calibrated(self, temperature: float, bias: float) -> "Reading":
        """The reading of an uncalibrated model as it will be with this calibration."""
        return replace(self, probabilities=1 / (1 + np.exp(-self.scores() / temperature - bias)))

    def of(self, indices: np.ndarray) -> "Reading":
        """The reading of some of the films."""
        return Reading(
            [self.films[i] for i in indices],
            self.probabilities[indices],
            self.peaks[indices],
            self.shapes[indices],
            self.skipped,
        )

    def write(self, path: Path) -> None:
        """CSV: image, label, then one column a class."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", "label", "not fractured", "fractured"])
            for film, p in zip(self.films, self.probabilities, strict=True):
                writer.writerow([film.name, film.label, f"{1 - p:.6f}", f"{p:.6f}"])


def read_all(model: Model, pack: Pack, films: Sequence[Film]) -> Reading:
    """Read films one by one, as the app does; unreadable ones are skipped and listed."""
    kept, verdicts, skipped = [], [], []
    for film, data in current().watch(pack.read_all(list(films)), MEASURING, len(films)):
        try:
            verdicts.append(read_film(read_grey(data, film.name), model))
        except BadImage as error:
            skipped.append((film.name, error.reason))
            continue
        kept.append(film)
    return Reading(
        kept,
        np.array([verdict.probability for verdict in verdicts]),
        np.array([peak(verdict.heat) for verdict in verdicts]),
        np.array([verdict.heat.shape for verdict in verdicts]),
        skipped,
    )


def points_into_box(peak_xy, boxes, shape_hw) -> bool:
    """Whether a peak lies in one of the boxes, each grown by 3 % of the film's longer side.

    Peak and (n, 4) xyxy boxes are in fractions of width and height.
    """
    size = np.array([shape_hw[1], shape_hw[0]], float)
    margin = BOX_MARGIN * size.max() / size
    boxes = np.asarray(boxes, float)
    point = np.asarray(peak_xy)
    inside = (boxes[:, :2] - margin <= point) & (point <= boxes[:, 2:] + margin)
    return bool(inside.all(1).any())


def pointing_game(reading: Reading, threshold: float) -> float:
    """Share of boxed fractured films called positive whose heatmap points into a box (Zhang et al.
    2018). NaN without any such film."""
    hits = [
        points_into_box(reading.peaks[i], film.boxes, reading.shapes[i])
        for i, film in enumerate(reading.films)
        if film.label == 1 and film.boxes and reading.probabilities[i] >= threshold
    ]
    return float(np.mean(hits)) if hits else float("nan")


def numbers(reading: Reading, threshold: float) -> dict[str, float]:
    """The fracture metrics; the two rates and the pointing game at `threshold`.

    A number that the films cannot give (no boxes, say) is left out.
    """
    labels, p = reading.labels, reading.probabilities
    counts = metrics.confusion(labels, p, threshold)
    found = {
        "auroc": metrics.auroc(labels, p),
        "average_precision": metrics.average_precision(labels, p),
        "sensitivity": counts.sensitivity,
        "specificity": counts.specificity,
        "brier": metrics.brier(labels, p),
        "ece": metrics.ece(labels, p),
        "pointing_game": pointing_game(reading, threshold),
    }
    return {name: value for name, value in found.items() if np.isfinite(value)}


def intervals(reading: Reading, threshold: float, draws: int = 1000) -> dict[str, list[float]]:
    """95 % intervals of `numbers`, drawing whole groups of films with replacement."""
    groups = [film.group for film in reading.films]
    computed: dict[str, list[float]] = {}

    def collect(indices: np.ndarray) -> float:
        for name, value in numbers(reading.of(indices), threshold).items():
            computed.setdefault(name, []).append(value)
        return 0.0

    metrics.grouped_bootstrap(groups, collect, draws)
    return {
        name: np.quantile(computed[name], [0.025, 0.975]).tolist()
        for name in numbers(reading, threshold)
    }


def subgroups(reading: Reading) -> dict[str, dict[str, float]]:
    """AUROC without hardware films and by region, with n and the number of fractured films."""
    chosen: dict[str, Callable[[Film], bool]] = {}
    if any("hardware" in film.flags for film in reading.films):
        chosen["without hardware"] = lambda film: "hardware" not in film.flags
    for region in REGIONS:
        chosen[region] = lambda film, region=region: region in film.flags
    found = {}
    for name, belongs in chosen.items():
        indices = np.flatnonzero([belongs(film) for film in reading.films])
        part = reading.of(indices)
        positives = int(part.labels.sum()) if len(indices) else 0
        if 0 < positives < len(indices):
            found[name] = {
                "auroc": metrics.auroc(part.labels, part.probabilities),
                "n": len(indices),
                "fractured": positives,
            }
    return found
