"""From a trained network to a published model: graph, calibration, card, validation predictions.

Everything in the card is measured with the exported file, through the code that the app runs.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from torch import nn

from core import metrics
from core.models import OUTPUTS, ModelCard, open_model
from core.networks.classifiers import Architecture
from core.preprocess import InputSpec
from core.settings import CHECKOUT
from trainers import scoring
from trainers.export import export
from trainers.films import Film, Pack

CLASSES = ["not fractured", "fractured"]
FRACATLAS = "FracAtlas, Abedeen et al. 2023, doi 10.6084/m9.figshare.22363012, CC BY 4.0"
KEPT = ("epochs", "batch", "rate", "crop", "balance", "phantoms", "freeze", "precision")


@dataclass(frozen=True)
class Provenance:
    """Where a model comes from: what the card says besides numbers."""

    name: str
    title: str
    summary: str
    checkpoints: Path
    weights_started_from: str
    training: dict
    data: str
    n_train: int
    seed: int

    @classmethod
    def of(cls, arguments: argparse.Namespace, origin: str, pack: Pack, n_train: int):
        """From a trainer's command line."""
        fracatlas = all(re.fullmatch(r"IMG\d{7}\.jpg", film.name) for film in pack.films)
        licence = arguments.source or (FRACATLAS if fracatlas else "data of unstated licence")
        training = {key: value for key, value in vars(arguments).items() if key in KEPT}
        name = arguments.publish
        return cls(
            name=name,
            title=arguments.title or name,
            summary=arguments.summary or "",
            checkpoints=arguments.checkpoints,
            weights_started_from=origin,
            training=training,
            data=licence,
            n_train=n_train,
            seed=arguments.seed,
        )


def publish(
    network: nn.Module,
    architecture: Architecture,
    spec: InputSpec,
    pack: Pack,
    films: Sequence[Film],
    provenance: Provenance,
) -> Path:
    """Export `network`, measure it on the validation `films`, and write its folder."""
    heatmap = "class map" if architecture.head == "evidence" else "Grad-CAM"
    return describe(
        lambda path: export(network, spec, path),
        spec,
        heatmap,
        pack,
        films,
        provenance,
        {"architecture": architecture.to_card()},
    )


def describe(
    write: Callable[[Path], str],
    spec: InputSpec,
    heatmap: str,
    pack: Pack,
    films: Sequence[Film],
    provenance: Provenance,
    extra: dict,
) -> Path:
    """Calibrate and measure a graph, and put it in the catalogue with card and predictions.

    `write` stores the graph at a path and returns its sha256. Test-time flips stay on where they
    raise the AUROC on val. The folder appears whole or not at all.
    """
    target = provenance.checkpoints / "fracture" / provenance.name
    folder = target.with_name(f".{target.name}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    card = _unmeasured(provenance, spec, heatmap, write(folder / "model.onnx")) | extra
    card["flips"], raw = _better_with_or_without_flips(card, folder, pack, films)
    temperature, bias = calibrate(raw.labels, raw.scores())
    card["calibration"] = {"temperature": temperature, "bias": bias}
    reading = raw.calibrated(temperature, bias)
    card |= measured(reading, provenance.data)
    _write(card, folder)
    reading.write(folder / "predictions.csv")
    shutil.rmtree(target, ignore_errors=True)
    os.replace(folder, target)
    return target


def _unmeasured(provenance: Provenance, spec: InputSpec, heatmap: str, sha256: str) -> dict:
    """A card without numbers, enough to open the model."""
    return {
        "task": "fracture",
        "name": provenance.name,
        "title": provenance.title,
        "summary": provenance.summary,
        "classes": CLASSES,
        "input": spec.to_card(),
        "outputs": list(OUTPUTS),
        "heatmap": heatmap,
        "calibration": {"temperature": 1.0, "bias": 0.0},
        "flips": False,
        "operating_points": [],
        "metrics": {},
        "validation": {"n": 0, "data": provenance.data},
        "sha256": sha256,
        "weights_started_from": provenance.weights_started_from,
        "training": provenance.training,
        "training_data": {"name": provenance.data, "split": "train", "n": provenance.n_train},
        "licence": "Apache-2.0 (code); weights follow the training data: " + provenance.data,
        "seed": provenance.seed,
        "commit": _commit(),
        "date": date.today().isoformat(),
    }


def _better_with_or_without_flips(
    card: dict, folder: Path, pack: Pack, films: Sequence[Film]
) -> tuple[bool, scoring.Reading]:
    readings = {}
    for flips in (False, True):
        _write(card | {"flips": flips}, folder)
        readings[flips] = scoring.read_all(open_model(ModelCard.read(folder)), pack, films)
    aurocs = {f: metrics.auroc(r.labels, r.probabilities) for f, r in readings.items()}
    flips = aurocs[True] > aurocs[False]
    return flips, readings[flips]


def measured(reading: scoring.Reading, data: str) -> dict:
    """The entries of a card that hold what calibrated validation films say.

    Rates and the pointing game are taken at Youden's point.
    """
    points = metrics.operating_points(reading.labels, reading.probabilities)
    balanced = points[-1]
    ranges = scoring.intervals(reading, balanced.threshold)
    return {
        "operating_points": [asdict(point) for point in points],
        "metrics": {
            name: {"value": value, "low": ranges[name][0], "high": ranges[name][1]}
            for name, value in scoring.numbers(reading, balanced.threshold).items()
        },
        "subgroups": scoring.subgroups(reading),
        "validation": {
            "n": len(reading.films),
            "fractured": int(reading.labels.sum()),
            "data": f"val split of {data}",
            "threshold": balanced.name,
        },
    }


def calibrate(labels: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """Temperature and bias that minimise the log loss of sigmoid(score / T + b) (Platt 1999).

    The bias undoes the prior of balanced sampling, the temperature the over-confidence.
    """

    def loss(parameters: np.ndarray) -> float:
        margin = scores / np.exp(parameters[0]) + parameters[1]
        return float(np.logaddexp(0, np.where(labels == 1, -margin, margin)).mean())

    log_temperature, bias = minimize(loss, [0.0, 0.0], method="Nelder-Mead").x
    return float(np.exp(log_temperature)), float(bias)


def _commit() -> str:
    """The commit of the code that runs; its name ends in -dirty where files have changed since."""
    command = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--abbrev=40"]
    found = subprocess.run(command, capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def _write(card: dict, folder: Path) -> None:
    temporary = folder / "card.tmp"
    temporary.write_text(json.dumps(card, indent=1, default=str) + "\n", encoding="utf-8")
    os.replace(temporary, folder / "card.json")
