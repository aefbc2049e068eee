"""Models that are published or withdrawn show on every open page, without a reload."""

from pathlib import Path

import streamlit as st

from core.models import signature

# Where a look meets the end of a run, Streamlit 1.67 may leave old elements on the page.
EVERY_S = 8
_SEEN = "published-seen"


def catalogue(checkpoints: Path) -> None:
    """Rerun the page once the catalogue is another than this run finds; nothing is shown."""
    st.session_state[_SEEN] = signature(checkpoints)
    _look(checkpoints)


@st.fragment(run_every=EVERY_S)
def _look(checkpoints: Path) -> None:
    if signature(checkpoints) != st.session_state[_SEEN]:
        st.rerun()
