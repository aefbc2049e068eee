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


def exhibits(data: Path) -> dict[str, Exhibit]:
    """All films of the gallery by slug, in the order they are offered."""
    drawn = [
        Exhibit(s.slug, s.title, s.description, s.truth, s.filename, s.data)
        for s in samples.gallery()
    ]
    real = [
        Exhibit(
            film.name,
            f"Real film, FracAtlas val, {film.name}",
            "A real film that no model here was trained on.",
            f"{'fractured' if film.fractured else 'not fractured'} (label of FracAtlas)",
            film.name,
            film.data,
        )
        for film in _real(data)
    ]
    return {exhibit.slug: exhibit for exhibit in drawn + real}


@st.cache_data(max_entries=32, show_spinner=False)
def file(slug: str, _exhibit: Exhibit) -> bytes:
    """The bytes of an exhibit's file, drawn or read once. Raises OSError when a pack is gone."""
    return _exhibit.load()


@st.cache_data(ttl="10m", show_spinner=False)
def _real(data: Path) -> list[packs.PackFilm]:
    return packs.validation_films(data)
