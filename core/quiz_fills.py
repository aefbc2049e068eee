"""Holes in films that are whole, so that it is known which filling comes nearest to the film."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import inpaint
from core.fidelity import fidelity
from core.inpaint import CLASSICAL
from core.painters import Painter
from core.phantoms.implants import KINDS, SEEN, silhouette

LEAST, MOST = 0.02, 0.2  # share of the film that a hole may take
TRIES = 50  # silhouettes: hardly one in two is too small or too large


@dataclass(frozen=True, eq=False)
class Fillings:
    """Fillings of the hole `mask` (H, W) bool, in an order by chance: `pictures` (H, W) uint8,
    their `titles`, which of them is `nearest` to the film, and how near they are, `told` in a
    sentence."""

    mask: np.ndarray
    pictures: tuple[np.ndarray, ...]
    titles: tuple[str, ...]
    nearest: int
    told: str


def hole(shape: tuple[int, int], key: str) -> np.ndarray:
    """(H, W) bool: where an implant of some kind would lie, always the same for a key.

    Silhouettes like those that the filling networks were measured on, of 2 to 20 % of the film.
    """
    rng = _random(key)
    for _ in range(TRIES):
        mask = silhouette(shape, rng, str(rng.choice(KINDS))) > SEEN
        if LEAST <= mask.mean() <= MOST:
            return mask
    return inpaint.middle(shape)


def fillings(film: np.ndarray, key: str, painters: Sequence[Painter]) -> Fillings:
    """Fill the hole of a key in a film (H, W) uint8 with every network and every classical way.

    Nearest is the filling of the highest peak signal-to-noise ratio inside the hole.
    """
    mask = hole(film.shape, key)
    ways = [(painter.card.title, painter) for painter in painters]
    ways += [(title, name) for name, title in CLASSICAL.items()]
    order = _random(f"order of {key}").permutation(len(ways))
    titles = tuple(ways[at][0] for at in order)
    filled = tuple(inpaint.fill(film, mask, ways[at][1]).pixels for at in order)
    psnr = [fidelity(one, film, mask)["psnr"] for one in filled]
    measured = ", ".join(
        f"{titles[at]} {psnr[at]:.1f} dB" for at in sorted(range(len(ways)), key=lambda i: -psnr[i])
    )
    told = (
        f"The hole was cut into a whole film and takes {100 * mask.mean():.0f} % of it; PSNR in "
        f"it, the higher the nearer: {measured}."
    )
    return Fillings(mask, filled, titles, int(np.argmax(psnr)), told)


def repaired(film: np.ndarray, key: str, painter: Painter) -> np.ndarray:
    """A film (H, W) uint8 whose hole of a key a network has filled, with grain like the
    surroundings'."""
    seed = zlib.crc32(key.encode())
    return inpaint.fill(film, hole(film.shape, key), painter, grain=True, seed=seed).pixels


def _random(key: str) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(key.encode()), 8])
