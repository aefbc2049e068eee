"""From a trained generator of lesions to a published one: graph, card, and its honest numbers."""

import argparse
import logging
from pathlib import Path

import numpy as np
from torch import nn

from core.lesions import CODES, SIDE
from core.models import BadModel, ModelCard
from core.sketch import condition
from core.sketchers import noise as noise_of
from core.sketchers import open_sketcher
from trainers import sketch_numbers, sketch_scoring
from trainers.export import export_sketcher
from trainers.lesions import LesionPack
from trainers.notes import noted
from trainers.publish import UNCALIBRATED, appearing, write_card
from trainers.torch_check import INPUTS, against_torch

log = logging.getLogger(__name__)

INPUT = {
    "size": SIDE,
    "channels": 2,
    "fit": "drawn at this size",
    "depth": "mask 0 or 1, and distance from its border in [-1, 1]",
    "mean": [0.0, 0.0],
    "std": [1.0, 1.0],
}


def publish(
    arguments: argparse.Namespace, generator: nn.Module, pack: LesionPack, noise: int
) -> Path:
    """Export `generator`, check it against torch, measure it on the validation lesions of `pack`,
    and write its folder.

    `noise` is how many numbers it takes of what tells variants apart, 0 for none. Without a
    published classifier and segmenter to look at its pictures the card has no numbers. Raises
    BadStart when the run did not note its training, BadPack when the pack cannot be scored,
    BadModel when it cannot be published so.
    """
    provenance = noted(arguments, pack, [arguments.run])
    with appearing("sketch", provenance) as folder:
        sha256 = export_sketcher(generator, folder / "model.onnx")
        card = {
            "task": "sketch",
            "classes": list(CODES),
            "input": INPUT,
            "outputs": ["image"],
            "noise": noise,
            "heatmap": "none",
            **UNCALIBRATED,
            "metrics": {},
            "validation": {"n": 0, "data": provenance.data},
            "check": against_torch(generator, folder / "model.onnx", _asked(pack), ["image"]),
            **provenance.to_card(sha256),
        }
        write_card(card, folder)
        try:
            judges = sketch_scoring.Judges.published(provenance.checkpoints)
        except BadModel as error:
            log.warning("Published without numbers: %s", error.reason)
            return provenance.folder("sketch")
        reading = sketch_scoring.read_all(open_sketcher(ModelCard.read(folder)), judges, pack)
        ranges = sketch_numbers.intervals(reading)
        card["metrics"] = {
            name: {"value": value} | dict(zip(("low", "high"), ranges.get(name, ()), strict=False))
            for name, value in sketch_numbers.numbers(reading).items()
        }
        card["validation"] = {
            **sketch_scoring.describe(reading),
            "data": f"val split of {provenance.data}",
        }
        write_card(card, folder)
        reading.write(folder / "predictions.csv")
    return provenance.folder("sketch")


def _asked(pack: LesionPack) -> dict[str, np.ndarray]:
    """A few lesions' sketches, diagnoses and noise, as a generator takes them."""
    drawn = [each for each in pack.split("val") if each.mask and each.label is not None]
    real = pack.read_squares(drawn[:INPUTS])
    sketches = [condition(mask) for mask in real.masks]
    return {
        "sketch": np.reshape(sketches, (-1, 2, SIDE, SIDE)).astype(np.float32),
        "label": np.eye(len(CODES), dtype=np.float32)[real.labels],
        "noise": noise_of(range(len(real.labels))),
    }
