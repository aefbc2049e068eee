"""Train a conditional GAN that paints a lesion into a sketch, and publish it.

    python -m trainers.sketch --data lesion.zip --network cgan --run runs/cgan --publish cgan
    python -m trainers.sketch --data lesion.zip --network seed --run runs/seed --publish cgan_seed

`seed` is the first idea, with its own networks and losses. `--sketches` names folders or zips of
further masks (pictures, white on black) that have no photograph: they are asked for, and the
critic judges what is painted into them. Training is resumable: the same command goes on where it
stopped.
"""

import argparse
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from core.archive import Archive
from core.lesions import CODES, SIDE, mask_to_square, network_input
from core.networks.sketch_gan import (
    NOISE,
    SeedCritic,
    SeedGenerator,
    SketchCritic,
    SketchPainter,
)
from trainers import audit, job, sketch_publish, start
from trainers.adversarial import CROSS_ENTROPY, HINGE, Batch, Craft, Objective, Schedule, fit
from trainers.diff_augment import disturbed
from trainers.eyes import CHANNELS, Eyes, difference, learn_to_read, summary
from trainers.lesions import MASK, LesionPack, Squares
from trainers.notes import note_training
from trainers.sketch_exam import SketchExam, published_judge, summaries
from trainers.sketches import SketchBatches

log = logging.getLogger(__name__)

READING = 0.15  # weight of a diagnosis that cannot be read
DIVERGENCE = 0.0003  # weight of a nat by which a picture's style is unlike those of its diagnosis
KNOWN = 128  # pictures by which the eyes' features are standardised
COARSE = 4  # px: colour is compared in squares of this side


@dataclass(frozen=True)
class Recipe:
    """How a generator learns. `examples` of a batch are to be painted as they are; the rest has no
    picture to be compared with. `pleasing` is the weight of pleasing the critics, `how` tells the
    card what no number does."""

    painter: Callable[[], nn.Module]
    critics: Callable[[], nn.Module]
    noise: int
    batch: int
    examples: int
    rate: float
    critics_rate: float
    momentum: float
    pleasing: float
    objective: Objective
    how: str


TOLD = ("batch", "examples", "rate", "critics_rate", "pleasing", "how")  # by the card
DRAWN = (
    "lesions drawn by the square root of how frequent their diagnosis is, turned and mirrored; "
    "averaged weights"
)
RECIPES = {
    "cgan": Recipe(
        painter=SketchPainter,
        critics=partial(SketchCritic, CHANNELS),
        noise=NOISE,
        batch=16,
        examples=8,
        rate=4e-4,
        critics_rate=4e-3,
        momentum=0.5,
        pleasing=0.02,
        objective=HINGE,
        how=f"{DRAWN}; likeness, critics and the reading of diagnoses look through a frozen "
        "MobileNetV2 of ImageNet, so judges that started there are its relatives",
    ),
    # Cross-entropy and a hundred times the absolute error, with Adam at 2e-4 and .5.
    "seed": Recipe(
        painter=SeedGenerator,
        critics=SeedCritic,
        noise=0,
        batch=32,
        examples=32,
        rate=2e-4,
        critics_rate=2e-4,
        momentum=0.5,
        pleasing=0.01,
        objective=CROSS_ENTROPY,
        how=f"{DRAWN}, a falling rate and clipped gradients, which the first system had not; its "
        "pictures in the same range as the painted ones, which they were not there",
    ),
}


def main(arguments: argparse.Namespace) -> None:
    """Audit the data, train, publish."""
    engine = start.fabric(arguments)
    recipe = RECIPES[arguments.network]
    for name in TOLD:
        if getattr(arguments, name, None) is None:
            setattr(arguments, name, getattr(recipe, name))
    painter = recipe.painter()
    generator = getattr(painter, "generator", painter)
    _, origin = start.whole(generator, arguments, "sketch")
    pack = LesionPack(arguments.data)
    audit.require_sound(audit.lesions(pack), arguments)
    engine.launch()
    learn(arguments, engine, pack, painter, recipe, origin)
    if engine.is_global_zero and arguments.publish:
        folder = sketch_publish.publish(arguments, generator, pack, recipe.noise)
        print(f"published {folder}")


