"""Train a classifier of seven skin lesions and publish it.

    python -m trainers.lesion --data lesion.zip --run runs/lesion --pretrained --publish mobilenetv2
    python -m trainers.lesion --data lesion.zip --run runs/more --also lightbox-lesions.zip

DATA is the project's lesion pack or HAM10000 as published, as a folder or a zip. `--also` names
packs, such as a batch of the Sketch page, whose lesions join the training pictures alone:
validation stays that of DATA. Training is resumable: the same command goes on where it stopped.
"""

import argparse
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from core import grading
from core.archive import BadPack
from core.lesions import CODES, DIAGNOSES, SIDE, network_input
from core.networks.classifiers import Architecture, input_statistics
from core.preprocess import InputSpec
from trainers import audit, job, start
from trainers.lesion_scoring import diagnosed
from trainers.lesion_views import Views, drawn, prior
from trainers.lesions import LesionPack, Squares
from trainers.loop import fit
from trainers.publish import Provenance, publish, source_of
from trainers.sample_grid import Called, fixed
from trainers.tasks import LESION

log = logging.getLogger(__name__)

SMOOTHING = 0.05
NAMES = [diagnosis.name for diagnosis in DIAGNOSES]


class BalancedLoss:
    """Cross-entropy that makes the logits speak as if all diagnoses were equally common.

    What drawing does not balance the loss does: it adds the log of the drawn `shares` to the
    logits (Menon et al. 2021, logit adjustment), so that a rare diagnosis needs no more evidence
    than a common one.
    """

    def __init__(self, shares: np.ndarray) -> None:
        # A diagnosis without pictures stays out of the running.
        self.offset = torch.from_numpy(np.log(np.maximum(shares, 1e-6))).float()

    def __call__(self, outputs: tuple[Tensor, ...], batch: dict[str, Tensor]) -> Tensor:
        logits = outputs[0].float()
        return nn.functional.cross_entropy(
            logits + self.offset.to(logits.device), batch["label"], label_smoothing=SMOOTHING
        )


@torch.inference_mode()
def score(network: nn.Module, val: Squares) -> dict[str, float]:
    """Balanced accuracy, accuracy, and the log loss with all diagnoses weighing alike."""
    network.eval()
    device = next(network.parameters()).device
    found = []
    for begin in range(0, len(val), 64):
        batch = torch.from_numpy(network_input(val.images[begin : begin + 64])).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            found.append(network(batch)[0].float().log_softmax(1).cpu().numpy())
    logs = np.concatenate(found)
    called, kinds = logs.argmax(1), len(CODES)
    losses = -logs[np.arange(len(val)), val.labels]
    return {
        "balanced_accuracy": grading.balanced_accuracy(val.labels, called, kinds),
        "accuracy": grading.accuracy(val.labels, called, kinds),
        "loss": float(np.mean([losses[val.labels == kind].mean() for kind in set(val.labels)])),
    }


def samples(val: Squares) -> Called:
    """Shows a few lesions with what the network calls them."""
    shown = fixed(val.labels)
    images = val.images[shown]
    return Called(images, network_input(images), val.labels[shown], NAMES)


def main(arguments: argparse.Namespace) -> None:
    """Audit the data, train, publish."""
    engine = start.fabric(arguments)
    asked = Architecture(arguments.backbone, "average", SIDE, arguments.same_padding, len(CODES))
    network, architecture, _, origin = start.classifier(arguments, "lesion", asked)
    pack = LesionPack(arguments.data)
    audit.require_sound(audit.lesions(pack, classes=2), arguments)
    engine.launch()
    train, val = (diagnosed(pack, split) for split in ("train", "val"))
    own = len(train)
    train, also = with_others(train, val, arguments.also)
    shares = prior(train.labels, arguments.balance)
    sides = [*growing(arguments.from_side, arguments.epochs), SIDE]

    def views(epoch: int) -> Views:
        seed = (arguments.seed, epoch)
        order = drawn(train.labels, shares, len(train), seed)
        return Views(train, order, seed, sides[epoch])

    best = fit(
        engine,
        arguments.run,
        network,
        views,
        BalancedLoss(shares),
        lambda candidate: score(candidate, val),
        start.schedule(arguments),
        show=samples(val),
        trial=arguments.trial,
    )
    print("on val:", {name: round(value, 4) for name, value in best.items()})
    if arguments.publish and engine.is_global_zero:
        remeasure(network, views(arguments.epochs))
        provenance = replace(Provenance.of(arguments, origin, pack, own), also=also)
        spec = InputSpec(SIDE, *input_statistics(architecture), colour=True)
        folder = publish(LESION, network, architecture, spec, pack, val.lesions, provenance)
        print(f"published {folder}")


def with_others(
    train: Squares, val: Squares, others: Sequence[Path]
) -> tuple[Squares, dict[str, int]]:
    """The training pictures with all of other packs, and whence how many were added. Raises
    BadPack when one holds a lesion that is validated on."""
    held_out = {name for lesion in val.lesions for name in (lesion.name, lesion.group)}
    also: dict[str, int] = {}
    for path in others:
        pack = LesionPack(path)
        added = diagnosed(pack, "all")
        if any({lesion.name, lesion.group} & held_out for lesion in added.lesions):
            raise BadPack(f"{path} holds lesions of the validation split: take them out of it.")
        log.info("train: %d pictures, and %d of %s", len(train), len(added), path)
        source = source_of(pack)
        also[source] = also.get(source, 0) + len(added)
        train = train.joined(added)
    return train, also


def remeasure(network: nn.Module, views: Views, most: int = 2048, batch: int = 128) -> None:
    """Measure the batch statistics anew over up to `most` views, in the full precision in which
    the network is served: those from training in bfloat16 are a little off."""
    network.eval().cpu().float()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the mean over all batches
            layer.train()
    seen = min(most, len(views))
    with torch.inference_mode():
        for begin in range(0, seen, batch):
            part = range(begin, min(begin + batch, seen))
            network(torch.stack([views[position]["input"] for position in part]))
    network.eval()


def growing(side: int, epochs: int) -> list[int]:
    """The pictures' side in each epoch, in steps of 32 px up to `SIDE`: small ones cost less, and
    what they teach holds for larger ones."""
    return [int(32 * np.rint(wide / 32)) for wide in np.linspace(side, SIDE, epochs)]


if __name__ == "__main__":
    job.run("lesion", main)
