"""Embeddings of many images by a published model, each seen as the app sees it."""

from collections.abc import Iterable

import numpy as np
from tqdm import tqdm

from core.classify import read_film
from core.images import BadImage
from core.models import Model
from core.samples import training_phantom
from trainers.archive import Archive
from trainers.squares import read_grey


def embed(model: Model, archive: Archive, members: Iterable[str]) -> tuple[list[str], np.ndarray]:
    """The readable members and their (N, E) embeddings; the others are named and left out."""
    members, kept, found = list(members), [], []
    stream = zip(members, archive.stream(members), strict=True)
    for member, data in tqdm(stream, "embedding", total=len(members)):
        try:
            found.append(read_film(read_grey(data, member), model).embedding)
        except BadImage as error:
            tqdm.write(f"skipped {member}: {error.reason}")
            continue
        kept.append(member)
    return kept, np.stack(found)


def embed_phantoms(model: Model, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(count, E) embeddings and (count,) labels of synthetic films."""
    phantoms = [training_phantom(seed * 1_000_003 + index) for index in range(count)]
    features = [read_film(phantom.pixels, model).embedding for phantom in phantoms]
    return np.stack(features), np.array([phantom.fractured for phantom in phantoms])
