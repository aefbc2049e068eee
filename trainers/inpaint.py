r"""Train a context encoder to fill holes in knee films, and publish it.

    python -m trainers.inpaint --data knee.zip --network thin --run runs/thin --critics-from 7
    python -m trainers.inpaint --data knee.zip --network wide --run runs/wide --critics-from 7
    python -m trainers.inpaint --data knee.zip --network both --from-run runs/thin runs/wide \
        --run runs/both --epochs 0 --publish context_encoder

A filler for thin holes and one for wide ones are trained apart and published as one. `--network
classic` draws the middle of a film, as the first context encoder did. Grades are not used. Films
that carry metal are kept apart: a network that saw metal would paint it. `--keep-out PACK` keeps
apart the films, too, on which readers marked something on the Annotate page. Training is resumable:
the same command goes on where it stopped.
"""

import argparse
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from core.film_packs import Film, Pack
from core.metal import find_metal
from core.networks.context_encoder import NETWORKS, ContextEncoder, thin_filler, wide_filler
from core.networks.critics import FillCritics
from core.quality import sharpness
from trainers import audit, fill_publish, job, start
from trainers.adversarial import Batch, Craft, Schedule, fit
from trainers.fill_exam import Exam, published_judge
from trainers.holes import MIDDLE_ONLY, SIDE, THIN, WIDE, Diet, HoledFilms
from trainers.mask_pack import MaskPack
from trainers.notes import note_training
from trainers.parent import has_learned
from trainers.progress import current
from trainers.squares import load_squares

log = logging.getLogger(__name__)

WORST = 2e-3  # of the grey range: an error this small is none
BOTH = "both"
RIM, RIM_WEIGHT = 7, 10  # px along the border of the classic hole, and how much more they count


@dataclass(frozen=True)
class Recipe:
    """How one of the networks learns: from which holes, and to reduce which error."""

    diet: Diet
    reconstruction: Callable[[Tensor, Batch], Tensor]
    kinds: list[str]  # of holes that it is examined by


def log_error(picture: Tensor, batch: Batch) -> Tensor:
    """Mean log of the mean absolute error inside each hole.

    The log weighs a tenth less error alike in an easy hole and in a hard one, as decibels do.
    """
    mask = batch["input"][:, 1:]
    error = ((picture - batch["truth"]).abs() * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3))
    return (error + WORST).log().mean()


def squared_error(picture: Tensor, batch: Batch) -> Tensor:
    """Mean squared error inside the hole, weighed `RIM_WEIGHT` times along its rim, all around
    (Pathak et al. 2016)."""
    mask = batch["input"][:, 1:]
    inner = 1 - nn.functional.max_pool2d(1 - mask, 2 * RIM + 1, 1, RIM)
    weight = mask * (RIM_WEIGHT - (RIM_WEIGHT - 1) * inner)
    return ((picture - batch["truth"]).square() * weight).sum() / weight.sum()


RECIPES = {
    "thin": Recipe(THIN, log_error, ["strokes", "hardware"]),
    "wide": Recipe(WIDE, log_error, ["centre"]),
    "classic": Recipe(MIDDLE_ONLY, squared_error, ["centre"]),
    BOTH: Recipe(THIN, log_error, ["centre", "strokes", "hardware"]),
}


def read_films(
    pack: Pack, split: str, run: Path, engine: Fabric, keep_out: MaskPack | None = None
) -> tuple[np.ndarray, list[Film], int]:
    """The films of a split without metal, positive, (N, 224, 224) uint8, what they are, and how
    many were left out because `keep_out` marks them, by their bytes or their pixels. Says how many
    were kept apart and how blurred the others are.

    Which carry metal, marked or not, is written to the run's folder, and read from there when the
    run goes on, be it with another pack or without one."""
    read = load_squares(pack, pack.split(split), SIDE)
    known = run / f"metal_{split}.txt"
    if engine.is_global_zero and not known.exists():
        views = current().watch(read.squares, "looking for metal", len(read.squares))
        metallic = [bool(find_metal(square).any()) for square in views]
        found = [film.name for film, has in zip(read.films, metallic, strict=True) if has]
        run.mkdir(parents=True, exist_ok=True)
        known.with_suffix(".tmp").write_text("\n".join(found))
        os.replace(known.with_suffix(".tmp"), known)
    engine.barrier()
    apart = set(known.read_text().splitlines())
    metal = np.array([film.name in apart for film in read.films], bool)
    marked = np.zeros_like(metal)
    if keep_out:
        told = current().watch(pack.read_all(read.films), "looking for marked films", len(metal))
        marked = np.array([keep_out.marks(data) for _, data in told], bool)
        log.info("%s: %d films kept out, marked in %s", split, marked.sum(), keep_out.path)
    kept = read.squares[~metal & ~marked]
    if not len(kept):
        raise start.BadStart(f"The split {split} of {pack.path} holds no film without metal.")
    blur = np.percentile([sharpness(square).value for square in kept], (1, 50, 99))
    log.info("%s: %d films, %d with metal kept apart", split, len(kept), metal.sum())
    log.info("%s: sharpness in percent, percentiles 1, 50, 99: %s", split, blur.round(1))
    films = [film for film, out in zip(read.films, metal | marked, strict=True) if not out]
    return kept, films, int(marked.sum())


