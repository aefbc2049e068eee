"""What the sketch page keeps between reruns, in each visitor's session alone."""

import hashlib
import time
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import diagnose
from core.models import ModelCard
from core.segment import Segmenter, open_segmenter
from core.settings import Settings
from core.sketchers import Sketcher, open_sketcher
from core.ui import cached


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures (N, 128, 128, 3) uint8, and the seconds it took to draw them all."""

    pictures: np.ndarray
    seconds: float


def draw(card: ModelCard, mask: np.ndarray, labels: np.ndarray, noise: np.ndarray) -> Drawn:
    """Pictures by the generator of a card, as by `Sketcher.draw`. Raises BadModel."""
    return _draw(_digest(mask, labels, noise), card.version, card, mask, labels, noise)


@st.cache_data(max_entries=64, max_size="32MB", scope="session", show_spinner=False)
def _draw(key: str, model_version: str, _card, _mask, _labels, _noise) -> Drawn:
    opened = sketcher(_card)
    begun = time.perf_counter()
    pictures = opened.draw(_mask, _labels, _noise)
    return Drawn(pictures, time.perf_counter() - begun)


def judged(card: ModelCard, pictures: np.ndarray) -> np.ndarray:
    """(N, 7): what the classifier of a card says of pictures (N, 128, 128, 3) uint8, as
    probabilities of `core.lesions.CODES`. Raises BadModel."""
    return _judged(_digest(pictures), card.version, card, pictures)


@st.cache_data(max_entries=128, scope="session", show_spinner=False)
def _judged(key: str, model_version: str, _card, _pictures) -> np.ndarray:
    return diagnose.probabilities(cached.model(_card), _pictures)


def sketcher(card: ModelCard) -> Sketcher:
    """The opened generator of a card. Raises BadModel."""
    threads = Settings.from_environment().threads
    return _sketcher(str(card.weights), card.version, threads, card)


@st.cache_resource(max_entries=2, show_spinner=False)
def _sketcher(path: str, version: str, threads: int, _card: ModelCard) -> Sketcher:
    return open_sketcher(_card, threads)


def segmenter(card: ModelCard) -> Segmenter:
    """The opened segmenter of a card. Raises BadModel."""
    threads = Settings.from_environment().threads
    return _segmenter(str(card.weights), card.version, threads, card)


@st.cache_resource(max_entries=1, show_spinner=False)
def _segmenter(path: str, version: str, threads: int, _card: ModelCard) -> Segmenter:
    return open_segmenter(_card, threads)


def _digest(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(
            f"{array.shape}{array.dtype}".encode() + np.ascontiguousarray(array).tobytes()
        )
    return digest.hexdigest()
