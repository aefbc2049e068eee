"""The eight pitfalls: what they are called, which one is open, and its module."""

from importlib import import_module
from typing import NamedTuple, Protocol, cast

import streamlit as st

from core.settings import Settings
from core.ui import link

ROOM, OPEN = "pitfalls", "pitfalls-exhibit"


class Entry(NamedTuple):
    """An exhibit: its name in the address, on its button, and its module in core.ui."""

    slug: str
    label: str
    module: str


class Exhibit(Protocol):
    """What a module of an exhibit holds: `QUESTION` is the claim to be doubted, in one sentence,
    `SO_WHAT` what follows from it, in exactly two."""

    TITLE: str
    QUESTION: str
    SO_WHAT: str

    def show(self, settings: Settings) -> None:
        """The control to move, the figure that answers, and where its numbers come from."""


ENTRIES = (
    Entry("leak", "Leak", "exhibit_leak"),
    Entry("stacked-leak", "Stacked leak", "exhibit_stacked_leak"),
    Entry("swapped-class", "Swapped class", "exhibit_swapped_class"),
    Entry("majority-class", "Majority class", "exhibit_majority_class"),
    Entry("fid", "FID on 32 pictures", "exhibit_fid"),
    Entry("shortcut", "Shortcut", "exhibit_shortcut"),
    Entry("no-gate", "No gate", "exhibit_gate"),
    Entry("joint-hidden", "Joint hidden", "exhibit_joint"),
)
BY_SLUG = {entry.slug: entry for entry in ENTRIES}


def follow_link() -> list[str]:
    """Open the exhibit that the address asks for; returns what must be said of it."""
    st.session_state.setdefault(OPEN, ENTRIES[0].slug)
    asked = link.asked(ROOM, _now()).get("exhibit")
    if asked in BY_SLUG:
        st.session_state[OPEN] = asked
    elif asked is not None:
        return ["The link names an exhibit that is not here: choose one of the eight below."]
    return []


def choose() -> Exhibit:
    """The row of exhibits, and the one that is open; the address then reopens it."""
    slug = st.pills(
        "Exhibit",
        list(BY_SLUG),
        format_func=lambda slug: f"{list(BY_SLUG).index(slug) + 1} {BY_SLUG[slug].label}",
        required=True,
        key=OPEN,
        persist_state="session",
        label_visibility="collapsed",
    )
    link.write(ROOM, {"exhibit": slug}, _now())
    return cast(Exhibit, import_module(f"core.ui.{BY_SLUG[slug].module}"))


def _now() -> tuple:
    return (st.session_state[OPEN],)
