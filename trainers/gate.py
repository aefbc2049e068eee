"""Fit the input gate of a published model: is this a film of the kind it was trained on?

    python -m trainers.gate MODEL --data fracture.zip knee.zip [--against not_bone.zip]
    python -m trainers.gate MODEL --task severity --data knee.zip [--against fracture.zip ...]

The gate sees only films: up to 1,500 of each pack's training split and the project's phantoms,
each a kind of its own; of knees random views as well, which are another. Its
threshold lets 99 % of the packs' validation films pass. `--against` measures it on a pack of
other images, one folder (or region of the body) a kind, that take no part in the fit.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from core import metrics
from core.archive import Archive
from core.film_packs import IMAGE_SUFFIXES, REGIONS, Pack
from core.models import Model, find, open_model
from core.quality import Gate
from trainers import start
from trainers.augment import UPRIGHT_JOINT
from trainers.embedding import embed, embed_phantoms

PASSING = 0.99
FILMS = 1500  # a pack and split: more change nothing
PHANTOMS = 1000
DIMENSIONS = 64


def fit(kinds: Sequence[np.ndarray]) -> Gate:
    """A gate around the (N, E) embeddings of each kind of film; its threshold is still infinite."""
    found = [_subspace(embeddings) for embeddings in kinds]
    mean, basis, spread, residual = (
        np.stack(part).astype(np.float32) for part in zip(*found, strict=True)
    )
    return Gate(mean, basis, spread, residual, float("inf"))


def _subspace(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    mean = embeddings.mean(0)
    centred = embeddings - mean
    _, singular, basis = np.linalg.svd(centred, full_matrices=False)
    basis = basis[:DIMENSIONS]
    residual = np.linalg.norm(centred - centred @ basis.T @ basis, axis=1).mean()
    return mean, basis, singular[:DIMENSIONS] / np.sqrt(len(embeddings)), residual


def save(gate: Gate, folder: Path) -> None:
    """Write `folder/gate.npz`."""
    # Half precision suffices for the basis, which is nearly all of the file.
    arrays = vars(gate) | {"basis": gate.basis.astype(np.float16)}
    np.savez_compressed(folder / "gate.npz", **arrays)


def paths(pack: Pack, split: str, most: int) -> list[str]:
    """The files of one split, thinned evenly to at most `most`."""
    films = pack.split(split)
    return [
        films[i].path for i in np.linspace(0, len(films) - 1, min(most, len(films))).astype(int)
    ]


def main() -> None:
    """Fit, measure, write gate.npz and the `gate` entry of the card."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="name of a published model")
    parser.add_argument("--task", choices=("fracture", "severity"), default="fracture")
    parser.add_argument("--data", type=Path, required=True, nargs="+", help="packs of films")
    parser.add_argument("--source", help="names and licences of the packs, for the card")
    parser.add_argument("--against", type=Path, nargs="+", help="packs of other images")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    arguments = parser.parse_args()
    card = find(arguments.checkpoints, arguments.task, arguments.model)
    model = open_model(card)
    packs = [Pack(path) for path in arguments.data]
    kinds = [embed(model, pack, paths(pack, "train", FILMS))[1] for pack in packs]
    if arguments.task == "severity":  # the part of a film that is cut out is never quite the same
        kinds += [
            embed(model, pack, paths(pack, "train", FILMS), UPRIGHT_JOINT)[1] for pack in packs
        ]
    gate = fit([*kinds, embed_phantoms(model, PHANTOMS, seed=0)[0]])
    held_out = [embed(model, pack, paths(pack, "val", FILMS))[1] for pack in packs]
    films = np.concatenate([gate.distance(embeddings) for embeddings in held_out])
    gate = replace(gate, threshold=float(np.quantile(films, PASSING)))
    save(gate, card.folder)
    entry = {"data": arguments.source, "val films": len(films), "passing": PASSING}
    entry["threshold"] = gate.threshold
    if arguments.against:
        entry["against"] = measure(gate, model, arguments.against, films)
    path = card.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8")) | {"gate": entry}
    path.write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(entry, indent=1))


def kinds_of(others: Archive) -> dict[str, list[str]]:
    """The images of an archive by folder, or by region of the body where a manifest tells it."""
    kinds: dict[str, list[str]] = defaultdict(list)
    if any(PurePosixPath(member).name == "manifest.csv" for member in others.members):
        for film in Pack(others.path).films:
            kinds[next(iter(film.flags & set(REGIONS)), "other")].append(film.path)
        return {kind: members[:: -(-len(members) // FILMS)] for kind, members in kinds.items()}
    for member in others.members:
        if PurePosixPath(member).suffix.lower() in IMAGE_SUFFIXES:
            kinds[PurePosixPath(member).parent.name or others.path.stem].append(member)
    return kinds


def measure(gate: Gate, model: Model, paths: Sequence[Path], films: np.ndarray) -> dict[str, dict]:
    """AUROC of the gate's distance and share refused: over all other images, and by kind."""
    distances = {
        kind: gate.distance(embed(model, others, members)[1])
        for others in map(Archive, paths)
        for kind, members in kinds_of(others).items()
    }
    distances["all"] = np.concatenate(list(distances.values()))
    return {
        kind: {
            "auroc": metrics.auroc(
                np.repeat([0, 1], [len(films), len(d)]), np.concatenate([films, d])
            ),
            "refused": float((d > gate.threshold).mean()),
            "n": len(d),
        }
        for kind, d in distances.items()
    }


if __name__ == "__main__":
    start.run(main)
