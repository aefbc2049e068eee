"""States and numbers of training runs, as a reader meets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from core.jobs import Job, Status
from core.learning import TRAINERS
from core.ui.cards import HOLES, MEASURES
from core.ui.cards import NAMES as SCORES
from core.ui.words import score


class Sign(NamedTuple):
    """A state as a word with its icon."""

    word: str
    icon: str


SIGNS: Mapping[str, Sign] = {
    "queued": Sign("Queued", ":material/hourglass_top:"),
    "running": Sign("Running", ":material/play_circle:"),
    "ready": Sign("Ready to start", ":material/flag:"),
    "stopped": Sign("Stopped", ":material/stop_circle:"),
    "finished": Sign("Finished", ":material/check_circle:"),
    "failed": Sign("Failed", ":material/error:"),
    "interrupted": Sign("Interrupted", ":material/power_off:"),
}
CHECKED = Sign("Being checked", ":material/fact_check:")
LOSSES = {
    "train_loss": "Training",
    "loss": "Validation",
    "reconstruction": "Reconstruction",
    "critics": "Critics",
    "pleasing": "Pleasing the critics",
}
# The measures by which runs are compared.
MEANINGS = {
    "auroc": "AUROC is how often a film with the finding is called more suspect than one without: "
    ".500 is guessing, 1.000 is never wrong.",
    "qwk": "Weighted kappa is the agreement with the true grades: 0 is chance, 1.000 is perfect, "
    "and a grade that is far off counts more.",
    "balanced_accuracy": "Balanced accuracy is the mean share that is right of each class, so that "
    "rare ones count as much as frequent ones.",
    "iou": "IoU is how well the outlines overlap: 0 is not at all, 1.000 is the same.",
    "dice": "Dice is how well the marks overlap: 0 is not at all, 1.000 is the same.",
    "distance": "The distance is how far the painted pictures are from true ones in the features "
    "of another network: 0 is alike, and lower is better.",
}
EPOCH = ("training", "scoring")  # phases of an epoch, whose steps count towards the whole
STEPS = {"training": "taking two steps", "scoring": "scoring once"}  # what they are in a check
ASKED = "It was asked to stop."  # the reason of a run that did


def subject(job: Job) -> str:
    """What a run learns, in a word or two."""
    title = TRAINERS[job.trainer].title if job.trainer in TRAINERS else job.trainer
    return title.partition(":")[0]


def short(job: Job) -> str:
    """A run's name without what it learns, for where that is clear."""
    return job.id.removeprefix(f"{job.trainer}-") or job.id


def checking(job: Job, status: Status) -> bool:
    """Whether it is only being checked, before it may be started."""
    begun = any((job.folder / name).exists() for name in ("trial.json", "last.pt"))
    return status.state == "running" and job.launcher != "shell" and not begun


def sign_of(job: Job, status: Status) -> Sign:
    """How a run stands."""
    return CHECKED if checking(job, status) else SIGNS[status.state]


def worth_telling(status: Status) -> bool:
    """Whether the reason says more than the state."""
    return bool(status.reason) and (status.state, status.reason) != ("stopped", ASKED)


def doing(job: Job, status: Status) -> str:
    """How far a run is: "epoch 3 of 10" while one is under way, "2 of 10 epochs" after."""
    if status.phase in EPOCH and checking(job, status):
        return STEPS[status.phase]
    if status.phase not in ("", *EPOCH):
        so_far = f", {status.step:,} of {status.steps:,}" if status.steps else ""
        return status.phase + so_far
    if not status.epochs:
        return ""
    if status.state == "ready":
        return f"{status.epochs} epochs"
    if status.state != "running":
        return f"{status.epoch} of {status.epochs} epochs"
    return f"epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"


def share(status: Status) -> float:
    """How much of all epochs is done, 0 to 1."""
    begun = status.step / status.steps if status.phase in EPOCH and status.steps else 0.0
    return min(1.0, (status.epoch + min(begun, 1.0)) / max(status.epochs, 1))


def place(position: int) -> str:
    """The place in the queue, 1 first."""
    return "next in line" if position == 1 else f"number {position} in line"


def measure(name: str) -> str:
    """What a column of metrics.csv holds."""
    if name in LOSSES:
        return f"{LOSSES[name]} loss"
    kind, _, hole = name.partition("_")
    if kind in MEASURES and hole in HOLES:
        return f"{MEASURES[kind]}, {HOLES[hole].lower()}"
    return SCORES.get(name) or name.replace("_", " ").capitalize()


def number(value: float) -> str:
    """A number of metrics.csv: shares as .934, others with four digits."""
    return score(value) if 0 <= value <= 1 else f"{value:.4g}"
