"""MobLG: a frozen MobileNet's features → LightGBM's probabilities → a linear classifier.

    python -m trainers.moblg --frozen mobilenetv2_frozen --data fracture.zip --publish moblg

The stack was published with its first stage fitted on every film, test films included. Here the
second stage learns from out-of-fold probabilities (Wolpert 1992), and the leaky way is computed
once beside it: both numbers stand in the card.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import onnx
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from core import metrics
from core.models import Model, find, open_model
from trainers import audit, start
from trainers.embedding import embed, embed_phantoms
from trainers.export import save
from trainers.films import Film, Pack
from trainers.publish import Provenance, describe
from trainers.stack_graph import stack_graph
from trainers.tasks import FRACTURE

TREES = {"n_estimators": 150, "num_leaves": 15, "learning_rate": 0.05, "min_child_samples": 20}
TREES |= {"colsample_bytree": 0.3, "subsample": 0.8, "subsample_freq": 1, "reg_lambda": 5.0}


@dataclass(frozen=True)
class Rows:
    """Embeddings (N, E) of films with their labels (N,) and groups."""

    features: np.ndarray
    labels: np.ndarray
    groups: list[str]

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.labels, other.labels]),
            self.groups + other.groups,
        )


@dataclass(frozen=True)
class Stack:
    """Both stages, fitted."""

    trees: lightgbm.LGBMClassifier
    second: LogisticRegression

    def probability(self, features: np.ndarray) -> np.ndarray:
        """(N, E) embeddings → (N,) probability of fracture."""
        return self.second.predict_proba(self.trees.predict_proba(features)[:, 1:])[:, 1]


def stage_one(seed: int) -> lightgbm.LGBMClassifier:
    """Gradient-boosted trees over the pooled features."""
    return lightgbm.LGBMClassifier(**TREES, random_state=seed, n_jobs=2, verbose=-1)


def out_of_fold(rows: Rows, seed: int) -> np.ndarray:
    """(N,) probability of fracture for each film, by trees that saw none of its group."""
    probabilities = np.zeros(len(rows.labels))
    folds = GroupKFold(5, shuffle=True, random_state=seed)
    for fit_on, held_out in folds.split(rows.features, rows.labels, rows.groups):
        trees = stage_one(seed).fit(rows.features[fit_on], rows.labels[fit_on])
        probabilities[held_out] = trees.predict_proba(rows.features[held_out])[:, 1]
    return probabilities


def honest_stack(rows: Rows, seed: int) -> Stack:
    """The second stage learns from out-of-fold probabilities, the first from every row."""
    second = LogisticRegression().fit(out_of_fold(rows, seed)[:, None], rows.labels)
    return Stack(stage_one(seed).fit(rows.features, rows.labels), second)


def leaky_stack(rows: Rows, val: Rows, seed: int) -> Stack:
    """As it was published: the first stage has seen the validation films and their labels."""
    everything = rows + val
    trees = stage_one(seed).fit(everything.features, everything.labels)
    second = LogisticRegression().fit(trees.predict_proba(rows.features)[:, 1:], rows.labels)
    return Stack(trees, second)


def numbers(stack: Stack, val: Rows) -> dict[str, float]:
    """AUROC, and accuracy at one half."""
    scores = stack.probability(val.features)
    accuracy = float(((scores >= 0.5) == val.labels).mean())
    return {"auroc": metrics.auroc(val.labels, scores), "accuracy": accuracy}


def film_rows(model: Model, pack: Pack, films: list[Film]) -> Rows:
    """The readable films of a split."""
    by_path = {film.path: film for film in films}
    paths, features = embed(model, pack, by_path)
    kept = [by_path[path] for path in paths]
    labels = np.array([film.label for film in kept])
    return Rows(features, labels, [film.group for film in kept])


def phantom_rows(model: Model, count: int, seed: int) -> Rows:
    """Synthetic films, each a group of its own."""
    features, labels = embed_phantoms(model, count, seed)
    return Rows(features, labels, [f"phantom {index}" for index in range(count)])


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frozen", required=True, help="published model whose backbone is used")
    parser.add_argument("--data", type=Path, required=True, help="pack: a folder or a zip")
    parser.add_argument("--run", type=Path, default=Path("runs/moblg"), help="for audit.json")
    parser.add_argument("--phantoms", type=float, default=0.06, help="share of synthetic films")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--source", help="name and licence of the data, for the card")
    parser.add_argument("--publish", metavar="NAME", default="moblg")
    parser.add_argument("--title", default="MobLG: MobileNetV2 and LightGBM")
    parser.add_argument("--summary", default="")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    return parser


def main() -> None:
    """Fit both stages, publish the stack, and keep the leaky numbers as an exhibit."""
    arguments = options().parse_args()
    card = find(arguments.checkpoints, "fracture", arguments.frozen)
    model = open_model(card)
    pack = Pack(arguments.data)
    audit.require_sound(pack, arguments.run)
    films, val_films = pack.split("train"), pack.split("val")
    drawn = phantom_rows(model, round(len(films) * arguments.phantoms), arguments.seed)
    rows = film_rows(model, pack, films) + drawn
    val = film_rows(model, pack, val_films)
    stack = honest_stack(rows, arguments.seed)
    shown = {
        "out_of_fold": numbers(stack, val),
        "first_stage_saw_val": numbers(leaky_stack(rows, val, arguments.seed), val),
    }
    print(shown)
    origin = f"the backbone of {card.name}: {card.details['weights_started_from']}"
    folder = describe(
        FRACTURE,
        lambda path: save(stack_graph(onnx.load(card.weights), stack.trees, stack.second), path),
        card.input,
        "leave-one-out",
        pack,
        val_films,
        Provenance.of(arguments, origin, pack, len(films)),
        {"architecture": {"frozen": card.name, "trees": TREES}, "exhibit": shown},
    )
    print(f"published {folder}")


if __name__ == "__main__":
    start.run(main)
