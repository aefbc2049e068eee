"""What the pages keep between reruns, so that nothing is decoded or predicted twice.

What stems from a visitor's film is kept in that visitor's session alone and goes with it.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import streamlit as st

from core import check, classify, explain, quality
from core.images import BadImage
from core.models import BadModel, Model, ModelCard, faults, open_model, signature
from core.settings import Settings
from core.ui.film import Film, read

MOST_ROWS = 2_000  # several batches, each with several models
LARGEST_SHOWN = 1400  # px on the longer side; no screen column is wider


def health(settings: Settings) -> str:
    """One line on the state of the install."""
    return _health(settings, signature(settings.checkpoints))


@st.cache_data(ttl="2m", show_spinner=False)
def _health(settings: Settings, published: tuple) -> str:
    return check.summary(check.check(settings))


def broken(checkpoints: Path) -> list[str]:
    """One sentence for each model folder that cannot be used."""
    return _broken(checkpoints, signature(checkpoints))


@st.cache_data(ttl="1m", show_spinner=False)
def _broken(checkpoints: Path, published: tuple) -> list[str]:
    return faults(checkpoints)


@st.cache_data(max_entries=64, max_size="128MB", scope="session", show_spinner=False)
def film(key: str, name: str, _load: Callable[[], bytes]) -> Film | BadImage:
    """The film in a file, or why there is none; `key` stands for the bytes that `_load` returns.

    Raises what `_load` raises.
    """
    try:
        return read(_load(), name)
    except BadImage as error:
        return error


@dataclass(frozen=True)
class Label:
    """What a batch keeps of a film when it lets go of the pixels; as in `Film`."""

    sha256: str
    name: str
    notes: tuple[str, ...]
    negative: bool


@st.cache_data(max_entries=MOST_ROWS, scope="session", show_spinner=False)
def label(key: str, _film: Callable[[], Film | BadImage]) -> Label | BadImage:
    """The label of a film, or why there is none; `key` stands for the file."""
    film = _film()
    if isinstance(film, BadImage):
        return film
    return Label(film.sha256, film.name, film.notes, film.negative)


def model(card: ModelCard) -> Model:
    """The opened network of a card. Raises BadModel."""
    threads = Settings.from_environment().threads
    return _model(str(card.weights), card.version, threads, card)


@st.cache_resource(max_entries=3, show_spinner=False)
def _model(path: str, version: str, threads: int, _card: ModelCard) -> Model:
    return open_model(_card, threads)


@dataclass(frozen=True)
class Gatekeeper:
    """The model whose gate judges films for all models."""

    card: ModelCard
    gate: quality.Gate


def gatekeeper(cards: Sequence[ModelCard]) -> Gatekeeper:
    """The first card's that has a gate. Raises BadModel when there is none, or none that opens."""
    for card in cards:
        if card.has_gate:
            return Gatekeeper(card, model(card).gate)
    raise BadModel("No model here carries a gate.")


def verdict(film: Film, inverted: bool, card: ModelCard) -> classify.Verdict:
    """What a model says of a film. Raises BadModel."""
    return _verdict(film.sha256, inverted, card.version, film, card)


@st.cache_data(max_entries=64, scope="session", show_spinner=False)
def _verdict(sha256: str, inverted: bool, model_version: str, _film: Film, _card: ModelCard):
    return classify.read_film(_film.shown(inverted), model(_card))


def looks_like_bone(film: Film, inverted: bool, keeper: Gatekeeper | None) -> bool:
    """Whether the gate lets a film pass; without a gate everything does."""
    if keeper is None:
        return True
    embedding = verdict(film, inverted, keeper.card).embedding
    return bool(keeper.gate.distance(embedding[None])[0] <= keeper.gate.threshold)


@dataclass(frozen=True)
class Reading:
    """What a batch keeps of a verdict: see `qualities`, `looks_like_bone` and `verdict`."""

    sharpness: quality.Measure
    bone: bool
    probability: float


def reading(
    label: Label,
    inverted: bool,
    card: ModelCard,
    keeper: Gatekeeper | None,
    film: Callable[[], Film],
) -> Reading:
    """What a model says of a labelled film, without its pictures. Raises BadModel."""
    gate = keeper.card.version if keeper else ""
    return _reading(label.sha256, inverted, card.version, gate, card, keeper, film)


@st.cache_data(max_entries=MOST_ROWS, scope="session", show_spinner=False)
def _reading(
    sha256: str, inverted: bool, model_version: str, gate_version: str, _card, _keeper, _film
) -> Reading:
    film = _film()
    return Reading(
        qualities(film, inverted)["Sharpness"],
        looks_like_bone(film, inverted, _keeper),
        verdict(film, inverted, _card).probability,
    )


def qualities(film: Film, inverted: bool) -> dict[str, quality.Measure]:
    """Named measures of the film as it is shown."""
    return _qualities(film.sha256, inverted, film)


@st.cache_data(max_entries=256, scope="session", show_spinner=False)
def _qualities(sha256: str, inverted: bool, _film: Film) -> dict[str, quality.Measure]:
    shown = _film.shown(inverted)
    return {"Sharpness": quality.sharpness(shown), "Exposure": quality.exposure(shown)}


def picture(film: Film, inverted: bool, heat: np.ndarray | None, heat_key: str, opacity: float):
    """JPEG bytes of the film, with heat laid over it where there is any."""
    return _picture(film.sha256, inverted, heat_key, opacity, film, heat)


@st.cache_data(max_entries=32, scope="session", show_spinner=False)
def _picture(sha256: str, inverted: bool, heat_key: str, opacity: float, _film: Film, _heat):
    shown = _film.shown(inverted)
    scale = min(1.0, LARGEST_SHOWN / max(shown.shape))
    size = (max(1, round(shown.shape[1] * scale)), max(1, round(shown.shape[0] * scale)))
    shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    if _heat is not None:
        shown = cv2.cvtColor(explain.overlay(shown, _heat, opacity), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


@dataclass(frozen=True)
class Validation:
    """A model's validation films: `labels` (N,) with 1 = fractured, `scores` (N,) likewise."""

    labels: np.ndarray
    scores: np.ndarray


def validation(card: ModelCard) -> Validation | None:
    """The validation predictions of a model, or None where they are missing or unreadable."""
    path = card.predictions
    return _validation(str(path), path.stat().st_mtime_ns, card.classes[1]) if path else None


@st.cache_data(max_entries=32, show_spinner=False)
def _validation(path: str, changed: int, disease: str) -> Validation | None:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = [(int(row["label"]), float(row[disease])) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return None
    labels, scores = np.array(rows).T if rows else np.zeros((2, 0))
    both = 0 < labels.sum() < len(labels) and np.isfinite(scores).all()
    return Validation(labels.astype(int), scores) if both else None
