"""The one training loop, on Lightning Fabric: CPU, one GPU or many, resumable after every epoch."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from trainers.progress import TrainingFailed


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
        TrainingFailed: the loss is no longer a number.
    """
    run.mkdir(parents=True, exist_ok=True)
    network.to(memory_format=torch.channels_last)  # twice as fast for plain convolutions on a CPU
    trained = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, schedule.rate, weight_decay=schedule.weight_decay)
    averaged = AveragedModel(
        network, multi_avg_fn=get_ema_multi_avg_fn(schedule.ema), use_buffers=True
    )
    parts = {"network": network, "averaged": averaged, "optimiser": optimiser}
    state = _restore(run, parts)
    if fabric.is_global_zero:
        forget_after(run, state["epoch"])
    averaged.to(fabric.device)
    forward, optimiser = fabric.setup(network, optimiser)
    step_of = torch.compile(forward) if schedule.compile else forward

    for epoch in range(state["epoch"], schedule.epochs):
        if schedule.stop_below is not None and state["loss"] < schedule.stop_below:
            break
        started = time.time()
        fabric.seed_everything(1000 + epoch, verbose=False)
        films = dataset_of(epoch)
        batch = min(schedule.batch, len(films))
        loader = fabric.setup_dataloaders(DataLoader(films, batch_size=batch, drop_last=True))
        loss = _train_epoch(fabric, step_of, averaged, optimiser, loader, loss_of, epoch, schedule)
        due = epoch in (0, schedule.epochs - 1) or (epoch + 1) % schedule.score_every == 0
        scores = score(averaged.module) if due else {}
        state |= {"epoch": epoch + 1, "loss": scores.get("loss", state["loss"])}
        primary = next(iter(scores.values()), -math.inf)
        better = bool(scores) and (schedule.keep_last or primary > state["best"])
        if better:
            state |= {"best": primary, "scores": scores}
        if fabric.is_global_zero:
            if better:
                save(averaged.module.state_dict(), run / "best.pt")
            seconds = time.time() - started
            record(run, {"epoch": epoch + 1, "seconds": seconds, "train_loss": loss, **scores})
            save(
                {name: part.state_dict() for name, part in parts.items()} | {"state": state},
                run / "last.pt",
            )
    network.load_state_dict(torch.load(run / "best.pt", weights_only=True, map_location="cpu"))
    return state["scores"]


def _restore(run: Path, parts: dict) -> dict:
    """Fill the parts from an unfinished run, if there is one, and return where it stands."""
    state = {"epoch": 0, "best": -math.inf, "scores": {}, "loss": math.inf}
    if not (run / "last.pt").exists():
        return state
    saved = torch.load(run / "last.pt", weights_only=True, map_location="cpu")
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return state | saved["state"]


def _train_epoch(fabric, forward, averaged, optimiser, loader, loss_of, epoch, schedule) -> float:
    forward.train()
    total, steps = 0.0, len(loader)
    bar = tqdm(loader, f"epoch {epoch + 1}/{schedule.epochs}", disable=not fabric.is_global_zero)
    for step, batch in enumerate(bar):
        rate = _rate((epoch + step / steps) / schedule.epochs, schedule)
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss = loss_of(forward(batch["input"]), batch)
        if not torch.isfinite(loss):
            raise TrainingFailed(
                f"The loss is no longer a number (epoch {epoch + 1}, step {step + 1}): "
                "try a lower learning rate."
            )
        fabric.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
        averaged.update_parameters(forward.module)
        total += loss.item()
        bar.set_postfix(loss=f"{total / (step + 1):.4f}")
    return total / max(steps, 1)


def _rate(progress: float, schedule: Schedule) -> float:
    if progress < schedule.warmup:
        return schedule.rate * (0.05 + 0.95 * progress / schedule.warmup)
    rest = (progress - schedule.warmup) / (1 - schedule.warmup)
    return schedule.rate * 0.5 * (1 + math.cos(math.pi * rest))


def record(run: Path, row: dict[str, float]) -> None:
    """Append a row to the run's `metrics.csv`, whose columns the first row settles;
    print it."""
    path = run / "metrics.csv"
    row = {key: round(value, 5) for key, value in row.items()}
    if not path.exists():
        path.write_text(",".join(row) + "\n")
    columns = path.read_text().split("\n", 1)[0].split(",")
    with path.open("a") as file:
        file.write(",".join(str(row.get(column, "")) for column in columns) + "\n")
    tqdm.write("  ".join(f"{key} {value:.4g}" for key, value in row.items()))


def forget_after(run: Path, epochs: int) -> None:
    """Drop the rows of an epoch that was recorded but stopped before its checkpoint was whole."""
    path = run / "metrics.csv"
    if path.exists():
        path.write_text("".join(path.read_text().splitlines(keepends=True)[: epochs + 1]))


def save(content: dict, path: Path) -> None:
    """Write tensors and plain values so that the file is always whole."""
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    os.replace(temporary, path)
