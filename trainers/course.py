"""The course of a training from its first epoch to its last: told, timed, tried and stopped.

Both loops (`trainers.loop`, `trainers.adversarial`) go through it, so that they read as what they
learn.
"""

import math
import platform
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import cv2
import psutil
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset
from tqdm import tqdm

from core.jobs.records import write_json
from core.settings import usable_cores
from trainers.checkpoint import finite
from trainers.progress import Progress, Stopped, TrainingFailed, TrialDone

LOOK = 10  # steps between two looks at the losses of a GPU, each of which has to wait for it
WINDOW = 20  # latest steps by which speed is measured
WARM_UP, TIMED = 1, 2  # steps of a trial
MOST_READERS = 8  # processes that prepare films for one GPU


class Course:
    """A training of `epochs` epochs in a run's folder, of which `done` are whole.

    due: epoch → is it scored? With `trial` there is one epoch of a few steps, in the manner of the
    last one, which is the longest where epochs differ.
    """

    def __init__(
        self,
        fabric: Fabric,
        run: Path,
        done: int,
        epochs: int,
        due: Callable[[int], bool],
        trial: bool = False,
    ) -> None:
        self.fabric, self.run, self.trial = fabric, run, trial
        self.done, self.count, self.due = done, epochs, due
        self.progress = Progress(run)
        self.means: dict[str, float] = {}  # of an epoch's losses, over all processes
        self._sums: dict[str, Tensor] = {}
        self._ends: deque[float] = deque(maxlen=WINDOW + 1)  # of steps
        self._steps = self._images = 0  # steps an epoch, images a step
        self._step_seconds = self._scoring_seconds = 0.0

    def epochs(self) -> Iterator[int]:
        """The epochs to go. Their chances are the same whether or not the run was stopped before,
        and others in each process."""
        last = self.count - 1
        for epoch in [last] if self.trial else range(self.done, self.count):
            self.progress.tell(phase="training", epoch=self.done, epochs=self.count, step=0)
            chance = 1000 + epoch + 100_000 * self.fabric.global_rank
            self.fabric.seed_everything(chance, verbose=False)
            yield epoch

    def loader(self, films: Dataset, batch: int | None) -> DataLoader:
        """An epoch's films in batches of `batch`, of which each process gets its part; what fills
        no whole batch is left out. With None the films are batches themselves, and each process
        gets as many of them. Raises TrainingFailed when there is nothing for one of them."""
        processes = self.fabric.world_size
        each = None if batch is None else min(batch, len(films)) // processes
        together = processes if each is None else each * processes
        if not together or len(films) < together:
            raise TrainingFailed(
                f"There is too little to learn from for {processes} processes at a time: give more "
                "data, a larger --batch or fewer --devices."
            )
        whole = len(films) - len(films) % together
        share = Subset(films, range(self.fabric.global_rank, whole, processes))
        loader = DataLoader(
            share,
            batch_size=each,
            num_workers=readers(self.fabric),
            pin_memory=self.fabric.device.type == "cuda",
            worker_init_fn=_as_reader,
        )
        return self.fabric.setup_dataloaders(loader, use_distributed_sampler=False)

    def steps(self, loader: DataLoader, epoch: int) -> Iterator[tuple[float, dict]]:
        """(share of all training done, batch) of every step. After each one, its losses having
        been `add`ed, it is told how training goes.

        Raises TrainingFailed where a loss is no longer a number, and Stopped, both in all
        processes at once.
        """
        self._sums = {}
        self._ends.clear()
        began = time.monotonic()
        steps, silent = len(loader), not self.fabric.is_global_zero
        often = self.trial or self.fabric.device.type == "cpu"
        bar = tqdm(loader, f"epoch {epoch + 1}/{self.count}", disable=silent)
        for step, batch in enumerate(bar, 1):
            yield (epoch + (step - 1) / steps) / self.count, batch
            if often or step % LOOK == 0 or step == steps:
                self.means = self._look(epoch, step)
                bar.set_postfix({name: f"{mean:.4f}" for name, mean in self.means.items()})
            if self.fabric.world_size == 1:
                self.progress.check()
            self._time(batch, epoch, step, steps, began)
            if self.trial and step == WARM_UP + TIMED:
                break

    def add(self, **losses: Tensor) -> None:
        """Count a step's losses, scalars."""
        for name, loss in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + loss.detach().float()

    def _look(self, epoch: int, step: int) -> dict[str, float]:
        """The epoch's mean losses so far, of all processes."""
        asked = torch.tensor(float(self.progress.asked_to_stop()), device=self.fabric.device)
        *sums, asked = self.fabric.all_reduce(
            torch.stack([*self._sums.values(), asked]), reduce_op="mean"
        ).tolist()
        if not all(map(math.isfinite, sums)):
            raise TrainingFailed(
                f"The loss is no longer a number (epoch {epoch + 1}, step {step}): "
                "try a lower learning rate."
            )
        if asked:
            raise Stopped
        return {name: total / step for name, total in zip(self._sums, sums, strict=True)}

    def _time(self, batch: dict, epoch: int, step: int, steps: int, began: float) -> None:
        self._ends.append(time.monotonic())
        self._steps = steps
        self._images = len(next(iter(batch.values()))) * self.fabric.world_size
        if len(self._ends) > 1:  # the first step, which also warms up, does not count
            self._step_seconds = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
        elif steps == 1:
            self._step_seconds = self._ends[0] - began
        if self.progress.due() or step == steps:
            left = self._seconds(epoch, steps - step) if self._step_seconds else None
            self.progress.tell(step=step, steps=steps, seconds_left=left, **self._machine())

    def _seconds(self, epoch: int, steps: int) -> float:
        """How long these steps of an epoch, its scoring and all that follows will take."""
        steps += (self.count - epoch - 1) * self._steps
        scorings = sum(map(self.due, range(epoch, self.count)))
        return steps * self._step_seconds + scorings * self._scoring_seconds

    def _machine(self) -> dict[str, object]:
        speed = self._images / self._step_seconds if self._step_seconds else None
        return {
            "images_per_second": speed,
            "device": device_name(self.fabric),
            "memory_mb": memory_mb(self.fabric),
        }

    def require_numbers(self, network: nn.Module) -> None:
        """Raise TrainingFailed where weights are no longer numbers, as no such network is kept."""
        if not finite(network):
            raise TrainingFailed(
                "The network's weights are no longer numbers: try a lower learning rate."
            )

    def score(
        self,
        network: nn.Module,
        score: Callable[[nn.Module], dict[str, float]],
        epoch: int,
        show: Callable[[nn.Module, Path], None] | None = None,
    ) -> dict[str, float]:
        """What `score` says, and a picture of samples; the first process does both for all."""
        self.progress.tell(phase="scoring")
        began, scores = time.monotonic(), {}
        if self.fabric.is_global_zero:
            scores = score(network)
            if show and not self.trial:
                samples = self.run / "samples"
                samples.mkdir(exist_ok=True)
                show(network, samples / f"{epoch + 1:04d}.png")
        scores = self.fabric.broadcast(scores)
        self._scoring_seconds = time.monotonic() - began
        return scores

    def end_epoch(self, epoch: int, scores: dict[str, float]) -> None:
        """Tell that an epoch is whole, its checkpoint written, and wait for all processes."""
        self.done = epoch + 1
        self.progress.tell(epoch=self.done, **({"scores": scores} if scores else {}))
        self.fabric.barrier()

    def end_trial(self) -> TrialDone:
        """Write `trial.json`: what a step and a scoring take, and all that is to go."""
        if self.fabric.is_global_zero:
            told = {
                "seconds_per_step": self._step_seconds,
                "steps": self._steps,
                "epochs": self.count - self.done,
                "seconds_scoring": self._scoring_seconds,
                "seconds_total": self._seconds(self.done, self._steps),
            }
            write_json(self.run / "trial.json", told | self._machine())
        return TrialDone()


