"""The table of the exhibit "No gate": pictures that are no bone, and films that are.

    python -m benchmarks.exhibits no_gate --data FOLDER_OF_THE_PACKS

Of each picture of the pack not_bone: its kind, the probability of a fracture of every published
model, and its distance from the gate of the best that has one; of each val film of FracAtlas and of
the knees the distance alone. One row a picture, without its name.
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from benchmarks.exhibits import versions
from core.archive import Archive, BadPack
from core.classify import read_film
from core.exhibits.no_gate import FILMS, KNEES
from core.film_packs import IMAGE_SUFFIXES, Pack
from core.models import Model, catalogue, open_model
from core.packs import at_hand
from trainers.squares import read_grey


def tables(arguments: Namespace) -> dict[str, list[dict]]:
    """Rows of `no_gate` from the packs not_bone, fracture and knee in the folder given."""
    models = [open_model(card, 1) for card in catalogue(arguments.checkpoints, "fracture")]
    keeper = next(model for model in models if model.card.has_gate)
    rows = [row(*given, models, keeper) for given in pictures(arguments.data)]
    return {"no_gate": rows, "no_gate_models": versions(models)}


def row(kind: str, name: str, data: bytes, models: list[Model], keeper: Model) -> dict[str, str]:
    """What the gate, and of a picture that is no film every model, says of it."""
    asked = [keeper] if kind in (FILMS, KNEES) else models
    grey = read_grey(data, name)
    said = {model.card.name: read_film(grey, model) for model in asked}
    distance = keeper.gate.distance(said[keeper.card.name].embedding[None])[0]
    chances = {
        model.card.name: f"{said[model.card.name].probability:.4f}" if model in asked else ""
        for model in models
    }
    return {"kind": kind, "distance": f"{distance:.3f}"} | chances


def pictures(data: Path) -> Iterator[tuple[str, str, bytes]]:
    """Kind, file name and bytes of every picture and film."""
    others = Archive(path(data, "not_bone"))
    names = [m for m in others.members if PurePosixPath(m).suffix.lower() in IMAGE_SUFFIXES]
    for name, picture in zip(tqdm(names), others.stream(names), strict=True):
        yield PurePosixPath(name).parent.name.removesuffix("2"), name, picture
    for kind, name in ((FILMS, "fracture"), (KNEES, "knee")):
        pack = Pack(path(data, name))
        films = pack.split("val")
        for film, picture in tqdm(pack.read_all(films), total=len(films)):
            yield kind, film.name, picture


def path(data: Path, name: str) -> Path:
    """Where a pack of the folder lies. Raises BadPack."""
    found = at_hand(data, name)
    if found is None:
        raise BadPack(f"{data} holds no pack {name}: name the folder of the packs with --data.")
    return found
