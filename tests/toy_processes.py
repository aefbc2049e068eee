"""A job of toys for both loops, learned by as many processes as asked, of which the last one dies:
`python -m tests.toy_processes --data FOLDER --run FOLDER --devices DEVICES`.

Every process writes what its networks are in the end to `FOLDER/<loop>-<rank>.pt`.
"""

import argparse
import os
import signal
from pathlib import Path

import torch
from torch import nn

from trainers import adversarial, job, loop, start
from trainers.progress import Stopped

# isort: split
# Lightning imports torchvision, which trainers makes importable.
from lightning.fabric import Fabric


class Line(nn.Module):
    """Has no chance and no batch statistics, so it is the same however many learn it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Linear(4, 2)

    def forward(self, batch):
        return (self.body(batch),)


def films(epoch: int) -> list[dict]:
    inputs = torch.randn(44, 4, generator=torch.Generator().manual_seed(epoch))
    return [{"input": x, "label": (x[0] > 0).long()} for x in inputs]


def batches(epoch: int) -> list[dict]:
    generator = torch.Generator().manual_seed(epoch)
    return [{"input": torch.rand(8, 4, generator=generator)} for _ in range(7)]


def learn_class(fabric: Fabric, run: Path) -> nn.Module:
    network = Line()
    loop.fit(
        fabric,
        run,
        network,
        films,
        lambda outputs, batch: nn.functional.cross_entropy(outputs[0], batch["label"]),
        lambda candidate: {"goodness": candidate.body.weight.sum().item()},
        loop.Schedule(3, 8, 0.05, ema=0.5, keep_last=True),
    )
    return network


def learn_to_paint(fabric: Fabric, run: Path) -> nn.Module:
    painter, critics = nn.Linear(4, 4), Line()
    craft = adversarial.Craft(
        paint=lambda painter, batch: (painter(batch["input"]), 0.0),
        reconstruction=lambda picture, batch: (picture - batch["input"]).abs().mean(),
        judge=lambda critics, picture, batch: critics(picture),
        real=lambda batch: (batch["input"], batch),
        score=lambda painter: {"sum": painter.weight.sum().item()},
        show=lambda painter, path: path.write_bytes(b"picture"),
    )
    schedule = adversarial.Schedule(3, 0.05, critics_from=1)
    adversarial.fit(fabric, run, painter, critics, batches, craft, schedule)
    return nn.ModuleList([painter, critics])


def learn_both(fabric: Fabric, folder: Path) -> None:
    """Run both loops to the end, and one that is asked to stop."""
    for learn in (learn_class, learn_to_paint):
        fabric.seed_everything(0, verbose=False)
        network = learn(fabric, folder / learn.__name__)
        torch.save(network.state_dict(), folder / f"{learn.__name__}-{fabric.global_rank}.pt")
    fabric.barrier()
    (folder / "stopped").mkdir(exist_ok=True)
    (folder / "stopped" / "stop").touch()
    try:
        learn_class(fabric, folder / "stopped")
    except Stopped:
        (folder / f"stopped-{fabric.global_rank}").touch()


def main(arguments: argparse.Namespace) -> None:
    """Learn, then lose a process."""
    engine = start.fabric(arguments)
    engine.launch()
    learn_both(engine, arguments.run)
    if engine.global_rank == engine.world_size - 1:
        os.kill(os.getpid(), signal.SIGKILL)
    engine.all_reduce(torch.ones(1))


if __name__ == "__main__":
    job.run("fracture", main)
