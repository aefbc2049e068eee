"""Embeddings of many images by a published model, each seen as the app sees it."""

from collections.abc import Iterable

import numpy as np
from tqdm import tqdm

from core.archive import Archive
from core.classify import embeddings, read_film
from core.images import BadImage
from core.models import Model
from core.preprocess import letterbox
from core.samples import graded_phantom
from trainers.augment import Handling, random_view
from trainers.progress import current
from trainers.squares import fracture_phantom, read_grey


def embed(
    model: Model, archive: Archive, members: Iterable[str], handling: Handling | None = None
) -> tuple[list[str], np.ndarray]:
    """The readable members and their (N, E) embeddings; the others are named and left out.

    With `handling` each film is seen as one random view, decided by its place in the list.
    """
    members, kept, found = list(members), [], []
    watched = current().watch(members, "looking at films", len(members))
    stream = zip(watched, archive.stream(members), strict=True)
    for index, (member, data) in enumerate(stream):
        try:
            grey = read_grey(data, member)
            if handling:
                grey = _handled(grey, handling, index)
            found.append(_embedding(grey, model))
        except BadImage as error:
            tqdm.write(f"skipped {member}: {error.reason}")
            current().skipped([(member, error.reason)])
            continue
        kept.append(member)
    return kept, np.stack(found)


def embed_phantoms(model: Model, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(count, E) embeddings and (count,) labels of synthetic films of the model's task."""
    seeds = [seed * 1_000_003 + index for index in range(count)]
    draw = graded_phantom if model.card.task == "severity" else fracture_phantom
    drawn = [draw(seed) for seed in seeds]
    features = [_embedding(phantom.pixels, model) for phantom, _ in drawn]
    return np.stack(features), np.array([label for _, label in drawn])


def _handled(grey: np.ndarray, handling: Handling, seed: int) -> np.ndarray:
    square, _ = letterbox(grey, max(grey.shape))
    no_boxes, rng = np.zeros((0, 4)), np.random.default_rng(seed)
    return random_view(square, no_boxes, len(square), rng, handling).square


def _embedding(grey: np.ndarray, model: Model) -> np.ndarray:
    if model.card.task == "severity":
        return embeddings([grey], model)[0]
    return read_film(grey, model).embedding
