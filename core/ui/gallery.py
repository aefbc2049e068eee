"""The films that a visitor can try: synthetic samples, and real ones where a pack is at hand."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st

from core import packs, samples
from core.images import BadImage, decode
from core.phantoms.implants import KINDS
from core.preprocess import to_grey
from core.repair_samples import Repair, pasted, repair_gallery


@dataclass(frozen=True)
class Exhibit:
    """A film of the gallery; `truth` is to be shown after the verdict. `repair` tells what lies
    under the hardware of a film to fill in, `knee` that the film shows one knee."""

    slug: str
    title: str
    description: str
    truth: str
    filename: str
    load: Callable[[], bytes]
    repair: Callable[[], Repair] | None = None
    knee: bool = False


def fractures(data: Path) -> dict[str, Exhibit]:
    """The films of the fracture page by slug, in the order they are offered."""
    return _by_slug(samples.gallery(), [_fracture(f) for f in _real(data, packs.fracture_films)])


def hardware(data: Path) -> dict[str, Exhibit]:
    """Those of its films that carry metal, and all such real ones, by slug."""
    drawn = [sample for sample in samples.gallery() if "with hardware" in sample.truth]
    return _by_slug(drawn, [_fracture(film) for film in _real(data, packs.hardware_films)])


def _fracture(film: packs.PackFilm) -> Exhibit:
    return Exhibit(
        film.name,
        f"Real film, FracAtlas val, {film.name}",
        "A real film that no model here was trained on.",
        f"{'fractured' if film.label else 'not fractured'} (label of FracAtlas)",
        film.name,
        film.data,
    )


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


def repairs(data: Path) -> dict[str, Exhibit]:
    """The films of the inpaint page by slug, in the order they are offered."""
    drawn = [
        Exhibit(s.slug, s.title, s.description, "", s.filename, s.data, s.draw, s.knee)
        for s in repair_gallery()
    ]
    real = [_with_hardware(film) for film in _real(data, packs.knee_films)]
    return {exhibit.slug: exhibit for exhibit in drawn + real}


def _with_hardware(film: packs.PackFilm) -> Exhibit:
    """A real knee with drawn hardware laid over it, always the same."""
    seed = zlib.crc32(film.name.encode()) % 1000
    kind = KINDS[seed % len(KINDS)]
    draw = partial(_paste, film, seed, kind)
    return Exhibit(
        f"{kind}-{film.name}",
        f"Real knee with drawn {kind}, OAI val, {film.name}",
        f"A real film of grade {film.label} that no model here learned from; the hardware is "
        "drawn, so that what lies under it is known.",
        "",
        f"{Path(film.name).stem}-{kind}.png",
        lambda: samples.png(draw().film),
        draw,
        True,
    )


def _paste(film: packs.PackFilm, seed: int, kind: str) -> Repair:
    """Raises OSError when the pack is gone or holds no film there."""
    try:
        image = decode(film.data(), film.name)
    except BadImage as error:
        raise OSError(error.reason) from error
    return pasted(to_grey(image.pixels, image.window), seed, kind)


def _by_slug(drawn: list[samples.Sample], real: list[Exhibit]) -> dict[str, Exhibit]:
    synthetic = [
        Exhibit(s.slug, s.title, s.description, s.truth, s.filename, s.data) for s in drawn
    ]
    return {exhibit.slug: exhibit for exhibit in synthetic + real}


@st.cache_data(max_entries=32, show_spinner=False)
def file(slug: str, _exhibit: Exhibit) -> bytes:
    """The bytes of an exhibit's file, drawn or read once. Raises OSError when a pack is gone."""
    return _exhibit.load()


@st.cache_data(max_entries=8, show_spinner=False)
def repair(slug: str, _exhibit: Exhibit) -> Repair:
    """What lies under the hardware of an exhibit that tells it. Raises OSError as `file` does."""
    return _exhibit.repair()


def _real(data: Path, find: Callable[[Path], list[packs.PackFilm]]) -> list[packs.PackFilm]:
    return _found(data, find.__name__, find)


@st.cache_data(ttl="10m", show_spinner=False)
def _found(data: Path, name: str, _find) -> list[packs.PackFilm]:
    return _find(data)
