"""Labelled sets out of the validation predictions that come with the models."""

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from core.labelled import BadSet, LabelledSet, ModelReading, checked, truth
from core.labelled_pack import Found, LabelledFilm
from core.lesions import CODES
from core.models import ModelCard

FILMS = "films.csv"  # beside a task's models: group and attributes of their validation films


def from_cards(cards: Sequence[ModelCard], table: Path | None = None) -> LabelledSet:
    """The validation predictions of models of one task, on the films that all of them read.

    table: `films.csv` with `image`, `group` and a column an attribute; a film that it does not
    list is a group of its own, "unknown" in every attribute. Knees need none: their names begin
    with the patient. Raises BadSet.
    """
    read = [predictions(card) for card in cards]
    common = [name for name in read[0] if all(name in other for other in read)]
    for name in common:
        if len({rows[name][0] for rows in read}) > 1:
            raise BadSet(
                f"The models' validation labels of {name} differ: compare models that were "
                "measured on the same data."
            )
    task = cards[0].task
    groups, attributes = _of_films(task, common, table)
    labels = np.array([read[0][name][0] for name in common], int)
    data = list(dict.fromkeys(str(card.validation.get("data", "")) for card in cards))
    return checked(
        LabelledSet(
            task,
            "; ".join(filter(None, data)),
            tuple(common),
            labels,
            groups,
            attributes | truth(task, labels),
            tuple(
                ModelReading(card, np.array([rows[name][1] for name in common], float))
                for card, rows in zip(cards, read, strict=True)
            ),
        )
    )


def sharing(cards: Sequence[ModelCard]) -> list[ModelCard]:
    """As many models as were measured on the same films, on many films rather than few. Those that
    were trained elsewhere may share none with the others."""
    together: dict[frozenset[str], list[ModelCard]] = {}
    for card in cards:
        try:
            together.setdefault(frozenset(predictions(card)), []).append(card)
        except BadSet:
            continue
    most = max(together, key=lambda films: (len(together[films]), len(films)), default=frozenset())
    return together.get(most, [])


def told_apart(found: Found, cards: Sequence[ModelCard]) -> Found:
    """The films of a pack that tells no splits, where it holds films that some of these models were
    validated on: those that all of these were are its split "val", the others, from which one may
    have learned, "train". A film is known by its name and label."""
    if any(film.split for film in found.films):
        return found
    names = [_known_as(film) for film in found.films]
    everyone = set().union(*names)
    published = [one for card in cards if everyone & (one := _validated(card))]
    if not published:
        return found
    films = [
        replace(film, split="val" if all(known & one for one in published) else "train")
        for film, known in zip(found.films, names, strict=True)
    ]
    return replace(found, films=tuple(films))


def _validated(card: ModelCard) -> set[tuple[str, int]]:
    """Name and label of the films that a model was validated on, where it tells."""
    try:
        return {(name, label) for name, (label, _) in predictions(card).items()}
    except BadSet:
        return set()


def _known_as(film: LabelledFilm) -> set[tuple[str, int]]:
    file = PurePosixPath(film.path)
    return {(file.name, film.label), (file.stem, film.label)}


def predictions(card: ModelCard) -> dict[str, tuple[int, list[float]]]:
    """Film → label and probabilities of the classes, of a card's validation predictions. Raises
    BadSet when there are none, or none that can be read."""
    try:
        if card.predictions is None:
            raise OSError
        with card.predictions.open(newline="", encoding="utf-8") as file:
            found = {
                row["image"]: (_label(card, row["label"]), [float(row[k]) for k in card.classes])
                for row in csv.DictReader(file)
            }
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        found = {}
    if not found or not np.isfinite([chances for _, chances in found.values()]).all():
        raise BadSet(
            f"The model {card.title} has no readable validation predictions: leave it out, or "
            "restore its predictions.csv."
        )
    return found


def _label(card: ModelCard, written: str) -> int:
    label = CODES.index(written) if card.task == "lesion" else int(written)
    if not 0 <= label < len(card.classes):
        raise ValueError(written)
    return label


def _of_films(
    task: str, names: Sequence[str], table: Path | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The groups and the attributes of films."""
    if task == "severity":
        sides = {"L": "left", "R": "right"}
        groups = [(re.match(r"\d+", name) or [name])[0] for name in names]
        side = [sides.get(name.rpartition(".")[0][-1:].upper(), "unknown") for name in names]
        return np.array(groups, object), {"Side": np.array(side, object)}
    known: dict[str, dict[str, str]] = {}
    if table is not None and table.exists():
        with table.open(newline="", encoding="utf-8") as file:
            known = {row.pop("image"): row for row in csv.DictReader(file)}
    groups = [known.get(name, {}).get("group", name) for name in names]
    titles = [title for title in next(iter(known.values()), {}) if title != "group"]
    attributes = {
        title: np.array([known.get(name, {}).get(title, "unknown") for name in names], object)
        for title in titles
    }
    return np.array(groups, object), attributes
