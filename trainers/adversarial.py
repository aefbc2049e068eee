"""A training loop for a painter and its critics, on Lightning Fabric, resumable after each epoch.

First the painter learns to reconstruct alone; from `critics_from` on the critics learn too, and it
has to please them besides.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn.functional import relu, softplus
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from trainers.loop import TrainingFailed, forget_after, record, save

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
    """Train and leave `painter` with its last averaged weights; return their scores (of several
    processes, the first one does).

    The run's folder gets `metrics.csv`, `samples/`, `last.pt` with painter, critics, averaged
    painter and both optimisers, and `best.pt`, the averaged painter alone: the last is kept, since
    texture costs fidelity, and the epochs before the critics came would win by every number. An
    unfinished run goes on after its last whole epoch. `dataset_of` gives whole batches and must
    depend on the epoch alone. Raises TrainingFailed when a loss is no longer a number.
    """
    (run / "samples").mkdir(parents=True, exist_ok=True)
    for network in (painter, critics):
        network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        painter.parameters(),
        schedule.rate,
        (schedule.momentum, 0.99),
        weight_decay=schedule.weight_decay,
    )
    critics_optimiser = torch.optim.Adam(critics.parameters(), schedule.critics_rate, (0.5, 0.99))
    averaged = AveragedModel(
        painter, multi_avg_fn=get_ema_multi_avg_fn(schedule.ema), use_buffers=True
    )
    parts = {
        "network": painter,
        "critics": critics,
        "averaged": averaged,
        "optimiser": optimiser,
        "critics_optimiser": critics_optimiser,
    }
    state = _restore(run, parts)
    if fabric.is_global_zero:
        forget_after(run, state["epoch"])
    averaged.to(fabric.device)
    painter, optimiser = fabric.setup(painter, optimiser)
    critics, critics_optimiser = fabric.setup(critics, critics_optimiser)
    both = _Both(fabric, painter, optimiser, critics, critics_optimiser, averaged)

    for epoch in range(state["epoch"], schedule.epochs):
        started = time.time()
        fabric.seed_everything(1000 + epoch, verbose=False)
        loader = fabric.setup_dataloaders(DataLoader(dataset_of(epoch), batch_size=None))
        losses = both.learn(loader, epoch, craft, schedule)
        if fabric.is_global_zero:
            scores = craft.score(averaged.module)
            save(averaged.module.state_dict(), run / "best.pt")
            craft.show(averaged.module, run / "samples" / f"{epoch + 1:04d}.png")
            seconds = time.time() - started
            record(run, {"epoch": epoch + 1, "seconds": seconds, **losses, **scores})
            state = {"epoch": epoch + 1, "scores": scores}
            kept = {name: part.state_dict() for name, part in parts.items()}
            save(kept | {"state": state}, run / "last.pt")
        fabric.barrier()
    best = torch.load(run / "best.pt", weights_only=True, map_location="cpu")
    painter.module.load_state_dict(best)
    return state["scores"]


@dataclass
class _Both:
    """Painter and critics, set up for training."""

    fabric: Fabric
    painter: nn.Module
    optimiser: torch.optim.Optimizer
    critics: nn.Module
    critics_optimiser: torch.optim.Optimizer
    averaged: AveragedModel

    def learn(self, loader, epoch: int, craft: Craft, schedule: Schedule) -> dict[str, float]:
        """One epoch; returns mean losses."""
        self.painter.train()
        adversarial = schedule.critics_from is not None and epoch >= schedule.critics_from
        steps, sums = len(loader), dict.fromkeys(("reconstruction", "critics", "pleasing"), 0.0)
        name = f"epoch {epoch + 1}/{schedule.epochs}"
        bar = tqdm(loader, name, disable=not self.fabric.is_global_zero)
        for step, batch in enumerate(bar):
            rate = _rate((epoch + step / steps) / schedule.epochs, schedule)
            for optimiser, now in (
                (self.optimiser, rate),
                (self.critics_optimiser, schedule.critics_rate),
            ):
                for group in optimiser.param_groups:
                    group["lr"] = now
            picture, own = craft.paint(self.painter, batch)
            picture = picture.float()
            reconstruction = craft.reconstruction(picture, batch)
            loss = reconstruction + own
            sums["reconstruction"] += reconstruction.item()
            if adversarial:
                sums["critics"] += self._teach_critics(picture.detach(), batch, craft)
                pleasing = self._displeasure(picture, batch, craft)
                loss = loss + schedule.pleasing * pleasing
                sums["pleasing"] += pleasing.item()
            _require_number(loss, epoch, step)
            self.fabric.backward(loss)
            self.fabric.clip_gradients(self.painter, self.optimiser, max_norm=5.0)
            self.optimiser.step()
            self.optimiser.zero_grad()
            self.averaged.update_parameters(self.painter.module)
            bar.set_postfix({key: f"{total / (step + 1):.4f}" for key, total in sums.items()})
        return {key: total / max(steps, 1) for key, total in sums.items()}

    def _teach_critics(self, picture: Tensor, batch: Batch, craft: Craft) -> float:
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
        return loss.item()

    def _displeasure(self, picture: Tensor, batch: Batch, craft: Craft) -> Tensor:
        """How little the picture pleases the critics, who learn nothing from it."""
        critics = self.critics.module
        critics.requires_grad_(False)
        with self.fabric.autocast():
            scores = craft.judge(critics, picture, batch)
        critics.requires_grad_(True)
        return sum(craft.objective.painter(score.float()) for score in scores)


def _require_number(loss: Tensor, epoch: int, step: int) -> None:
    if not torch.isfinite(loss):
        raise TrainingFailed(
            f"The loss is no longer a number (epoch {epoch + 1}, step {step + 1}): "
            "try a lower learning rate."
        )


def _restore(run: Path, parts: dict) -> dict:
    """Fill the parts from an unfinished run, if there is one, and return where it stands."""
    state = {"epoch": 0, "scores": {}}
    if not (run / "last.pt").exists():
        return state
    saved = torch.load(run / "last.pt", weights_only=True, map_location="cpu")
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return state | saved["state"]


def _rate(progress: float, schedule: Schedule) -> float:
    if progress < schedule.warmup:
        return schedule.rate * (0.05 + 0.95 * progress / schedule.warmup)
    rest = (progress - schedule.warmup) / (1 - schedule.warmup)
    return schedule.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * rest)))
