"""What every trainer shares: where a network starts, and on what it runs."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import timm
import torch
from lightning.fabric import Fabric
from lightning.fabric.strategies import DDPStrategy
from torch import Tensor, nn

from core.archive import BadPack
from core.models import BadModel, ModelCard, verify
from core.networks import published
from core.networks.classifiers import Architecture, build, input_statistics
from core.preprocess import InputSpec
from trainers.loop import Schedule
from trainers.parent import has_learned, keep, parent
from trainers.weights import BadStart, fill, read_weights

# What timm's networks raise when they are built or called in a way that is not theirs.
MISFITS = (AttributeError, AssertionError, IndexError, KeyError, RuntimeError, TypeError)
# How long processes wait for the first one, which scores and shows alone.
SCORED_WITHIN = timedelta(hours=4)
SCRATCH = "random weights (from scratch)"


def run(main: Callable[[], None]) -> None:
    """Call the `main` of a program that is no job; what it cannot do is told in one sentence, not
    a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        main()
    except (BadPack, BadModel, BadStart) as error:
        sys.exit(str(error))


def fabric(arguments: argparse.Namespace) -> Fabric:
    """A Fabric, to be launched once the data was audited: the GPUs if there are some, else the
    CPU; seeded."""
    several = arguments.devices * arguments.num_nodes > 1
    engine = Fabric(
        devices=arguments.devices,
        num_nodes=arguments.num_nodes,
        precision=arguments.precision,
        strategy=DDPStrategy(timeout=SCORED_WITHIN) if several else "auto",
    )
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


def classifier(
    arguments: argparse.Namespace, task: str, asked: Architecture
) -> tuple[nn.Module, Architecture, InputSpec, str]:
    """The network before its first step, how it is built, its input, and where it started.

    A published model brings its own architecture and input; else the network is built as `asked`.
    A run that goes on has all weights in its folder, so none are read elsewhere for it. Raises
    BadStart when the options do not go together or weights do not fit, BadModel when the published
    model cannot be used.
    """
    fresh = not has_learned(arguments.run)
    if arguments.from_model:
        card = parent(arguments.run, arguments.checkpoints, task, arguments.from_model)
        network = published.load(card).requires_grad_(True) if fresh else published.unfilled(card)
        built, spec = Architecture(**card.details["architecture"]), card.input
        origin = _called(card)
        keep(card, arguments.run)
    else:
        built, network = asked, _built(asked)
        origin = load_backbone(network, asked, arguments.weights, arguments.pretrained, fresh)
        statistics = input_statistics(asked, arguments.pretrained)
        spec = InputSpec(asked.size, *statistics)
    runs = getattr(arguments, "from_run", None) or []
    if runs:
        if fresh:
            load_runs(network, runs)
        origin = f"the best weights of {', '.join(run.name for run in runs)}"
    return network, built, spec, arguments.started_from or origin


def whole(
    network: nn.Module, arguments: argparse.Namespace, task: str, part: str = ""
) -> tuple[nn.Module, str]:
    """A network as it is, or filled from the published model `--from-model`, and where it started.

    Where that model is made of several networks, those of its `part` are taken; where the run goes
    on, none, as all weights are in its folder. Raises BadModel when there is no such model or its
    file is another, BadStart when it does not fit.
    """
    origin = SCRATCH
    if arguments.from_model:
        card = parent(arguments.run, arguments.checkpoints, task, arguments.from_model)
        origin = _called(card)
        keep(card, arguments.run)
    if arguments.from_model and not has_learned(arguments.run):
        verify(card)
        state = published.load_state(card.weights)
        if any(name.startswith(f"{part}.") for name in state):
            state = {name.removeprefix(f"{part}."): value for name, value in state.items()}
        fill(network, state, f"The published model {card.name}")
    return network, arguments.started_from or origin


def load_backbone(
    network: nn.Module,
    architecture: Architecture,
    weights: Path | None,
    pretrained: bool,
    fresh: bool = True,
) -> str:
    """Fill the backbone, if it is `fresh`, and return where its weights started, for the card.

    A weights file holds a bare state dict of the backbone, or of a whole classifier (keys under
    `backbone.`). Layers that this head does not use are ignored. Raises BadStart when the
    weights do not fit.
    """
    if weights is None and not pretrained:
        return SCRATCH
    origin = f"timm's pretrained {architecture.backbone}" if pretrained else weights.stem
    if not fresh:
        return origin
    state = _hub(architecture) if pretrained else read_weights(weights)
    if not hasattr(network, "backbone"):
        raise BadStart(f"{architecture.backbone} has no backbone that other weights could start.")
    prefix = "backbone."
    if any(key.startswith(prefix) for key in state):
        state = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    fill(network.backbone, state, origin)
    return origin


def load_runs(network: nn.Module, runs: Sequence[Path]) -> None:
    """Fill a whole network, head and all, with the mean of the best weights of runs of its kind.

    The mean of runs that started from the same weights is as good as their vote, at the price of
    one (Wortsman et al. 2022, model soups). Raises BadStart when a run has no weights or they
    belong to another network.
    """
    states = [read_weights(run / "best.pt") for run in runs]
    for run, state in zip(runs, states, strict=True):
        fill(network, state, f"The run {run.name}", extra=False)
    mean = {
        name: torch.stack([state[name].float() for state in states]).mean(0).to(first.dtype)
        for name, first in states[0].items()
    }
    network.load_state_dict(mean)


def _built(architecture: Architecture) -> nn.Module:
    """The network with fresh weights, which has looked at a picture. Raises BadStart when there is
    no such network, or it is not made for this."""
    size, channels = architecture.size, len(input_statistics(architecture)[0])
    try:
        network = build(architecture)
        with torch.no_grad():
            network.eval()(torch.zeros(1, channels, size, size))
    except MISFITS:
        padding = "leave --same-padding out, or " if architecture.same_padding else ""
        raise BadStart(
            f"{architecture.backbone} cannot learn this with the head {architecture.head} at "
            f"{size} px: {padding}choose a convolutional network such as mobilenetv2_100."
        ) from None
    except ValueError as error:
        raise BadStart(str(error)) from None
    return network.train()


def _hub(architecture: Architecture) -> dict[str, Tensor]:
    """The backbone's weights on timm's hub. Raises BadStart when they cannot be had."""
    if not timm.is_model(architecture.backbone):
        raise BadStart(
            f"The hub has no weights for {architecture.backbone}: give --weights, or choose a "
            "backbone that timm names."
        )
    try:
        source = timm.create_model(architecture.backbone, pretrained=True, num_classes=0)
    except Exception as error:  # the hub's errors share no base class
        raise BadStart(
            f"timm's hub did not give the weights of {architecture.backbone} "
            f"({type(error).__name__}): check the connection, or give a file with --weights."
        ) from None
    return source.state_dict()


def _called(card: ModelCard) -> str:
    return f"the published {card.task} model {card.name}"
