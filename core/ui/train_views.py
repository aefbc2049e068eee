"""The views of the Train page, and the way from one to another."""

import streamlit as st

from core.check import memory_mb
from core.settings import Settings

RUNS, NEW, COMPARE = "Runs", "New run", "Compare"
VIEW, OPEN = "train-view", "train-open"  # the open view; the id of the run that is looked at
MEMORY_NEEDED_MB = 3000  # torch with a small network and its data, beside the app


def choose() -> str:
    """The view that is open, and the switch between them."""
    return st.segmented_control(
        "What to do",
        [RUNS, NEW, COMPARE],
        default=RUNS,
        required=True,
        key=VIEW,
        persist_state="session",
        label_visibility="collapsed",
    )


def go(view: str, job: str = "") -> None:
    """Open a view with the run that follows, looking at a job by its id; in a callback."""
    st.session_state[VIEW] = view
    if job:
        st.session_state[OPEN] = job


def why_off(settings: Settings) -> str:
    """Why nothing can be trained on this server, in a clause; "" where it can."""
    if not settings.training:
        return "the setting `LIGHTBOX_TRAINING` of this server is `off`"
    memory = memory_mb()
    if memory is not None and memory < MEMORY_NEEDED_MB:
        return (
            f"this server has {memory:,} MB of memory, and training takes {MEMORY_NEEDED_MB:,} MB"
        )
    return ""
