"""Pictures of what readers marked, and of where they differ: every kind of place has a colour and
a pattern of its own, and every label its name."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from core.artefacts import LABELS, label_masks, regions
from core.masks import Stroke
from core.ui import label_colours, labels
from core.ui.canvas_picture import Tag, layered
from core.ui.fabric import View
from core.ui.pictures import DRAWN, jpeg, scaled

SMALL = 440  # px on the longer side of one reader's drawing, of several beside each other
PERIOD = 8  # px of the picture from stripe to stripe
STRIPE, BETWEEN = 0.9, 0.35  # how much of the film the colour hides, where readers differ
AGREED = 0.3  # and where they do not
ONE, OTHER, BOTH = (86, 180, 233), (230, 159, 0), (0, 190, 140)  # told apart by every eye


class Look(NamedTuple):
    """How one kind of place is painted. words: what it is, for the legend. slope: of its stripes,
    0 level, 1 rising, -1 falling; cover: the share of it that stripes take, 1 is solid."""

    words: str
    colour: tuple[int, int, int]
    slope: int = 0
    cover: float = 1.0

    @property
    def strengths(self) -> tuple[float, float]:
        """How much of the film the stripes hide, and what lies between them."""
        return (AGREED, AGREED) if self.cover == 1 else (STRIPE, BETWEEN)


def pair_looks(one: str, other: str) -> tuple[Look, ...]:
    """Of two readers: what only one marked, what only the other did, what both did."""
    return (
        Look(f"Only {one}", ONE, 1, 0.4),
        Look(f"Only {other}", OTHER, -1, 0.4),
        Look("Both", BOTH),
    )


def count_looks(readers: int) -> tuple[Look, ...]:
    """Of three readers or more: what one of them marked, what two did, and so on to all of them.

    The more of them, the denser the stripes, from blue to orange.
    """
    steps = np.linspace(0, 1, readers - 1)
    mixed = np.rint(np.outer(1 - steps, ONE) + np.outer(steps, OTHER)).astype(int).tolist()
    some = [
        Look(f"{count} of {readers}", tuple(colour), 1, 0.25 + 0.5 * step)
        for count, (step, colour) in enumerate(zip(steps.tolist(), mixed, strict=True), 1)
    ]
    return (*some, Look(f"All {readers}", BOTH))


def map_picture(grey: np.ndarray, kinds: np.ndarray, looks: Sequence[Look]) -> bytes:
    """JPEG bytes of a film (H, W) uint8 with `kinds` (H, W) laid over it: 0 is nothing, k is
    `looks[k - 1]`. However small the picture is, no place is lost."""
    scale = DRAWN / max(grey.shape)
    film = scaled(grey, scale)
    found = np.zeros(film.shape, np.uint8)
    most = np.zeros(film.shape, np.uint8)
    for kind in range(1, len(looks) + 1):
        share = _share(kinds == kind, scale)
        found[share > most] = kind
        np.maximum(most, share, out=most)
    return jpeg(_painted(film, found, looks))


def swatch(look: Look, width: int = 36, height: int = 20) -> np.ndarray:
    """(height, width, 3) uint8 RGB: a piece of the map for its legend."""
    return _painted(np.full((height, width), 200, np.uint8), np.ones((height, width)), (look,))


def _share(mask: np.ndarray, scale: float) -> np.ndarray:
    """How much of every pixel of the picture lies in the mask, of 255."""
    size = [max(1, round(side * scale)) for side in mask.shape[::-1]]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=way)


def _painted(film: np.ndarray, kinds: np.ndarray, looks: Sequence[Look]) -> np.ndarray:
    rgb = np.repeat(film[..., None], 3, 2)
    rows, columns = np.indices(film.shape, sparse=True)
    for kind, look in enumerate(looks, 1):
        inside = kinds == kind
        stripes = (rows + look.slope * columns) % PERIOD < max(1, round(look.cover * PERIOD))
        places = inside & stripes, inside & ~stripes
        for place, strength in zip(places, look.strengths, strict=True):
            rgb[place] = np.rint((1 - strength) * rgb[place] + strength * np.array(look.colour))
    # Round all of it alone: lines between the kinds would hide a narrow one.
    marked = (kinds > 0).astype(np.uint8)
    edges, _ = cv2.findContours(marked, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    around = cv2.drawContours(np.zeros_like(marked), edges, -1, 1, 3)
    rgb[(around > 0) & (marked == 0)] = 0
    return rgb


def as_drawn(grey: np.ndarray, strokes: Sequence[Stroke], place: tuple[slice, slice]) -> bytes:
    """JPEG bytes of a part of a film (H, W) uint8 under what strokes mark there, each label in its
    colour and with its name at its largest region."""
    (top, bottom), (left, right) = (
        part.indices(side)[:2] for part, side in zip(place, grey.shape, strict=True)
    )
    height, width = bottom - top, right - left
    view = View(grey.shape, left, top, width, height, SMALL / max(height, width), 0)
    found = regions(strokes, grey.shape)
    largest = {region.label: region for region in sorted(found, key=lambda one: one.pixels)}
    tags = [
        Tag(LABELS[label], region.box[:2], label_colours.rgb(label))
        for label, region in largest.items()
    ]
    return layered(grey, labels.layers(label_masks(strokes, grey.shape)), tags, view)
