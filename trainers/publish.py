"""From a trained network to a published model: graph, calibration, card, validation predictions.

Everything in the card is measured with the exported file, through the code that the app runs.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from torch import nn

from core.models import OUTPUTS, Model, ModelCard, open_model
from core.networks.classifiers import Architecture
from core.preprocess import InputSpec
from core.settings import CHECKOUT
from trainers.export import export
from trainers.films import Film, Pack
from trainers.lesions import Lesion, LesionPack
from trainers.tasks import Task

# How a known collection names its films.
COLLECTIONS = {
    r"IMG\d{7}\.jpg": "FracAtlas, Abedeen et al. 2023, doi 10.6084/m9.figshare.22363012, CC BY 4.0",
    r"9\d{6}_?[LR](_\d)?\.(jpg|png)": "Knees of the OAI with grades, Chen 2018, "
    "doi 10.17632/56rmx5bjcr.1, CC BY 4.0",
    r"ISIC_00(2[4-9]|3[0-4])\d{3}": "HAM10000, Tschandl et al. 2018, doi 10.7910/DVN/DBW86T, "
    "CC BY-NC 4.0 (non-commercial)",
    r"SYNTHETIC_[a-z]+_\d{4,}": "synthetic lesions of Lightbox's generators, which learned from "
    "HAM10000, CC BY-NC 4.0 (non-commercial)",
}
KEPT = ("objective", "epochs", "batch", "rate", "crop", "balance", "phantoms", "freeze")
KEPT += ("precision", "network", "steps", "critics_from", "pleasing", "ema")
KEPT += ("from_side", "last", "examples", "critics_rate", "unpaired", "how", "kept_out")
# Entries of a card that only calibrated classifiers change.
UNCALIBRATED = {
    "calibration": {"temperature": 1.0, "bias": 0.0},
    "flips": False,
    "operating_points": [],
}


@dataclass(frozen=True)
class Provenance:
    """Where a model comes from: what the card says besides numbers.

    `also` tells what else it learned from, which it is not measured on: name and licence → number
    of pictures."""

    name: str
    title: str
    summary: str
    checkpoints: Path
    weights_started_from: str
    training: dict
    data: str
    n_train: int
    seed: int
    also: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, arguments: argparse.Namespace, origin: str, pack: Pack | LesionPack, n_train: int):
        """From a trainer's command line."""
        training = {key: value for key, value in vars(arguments).items() if key in KEPT}
        name = arguments.publish
        return cls(
            name=name,
            title=arguments.title or name,
            summary=arguments.summary or "",
            checkpoints=arguments.checkpoints,
            weights_started_from=origin,
            training=training,
            data=arguments.source or source_of(pack),
            n_train=n_train,
            seed=arguments.seed,
        )

    def to_card(self, sha256: str) -> dict:
        """The entries of a card that tell where a model comes from; `sha256` is its file's."""
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "sha256": sha256,
            "weights_started_from": self.weights_started_from,
            "training": self.training,
            "training_data": {"name": self.data, "split": "train", "n": self.n_train}
            | ({"also": self.also} if self.also else {}),
            "licence": "Apache-2.0 (code); weights follow the training data: "
            + "; ".join([self.data, *self.also]),
            "seed": self.seed,
            "commit": _commit(),
            "date": date.today().isoformat(),
        }


def source_of(pack: Pack | LesionPack) -> str:
    """Name and licence of a pack, told by the names of all its pictures."""
    known = (
        source
        for pattern, source in COLLECTIONS.items()
        if all(re.fullmatch(pattern, name) for name in pack.names)
    )
    return next(known, "data of unstated licence")


def publish(
    task: Task,
    network: nn.Module,
    architecture: Architecture,
    spec: InputSpec,
    pack: Pack | LesionPack,
    films: Sequence[Film] | Sequence[Lesion],
    provenance: Provenance,
) -> Path:
    """Export `network`, measure it on the validation `films`, and write its folder."""
    heatmap = "class map" if architecture.head == "evidence" else "Grad-CAM"
    return describe(
        task,
        lambda path: export(network, spec, path),
        spec,
        heatmap,
        pack,
        films,
        provenance,
        {"architecture": architecture.to_card()},
    )


def describe(
    task: Task,
    write: Callable[[Path], str],
    spec: InputSpec,
    heatmap: str,
    pack: Pack | LesionPack,
    films: Sequence[Film] | Sequence[Lesion],
    provenance: Provenance,
    extra: dict,
) -> Path:
    """Calibrate and measure a graph, and put it in the catalogue with card and predictions.

    `write` stores the graph at a path and returns its sha256. The folder appears whole or not at
    all.
    """
    target = provenance.checkpoints / task.name / provenance.name
    with appearing(target) as folder:
        sha256 = write(folder / "model.onnx")
        card = _unmeasured(task, provenance, spec, heatmap, sha256) | extra

        def opened(**changes) -> Model:
            write_card(card | changes, folder)
            return open_model(ModelCard.read(folder))

        found, reading = task.measure(opened, pack, films, provenance.data)
        write_card(card | found, folder)
        reading.write(folder / "predictions.csv")
    return target


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A hidden folder to fill, which takes the place of `target` once all went well."""
    folder = target.with_name(f".{target.name}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(target, ignore_errors=True)
    os.replace(folder, target)


def _unmeasured(
    task: Task, provenance: Provenance, spec: InputSpec, heatmap: str, sha256: str
) -> dict:
    """A card without numbers, enough to open the model."""
    return {
        "task": task.name,
        "classes": task.classes,
        "input": spec.to_card(),
        "outputs": list(OUTPUTS),
        "heatmap": heatmap,
        **UNCALIBRATED,
        "metrics": {},
        "validation": {"n": 0, "data": provenance.data},
        **provenance.to_card(sha256),
    }


def _commit() -> str:
    """The commit of the code that runs; its name ends in -dirty where files have changed since."""
    command = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty", "--abbrev=40"]
    found = subprocess.run(command, capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def write_card(card: dict, folder: Path) -> None:
    """Write `folder/card.json`, whole or not at all."""
    temporary = folder / "card.tmp"
    temporary.write_text(json.dumps(card, indent=1, default=str) + "\n", encoding="utf-8")
    os.replace(temporary, folder / "card.json")
