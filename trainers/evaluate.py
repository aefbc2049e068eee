"""Score a published model on a labelled pack.

    python -m trainers.evaluate fracture mobilenetv2 --data fracture.zip --split val \
        --out report.json --predictions preds.csv

MODEL is a name in the catalogue or a folder. Rates and the pointing game are taken at the model's
own Youden threshold, which was chosen on its validation films and is not refitted here; the called
grade of a knee is the median of its probabilities. Fills are measured inside the hole, beside the
classical ways, without added grain. Skin lesions are seen as their pictures' middle squares.
Intervals draw whole groups of films (the patients of knees, all pictures of one lesion). Without
--split, everything that the pack holds is scored.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from core import grading
from core.archive import BadPack
from core.film_packs import Pack
from core.lesions import CODES
from core.models import BadModel, ModelCard, find, open_model
from core.painters import open_painter
from core.segment import open_segmenter
from core.sketchers import open_sketcher
from trainers import (
    fill_scoring,
    grade_scoring,
    lesion_scoring,
    scoring,
    sketch_numbers,
    sketch_scoring,
)
from trainers.lesions import LesionPack


def fracture(card: ModelCard, pack: Pack, split: str, draws: int) -> tuple[dict, scoring.Reading]:
    """The report and the reading of a fracture model. Raises BadPack when nothing can be scored."""
    reading = scoring.read_all(open_model(card), pack, pack.split(split))
    if len(set(reading.labels.tolist())) < 2:
        raise BadPack(f"{pack.path} holds no films of both classes in its split {split!r}.")
    threshold = card.balanced.threshold if card.balanced else 0.5
    report = {
        "task": card.task,
        "model": card.name,
        "n": len(reading.films),
        "fractured": int(reading.labels.sum()),
        "threshold": threshold,
        "metrics": scoring.numbers(reading, threshold),
        "intervals": scoring.intervals(reading, threshold, draws),
        "subgroups": scoring.subgroups(reading),
        "skipped": reading.skipped,
    }
    return report, reading


def severity(
    card: ModelCard, pack: Pack, split: str, draws: int
) -> tuple[dict, grade_scoring.GradeReading]:
    """The report and the reading of a grading model. Raises BadPack when nothing can be scored."""
    reading = grade_scoring.read_all(open_model(card), pack, pack.split(split))
    if len(set(reading.labels.tolist())) < 2:
        raise BadPack(f"{pack.path} holds no films of two grades in its split {split!r}.")
    report = {
        "task": card.task,
        "model": card.name,
        "n": len(reading.films),
        "grades": np.bincount(reading.labels, minlength=len(card.classes)).tolist(),
        "confusion": grading.confusion_matrix(reading.labels, reading.called).tolist(),
        "metrics": grade_scoring.numbers(reading),
        "intervals": grade_scoring.intervals(reading, draws),
        "skipped": reading.skipped,
    }
    return report, reading


def filling(
    card: ModelCard, pack: Pack, split: str, draws: int, masks: Path | None = None
) -> tuple[dict, fill_scoring.FillReading]:
    """The report and the reading of a filling network beside the classical ways, in the holes of a
    pack of masks or in its own. Raises BadPack when nothing can be filled."""
    holes_of = fill_scoring.Masks(masks) if masks else fill_scoring.own_holes
    films = [film for film in pack.split(split) if not masks or film.name in holes_of.images]
    reading = fill_scoring.read_all(open_painter(card), pack, films, holes_of)
    if not reading.rows:
        raise BadPack(f"Nothing could be filled in the split {split!r} of {pack.path}.")
    report = {
        "task": card.task,
        "model": card.name,
        "n": len({row.film.name for row in reading.rows}),
        "holes": fill_scoring.counts(reading),
        "metrics": fill_scoring.numbers(reading),
        "intervals": fill_scoring.intervals(reading, draws),
        "skipped": reading.skipped,
        "unmatched": sorted(holes_of.images - {film.name for film in films}) if masks else [],
    }
    return report, reading


def lesion(
    card: ModelCard, pack: LesionPack, split: str, draws: int
) -> tuple[dict, lesion_scoring.LesionReading]:
    """The report and the reading of a classifier of skin lesions. Raises BadPack when nothing can
    be scored."""
    squares = lesion_scoring.diagnosed(pack, split)
    reading = lesion_scoring.read_all(open_model(card), squares)
    truth, called, kinds = reading.labels, reading.called, len(CODES)
    report = {
        "task": card.task,
        "model": card.name,
        "n": len(reading.lesions),
        "lesions": len({lesion.group for lesion in reading.lesions}),
        "diagnoses": dict(zip(CODES, np.bincount(truth, minlength=kinds).tolist(), strict=True)),
        "confusion": grading.confusion_matrix(truth, called, kinds).tolist(),
        "metrics": lesion_scoring.numbers(reading),
        "intervals": lesion_scoring.intervals(reading, draws),
        "skipped": squares.skipped,
        "left_out": squares.left_out,
    }
    return report, reading


def segment(
    card: ModelCard, pack: LesionPack, split: str, draws: int
) -> tuple[dict, lesion_scoring.OutlineReading]:
    """The report and the reading of a segmenter, on pictures whose mask outlines something. Raises
    BadPack when there is none."""
    squares = lesion_scoring.outlined(pack, split)
    reading = lesion_scoring.outline_all(open_segmenter(card), squares)
    report = {
        "task": card.task,
        "model": card.name,
        "n": len(squares),
        "lesions": len({lesion.group for lesion in squares.lesions}),
        "metrics": lesion_scoring.outline_numbers(reading.overlaps),
        "intervals": lesion_scoring.outline_intervals(reading, draws),
        "skipped": squares.skipped,
        "left_out": squares.left_out,
    }
    return report, reading


def sketch(
    card: ModelCard, pack: LesionPack, split: str, draws: int, checkpoints: Path
) -> tuple[dict, sketch_scoring.SketchReading]:
    """The report and the reading of a generator of lesions, seen by the classifiers and the
    segmenter in `checkpoints`. Raises BadPack when nothing can be scored, BadModel without them."""
    judges = sketch_scoring.Judges.published(checkpoints)
    reading = sketch_scoring.read_all(open_sketcher(card), judges, pack, split)
    report = {
        "task": card.task,
        "model": card.name,
        **sketch_scoring.describe(reading),
        "metrics": sketch_numbers.numbers(reading),
        "intervals": sketch_numbers.intervals(reading, draws),
        "skipped": reading.skipped,
        "left_out": reading.left_out,
    }
    return report, reading


TASKS = {
    "fracture": fracture,
    "severity": severity,
    "inpaint": filling,
    "lesion": lesion,
    "segment": segment,
    "sketch": sketch,
}
PACKS = {"lesion": LesionPack, "segment": LesionPack, "sketch": LesionPack}  # others read films


def main() -> int:
    """Write the report and the predictions; print the numbers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("model", help="name in the catalogue, or a folder")
    parser.add_argument("--data", type=Path, required=True, help="pack: a folder or a zip")
    parser.add_argument("--split", default="all", help="train, val, test or all")
    parser.add_argument("--out", type=Path, help="report as JSON")
    parser.add_argument("--predictions", type=Path, help="one row a film as CSV")
    parser.add_argument("--masks", type=Path, help="pack of masks, for inpaint: a folder or a zip")
    parser.add_argument("--draws", type=int, default=1000, help="bootstrap draws")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    arguments = parser.parse_args()
    try:
        folder = Path(arguments.model)
        card = (
            ModelCard.read(folder)
            if folder.is_dir()
            else find(arguments.checkpoints, arguments.task, arguments.model)
        )
        extras = {
            "inpaint": {"masks": arguments.masks},
            "sketch": {"checkpoints": arguments.checkpoints},
        }
        report, reading = TASKS[arguments.task](
            card,
            PACKS.get(arguments.task, Pack)(arguments.data),
            arguments.split,
            arguments.draws,
            **extras.get(arguments.task, {}),
        )
    except (BadModel, BadPack) as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if arguments.predictions:
        reading.write(arguments.predictions)
    held = {
        "fracture": lambda: f"{report['fractured']} fractured (the positive class)",
        "severity": lambda: f"of grades 0 to 4: {', '.join(map(str, report['grades']))}",
        "inpaint": lambda: ", ".join(f"{n} holes {kind}" for kind, n in report["holes"].items()),
        "lesion": lambda: ", ".join(f"{n} {code}" for code, n in report["diagnoses"].items()),
        "sketch": lambda: f"in {report['features']}; the floor is of {report['floor']}",
        "segment": lambda: f"of {report['lesions']} lesions",
    }[arguments.task]()
    print(f"{card.name}: n = {report['n']}, {held}")
    if "compare" in report:
        print(f"  compare {report['compare']}")
    for name, value in report["metrics"].items():
        interval = report["intervals"].get(name)
        words = f"  ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
        print(f"  {name:<32} {value:.3f}{words}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
