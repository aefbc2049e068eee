"""What the live exhibits have in common: a film to ask about, and every model's answer."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from textwrap import wrap

import streamlit as st

from core.models import BadModel, ModelCard
from core.ui import gallery
from core.ui.film import Film
from core.ui.source import Entry

WIDEST = 22  # letters of a model's name beside a chart: more would leave a phone no chart


def choose(label: str, exhibits: Mapping[str, gallery.Exhibit], key: str) -> Entry:
    """Let the visitor choose a sample, and tell its truth."""
    slug = st.selectbox(
        label,
        list(exhibits),
        format_func=lambda slug: exhibits[slug].title,
        key=key,
        persist_state="session",
    )
    exhibit = exhibits[slug]
    st.caption(f"{exhibit.description} Truth: {exhibit.truth}.")
    return Entry(exhibit.slug, exhibit.filename, partial(gallery.file, slug, exhibit))


def read(entry: Entry) -> Film | None:
    """The film in a file; None, and a sentence, where there is none."""
    film = entry.film()
    if isinstance(film, Film):
        return film
    st.error(film.reason, icon=":material/broken_image:")
    return None


def every(cards: Sequence[ModelCard], ask: Callable[[ModelCard], object]) -> list[tuple]:
    """(card, answer) of each model; of one that cannot be used a sentence is shown instead."""
    answers = []
    with st.spinner(f"Asking {len(cards)} models" if len(cards) > 1 else "Asking the model"):
        for card in cards:
            try:
                answers.append((card, ask(card)))
            except BadModel as error:
                st.warning(error.reason, icon=":material/warning:")
    return answers


def titled(names: Sequence[str], cards: Sequence[ModelCard]) -> list[str]:
    """How models are called: by their cards, or by their names where they are not published
    here."""
    known = {card.name: card.title for card in cards}
    return [known.get(name, name) for name in names]


def wrapped(titles: Sequence[str]) -> list[str]:
    """Names on short lines, to stand beside a chart."""
    return ["<br>".join(wrap(title, WIDEST)) for title in titles]
