"""Does a grader's heatmap show what its grades rest on, and do they rest on the joint? Val knees.

    python -m benchmarks.erase MODEL --data knee.zip [--films 200] [--threads 2]

MODEL is a name in the catalogue or a folder. Prints the mean erase area of the model's own Grad-CAM
of the called grade against random erasing (see core.question.erase_curve), and how often the grade
stays when the joint is hidden. The films are chosen with a fixed seed.
"""

import argparse
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from core.archive import BadPack
from core.classify import grade_knees
from core.film_packs import Film, Pack
from core.joint import NoJoint, find_joint
from core.models import BadModel, Model, ModelCard, find, open_model
from core.question import SURE, EraseCurve, erase_curve, hide, joint_mask
from trainers.squares import read_grey

CHECKOUT = Path(__file__).resolve().parent.parent
SEED = 1


@dataclass(frozen=True)
class Answers:
    """What one film answered; `unchanged` and `sure` are None where no joint was found.

    `unchanged`: the same grade is called without the joint; `sure`: at a probability of at least
    `core.question.SURE`.
    """

    curve: EraseCurve
    unchanged: bool | None
    sure: bool | None


def ask(grey: np.ndarray, model: Model) -> Answers:
    """Erase by the heatmap of the called grade, and hide the joint."""
    (before,) = grade_knees([grey], model)
    grade = before.grade
    curve = erase_curve(grey, model, before, before.heat(grade), grade)
    try:
        mask = joint_mask(grey.shape, find_joint(grey))
    except NoJoint:
        return Answers(curve, None, None)
    (after,) = grade_knees([hide(grey, mask)], model)
    unchanged = after.grade == grade
    return Answers(curve, unchanged, unchanged and bool(after.probabilities[grade] >= SURE))


def sample(pack: Pack, count: int) -> list[Film]:
    """`count` val films, or all where there are fewer."""
    films = sorted(pack.split("val"), key=lambda film: film.path)
    return random.Random(SEED).sample(films, min(count, len(films)))


def report(answers: list[Answers]) -> None:
    """Print the figures."""
    heat = np.array([answer.curve.heat_area for answer in answers])
    chance = np.array([answer.curve.random_area for answer in answers])
    print(f"n = {len(answers)} val films, mean probability of the called grade while erasing")
    print(f"  by the heatmap {heat.mean():.3f}   at random {chance.mean():.3f}")
    print(f"  the heatmap's is lower on {(heat < chance).mean():.1%} of the films")
    asked = [answer for answer in answers if answer.unchanged is not None]
    print(f"n = {len(asked)} of them with a joint to hide")
    if asked:
        unchanged = np.mean([answer.unchanged for answer in asked])
        sure = np.mean([answer.sure for answer in asked])
        print(f"  grade unchanged {unchanged:.1%}, at a probability of {SURE} or more {sure:.1%}")


def main() -> int:
    """Ask the films and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="name in the catalogue, or a folder")
    parser.add_argument("--data", type=Path, required=True, help="pack of knees by grade")
    parser.add_argument("--films", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    folder = Path(arguments.model)
    try:
        card = (
            ModelCard.read(folder)
            if folder.is_dir()
            else find(CHECKOUT / "checkpoints", "severity", arguments.model)
        )
        model = open_model(card, arguments.threads)
        pack = Pack(arguments.data)
        films = sample(pack, arguments.films)
        if not films:
            raise BadPack(f"{pack.path} holds no films in its split 'val'.")
    except (BadModel, BadPack) as error:
        print(error, file=sys.stderr)
        return 2
    pairs = tqdm(pack.read_all(films), "asking films", total=len(films))
    report([ask(read_grey(data, film.name), model) for film, data in pairs])
    return 0


if __name__ == "__main__":
    sys.exit(main())
