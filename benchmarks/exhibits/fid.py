"""Fréchet distances of generated and of real lesions from real ones, by the number of pictures.

Each draw takes as many sketches of the validation split, the same for all generators, and compares
what is painted from them with the photos that the sketches were traced on; real pictures of other
lesions of the same diagnoses, one for one, stand for the best that can be. All that there are give
one draw.
"""

import argparse
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import timm
import torch

from core.archive import BadPack
from core.diagnose import embeddings
from core.lesions import CODES, network_input
from core.models import find, open_model
from core.sketchers import Sketcher, noise, one_hot, open_sketcher
from trainers.distance import frechet_distance
from trainers.eyes import BACKBONE
from trainers.lesions import LesionPack, Squares
from trainers.sketch_scoring import Floor, floor_of, scorable
from trainers.weights import fill, read_weights

COUNTS = (8, 16, 32, 64, 128, 256, 512)
DRAWS = 10
BATCH = 32  # pictures at a time
GENERATORS = {  # of these, with noise of this strength
    "cgan": ("cgan", 1.0),
    "cgan_half": ("cgan", 0.5),
    "cgan_seed": ("cgan_seed", 1.0),
}


def tables(arguments: argparse.Namespace) -> dict[str, list[dict]]:
    """One row for each distance: its features, what was compared, how many, and which draw."""
    known = arguments.cache
    if known and known.exists():
        with np.load(known) as file:
            seen = dict(file)
    else:
        seen = features(arguments)
        if known:
            np.savez(known, **seen)
    return {"fid": list(distances(seen))}


def features(arguments: argparse.Namespace) -> dict[str, np.ndarray]:
    """What every network sees of every set of pictures: (N, E) by "network/set"."""
    found = {}
    for kind, squares in pictures(arguments).items():
        print(f"looking at {len(squares)} pictures: {kind}", flush=True)
        pooled, logits = imagenet(arguments.weights, squares)
        found |= {f"imagenet_pooled/{kind}": pooled, f"imagenet_logits/{kind}": logits}
        for name in ("mobilenetv2", "resnet18"):
            model = open_model(find(arguments.checkpoints, "lesion", name))
            found[f"lesion_{name}/{kind}"] = embeddings(model, squares)
    return found


def pictures(arguments: argparse.Namespace) -> dict[str, np.ndarray]:
    """The sets to compare, (N, S, S, 3) uint8 each: real, of other lesions, and generated. Pictures
    at one place have one diagnosis, so that sets drawn by place hold as many of each."""
    pack = LesionPack(arguments.data)
    real = scorable(pack, "val")
    kept, others = paired(real, floor_of(pack, "val", real))
    sets = {"real": real.images[kept], "other_real": others}
    for name, (published, strength) in GENERATORS.items():
        sketcher = open_sketcher(find(arguments.checkpoints, "sketch", published))
        sets[name] = painted(sketcher, real, strength)[kept]
    return sets


def paired(real: Squares, floor: Floor) -> tuple[np.ndarray, np.ndarray]:
    """Indices (M,) of the real lesions, ascending, that another of the same diagnosis is at hand
    for, and the pictures (M, S, S, 3) of those others in the same order. Raises BadPack where the
    floor is two halves of the same lesions instead."""
    order = np.argsort(floor.first)
    kept = floor.first[order]
    if not np.array_equal(floor.second.labels, real.labels[floor.first]):
        raise BadPack("The rest of the pack has too few lesions of the same diagnoses to compare.")
    return kept, floor.second.images[order]


def painted(sketcher: Sketcher, real: Squares, strength: float) -> np.ndarray:
    """(N, S, S, 3) uint8: each lesion's mask and diagnosis painted once; its name decides the
    noise, as where generators are scored."""
    seeds = [zlib.crc32(lesion.name.encode()) for lesion in real.lesions]
    labels = np.stack([one_hot(CODES[label]) for label in real.labels])
    parts = [slice(at, at + BATCH) for at in range(0, len(real), BATCH)]
    drawn = [sketcher.draw(real.masks[p], labels[p], noise(seeds[p], strength)) for p in parts]
    return np.concatenate(drawn)


@torch.inference_mode()
def imagenet(weights: Path, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pooled features (N, 1280) and logits (N, 1000) of pictures (N, S, S, 3) uint8, by a
    MobileNetV2 that learned ImageNet."""
    network = timm.create_model(BACKBONE, pad_type="same", bn_eps=1e-3)
    fill(network, read_weights(weights), str(weights)).eval()
    found = []
    for at in range(0, len(squares), BATCH):
        batch = torch.from_numpy(network_input(squares[at : at + BATCH]))
        maps = network.forward_features(batch)
        pooled = network.forward_head(maps, pre_logits=True)
        found.append((pooled, network.get_classifier()(pooled)))
    pooled, logits = (torch.cat(parts).numpy() for parts in zip(*found, strict=True))
    return pooled, logits


def distances(seen: dict[str, np.ndarray]) -> Iterator[dict]:
    """The rows."""
    names = dict.fromkeys(key.partition("/")[0] for key in seen)
    for name in names:
        sets = {k.partition("/")[2]: v for k, v in seen.items() if k.startswith(f"{name}/")}
        real = sets.pop("real")
        for count in (*COUNTS, len(real)):
            rng = np.random.default_rng(count)
            for draw in range(DRAWS if count < len(real) else 1):
                chosen = rng.permutation(len(real))[:count]
                for kind, squares in sets.items():
                    distance = frechet_distance(real[chosen], squares[chosen])
                    yield {
                        "features": name,
                        "pictures": kind,
                        "n": count,
                        "draw": draw,
                        "distance": f"{distance:.6g}",
                    }
            print(f"{name}: {count} pictures", flush=True)
