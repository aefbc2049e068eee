"""Pictures of where readers differ: every kind of place has a colour and a pattern of its own."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from core.ui.pictures import DRAWN, jpeg, scaled

PERIOD = 8  # px of the picture from stripe to stripe
TINT = 0.35  # of the colour, between the stripes
ONE, OTHER, BOTH = (86, 180, 233), (230, 159, 0), (0, 190, 140)  # told apart by every eye
FEW, MANY = np.array([86, 120, 200]), np.array([250, 226, 90])  # from dark to light in grey, too


class Look(NamedTuple):
    """How one kind of place is painted. words: what it is, for the legend. slope: of its stripes,
    0 level, 1 rising, -1 falling; cover: the share of it that stripes take, 1 is solid."""

    words: str
    colour: tuple[int, int, int]
    slope: int = 0
    cover: float = 1.0


def only(one: str) -> Look:
    """Of a reader alone: what that one marked."""
    return Look(f"Marked by {one}", ONE, 1, 0.4)


def pair_looks(one: str, other: str) -> tuple[Look, ...]:
    """Of two readers: what only one marked, what only the other did, what both did."""
    return (
        Look(f"Only {one}", ONE, 1, 0.4),
        Look(f"Only {other}", OTHER, -1, 0.4),
        Look("Both", BOTH),
    )


def count_looks(readers: int) -> tuple[Look, ...]:
    """Of several readers: what one of them marked, what two did, and so on to all of them."""
    shares = [count / readers for count in range(1, readers + 1)]
    return tuple(
        Look(
            f"{count} of {readers}",
            tuple(np.rint(FEW + share * (MANY - FEW)).astype(int).tolist()),
            0,
            share,
        )
        for count, share in enumerate(shares, 1)
    )


def map_picture(grey: np.ndarray, kinds: np.ndarray, looks: Sequence[Look]) -> bytes:
    """JPEG bytes of a film (H, W) uint8 with `kinds` (H, W) laid over it: 0 is nothing, k is
    `looks[k - 1]`. However small the picture is, no place is lost."""
    scale = DRAWN / max(grey.shape)
    film = scaled(grey, scale)
    found = np.zeros(film.shape, np.uint8)
    most = np.zeros(film.shape, np.float32)
    for kind in range(1, len(looks) + 1):
        share = _share(kinds == kind, scale)
        found[share > most] = kind
        np.maximum(most, share, out=most)
    return jpeg(_painted(film, found, looks))


def swatch(look: Look, width: int = 36, height: int = 20) -> np.ndarray:
    """(height, width, 3) uint8 RGB: a piece of the map for its legend."""
    return _painted(np.full((height, width), 90, np.uint8), np.ones((height, width)), (look,))


def _share(mask: np.ndarray, scale: float) -> np.ndarray:
    """How much of every pixel of the picture lies in the mask."""
    size = [max(1, round(side * scale)) for side in mask.shape[::-1]]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return cv2.resize(mask.astype(np.float32), size, interpolation=way)


def _painted(film: np.ndarray, kinds: np.ndarray, looks: Sequence[Look]) -> np.ndarray:
    rgb = np.repeat(film[..., None], 3, 2)
    rows, columns = np.indices(film.shape, sparse=True)
    for kind, look in enumerate(looks, 1):
        inside = kinds == kind
        stripes = (rows + look.slope * columns) % PERIOD < max(1, round(look.cover * PERIOD))
        for place, strength in ((inside & ~stripes, TINT * 0.5), (inside & stripes, 0.55)):
            rgb[place] = np.rint((1 - strength) * rgb[place] + strength * np.array(look.colour))
        edges, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        # Dark and coloured, so that one of the two stands out from any grey.
        cv2.drawContours(rgb, edges, -1, (0, 0, 0), 3)
        cv2.drawContours(rgb, edges, -1, look.colour, 1)
    return rgb
