"""A training loop for a painter and its critics, on Lightning Fabric, resumable after each epoch.

First the painter learns to reconstruct alone; from `critics_from` on the critics learn too, and it
has to please them besides.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn.functional import relu, softplus
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import Dataset

from trainers.checkpoint import forget_after, read, record, restore, save
from trainers.course import Course, cosine, set_rate

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    The painter's rate rises over the first `warmup` share of all steps, then falls as a cosine to
    a hundredth; `momentum` is its optimiser's first decay. `critics_from` is the epoch (from 0) in
    which the critics join (None: never), `pleasing` the weight of pleasing them. `ema` is the
    decay a step of the averaged painter, which is the one scored and kept.
    """

    epochs: int
    rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 1e-4
    ema: float = 0.998
    warmup: float = 0.02
    critics_from: int | None = None
    critics_rate: float = 2e-4
    pleasing: float = 0.01

    def rate_at(self, share: float) -> float:
        """The painter's learning rate after a share of all steps."""
        return cosine(share, self.rate, self.warmup, floor=0.01)


@dataclass(frozen=True)
class Objective:
    """What scores should be, high where a critic takes a picture for real.

    critics: (scores of real pictures, of painted ones) → scalar loss of the critics. painter:
    scores of painted ones → scalar loss of the painter.
    """

    critics: Callable[[Tensor, Tensor], Tensor]
    painter: Callable[[Tensor], Tensor]


# Lim & Ye 2017.
HINGE = Objective(
    lambda real, painted: relu(1 - real).mean() + relu(1 + painted).mean(),
    lambda painted: -painted.mean(),
)
# Goodfellow et al. 2014, with the painter's loss that does not saturate.
CROSS_ENTROPY = Objective(
    lambda real, painted: (softplus(-real).mean() + softplus(painted).mean()) / 2,
    lambda painted: softplus(-painted).mean(),
)


@dataclass(frozen=True)
class Craft:
    """What a task gives to the loop.

    paint: (painter, batch) → its picture, and a scalar loss of the painting itself (0 for none).
    reconstruction: (picture, batch) → scalar loss.
    judge: (critics, picture, batch) → scores, one tensor a critic, high where real. real: batch →
    the true picture and the batch it belongs to, where that is another. score: painter →
    validation numbers. show: (painter, path) → None, writes a picture of samples.
    """

    paint: Callable[[nn.Module, Batch], tuple[Tensor, Tensor | float]]
    reconstruction: Callable[[Tensor, Batch], Tensor]
    judge: Callable[[nn.Module, Tensor, Batch], tuple[Tensor, ...]]
    real: Callable[[Batch], tuple[Tensor, Batch]]
    score: Callable[[nn.Module], dict[str, float]]
    show: Callable[[nn.Module, Path], None]
    objective: Objective = HINGE