def start_painter(arguments: argparse.Namespace) -> tuple[nn.Module, str]:
    """The network before its first step, and where it started. Raises BadStart when the options do
    not go together or weights do not fit."""
    runs = arguments.from_run or []
    if arguments.network == BOTH:
        if len(runs) != 2 or arguments.epochs:
            raise start.BadStart(
                "Two fillers are trained apart: join them with --from-run THIN WIDE --epochs 0."
            )
        painter = ContextEncoder(thin_filler(), wide_filler())
        for filler, run in zip((painter.thin, painter.wide), runs, strict=True):
            start.load_runs(filler, [run])
        origin = start.SCRATCH
    else:
        painter, origin = start.whole(
            NETWORKS[arguments.network](), arguments, "inpaint", arguments.network
        )
        if runs and not has_learned(arguments.run):
            start.load_runs(painter, runs)
    if runs:
        origin = f"the last weights of {' and '.join(run.name for run in runs)}"
    return painter, origin


def judge(critics: nn.Module, picture: Tensor, batch: Batch) -> tuple[Tensor, ...]:
    """The critics' scores of a filled film."""
    return critics(picture, batch["input"][:, 1:], batch["corner"])


def main(arguments: argparse.Namespace) -> None:
    """Audit the data, train, publish."""
    engine = start.fabric(arguments)
    painter, origin = start_painter(arguments)
    pack = Pack(arguments.data)
    keep_out = MaskPack(arguments.keep_out) if arguments.keep_out else None
    audit.require_sound(audit.films(pack, classes=1), arguments)
    engine.launch()
    val, val_films, _ = read_films(pack, "val", arguments.run, engine, keep_out)
    recipe = RECIPES[arguments.network]
    exam = Exam(val, recipe.kinds, published_judge(arguments.checkpoints))
    if arguments.epochs:
        train, _, marked = read_films(pack, "train", arguments.run, engine, keep_out)
        if keep_out:
            arguments.kept_out = f"{marked} films, marked in the pack {keep_out.sha256}"
        learn(arguments, engine, train, painter, exam, origin)
    if engine.is_global_zero:
        scores = exam.score(painter)
        print("on val:", {name: round(value, 4) for name, value in scores.items()})
        if arguments.publish:
            folder = fill_publish.publish(arguments, painter, pack, val_films)
            print(f"published {folder}")


def learn(
    arguments: argparse.Namespace,
    engine: Fabric,
    train: np.ndarray,
    painter: nn.Module,
    exam: Exam,
    origin: str,
) -> None:
    """Train the painter on these films (N, 224, 224), and note how in the run's folder."""
    note_training(arguments, arguments.started_from or origin, len(train))
    recipe = RECIPES[arguments.network]
    craft = Craft(
        paint=lambda network, batch: (
            network(batch["input"].contiguous(memory_format=torch.channels_last)),
            0.0,
        ),
        reconstruction=recipe.reconstruction,
        judge=judge,
        real=lambda batch: (batch["truth"], batch),
        score=exam.score,
        show=exam.show,
    )

    def batches(epoch: int) -> HoledFilms:
        seed = (arguments.seed, epoch)
        return HoledFilms(train, seed, arguments.steps, recipe.diet)

    schedule = Schedule(
        arguments.epochs,
        arguments.rate,
        ema=arguments.ema,
        critics_from=arguments.critics_from,
        pleasing=arguments.pleasing,
    )
    fit(engine, arguments.run, painter, FillCritics(), batches, craft, schedule, arguments.trial)


if __name__ == "__main__":
    job.run("inpaint", main)
