"""What a visitor has pressed, kept until its work is done.

A run of the page may end anywhere: where the visitor changes something else meanwhile, Streamlit
stops it, and a button's own press is gone with it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


def press(name: str, sha256: str, *what: object) -> None:
    """Keep a press on a film, behind those that still wait there: in a callback, under a name
    that is the session's."""
    st.session_state[name] = (sha256, (*waiting(name, sha256), what))


def waiting(name: str, sha256: str) -> tuple[tuple, ...]:
    """What was pressed on a film and is not done yet, the first press first."""
    film, kept = st.session_state.get(name, ("", ()))
    return kept if film == sha256 else ()


@contextmanager
def doing(name: str, sha256: str) -> Iterator[None]:
    """Do the work of the first press that waits, in this block, and forget the press where it is
    done or fails. The block must not rerun the page itself: a press waits on where a run ends."""
    try:
        yield
    except Exception:  # by none of these does Streamlit end a run
        _forget(name, sha256)
        raise
    _forget(name, sha256)


def _forget(name: str, sha256: str) -> None:
    st.session_state[name] = (sha256, waiting(name, sha256)[1:])
