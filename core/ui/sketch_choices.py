"""The sketch page's model and diagnosis, by hand or by the page's address."""

from collections.abc import Sequence

import streamlit as st

from core.lesions import CODES
from core.models import ModelCard
from core.ui import chosen, link, origin, sketch_starts
from core.ui.sketch_orders import DIAGNOSIS
from core.ui.words import plain

ROOM, MODEL, DEFAULT = "sketch", "sketcher", "cgan"
WITHOUT_CLASSIFIER = (
    "No classifier of lesions is published here, so nothing is said of the pictures: restore the "
    "folder checkpoints/lesion, or train one with python -m trainers.lesion."
)
NON_COMMERCIAL = (
    " **Non-commercial use only**, of its pictures too: it learned from photos under CC BY-NC 4.0."
)


def prepare(cards: Sequence[ModelCard]) -> list[str]:
    """Set every choice: kept, asked for by the address, or the default; say what was unknown, and
    what became of the model that was chosen."""
    state, names, unknown = st.session_state, [card.name for card in cards], []
    state.setdefault(DIAGNOSIS, "mel")
    state.setdefault("sketch-from", "nv")
    state.setdefault("sketch-to", "mel")
    chosen.follow(MODEL, cards, DEFAULT if DEFAULT in names else names[0])
    asked = link.asked(ROOM, _now())
    for name, key, known, sentence in (
        ("model", MODEL, names, "The link names a model that is not here; another one is used."),
        ("diagnosis", DIAGNOSIS, CODES, "The link names a diagnosis that is not known here."),
    ):
        if asked.get(name) in known:
            state[key] = asked[name]
        elif name in asked:
            unknown.append(sentence)
    if asked.get("sample") in sketch_starts.BY_SLUG:
        sketch_starts.ask(asked["sample"])
    elif "sample" in asked:
        unknown.append("The link names a sample sketch that is not here; draw one instead.")
    return unknown + chosen.told(MODEL)


def is_non_commercial(card: ModelCard) -> bool:
    """Whether the licence of a card forbids commercial use."""
    licence = str(card.details.get("licence", "")).lower()
    return "non-commercial" in licence or "-nc" in licence


def choose_model(cards: Sequence[ModelCard]) -> ModelCard:
    """The model chooser, with what the chosen one is and may be used for."""
    names = {card.name: card for card in cards}
    name = st.selectbox(
        "Model",
        list(names),
        format_func=lambda name: names[name].title,
        key=MODEL,
        persist_state="session",
    )
    card = names[name]
    said = f"{plain(card.summary)} {origin.measured(card)}"
    st.caption(said + NON_COMMERCIAL * is_non_commercial(card))
    return card


def write_link(card: ModelCard) -> None:
    """Make the page's address reopen the model and the diagnosis. The sketch is the visitor's own,
    so it is no part of the address."""
    link.write(ROOM, {"model": card.name, "diagnosis": st.session_state[DIAGNOSIS]}, _now())


def _now() -> tuple:
    return st.session_state[MODEL], st.session_state[DIAGNOSIS]
