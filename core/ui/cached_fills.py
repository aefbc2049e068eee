"""What the inpaint page keeps between reruns, in each visitor's session alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core import inpaint, metal
from core.images import BadImage, MedicalImage, decode
from core.inpaint import Filled
from core.models import ModelCard
from core.painters import Painter, open_painter
from core.preprocess import own_window, to_grey
from core.settings import Settings
from core.ui.film import Film
from core.ui.source import Entry

SEED = 0  # of the grain, so that the same fill comes out the same


@dataclass(frozen=True)
class Method:
    """A way to fill: a classical one of `core.inpaint`, or the network of a card."""

    name: str
    title: str
    card: ModelCard | None = None

    @property
    def sha256(self) -> str:
        """Of the network's file; empty for a classical method."""
        return self.card.sha256 if self.card else ""

    @property
    def version(self) -> str:
        """That of the card; empty for a classical method."""
        return self.card.version if self.card else ""

    @property
    def middle_only(self) -> bool:
        """Whether it only ever fills the middle of a film."""
        return self.card is not None and self.card.details.get("view") == "whole film"


def methods(cards: Sequence[ModelCard]) -> dict[str, Method]:
    """All ways to fill by name, the networks of the `cards` first."""
    networks = [Method(card.name, card.title, card) for card in cards]
    classical = [Method(name, title) for name, title in inpaint.CLASSICAL.items()]
    return {method.name: method for method in (*networks, *classical)}


@dataclass(frozen=True, eq=False)
class Hole:
    """A mask (H, W) bool with the hash that tells it from others."""

    mask: np.ndarray
    sha256: str

    @classmethod
    def of(cls, mask: np.ndarray) -> "Hole":
        """The hole of a mask."""
        return cls(mask, hashlib.sha256(np.packbits(mask)).hexdigest())


def image(entry: Entry, sha256: str) -> MedicalImage:
    """The film of an entry at its own depth, known to be readable; `sha256` is that of its own
    file.

    Raises OSError when the file is gone.
    """
    return replace(_image(sha256, entry), sha256=sha256)


@st.cache_data(max_entries=3, max_size="128MB", scope="session", show_spinner=False)
def _image(sha256: str, _entry: Entry) -> MedicalImage:
    try:
        return decode(_entry.load(), _entry.name)
    except BadImage as error:
        raise OSError(error.reason) from error


def suggestion(film: Film, inverted: bool) -> np.ndarray:
    """What looks like metal on a film: (H, W) bool, often empty."""
    packed = _suggestion(film.sha256, inverted, film)
    return np.unpackbits(packed, count=film.grey.size).reshape(film.grey.shape).astype(bool)


@st.cache_data(max_entries=8, scope="session", show_spinner="Looking for metal")
def _suggestion(sha256: str, inverted: bool, _film: Film) -> np.ndarray:
    return np.packbits(metal.find_metal(_film.shown(inverted)))


def fill(
    image: MedicalImage, hole: Hole, method: Method, inverted: bool, grain: bool = False
) -> Filled:
    """A film filled by a method. Raises BadHole and BadModel."""
    key = (image.sha256, hole.sha256, method.name, method.sha256, inverted, grain)
    values, filled = _fill(key, image, hole, method)
    pixels = image.pixels.copy()
    pixels[hole.mask] = values
    return replace(filled, pixels=pixels)


@st.cache_data(max_entries=16, max_size="128MB", scope="session", show_spinner=False)
def _fill(
    key: tuple, _image: MedicalImage, _hole: Hole, _method: Method
) -> tuple[np.ndarray, Filled]:
    """What stands under the mask, and the rest of the answer without its film: a large film would
    leave no room for the next."""
    inverted, grain = key[-2:]
    how = _painter(_method.card) if _method.card else _method.name
    found = inpaint.fill(_image.pixels, _hole.mask, how, _image.window, inverted, grain, SEED)
    return found.pixels[_hole.mask], replace(found, pixels=_image.pixels[:0])


def _painter(card: ModelCard) -> Painter:
    threads = Settings.from_environment().threads
    return _opened(str(card.weights), card.version, threads, card)


@st.cache_resource(max_entries=3, show_spinner=False)
def _opened(path: str, version: str, threads: int, _card: ModelCard) -> Painter:
    return open_painter(_card, threads)


def displayed(image: MedicalImage, pixels: np.ndarray, inverted: bool) -> np.ndarray:
    """(H, W) uint8: pixels like the image's own as the page shows that, whatever they hold."""
    window = image.window
    if window is None and image.pixels.dtype != np.uint8:
        window = own_window(image.pixels)
    grey = to_grey(pixels, window)
    return 255 - grey if inverted else grey


def filled_film(film: Film, grey: np.ndarray, inverted: bool, key: str) -> Film:
    """The film with other grey (H, W) uint8 in its place, as displayed; `key` tells fills apart."""
    stored = 255 - grey if inverted else grey
    return replace(film, sha256=f"{film.sha256}-{key}", grey=stored)
