"""A classifier or a segmenter of skin lesions read over many pictures, and the numbers that
follow."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core import grading, metrics
from core.archive import BadPack
from core.classify import tempered
from core.diagnose import probabilities
from core.lesions import CODES
from core.models import Model
from core.segment import Segmenter, lesion_mask
from trainers.lesions import Lesion, LesionPack, Squares


@dataclass(frozen=True)
class LesionReading:
    """What a classifier says of `lesions`, in step with them: `probabilities` (N, 7)."""

    lesions: Sequence[Lesion]
    probabilities: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """(N,) true diagnoses, as indices into `core.lesions.CODES`."""
        return np.array([lesion.label for lesion in self.lesions])

    @property
    def called(self) -> np.ndarray:
        """(N,) the most probable diagnoses."""
        return self.probabilities.argmax(1)

    def calibrated(self, temperature: float) -> "LesionReading":
        """The reading of an uncalibrated model as it will be with this temperature."""
        return replace(self, probabilities=tempered(self.probabilities, temperature))

    def of(self, indices: np.ndarray) -> "LesionReading":
        """The reading of some of the lesions."""
        return LesionReading([self.lesions[i] for i in indices], self.probabilities[indices])

    def write(self, path: Path) -> None:
        """CSV: image, label (a code), then one column a diagnosis."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", "label", *CODES])
            for lesion, row in zip(self.lesions, self.probabilities, strict=True):
                writer.writerow([lesion.name, CODES[lesion.label], *(f"{p:.6f}" for p in row)])


def diagnosed(pack: LesionPack, split: str) -> Squares:
    """The squares of a split whose diagnosis is one of the seven. Raises BadPack without any."""
    squares = pack.squares(split).with_diagnosis()
    if not len(squares):
        raise BadPack(f"{pack.path} names none of the seven diagnoses in its split {split!r}.")
    return squares


def read_all(model: Model, squares: Squares) -> LesionReading:
    """Diagnose every picture, as the app does."""
    return LesionReading(squares.lesions, probabilities(model, squares.images))


def numbers(reading: LesionReading) -> dict[str, float]:
    """The numbers of a classifier; `auroc` is the mean over the diagnoses, each against the rest.

    The recall of a diagnosis that does not occur is left out.
    """
    truth, called, kinds = reading.labels, reading.called, len(CODES)
    recalls = grading.recalls(truth, called, kinds)
    areas = [
        metrics.auroc(truth == kind, reading.probabilities[:, kind])
        for kind in range(kinds)
        if 0 < (truth == kind).sum() < len(truth)
    ]
    found = {
        "balanced_accuracy": grading.balanced_accuracy(truth, called, kinds),
        "accuracy": grading.accuracy(truth, called, kinds),
        "auroc": float(np.mean(areas)) if areas else float("nan"),
        **{f"recall_{code}": float(recall) for code, recall in zip(CODES, recalls, strict=True)},
    }
    return {name: value for name, value in found.items() if np.isfinite(value)}


def intervals(reading: LesionReading, draws: int = 1000) -> dict[str, list[float]]:
    """95 % intervals of `numbers`, drawing whole lesions with all their pictures."""
    computed: dict[str, list[float]] = {}

    def collect(indices: np.ndarray) -> float:
        for name, value in numbers(reading.of(indices)).items():
            computed.setdefault(name, []).append(value)
        return 0.0

    metrics.grouped_bootstrap([lesion.group for lesion in reading.lesions], collect, draws)
    return {name: np.quantile(computed[name], [0.025, 0.975]).tolist() for name in numbers(reading)}


@dataclass(frozen=True)
class OutlineReading:
    """How well a segmenter outlines `lesions`, in step with them: `overlaps` (N,) IoU with the
    true mask."""

    lesions: Sequence[Lesion]
    overlaps: np.ndarray

    def write(self, path: Path) -> None:
        """CSV: image, iou."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", "iou"])
            for lesion, overlap in zip(self.lesions, self.overlaps, strict=True):
                writer.writerow([lesion.name, f"{overlap:.4f}"])


def outlined(pack: LesionPack, split: str) -> Squares:
    """The squares of a split whose mask outlines something: one of the whole frame tells nothing.
    Raises BadPack without any."""
    squares = pack.squares(split).with_outline()
    if not len(squares):
        raise BadPack(f"{pack.path} holds no mask of a lesion in its split {split!r}.")
    return squares


def outline_all(segmenter: Segmenter, squares: Squares) -> OutlineReading:
    """Outline every lesion, as the app does."""
    found = map(lesion_mask, segmenter.outline(squares.images))
    pairs = zip(found, squares.masks, strict=True)
    return OutlineReading(squares.lesions, np.array([iou(mask, truth) for mask, truth in pairs]))


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    """Overlap of two masks (S, S) bool over what either covers; 1 where both are empty."""
    either = (mask | truth).sum()
    return float((mask & truth).sum() / either) if either else 1.0


def outline_numbers(overlaps: np.ndarray) -> dict[str, float]:
    """The numbers of a segmenter from its (N,) IoUs; `found` is the share that overlaps by half."""
    return {
        "iou": float(overlaps.mean()),
        "iou_median": float(np.median(overlaps)),
        "dice": float((2 * overlaps / (1 + overlaps)).mean()),
        "found": float((overlaps > 0.5).mean()),
    }


def outline_intervals(reading: OutlineReading, draws: int = 1000) -> dict[str, list[float]]:
    """95 % intervals of `outline_numbers`, drawing whole lesions with all their pictures."""
    groups = [lesion.group for lesion in reading.lesions]
    return {
        name: list(
            metrics.grouped_bootstrap(
                groups, lambda i, n=name: outline_numbers(reading.overlaps[i])[n], draws
            )
        )
        for name in outline_numbers(reading.overlaps)
    }
