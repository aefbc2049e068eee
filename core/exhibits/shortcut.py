"""Metal means fracture: what a model's probability does when metal is erased from a film or drawn
on one.

In FracAtlas nearly every film with hardware is fractured, so a network that only ever saw metal
would score well on them. Erasing shows whether it leans on the metal (a counterfactual, after
DeGrave et al. 2021 on shortcuts in chest films); erasing as much elsewhere is the control that
tells the loss of metal from the loss of any part; and metal drawn on a whole bone asks the same
question the other way round.
"""

import csv
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from core import inpaint, metrics
from core.classify import read_film
from core.exhibits import floats, table
from core.film_packs import FRACATLAS_SPLIT
from core.metal import find_metal
from core.models import Metric, Model, ModelCard
from core.painters import Painter
from core.repair_samples import pasted

WHOLE, ERASED, ELSEWHERE = "as it is", "metal erased", "as much erased elsewhere"
DRAWN, REMOVED = "metal drawn", "drawn and erased"
KINDS = ("plate", "screws", "wire", "nail")  # of the drawn implants, those that leave a bone to see
KEPT = 0.97  # of the metal's area that the control has at least
_STEPS = 16  # shifts a side that are tried for it
_PLACES = 12  # that are tried for a drawn implant
_WHITE = 0.9  # of the film's brightest: margins, letters and metal, which are no bone


class Treated(NamedTuple):
    """A film (H, W) uint8 after metal was erased or drawn, and where: `mask` (H, W) bool."""

    grey: np.ndarray
    mask: np.ndarray


def erase_metal(grey: np.ndarray, method: str | Painter) -> Treated:
    """Fill what looks like metal on a film (H, W) uint8 from its surroundings; where nothing does,
    the mask is empty and the film stays. Raises `core.inpaint.BadHole`."""
    return erase(grey, find_metal(grey), method)


def erase(grey: np.ndarray, mask: np.ndarray, method: str | Painter) -> Treated:
    """Fill a mask (H, W) bool, which may be empty. Raises `core.inpaint.BadHole`."""
    if not mask.any():
        return Treated(grey, mask)
    return Treated(inpaint.fill(grey, mask, method).pixels, mask)


def elsewhere(grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: a mask, not empty, moved around the film's edges to where it covers the most
    bone. What it would still share with the metal is left out; at least the share `KEPT` of it
    stays, or as much as can."""
    bone, (height, width) = _bone(grey), mask.shape
    rows, columns = np.nonzero(mask)

    def worth(shift: tuple[int, int]) -> tuple[float, int]:
        place = (rows + shift[0]) % height, (columns + shift[1]) % width
        free = ~mask[place]
        return min(float(free.mean()), KEPT), int(bone[place][free].sum())

    shifts = product(*(np.arange(_STEPS) * side // _STEPS for side in mask.shape))
    return np.roll(mask, max(shifts, key=worth), (0, 1)) & ~mask


def draw_metal(grey: np.ndarray, seed: int, kind: str) -> Treated:
    """Lay an implant of `core.phantoms.implants` over a film (H, W) uint8: of several places the
    one where it covers the brightest bone. The same seed draws the same."""
    bone = _bone(grey)
    drawn = (pasted(grey, _PLACES * seed + place, kind) for place in range(_PLACES))
    best = max(drawn, key=lambda repair: float(bone[repair.mask].mean()))
    return Treated(best.film, best.mask)


def _bone(grey: np.ndarray) -> np.ndarray:
    return np.where(grey < _WHITE * np.percentile(grey, 99.5), grey, 0)


def probabilities(grey: np.ndarray, models: Sequence[Model]) -> dict[str, float]:
    """Each model's probability of a fracture on a film (H, W) uint8, by its name."""
    return {model.card.name: read_film(grey, model).probability for model in models}


class Pairs(NamedTuple):
    """A model's probabilities of a fracture on the same films, as they are and after a treatment,
    (N,) each, and the films' groups."""

    before: np.ndarray
    after: np.ndarray
    groups: list[str]

    def change(self) -> Metric:
        """The mean change, -1 to 1, with its 95 % interval by a bootstrap over groups."""
        gain = self.after - self.before
        low, high = metrics.grouped_bootstrap(self.groups, lambda drawn: float(gain[drawn].mean()))
        return Metric(float(gain.mean()), low, high)


def models() -> list[str]:
    """The names of the models in the committed table, best first."""
    columns = list(table("shortcut"))
    return columns[columns.index("share") + 1 :]


def pairs(model: str, treatment: str) -> Pairs:
    """What a model said of the val films that were treated so, from the committed table."""
    rows, chances = table("shortcut"), floats("shortcut", model)
    told = zip(rows["film"], rows["treatment"], chances, strict=True)
    said = {(film, how): chance for film, how, chance in told}
    treated = {
        film: group
        for film, group, how in zip(rows["film"], rows["group"], rows["treatment"], strict=True)
        if how == treatment
    }
    return Pairs(
        np.array([said[film, WHOLE] for film in treated]),
        np.array([said[film, treatment] for film in treated]),
        list(treated.values()),
    )


class Hardware(NamedTuple):
    """How many `films` carry hardware, and how many of these are `fractured`."""

    films: int
    fractured: int


def hardware(split: str | None = None) -> Hardware:
    """The films with hardware of a split of FracAtlas, or of both."""
    rows = table("shortcut_films")
    own = [
        (int(n), int(n) * (label == "1"))
        for where, flag, label, n in zip(
            rows["split"], rows["hardware"], rows["fractured"], rows["films"], strict=True
        )
        if flag == "1" and split in (where, None)
    ]
    return Hardware(sum(n for n, _ in own), sum(n for _, n in own))


class Apart(NamedTuple):
    """A model's AUROC on the val films `without` hardware, and how well the mere presence of
    hardware predicts a fracture on all of them; `counts` has hardware as the positive call."""

    without: Metric
    counts: metrics.Confusion


def apart(card: ModelCard) -> Apart | None:
    """From the published predictions of a model; None where it has none of FracAtlas's val films
    that carry hardware."""
    rows = table("shortcut")
    flagged = zip(rows["film"], rows["hardware"], strict=True)
    metal = {film for film, flag in flagged if flag == "1"}
    try:
        with card.predictions.open(newline="", encoding="utf-8") as file:
            said = [
                (row["image"], int(row["label"]), float(row[card.classes[1]]))
                for row in csv.DictReader(file)
            ]
    except (AttributeError, OSError, ValueError, KeyError, TypeError, csv.Error):
        return None
    if not metal <= {name for name, *_ in said}:
        return None
    names, labels, scores = (np.array(column) for column in zip(*said, strict=True))
    carries = np.isin(names, list(metal))
    groups = _groups(names)
    return Apart(
        _auroc(labels[~carries], scores[~carries], groups[~carries]),
        metrics.confusion(labels, carries.astype(float), 0.5),
    )


def _groups(names: np.ndarray) -> np.ndarray:
    """(N,) the group of each film of FracAtlas; a film that it does not list is its own."""
    with FRACATLAS_SPLIT.open(newline="", encoding="utf-8") as file:
        known = {row["image_id"]: row["group"] for row in csv.DictReader(file)}
    return np.array([known.get(name, name) for name in names])


def _auroc(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> Metric:
    low, high = metrics.grouped_bootstrap(
        groups, lambda drawn: metrics.auroc(labels[drawn], scores[drawn]), draws=400
    )
    return Metric(metrics.auroc(labels, scores), low, high)
