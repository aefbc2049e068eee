"""The one training loop, on Lightning Fabric: CPU, one GPU or many, resumable after every epoch."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import Dataset

from trainers.checkpoint import forget_after, read, record, restore, save
from trainers.course import Course, cosine, set_rate


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    The learning rate rises over the first `warmup` share of the steps, then falls as a cosine to
    zero. The network is scored after the first epoch, every `score_every` epochs and after the
    last; kept is the best by its first number, or the last with `keep_last`. `ema` is the decay a
    step of the averaged weights, which are the ones scored and kept.
    `stop_below` ends training once the validation loss is lower (None: never).
    """

    epochs: int
    batch: int = 32
    rate: float = 5e-4
    weight_decay: float = 0.02
    ema: float = 0.99
    warmup: float = 0.05
    stop_below: float | None = None
    score_every: int = 1
    keep_last: bool = False
    compile: bool = False

    def due(self, epoch: int) -> bool:
        """Is the network scored after this epoch (from 0)?"""
        return epoch in (0, self.epochs - 1) or (epoch + 1) % self.score_every == 0

    def rate_at(self, share: float) -> float:
        """The learning rate after a share of all steps."""
        return cosine(share, self.rate, self.warmup)


Loss = Callable[[tuple[Tensor, ...], dict[str, Tensor]], Tensor]
Score = Callable[[nn.Module], dict[str, float]]


def fit(
    fabric: Fabric,
    run: Path,
    network: nn.Module,
    dataset_of: Callable[[int], Dataset],
    loss_of: Loss,
    score: Score,
    schedule: Schedule,
    show: Callable[[nn.Module, Path], None] | None = None,
    trial: bool = False,
) -> dict[str, float]:
    """Train `network` and leave it with the best averaged weights; return their scores.

    Args:
        run: folder for `metrics.csv`, `last.pt` and `best.pt`; an unfinished run there goes on
            after its last whole epoch, with the same result as if never stopped.
        dataset_of: epoch → data set of dicts holding "input"; must depend on the epoch alone.
        loss_of: (outputs, batch) → scalar loss.
        score: network → validation numbers; the first is maximised, "loss" is read by
            `stop_below`.
        show: (network, path) → None, writes a picture of samples as PNG after every scoring.
        trial: only take a few steps and one scoring, write `trial.json` and raise TrialDone.

    Raises:
        TrainingFailed: the loss is no longer a number, or the run's checkpoint is of another
            network; the run's files stay as they are.
        Stopped: the run's folder asks to stop.
    """
    run.mkdir(parents=True, exist_ok=True)
    # An optimiser's state is restored to where its parameters lie then, and stays there. Channels
    # last is twice as fast for plain convolutions on a CPU.
    network.to(fabric.device, memory_format=torch.channels_last)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, schedule.rate, weight_decay=schedule.weight_decay)
    averaged = AveragedModel(
        network, fabric.device, multi_avg_fn=get_ema_multi_avg_fn(schedule.ema), use_buffers=True
    )
    parts = {"network": network, "averaged": averaged, "optimiser": optimiser}
    state = restore(run, parts, {"epoch": 0, "best": -math.inf, "scores": {}, "loss": math.inf})
    if fabric.is_global_zero and not trial:
        forget_after(run, state["epoch"])
    forward, optimiser = fabric.setup(network, optimiser)
    step_of = torch.compile(forward) if schedule.compile else forward
    course = Course(fabric, run, state["epoch"], schedule.epochs, schedule.due, trial)

    for epoch in course.epochs():
        if schedule.stop_below is not None and state["loss"] < schedule.stop_below:
            break
        started = time.time()
        forward.train()
        loader = course.loader(dataset_of(epoch), schedule.batch)
        for share, batch in course.steps(loader, epoch):
            set_rate(optimiser, schedule.rate_at(share))
            loss = loss_of(step_of(batch["input"]), batch)
            fabric.backward(loss)
            optimiser.step()
            optimiser.zero_grad()
            averaged.update_parameters(forward.module)
            course.add(train_loss=loss)
        course.require_numbers(averaged)
        scores = course.score(averaged.module, score, epoch, show) if schedule.due(epoch) else {}
        if trial:
            raise course.end_trial()
        state |= {"epoch": epoch + 1, "loss": scores.get("loss", state["loss"])}
        primary = next(iter(scores.values()), -math.inf)
        better = bool(scores) and (schedule.keep_last or primary > state["best"])
        if better:
            state |= {"best": primary, "scores": scores}
        if fabric.is_global_zero:
            if better:
                save(averaged.module.state_dict(), run / "best.pt")
            seconds = time.time() - started
            record(run, {"epoch": epoch + 1, "seconds": seconds, **course.means, **scores})
            kept = {name: part.state_dict() for name, part in parts.items()}
            save(kept | {"state": state}, run / "last.pt")
        course.end_epoch(epoch, scores)
    network.load_state_dict(read(run / "best.pt"))
    return state["scores"]
