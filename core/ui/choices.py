"""What a visitor chooses on the fracture page, kept while other pages are visited."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.models import ModelCard
from core.ui import link
from core.ui.gallery import Exhibit
from core.ui.words import interval, score

DEFAULT_MODEL = "mobilenetv2"
SAMPLE, FILES = "Sample film", "Your own films"


def threshold_key(card: ModelCard) -> str:
    """Each model keeps a threshold of its own: their probabilities spread differently."""
    return f"threshold-{card.name}"


def default_threshold(card: ModelCard) -> float:
    """The threshold of a card's balanced operating point."""
    return card.balanced.threshold if card.balanced else 0.5


def prepare(cards: Sequence[ModelCard], gallery: Mapping[str, Exhibit]) -> list[str]:
    """Set every choice: kept, asked for by the address, or the default; say what was unknown."""
    state = st.session_state
    names = {card.name: card for card in cards}
    first = DEFAULT_MODEL if DEFAULT_MODEL in names else cards[0].name
    for key, value in {"source": SAMPLE, "sample": next(iter(gallery)), "model": first}.items():
        state.setdefault(key, value)
    if state["model"] not in names:
        state["model"] = first
    if state["sample"] not in gallery:
        state["sample"] = next(iter(gallery))
    for card in cards:
        state.setdefault(threshold_key(card), default_threshold(card))
    asked, unknown = link.asked(_now(names[state["model"]])), []
    if "sample" in asked:
        state["source"] = SAMPLE
        if asked["sample"] in gallery:
            state["sample"] = asked["sample"]
        else:
            unknown.append("The link names a sample film that is not here; another one is shown.")
    if "model" in asked:
        if asked["model"] in names:
            state["model"] = asked["model"]
        else:
            unknown.append("The link names a model that is not here; another one reads the film.")
    if "threshold" in asked:
        threshold = _share(asked["threshold"])
        if threshold is not None and asked.get("model", state["model"]) == state["model"]:
            state[threshold_key(names[state["model"]])] = threshold
        else:
            unknown.append("The link's threshold was left out; the model's own is used.")
    return unknown


def write_link(card: ModelCard) -> None:
    """Make the page's address reopen the present sample, model and threshold."""
    state = st.session_state
    sample = state["sample"] if state["source"] == SAMPLE else None
    threshold = f"{state[threshold_key(card)]:.6f}"
    link.write({"sample": sample, "model": card.name, "threshold": threshold}, _now(card))


def choose_model(cards: Sequence[ModelCard]) -> ModelCard:
    """The model chooser, with how good the chosen one is."""
    names = {card.name: card for card in cards}

    def label(name: str) -> str:
        metric = names[name].metrics.get("auroc")
        return names[name].title + (f" · AUROC {score(metric.value)}" if metric else "")

    name = st.selectbox(
        "Model", list(names), format_func=label, key="model", persist_state="session"
    )
    card = names[name]
    films = f"{card.validation.get('n', 0):,} validation films"
    st.caption(f"AUROC {interval(card.metrics.get('auroc'))} on {films}.")
    return card


def _now(card: ModelCard) -> tuple:
    state = st.session_state
    return state["source"], state["sample"], card.name, state[threshold_key(card)]


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None
