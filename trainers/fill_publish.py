"""From a trained painter to a published one: graph, card, and its numbers on validation films."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import nn

from core.film_packs import Film, Pack
from core.inpaint import middle
from core.models import ModelCard
from core.networks.context_encoder import STRIDE, ClassicContextEncoder
from core.painters import open_painter
from core.preprocess import InputSpec
from trainers import fill_scoring
from trainers.export import export_fill
from trainers.holes import SIDE, with_hole
from trainers.notes import noted
from trainers.publish import UNCALIBRATED, appearing, write_card
from trainers.squares import load_squares
from trainers.torch_check import INPUTS, against_torch

LARGEST_VIEW = 256  # px: a larger hole is shrunk with its surroundings


def publish(
    arguments: argparse.Namespace, painter: nn.Module, pack: Pack, films: Sequence[Film]
) -> Path:
    """Export `painter`, check it against torch, measure it on the validation `films`, and write its
    folder. Raises BadModel."""
    joined = arguments.from_run if arguments.epochs == 0 else None
    provenance = noted(arguments, pack, joined or [arguments.run])
    classic = isinstance(painter, ClassicContextEncoder)
    with appearing("inpaint", provenance) as folder:
        sha256 = export_fill(painter, SIDE, 0 if classic else STRIDE, folder / "model.onnx")
        card = {
            "task": "inpaint",
            "classes": [],
            "input": InputSpec(SIDE, (0.0, 0.0), (1.0, 1.0)).to_card(),
            "outputs": ["filled"],
            "view": "whole film" if classic else "hole and surroundings",
            "largest_view": SIDE if classic else LARGEST_VIEW,
            "stride": SIDE if classic else STRIDE,
            "heatmap": "none",
            **UNCALIBRATED,
            "metrics": {},
            "validation": {"n": 0, "data": provenance.data},
            "check": against_torch(painter, folder / "model.onnx", _views(pack, films), ["filled"]),
            **provenance.to_card(sha256),
        }
        write_card(card, folder)
        opened = open_painter(ModelCard.read(folder))
        holes_of = fill_scoring.middle_hole if classic else fill_scoring.own_holes
        reading = fill_scoring.read_all(opened, pack, films, holes_of)
        ranges = fill_scoring.intervals(reading)
        card["metrics"] = {
            name: {"value": value, "low": ranges[name][0], "high": ranges[name][1]}
            for name, value in fill_scoring.numbers(reading).items()
        }
        card["validation"] = {
            "n": len({row.film.name for row in reading.rows}),
            "holes": fill_scoring.counts(reading),
            "data": f"val split of {provenance.data}, films with metal kept apart",
        }
        write_card(card, folder)
        reading.write(folder / "predictions.csv")
    return provenance.folder("inpaint")


def _views(pack: Pack, films: Sequence[Film]) -> dict[str, np.ndarray]:
    """A few films as a painter takes them, each with a hole in its middle."""
    squares = load_squares(pack, films[:INPUTS], SIDE).squares
    views = [with_hole(each / np.float32(255), middle(each.shape)) for each in squares]
    return {"input": np.reshape(views, (-1, 2, SIDE, SIDE)).astype(np.float32)}
