"""The tables of the exhibit "Shortcut": metal erased from films that carry it, and drawn on others.

Every published fracture model is asked about each val film of FracAtlas that carries hardware: as
it is, with the suggested metal filled in by the context encoder, and with as much filled in
elsewhere; and 120 sound val films, chosen with a fixed seed: as they are, with an implant
drawn on the bone, and with that filled in again. One row a film and treatment. A second table
counts the films of both splits by hardware and label.
"""

import random
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator

import numpy as np
from tqdm import tqdm

from benchmarks.exhibits import versions
from core.exhibits import shortcut
from core.film_packs import Film, Pack
from core.models import Model, catalogue, find, open_model
from core.painters import Painter, open_painter
from trainers.squares import read_grey

SEED, SOUND = 8, 120
FIRST = 84  # seed of the first implant
Row = tuple[str, str, np.ndarray, np.ndarray]  # treatment, kind of implant, what was filled, film


def tables(arguments: Namespace) -> dict[str, list[dict]]:
    """Rows of `shortcut` from the fracture pack."""
    models = [open_model(card, 1) for card in catalogue(arguments.checkpoints, "fracture")]
    painter = open_painter(find(arguments.checkpoints, "inpaint", "context_encoder"), 1)
    pack = Pack(arguments.data)
    rows = []
    for seed, film in tqdm(chosen(pack)):
        grey = read_grey(pack.read(film.path), film.name)
        rows += asked(film, grey, seed, models, painter)
    return {
        "shortcut": rows,
        "shortcut_films": counted(pack),
        "shortcut_models": versions(models),
    }


def counted(pack: Pack) -> list[dict]:
    """How many films each split has, by hardware and label."""
    kinds = Counter(
        (film.split, int("hardware" in film.flags), film.label)
        for split in ("train", "val")
        for film in pack.split(split)
    )
    columns = ("split", "hardware", "fractured")
    return [
        dict(zip(columns, kind, strict=True)) | {"films": n} for kind, n in sorted(kinds.items())
    ]


def asked(film: Film, grey: np.ndarray, seed: int, models: list[Model], painter: Painter):
    """The rows of one film (H, W) uint8, a list of dicts."""
    hardware = "hardware" in film.flags
    told = {"film": film.name, "group": film.group}
    told |= {"fractured": film.label, "hardware": int(hardware)}
    rows = []
    treated = with_hardware(grey, painter) if hardware else without(grey, seed, painter)
    for treatment, kind, mask, pixels in treated:
        said = shortcut.probabilities(pixels, models)
        how = {"treatment": treatment, "kind": kind, "share": f"{mask.mean():.4f}"}
        rows.append(told | how | {name: f"{chance:.4f}" for name, chance in said.items()})
    return rows


def chosen(pack: Pack) -> list[tuple[int, Film]]:
    """Val films with hardware, and sound ones without, each with the seed of what is drawn."""
    films = pack.split("val")
    hardware = [film for film in films if "hardware" in film.flags]
    sound = [film for film in films if not film.label and "hardware" not in film.flags]
    sound = sorted(sound, key=lambda film: film.name)
    drawn = random.Random(SEED).sample(sound, min(SOUND, len(sound)))
    return [*((0, film) for film in hardware), *enumerate(drawn, FIRST)]


def with_hardware(grey: np.ndarray, painter: Painter) -> Iterator[Row]:
    """A film with hardware: as it is, without its metal, and without as much elsewhere."""
    yield shortcut.WHOLE, "", np.zeros(grey.shape), grey
    erased = shortcut.erase_metal(grey, painter)
    if erased.mask.any():
        yield shortcut.ERASED, "", erased.mask, erased.grey
        control = shortcut.erase(grey, shortcut.elsewhere(grey, erased.mask), painter)
        yield shortcut.ELSEWHERE, "", control.mask, control.grey


def without(grey: np.ndarray, seed: int, painter: Painter) -> Iterator[Row]:
    """A film without: as it is, with an implant, kinds taking turns, and with that erased."""
    kind = shortcut.KINDS[seed % len(shortcut.KINDS)]
    drawn = shortcut.draw_metal(grey, seed, kind)
    yield shortcut.WHOLE, "", np.zeros(grey.shape), grey
    yield shortcut.DRAWN, kind, drawn.mask, drawn.grey
    erased = shortcut.erase(drawn.grey, drawn.mask, painter)
    yield shortcut.REMOVED, kind, erased.mask, erased.grey
