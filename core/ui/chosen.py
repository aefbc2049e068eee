"""A chosen model that is renamed, replaced or withdrawn while its page is open."""

from collections.abc import Sequence
from typing import Protocol

import streamlit as st

from core.ui.words import plain


class Offered(Protocol):
    """What a chooser offers: a model's card, or a method.

    `version` is another where the answers are: it tells a model from one that took its name.
    """

    name: str
    title: str
    version: str


def follow(key: str, offered: Sequence[Offered], first: str) -> None:
    """See that the name chosen at session key `key` is one of those offered, or else `first`.

    A model that is offered under another name now is followed there; what became of the model that
    was chosen is kept for `told`.
    """
    state, names = st.session_state, {one.name: one for one in offered}
    before = state.get(_seen(key), {}).get(state.setdefault(key, first))
    state[_seen(key)] = {one.name: (one.title, one.version) for one in offered}
    now = names.get(state[key])
    if before is None or (now and now.version == before[1]):
        state[key] = now.name if now else first
        return
    title, version = before
    same = next((one for one in offered if one.version == version), None)
    state[key] = (same or now or names[first]).name
    title, used = plain(title), plain(names[state[key]].title)
    if same:
        sentence = f"The model {title} was renamed: it is {used} now, and answers as before."
    elif now:
        sentence = f"The model {title} was replaced: the one published as {used} is used now."
    else:
        sentence = f"The model {title} was withdrawn or is damaged: {used} is used now."
    state[_told(key)] = state[key], sentence


def told(key: str) -> list[str]:
    """One sentence on what became of the model that was chosen, until the visitor chooses."""
    name, sentence = st.session_state.get(_told(key), ("", ""))
    if name == st.session_state[key]:
        return [sentence]
    st.session_state.pop(_told(key), None)
    return []


def _seen(key: str) -> str:
    return f"{key}-seen"


def _told(key: str) -> str:
    return f"{key}-told"
