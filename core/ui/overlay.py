"""The film on the lightbox, with the network's heatmap laid over it."""

import numpy as np
import streamlit as st

from core import explain
from core.classify import Verdict
from core.models import ModelCard
from core.ui import cached
from core.ui.film import Film
from core.ui.words import percent, plain

MEANINGS = {
    "class map": "the evidence for a fracture at each place",
    "Grad-CAM": "Grad-CAM, relative to this film's own maximum",
    "leave-one-out": "how far the score falls when a place is left out of the pooled features, "
    "relative to this film's own maximum",
}
TALLEST = 720  # px: with the page's head, a portrait film still fits a laptop's screen


def picture_width(film: Film) -> int:
    """The width in px at which a film is as large as the column and the screen allow."""
    height, width = film.grey.shape
    return min(1000, round(TALLEST * width / height))


def plain_film(film: Film, inverted: bool) -> None:
    """The film alone."""
    picture = cached.picture(film, inverted, None, "", 0.0)
    st.image(picture, width=picture_width(film), alt=f"X-ray film {film.name}")


def square(film: Film) -> np.ndarray:
    """The middle of the film, (S, S) uint8, for a row of equal pictures."""
    height, width = film.grey.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return film.grey[top : top + side, left : left + side]


def controls() -> tuple[bool, bool, float]:
    """Whether to show the heatmap, whether the original beside it, and the heat's opacity."""
    shown = st.toggle("Heatmap", value=True, key="heatmap", persist_state="session")
    beside = st.toggle("Original beside", key="beside", persist_state="session")
    opacity = st.slider(
        "Opacity of the heatmap",
        0,
        100,
        60,
        step=5,
        format="%d %%",
        key="opacity",
        persist_state="session",
        disabled=not shown,
        width=240,
    )
    return shown, beside, opacity / 100


@st.fragment
def viewer(film: Film, inverted: bool, verdict: Verdict, card: ModelCard) -> None:
    """The film under its heatmap, with the controls for it; they rerun nothing else."""
    place = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        shown, beside, opacity = controls()
    heat_key = card.version if shown else ""
    heat = verdict.heat if shown else None
    picture = cached.picture(film, inverted, heat, heat_key, opacity if shown else 0.0)
    x, y = explain.peak(verdict.heat)
    peak = f"{percent(x)} from the left and {percent(y)} from the top"
    alt = f"X-ray film {film.name}" + (f" under a heatmap, hottest {peak}" if shown else "")
    with place:
        if beside:
            left, right = st.columns(2)
            left.image(
                cached.picture(film, inverted, None, "", 0.0),
                width="stretch",
                alt=f"X-ray film {film.name} without heatmap",
            )
            right.image(picture, width="stretch", alt=alt)
        else:
            st.image(picture, width=picture_width(film), alt=alt)
    if shown:
        _legend(verdict, card, peak)


def _legend(verdict: Verdict, card: ModelCard, peak: str) -> None:
    absolute = card.heatmap == "class map"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("0" if absolute else "cold", width="content")
        st.image(explain.legend(160, 12), width=160, alt="Colour scale from black to pale yellow")
        st.caption("1" if absolute else "hottest place", width="content")
    strongest = f"the strongest, {verdict.heat.max():.2f}, lies" if absolute else "it lies"
    meaning = MEANINGS.get(card.heatmap, plain(card.heatmap))
    st.caption(f"Colour is {meaning}; {strongest} {peak}.")
