"""What is worked out of the readings of a film, once for as long as they stay as they are.

A reading is told by its id and revision; `label` is a key of LABELS, or "" for all labels joined.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
import streamlit as st

from core import agreement
from core.agreement import Pair
from core.annotations import Film, Reading
from core.artefacts import LABELS, Annotation, from_masks, label_masks
from core.ui.fill_pictures import around

MAJORITY, STAPLE = "majority", "staple"
WHOLE = (slice(None), slice(None))  # rows and columns of a film


@dataclass(frozen=True)
class Said:
    """What one reading marks: pixels and regions of each label, and of all joined under ""."""

    pixels: dict[str, int]
    regions: dict[str, int]


@dataclass(frozen=True, eq=False)
class Ground:
    """The film (H, W) uint8 that readers marked, as it is shown; `key` tells it, shown so, from
    others."""

    grey: np.ndarray
    key: str


@dataclass(frozen=True, eq=False)
class Compared:
    """`pairs` by the readings' places in their sequence; `counts` (H, W) uint8 or uint16, how many
    readers marked each pixel; `around`: the rows and columns round all marks, or of the whole
    film."""

    pairs: dict[tuple[int, int], Pair]
    counts: np.ndarray
    around: tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Rates:
    """How far a reader is from the consensus, as STAPLE estimates it; None where nothing tells."""

    sensitivity: float | None
    specificity: float | None


@dataclass(frozen=True, eq=False)
class Agreed:
    """What readings come to by a method. pixels: of each label that any reader used, 0 where none
    is left. rates: of each of those labels, one for each reading; of STAPLE alone, and of
    three readings or more."""

    method: str
    annotation: Annotation
    pixels: dict[str, int]
    rates: dict[str, tuple[Rates, ...]]


def mask(annotation: Annotation, shape: tuple[int, int], label: str = "") -> np.ndarray:
    """(H, W) bool: what an annotation marks with a label, or with any."""
    found = label_masks(annotation.strokes, shape)
    none = np.zeros(shape, bool)
    return found.get(label, none) if label else np.logical_or.reduce([none, *found.values()])


def said(reading: Reading, film: Film) -> Said:
    """How much a reading marks."""
    return _said(names((reading,)), film.shape, reading.annotation)


@st.cache_data(max_entries=256, scope="session", show_spinner=False)
def _said(key: tuple, shape: tuple[int, int], _annotation: Annotation) -> Said:
    found = label_masks(_annotation.strokes, shape)
    whole = np.logical_or.reduce([np.zeros(shape, bool), *found.values()])
    pieces = {
        label: cv2.connectedComponents(one.view(np.uint8))[0] - 1 for label, one in found.items()
    }
    return Said(
        {"": int(whole.sum())} | {label: int(one.sum()) for label, one in found.items()},
        {"": sum(pieces.values())} | pieces,
    )


def compared(readings: Sequence[Reading], film: Film, label: str) -> Compared:
    """Every two readings beside each other, and all of them laid over one another."""
    return _compared(names(readings), film.shape, film.spacing_mm, label, tuple(readings))


@st.cache_data(max_entries=16, max_size="64MB", scope="session", show_spinner="Comparing readings")
def _compared(key: tuple, shape, spacing_mm, label: str, _readings: tuple) -> Compared:
    found = [mask(reading.annotation, shape, label) for reading in _readings]
    pairs = {
        (one, other): agreement.compare(found[one], found[other], spacing_mm)
        for one, other in combinations(range(len(found)), 2)
    }
    counts = agreement.disagreement(found)
    return Compared(pairs, counts, around(counts > 0) if counts.any() else WHOLE)


def sides(one: Reading, other: Reading, film: Film, label: str) -> np.ndarray:
    """(H, W) uint8: 1 where only the first reading marks, 2 where only the other, 3 where both."""
    first, second = (mask(r.annotation, film.shape, label) for r in (one, other))
    return first.astype(np.uint8) + 2 * second.astype(np.uint8)


def agreed(readings: Sequence[Reading], film: Film, method: str) -> Agreed:
    """The consensus of two or more readings by MAJORITY or STAPLE, each label by itself.

    It says that there is no artefact where more than half of the readers marked none. Raises
    BadMask where its outlines are too long to be kept.
    """
    return _agreed(names(readings), film.shape, method, tuple(readings))


@st.cache_data(max_entries=8, scope="session", show_spinner="Working out the consensus")
def _agreed(key: tuple, shape, method: str, _readings: tuple) -> Agreed:
    found = [label_masks(reading.annotation.strokes, shape) for reading in _readings]
    none, kept, rates = np.zeros(shape, bool), {}, {}
    for label in LABELS:
        if not any(label in one for one in found):
            continue
        votes = [one.get(label, none) for one in found]
        if method == MAJORITY:
            kept[label] = agreement.majority(votes)
        else:
            estimate = agreement.staple(votes)
            kept[label] = estimate.mask
            if len(votes) >= agreement.TELLING:
                both = zip(estimate.sensitivity, estimate.specificity, strict=True)
                rates[label] = tuple(Rates(_told(one), _told(other)) for one, other in both)
    strokes = from_masks({label: one for label, one in kept.items() if one.any()})
    nothing = not strokes and 2 * sum(not one for one in found) > len(found)
    pixels = {label: int(one.sum()) for label, one in kept.items()}
    return Agreed(method, Annotation(strokes, nothing=nothing), pixels, rates)


def picture(key: tuple, make: Callable[[], bytes]) -> bytes:
    """A picture that is made once for a key, which names all that it shows."""
    return _picture(key, make)


@st.cache_data(max_entries=32, max_size="16MB", scope="session", show_spinner=False)
def _picture(key: tuple, _make: Callable[[], bytes]) -> bytes:
    return _make()


def _told(rate: float) -> float | None:
    return None if math.isnan(rate) else float(rate)


def names(readings: Sequence[Reading]) -> tuple:
    """What tells readings, as they are now, from others."""
    return tuple((reading.sha256, reading.id, reading.revision) for reading in readings)