def readers(fabric: Fabric) -> int:
    """How many processes prepare films for this one, which decides nothing about what it learns:
    its share of the cores where a GPU learns, none where the network keeps them busy itself."""
    if fabric.device.type != "cuda":
        return 0
    here = getattr(fabric.strategy, "num_processes", 1)
    return min(usable_cores() // here, MOST_READERS)


def _as_reader(_: int) -> None:
    cv2.setNumThreads(0)  # of OpenCV's threads a forked process has none, and would wait for them


def cosine(share: float, rate: float, warmup: float, floor: float = 0.0) -> float:
    """The learning rate after a share of all steps: it rises to `rate` over the share `warmup`,
    then falls as a cosine to `floor` times that."""
    if share < warmup:
        return rate * (0.05 + 0.95 * share / warmup)
    rest = (share - warmup) / (1 - warmup)
    return rate * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * rest)))


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give all parameters one learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def device_name(fabric: Fabric) -> str:
    """What a person calls it: the GPU's name, or the processor's with its threads."""
    times = f"{fabric.world_size} × " if fabric.world_size > 1 else ""
    if fabric.device.type == "cuda":
        return times + torch.cuda.get_device_name(fabric.device)
    threads = torch.get_num_threads()
    return f"{times}{_processor()}, {threads} thread{'s' if threads > 1 else ''}"


@cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def memory_mb(fabric: Fabric) -> int:
    """The most that was in use on a GPU, or what this process and its children use now."""
    if fabric.device.type == "cuda":
        return torch.cuda.max_memory_allocated(fabric.device) // 2**20
    me, used = psutil.Process(), 0
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            used += process.memory_info().rss
    return used // 2**20
