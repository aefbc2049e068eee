"""States and numbers of training runs, as a reader meets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from core.jobs import Job, Status
from core.jobs.records import LIVE
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
LOSSES = {
    "train_loss": "Training",
    "loss": "Validation",
    "reconstruction": "Reconstruction",
    "critics": "Critics",
    "pleasing": "Pleasing the critics",
}
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


def subject(job: Job) -> str:
    """What a run learns, in a word or two."""
    title = TRAINERS[job.trainer].title if job.trainer in TRAINERS else job.trainer
    return title.partition(":")[0]


def short(job: Job) -> str:
    """A run's name without what it learns, for where that is clear."""
    return job.id.removeprefix(f"{job.trainer}-") or job.id


def doing(status: Status) -> str:
    """How far a run is: "epoch 3 of 10" while one is under way, "2 of 10 epochs" after."""
    if not status.epochs:
        return status.phase if status.state in LIVE else ""
    if status.state == "running":
        epoch = f"epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"
        return epoch if status.phase in ("", "training") else f"{status.phase}, {epoch}"
    return f"{status.epoch} of {status.epochs} epochs"


def share(status: Status) -> float:
    """How much of all epochs is done, 0 to 1."""
    step = status.step / status.steps if status.steps else 0.0
    return min(1.0, max(0.0, (status.epoch + min(step, 1.0)) / max(status.epochs, 1)))


def place(position: int) -> str:
    """The place in the queue: "1st in line"."""
    return f"{ORDINALS.get(position, f'{position}th')} in line"


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
    return score(value) if 0 <= value < 1 else f"{value:.4g}"
