"""The films that a visitor can try: synthetic samples, and real ones where a pack is at hand."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core import packs, samples


@dataclass(frozen=True)
class Exhibit:
    """A film of the gallery; `truth` is to be shown after the verdict."""

    slug: str
    title: str
    description: str
    truth: str
    filename: str
    load: Callable[[], bytes]


def fractures(data: Path) -> dict[str, Exhibit]:
    """The films of the fracture page by slug, in the order they are offered."""
    real = [
        Exhibit(
            film.name,
            f"Real film, FracAtlas val, {film.name}",
            "A real film that no model here was trained on.",
            f"{'fractured' if film.label else 'not fractured'} (label of FracAtlas)",
            film.name,
            film.data,
        )
        for film in _real(data, packs.fracture_films)
    ]
    return _by_slug(samples.gallery(), real)


def knees(data: Path) -> dict[str, Exhibit]:
    """The films of the severity page by slug, in the order they are offered."""
    real = [
        Exhibit(
            film.name,
            f"Real knee, OAI val, {film.name}",
            "A real film that no model here learned from; their calibration was set on it and 825 "
            "others.",
            f"grade {film.label} (label of the OAI)",
            film.name,
            film.data,
        )
        for film in _real(data, packs.knee_films)
    ]
    return _by_slug(samples.knee_gallery(), real)


def _by_slug(drawn: list[samples.Sample], real: list[Exhibit]) -> dict[str, Exhibit]:
    synthetic = [
        Exhibit(s.slug, s.title, s.description, s.truth, s.filename, s.data) for s in drawn
    ]
    return {exhibit.slug: exhibit for exhibit in synthetic + real}


@st.cache_data(max_entries=32, show_spinner=False)
def file(slug: str, _exhibit: Exhibit) -> bytes:
    """The bytes of an exhibit's file, drawn or read once. Raises OSError when a pack is gone."""
    return _exhibit.load()


def _real(data: Path, find: Callable[[Path], list[packs.PackFilm]]) -> list[packs.PackFilm]:
    return _found(data, find.__name__, find)


@st.cache_data(ttl="10m", show_spinner=False)
def _found(data: Path, name: str, _find) -> list[packs.PackFilm]:
    return _find(data)
