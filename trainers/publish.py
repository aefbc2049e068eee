"""From a trained network to a published model: graph, calibration, card, validation predictions.

Everything in the card is measured with the exported file, through the code that the app runs.
"""

import argparse
import glob
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import psutil
from torch import nn

from core import publishing
from core.film_packs import Film, Pack
from core.jobs.records import hostname
from core.lesions import network_input
from core.models import OUTPUTS, BadModel, Model, ModelCard, open_model
from core.networks.classifiers import Architecture
from core.preprocess import InputSpec, normalise
from core.settings import CHECKOUT
from trainers.export import export
from trainers.lesions import Lesion, LesionPack
from trainers.squares import load_squares
from trainers.tasks import Task
from trainers.torch_check import INPUTS, against_torch

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
TOLD_OPTIONS = ("objective", "epochs", "batch", "rate", "crop", "balance", "phantoms", "freeze")
TOLD_OPTIONS += ("precision", "network", "steps", "critics_from", "pleasing", "ema")
TOLD_OPTIONS += ("from_side", "last", "examples", "critics_rate", "unpaired", "how", "kept_out")
# Entries of a card that only calibrated classifiers change.
UNCALIBRATED = {
    "calibration": {"temperature": 1.0, "bias": 0.0},
    "flips": False,
    "operating_points": [],
}


@dataclass(frozen=True)
class Provenance:
    """Where a model comes from: what the card says besides numbers.

    `run` is the folder that it was trained in; a model of the same name from another run gives way
    only where `replace` is set. `also` tells what else it learned from, which it is not measured
    on: name and licence → number of pictures."""

    name: str
    title: str
    summary: str
    checkpoints: Path
    weights_started_from: str
    training: dict
    data: str
    n_train: int
    seed: int
    run: str = ""
    replace: bool = False
    also: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, arguments: argparse.Namespace, origin: str, pack: Pack | LesionPack, n_train: int):
        """From a trainer's command line."""
        training = {key: value for key, value in vars(arguments).items() if key in TOLD_OPTIONS}
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
            run=arguments.run.name,
            replace=arguments.replace,
        )

    def folder(self, task: str) -> Path:
        """Where the model of a task lies once it is published."""
        return self.checkpoints / task / self.name

    def require_free(self, task: str) -> None:
        """Raises BadModel unless a model of a task may be published under this name."""
        if self.replace:
            publishing.require_name(self.name)
        else:
            publishing.require_free(self.checkpoints, task, self.name, self.run)

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
            "run": self.run,
            "notes": "",
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
    """Export `network`, check it against torch, measure it on the validation `films`, and write its
    folder. Raises BadModel."""

    def write(path: Path) -> tuple[str, dict]:
        sha256, seen = export(network, spec, path), _inputs(pack, films[:INPUTS], spec)
        return sha256, against_torch(network, path, {"input": seen}, OUTPUTS)

    heatmap = "class map" if architecture.head == "evidence" else "Grad-CAM"
    card = {"architecture": architecture.to_card()}
    return describe(task, write, spec, heatmap, pack, films, provenance, card)


def _inputs(
    pack: Pack | LesionPack, films: Sequence[Film] | Sequence[Lesion], spec: InputSpec
) -> np.ndarray:
    """(N, C, S, S) float32: films or pictures of lesions as the network takes them."""
    if isinstance(pack, LesionPack):
        return network_input(pack.read_squares(films).images)
    return normalise(load_squares(pack, films, spec.size).squares, spec)


def describe(
    task: Task,
    write: Callable[[Path], tuple[str, dict]],
    spec: InputSpec,
    heatmap: str,
    pack: Pack | LesionPack,
    films: Sequence[Film] | Sequence[Lesion],
    provenance: Provenance,
    extra: dict,
) -> Path:
    """Calibrate and measure a graph, and put it in the catalogue with card and predictions.

    `write` stores the graph at a path and returns its sha256, and what it was checked against for
    the card. The folder appears whole or not at all. Raises BadModel.
    """
    with appearing(task.name, provenance) as folder:
        sha256, check = write(folder / "model.onnx")
        card = _unmeasured(task, provenance, spec, heatmap, sha256) | extra | {"check": check}

        def opened(**changes) -> Model:
            write_card(card | changes, folder)
            return open_model(ModelCard.read(folder))

        found, reading = task.measure(opened, pack, films, provenance.data)
        write_card(card | found, folder)
        reading.write(folder / "predictions.csv")
    return provenance.folder(task.name)


@contextmanager
def appearing(task: str, provenance: Provenance) -> Iterator[Path]:
    """A hidden folder to fill, which becomes the published one once all went well; else nothing is
    left of it.

    Raises BadModel when the name cannot be, or is that of a model from elsewhere.
    """
    publishing.require_name(provenance.name)
    target = provenance.folder(task)
    _tidy(target)
    provenance.require_free(task)
    folder = target.with_name(f".{target.name}.{hostname()}.{os.getpid()}")
    folder.mkdir(parents=True)
    try:
        yield folder
        provenance.require_free(task)  # still: this took minutes
        _keep_notes(target, folder)
        _exchange(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tidy(target: Path) -> None:
    """Clear away what processes of this machine left that were killed while they published under
    this name."""
    old = _aside(target)
    if old.exists() and not target.exists():
        os.rename(old, target)
    shutil.rmtree(old, ignore_errors=True)
    for folder in target.parent.glob(f".{target.name}.{glob.escape(hostname())}.*"):
        owner = folder.suffix[1:]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _keep_notes(old: Path, new: Path) -> None:
    """Carry over what somebody noted on the model that is replaced."""
    with suppress(BadModel):
        if notes := ModelCard.read(old).details.get("notes"):
            write_card(ModelCard.read(new).details | {"notes": notes}, new)


def _exchange(folder: Path, target: Path) -> None:
    """Put a folder in the place of another, which may be missing."""
    old = _aside(target)
    if target.exists():
        os.rename(target, old)
    try:
        os.rename(folder, target)
    except OSError:
        if old.exists():
            os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _aside(target: Path) -> Path:
    """Where a model lies while another takes its place."""
    return target.with_name(f".{target.name}.old")


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