def learn(
    arguments: argparse.Namespace,
    engine: Fabric,
    pack: LesionPack,
    painter: nn.Module,
    recipe: Recipe,
    origin: str,
) -> None:
    """Train the painter on the pack's training lesions, and note how in the run's folder."""
    train, val = (teachable(pack.squares(split)) for split in ("train", "val"))
    unpaired = read_masks(arguments.sketches)
    log.info("train: %d lesions and %d sketches alone", len(train), len(unpaired))
    arguments.unpaired = len(unpaired)
    note_training(arguments, origin, len(train))
    known = train.images[:: max(1, len(train) // KNOWN)]
    eyes = Eyes(arguments.eyes, torch.from_numpy(network_input(known))).to(engine.device)
    exam = SketchExam(val, eyes, published_judge(arguments.checkpoints))

    def batches(epoch: int) -> SketchBatches:
        seed = (arguments.seed, epoch)
        return SketchBatches(train, unpaired, seed, arguments.steps, recipe.batch, recipe.examples)

    schedule = Schedule(
        arguments.epochs,
        arguments.rate,
        momentum=recipe.momentum,
        weight_decay=0.0,
        ema=arguments.ema,
        critics_from=arguments.critics_from,
        critics_rate=recipe.critics_rate,
        pleasing=arguments.pleasing,
    )
    craft = CRAFTS[arguments.network](recipe, eyes, engine, exam, train)
    fit(engine, arguments.run, painter, recipe.critics(), batches, craft, schedule, arguments.trial)


def cgan_craft(
    recipe: Recipe, eyes: Eyes, engine: Fabric, exam: SketchExam, train: Squares
) -> Craft:
    """Examples are compared by the eyes and by colour; the diagnosis must be read in all, and the
    critics see all, disturbed."""
    m = recipe.examples
    reader = read_diagnoses(eyes, engine, train)

    def paint(painter: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        picture, divergence = painter(
            _last(batch["picture"][:m]),
            _last(batch["asked_sketch"]),
            batch["asked_label"],
            batch["noise"],
        )
        return picture, DIVERGENCE * divergence

    def reconstruction(picture: Tensor, batch: Batch) -> Tensor:
        found, truth = picture[:m], batch["picture"][:m]
        coarse = F.avg_pool2d(found - truth, COARSE).abs().mean()
        with engine.autocast():
            seen = eyes(_last(picture))
            with torch.no_grad():
                wanted = eyes(_last(truth))
        unlike = difference([level[:m] for level in seen], wanted)
        unread = F.cross_entropy(reader(summary(seen)), batch["asked_label"])
        return unlike + 2 * coarse + 0.5 * (found - truth).abs().mean() + READING * unread

    def judge(critics: nn.Module, picture: Tensor, batch: Batch) -> tuple[Tensor, ...]:
        picture, sketch = disturbed(picture, batch["asked_sketch"])
        with engine.autocast():
            levels = eyes(_last(picture))
        return critics(levels, sketch, batch["asked_label"])

    return _craft(paint, reconstruction, judge, recipe, exam, lambda painter: painter.generator)


def read_diagnoses(eyes: Eyes, engine: Fabric, train: Squares) -> nn.Linear:
    """Who reads diagnoses off the eyes' features of pictures while the painter learns. It is none
    of the published classifiers: those judge in the end."""
    seen = torch.from_numpy(summaries(eyes, network_input(train.images)))
    reader = learn_to_read(seen, torch.from_numpy(train.labels), len(CODES))
    return reader.to(engine.device)


def seed_craft(
    recipe: Recipe, eyes: Eyes, engine: Fabric, exam: SketchExam, train: Squares
) -> Craft:
    """Every pixel is compared; the critic sees picture and label alone."""
    return _craft(
        lambda painter, batch: (
            painter(_last(batch["asked_sketch"]), batch["asked_label"], batch["noise"]),
            0.0,
        ),
        lambda picture, batch: (picture - batch["picture"]).abs().mean(),
        lambda critics, picture, batch: (critics(_last(picture), batch["asked_label"]),),
        recipe,
        exam,
        lambda painter: painter,
    )


def _craft(paint, reconstruction, judge, recipe: Recipe, exam: SketchExam, generator) -> Craft:
    return Craft(
        paint=paint,
        reconstruction=reconstruction,
        judge=judge,
        real=lambda batch: (
            batch["picture"],
            batch | {"asked_sketch": batch["sketch"], "asked_label": batch["label"]},
        ),
        score=lambda painter: exam.score(generator(painter)),
        show=lambda painter, path: exam.show(generator(painter), path),
        objective=recipe.objective,
    )


CRAFTS = {"cgan": cgan_craft, "seed": seed_craft}


def teachable(squares: Squares) -> Squares:
    """Those with a diagnosis and an outline. Raises BadStart when there are none."""
    kept = squares.only(squares.outlined & (squares.labels >= 0))
    if not len(kept):
        raise start.BadStart(
            "No lesion of the pack has a diagnosis and a mask: give it both, or other data."
        )
    return kept


def read_masks(folders: Sequence[Path]) -> np.ndarray:
    """(M, S, S) bool: every picture of these folders or zips as a filled sketch, white on black;
    those that outline nothing are left out. Where some are named as masks (`*_segmentation.png`),
    the others are none."""
    found = []
    for folder in folders:
        archive = Archive(folder)
        paths = [PurePosixPath(member) for member in archive.members]
        pictures = [path for path in paths if path.suffix.lower() in (".png", ".bmp")]
        named = [path for path in pictures if path.stem.lower().endswith(MASK)]
        for data in archive.stream(str(path) for path in named or pictures):
            grey = (
                cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
            )
            if grey is not None:
                found.append(mask_to_square(grey > 127))
    masks = np.array(found, bool).reshape(-1, SIDE, SIDE)
    return masks[masks.any((1, 2)) & ~masks.all((1, 2))]


def _last(batch: Tensor) -> Tensor:
    return batch.contiguous(memory_format=torch.channels_last)


if __name__ == "__main__":
    job.run("sketch", main)
