"""From a trained painter to a published one: graph, card, and its numbers on validation films."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from core.models import ModelCard
from core.networks.context_encoder import STRIDE, ClassicContextEncoder
from core.painters import open_painter
from core.preprocess import InputSpec
from trainers import fill_scoring
from trainers.export import export_fill
from trainers.films import Film, Pack
from trainers.holes import SIDE
from trainers.notes import noted
from trainers.publish import UNCALIBRATED, appearing, write_card

LARGEST_VIEW = 256  # px: a larger hole is shrunk with its surroundings


def publish(
    arguments: argparse.Namespace, painter: nn.Module, pack: Pack, films: Sequence[Film]
) -> Path:
    """Export `painter`, measure it on the validation `films`, and write its folder."""
    joined = arguments.from_run if arguments.epochs == 0 else None
    provenance = noted(arguments, pack, joined or [arguments.run])
    classic = isinstance(painter, ClassicContextEncoder)
    target = provenance.checkpoints / "inpaint" / provenance.name
    with appearing(target) as folder:
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
    return target