def fit(
    fabric: Fabric,
    run: Path,
    painter: nn.Module,
    critics: nn.Module,
    dataset_of: Callable[[int], Dataset],
    craft: Craft,
    schedule: Schedule,
    trial: bool = False,
) -> dict[str, float]:
    """Train and leave `painter` with its last averaged weights; return their scores.

    The run's folder gets `metrics.csv`, `samples/`, `last.pt` with painter, critics, averaged
    painter and both optimisers, and `best.pt`, the averaged painter alone: the last is kept, since
    texture costs fidelity, and the epochs before the critics came would win by every number. An
    unfinished run goes on after its last whole epoch. `dataset_of` gives whole batches and must
    depend on the epoch alone. A trial only takes a few steps and one scoring, writes `trial.json`
    and raises TrialDone. Raises TrainingFailed when a loss is no longer a number or the run's
    checkpoint is of other networks, and Stopped when the folder asks for it.
    """
    run.mkdir(parents=True, exist_ok=True)
    # Optimisers' states are restored to where the parameters lie then, and stay there.
    for network in (painter, critics):
        network.to(fabric.device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        painter.parameters(),
        schedule.rate,
        (schedule.momentum, 0.99),
        weight_decay=schedule.weight_decay,
    )
    critics_optimiser = torch.optim.Adam(critics.parameters(), schedule.critics_rate, (0.5, 0.99))
    averaged = AveragedModel(
        painter, fabric.device, multi_avg_fn=get_ema_multi_avg_fn(schedule.ema), use_buffers=True
    )
    parts = {
        "network": painter,
        "critics": critics,
        "averaged": averaged,
        "optimiser": optimiser,
        "critics_optimiser": critics_optimiser,
    }
    state = restore(run, parts, {"epoch": 0, "scores": {}})
    if fabric.is_global_zero and not trial:
        forget_after(run, state["epoch"])
    painter, optimiser = fabric.setup(painter, optimiser)
    critics, critics_optimiser = fabric.setup(critics, critics_optimiser)
    both = _Both(fabric, painter, optimiser, critics, critics_optimiser)
    course = Course(fabric, run, state["epoch"], schedule.epochs, lambda epoch: True, trial)

    for epoch in course.epochs():
        started = time.time()
        painter.train()
        adversarial = schedule.critics_from is not None and epoch >= schedule.critics_from
        loader = course.loader(dataset_of(epoch), None)
        for share, batch in course.steps(loader, epoch):
            set_rate(optimiser, schedule.rate_at(share))
            set_rate(critics_optimiser, schedule.critics_rate)
            course.add(**both.learn(batch, craft, schedule.pleasing if adversarial else None))
            averaged.update_parameters(painter.module)
        course.require_numbers(averaged)
        scores = course.score(averaged.module, craft.score, epoch, craft.show)
        if trial:
            raise course.end_trial()
        state = {"epoch": epoch + 1, "scores": scores}
        if fabric.is_global_zero:
            save(averaged.module.state_dict(), run / "best.pt")
            seconds = time.time() - started
            record(run, {"epoch": epoch + 1, "seconds": seconds, **course.means, **scores})
            kept = {name: part.state_dict() for name, part in parts.items()}
            save(kept | {"state": state}, run / "last.pt")
        course.end_epoch(epoch, scores)
    painter.module.load_state_dict(read(run / "best.pt"))
    return state["scores"]


@dataclass
class _Both:
    """Painter and critics, set up for training."""

    fabric: Fabric
    painter: nn.Module
    optimiser: torch.optim.Optimizer
    critics: nn.Module
    critics_optimiser: torch.optim.Optimizer

    def learn(self, batch: Batch, craft: Craft, pleasing: float | None) -> dict[str, Tensor]:
        """One step; returns its losses. `pleasing` is the weight of pleasing the critics (None:
        they have not joined)."""
        picture, own = craft.paint(self.painter, batch)
        picture = picture.float()
        reconstruction = craft.reconstruction(picture, batch)
        loss = reconstruction + own
        judged, displeasure = torch.zeros_like(reconstruction), torch.zeros_like(reconstruction)
        if pleasing is not None:
            judged = self._teach_critics(picture.detach(), batch, craft)
            displeasure = self._displeasure(picture, batch, craft)
            loss = loss + pleasing * displeasure
        self.fabric.backward(loss)
        self.fabric.clip_gradients(
            self.painter, self.optimiser, max_norm=5.0, error_if_nonfinite=False
        )
        self.optimiser.step()
        self.optimiser.zero_grad()
        return {"reconstruction": reconstruction, "critics": judged, "pleasing": displeasure}

    def _teach_critics(self, picture: Tensor, batch: Batch, craft: Craft) -> Tensor:
        """One step of the critics."""
        real_picture, real_batch = craft.real(batch)
        # In one call: several processes could not share the critics' statistics between two.
        pictures = torch.cat([real_picture, picture])
        twice = {name: torch.cat([real_batch[name], value]) for name, value in batch.items()}
        loss = 0.0
        for scores in craft.judge(self.critics, pictures, twice):
            loss = loss + craft.objective.critics(*scores.float().chunk(2))
        self.fabric.backward(loss)
        self.critics_optimiser.step()
        self.critics_optimiser.zero_grad()
        return loss

    def _displeasure(self, picture: Tensor, batch: Batch, craft: Craft) -> Tensor:
        """How little the picture pleases the critics, who learn nothing from it."""
        critics = self.critics.module
        critics.requires_grad_(False)
        with self.fabric.autocast():
            scores = craft.judge(critics, picture, batch)
        critics.requires_grad_(True)
        return sum(craft.objective.painter(score.float()) for score in scores)
