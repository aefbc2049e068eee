"""What every trainer's command line shares: where a network starts, and on what it runs."""

import argparse
import logging
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import timm
import torch
from lightning.fabric import Fabric
from torch import nn

from core.models import BadModel
from core.networks.classifiers import Architecture
from trainers.archive import BadPack
from trainers.loop import Schedule, TrainingFailed


class BadStart(ValueError):
    """Weights that cannot start a network; the message says why."""


def add_common(parser: argparse.ArgumentParser) -> None:
    """Options that mean the same in every trainer."""
    parser.add_argument("--data", type=Path, required=True, help="pack: a folder or a zip")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run; resumes there")
    parser.add_argument("--started-from", help="what these weights are, for the card")
    parser.add_argument("--source", help="name and licence of the data, for the card")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--precision", default="bf16-mixed", help="as in Lightning Fabric")
    parser.add_argument("--publish", metavar="NAME", help="publish as checkpoints/TASK/NAME")
    parser.add_argument("--title", help="the model's title in the app")
    parser.add_argument("--summary", help="one sentence on what the model is")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that mean the same in every trainer of a classifier."""
    add_common(parser)
    parser.add_argument("--weights", type=Path, help="start the backbone from this .pt/.pth file")
    parser.add_argument(
        "--pretrained", action="store_true", help="start the backbone from timm's hub"
    )
    parser.add_argument(
        "--same-padding", action="store_true", help="padding of TensorFlow, for weights from there"
    )
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=5e-4, help="peak learning rate")
    parser.add_argument("--stop-below", type=float, help="stop once the val loss is lower")
    parser.add_argument("--score-every", type=int, default=1, help="epochs between scorings")
    parser.add_argument("--last", action="store_true", help="keep the last weights, not the best")
    parser.add_argument("--compile", action="store_true", help="torch.compile the step")
    parser.add_argument(
        "--allow-leak", action="store_true", help="score a leaking split all the same"
    )


def run(main: Callable[[], None]) -> None:
    """Call a trainer's `main`; what it cannot do is told in one sentence, not a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        main()
    except (BadPack, BadModel, BadStart, TrainingFailed) as error:
        sys.exit(str(error))


def fabric(arguments: argparse.Namespace) -> Fabric:
    """A launched Fabric: the GPU if there is one, else the CPU; seeded."""
    engine = Fabric(devices=arguments.devices, precision=arguments.precision)
    engine.launch()
    engine.seed_everything(arguments.seed, verbose=False)
    return engine


def schedule(arguments: argparse.Namespace) -> Schedule:
    """How long and how fast to learn, from the command line."""
    return Schedule(
        arguments.epochs,
        arguments.batch,
        arguments.rate,
        stop_below=arguments.stop_below,
        score_every=arguments.score_every,
        keep_last=arguments.last,
        compile=arguments.compile,
    )


def load_backbone(
    network: nn.Module, architecture: Architecture, weights: Path | None, pretrained: bool
) -> str:
    """Fill the backbone and return where its weights started, for the card.

    A weights file holds a bare state dict of the backbone, or of a whole classifier (keys under
    `backbone.`). Layers that this head does not use are ignored. Raises BadStart when the
    weights do not fit.
    """
    if weights is None and not pretrained:
        return "random weights (from scratch)"
    if pretrained:
        if not timm.is_model(architecture.backbone):
            raise BadStart(
                f"The hub has no weights for {architecture.backbone}: give --weights, or choose a "
                "backbone that timm names."
            )
        source = timm.create_model(architecture.backbone, pretrained=True, num_classes=0)
        state, origin = source.state_dict(), f"timm's pretrained {architecture.backbone}"
    else:
        state, origin = read_weights(weights), weights.stem
    if not hasattr(network, "backbone"):
        raise BadStart(f"{architecture.backbone} has no backbone that other weights could start.")
    prefix = "backbone."
    if any(key.startswith(prefix) for key in state):
        state = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    missing, _ = network.backbone.load_state_dict(state, strict=False)
    if missing:
        raise BadStart(
            f"{origin} does not fit {architecture.backbone}: {len(missing)} weights are missing, "
            f"first {', '.join(missing[:3])}."
        )
    return origin


def load_runs(network: nn.Module, runs: Sequence[Path]) -> None:
    """Fill a whole network, head and all, with the mean of the best weights of runs of its kind.

    The mean of runs that started from the same weights is as good as their vote, at the price of
    one (Wortsman et al. 2022, model soups). Raises BadStart when a run has no weights or they
    belong to another network.
    """
    states = [read_weights(run / "best.pt") for run in runs]
    for run, state in zip(runs, states, strict=True):
        try:
            network.load_state_dict(state)
        except RuntimeError:
            raise BadStart(f"{run} holds the weights of another network.") from None
    mean = {
        name: torch.stack([state[name].float() for state in states]).mean(0).to(first.dtype)
        for name, first in states[0].items()
    }
    network.load_state_dict(mean)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """A file of plain weights: a state dict. Raises BadStart when it is none."""
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
        raise BadStart(f"{path} is missing, damaged or no file of plain weights.") from None
