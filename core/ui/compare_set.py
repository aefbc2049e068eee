"""Compare on a labelled set: models measured on the same films, one against another, and what a
threshold costs."""

from collections.abc import Mapping

import streamlit as st

from core.settings import Settings

_WISHES = "compare-set-wishes"


def show(settings: Settings, task: str) -> None:
    """The view "A labelled set" of the Compare page; `task` is fracture, severity or lesion."""


def choices() -> dict[str, str]:
    """The choices that the address keeps, of what was shown last: `models`, `part`, and those of
    `pair`, `by`, `threshold` and `prevalence` that the part uses. To be asked after `show`."""
    return {}


def follow(asked: Mapping[str, str]) -> list[str]:
    """Take from the address what `choices` put into it, before `show`, and return a sentence for
    each number that cannot be used; `show` says which models are not here."""
    st.session_state[_WISHES] = dict(asked)
    return []
