"""MobLG: a frozen MobileNet's features → LightGBM's probabilities → a linear classifier.

    python -m trainers.moblg --data fracture.zip --frozen mobilenetv2_frozen --publish moblg

The stack was published with its first stage fitted on every film, test films included. Here the
second stage learns from out-of-fold probabilities (Wolpert 1992), and the leaky way is computed
once beside it: both numbers stand in the card.
"""

import argparse
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import torch
from lightning.fabric import Fabric
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from core import metrics
from core.film_packs import Film, Pack
from core.jobs.records import write_json
from core.models import Model, ModelCard, find, open_model, open_session
from core.preprocess import normalise
from trainers import audit, job
from trainers.checkpoint import forget_after, read, record
from trainers.checkpoint import save as save_tensors
from trainers.course import device_name, memory_mb
from trainers.embedding import embed, embed_phantoms
from trainers.export import save
from trainers.progress import TrainingFailed, TrialDone, current
from trainers.publish import Provenance, describe
from trainers.squares import load_squares
from trainers.stack_graph import stack_graph
from trainers.tasks import FRACTURE
from trainers.torch_check import INPUTS, compared, require_inputs

TRIED = 8  # films of a trial
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

    def state(self) -> dict:
        """As tensors and plain values."""
        features, labels = map(torch.from_numpy, (self.features, self.labels))
        return {"features": features, "labels": labels, "groups": self.groups}

    @classmethod
    def restored(cls, state: dict) -> "Rows":
        """From `state`."""
        return cls(state["features"].numpy(), state["labels"].numpy(), state["groups"])


@dataclass(frozen=True)
class Stack:
    """Both stages, fitted."""

    trees: lightgbm.LGBMClassifier
    second: LogisticRegression

    def probability(self, features: np.ndarray) -> np.ndarray:
        """(N, E) embeddings → (N,) probability of fracture."""
        return self.second.predict_proba(self.trees.predict_proba(features)[:, 1:])[:, 1]

    def logits(self, features: np.ndarray) -> np.ndarray:
        """(N, E) embeddings → (N, 2) logits, the first of them 0."""
        scores = self.second.decision_function(self.trees.predict_proba(features)[:, 1:])
        return np.stack([np.zeros_like(scores), scores], 1)

    def state(self) -> dict:
        """As tensors and plain values: the trees in LightGBM's own words, then the second stage."""
        return {
            "trees": self.trees.booster_.model_to_string(),
            "slope": torch.from_numpy(self.second.coef_),
            "offset": torch.from_numpy(self.second.intercept_),
        }


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


def main(arguments: argparse.Namespace) -> None:
    """Audit the data, fit both stages, publish the stack with the leaky numbers as an exhibit."""
    card = find(arguments.checkpoints, "fracture", arguments.frozen)
    model = open_model(card)
    pack = Pack(arguments.data)
    audit.require_sound(audit.films(pack), arguments)
    films = pack.split("train")
    drawn = round(len(films) * arguments.phantoms)
    if arguments.trial:
        raise tried(model, pack, drawn, arguments.run)
    rows, val = embedded(model, pack, drawn, arguments)
    stack = honest_stack(rows, arguments.seed)
    found = numbers(stack, val)
    shown = {
        "out_of_fold": found,
        "first_stage_saw_val": numbers(leaky_stack(rows, val, arguments.seed), val),
    }
    print(shown)
    forget_after(arguments.run, 0)
    record(arguments.run, {"epoch": 1} | found)
    save_tensors(stack.state(), arguments.run / "best.pt")
    current().tell(epoch=1, epochs=1, scores=found)
    if not arguments.publish:
        return
    origin = f"the backbone of {card.name}: {card.details['weights_started_from']}"
    folder = describe(
        FRACTURE,
        lambda path: exported(stack, card, pack, path),
        card.input,
        "leave-one-out",
        pack,
        pack.split("val"),
        Provenance.of(arguments, origin, pack, len(films)),
        {"architecture": {"frozen": card.name, "trees": TREES}, "exhibit": shown},
    )
    print(f"published {folder}")


def exported(stack: Stack, frozen: ModelCard, pack: Pack, path: Path) -> tuple[str, dict]:
    """Write both stages behind the frozen network; returns the file's sha256, and for the card how
    near it comes to the stages themselves. Raises BadModel."""
    sha256 = save(stack_graph(onnx.load(frozen.weights), stack.trees, stack.second), path)
    films = load_squares(pack, pack.split("val")[:INPUTS], frozen.input.size)
    inputs = {"input": normalise(films.squares, frozen.input)}
    require_inputs(inputs)
    (embedding,) = open_session(frozen, ("embedding",)).run(["embedding"], inputs)
    return sha256, {"stages": compared(path, inputs, {"logits": stack.logits(embedding)})}


def embedded(
    model: Model, pack: Pack, drawn: int, arguments: argparse.Namespace
) -> tuple[Rows, Rows]:
    """The rows to learn from, `drawn` synthetic ones among them, and those of validation.

    They take nearly all the time, so the run's `last.pt` keeps them. Raises TrainingFailed when
    that holds those of other films or another network.
    """
    known = arguments.run / "last.pt"
    asked = (model.card.sha256, drawn, arguments.seed, *((f.path, f.split) for f in pack.films))
    source = hashlib.sha256(repr(asked).encode()).hexdigest()
    if known.exists():
        state = read(known)
        if not isinstance(state, dict) or state.get("source") != source:
            raise TrainingFailed(
                f"{known} was made from other films, options or another network: give another "
                "folder with --run."
            )
        return Rows.restored(state["train"]), Rows.restored(state["val"])
    train = film_rows(model, pack, pack.split("train"))
    train += phantom_rows(model, drawn, arguments.seed)
    val = film_rows(model, pack, pack.split("val"))
    arguments.run.mkdir(parents=True, exist_ok=True)
    save_tensors({"source": source, "train": train.state(), "val": val.state()}, known)
    return train, val


def tried(model: Model, pack: Pack, drawn: int, run: Path) -> TrialDone:
    """Write to the run's `trial.json` how long all films will take, by a few of them."""
    films = [film for film in pack.films if film.split in ("train", "val")]
    few = [film.path for film in films[:TRIED]]
    began = time.monotonic()
    embed(model, pack, few)
    each = (time.monotonic() - began) / len(few)
    steps, machine = len(films) + drawn, Fabric(accelerator="cpu")
    told = {
        "seconds_per_step": each,
        "steps": steps,
        "epochs": 1,
        "seconds_scoring": 0.0,
        "seconds_total": steps * each,
        "images_per_second": round(1 / each, 1),
        "device": device_name(machine),
        "memory_mb": memory_mb(machine),
    }
    run.mkdir(parents=True, exist_ok=True)
    write_json(run / "trial.json", told)
    return TrialDone()


if __name__ == "__main__":
    job.run("moblg", main)
