"""The annotation store as the pages hold it: opened once a server, and tidied once an hour."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.annotations import Store, StoreError, Unreachable
from core.settings import Settings
from core.ui import connection

_FAILED = "annotate-failed"


def store() -> Store:
    """The store of this server's settings. Raises StoreError."""
    settings = Settings.from_environment()
    found = _opened(settings.database_url)
    if settings.keep_hours is not None:
        _tidied(settings.database_url, settings.keep_hours, found)
    return found


@contextmanager
def told() -> Iterator[None]:
    """Say in a sentence what goes wrong with the store in this block, and offer to try again; by
    itself, where it may be back any moment."""
    try:
        yield
    except StoreError as error:
        st.error(error.reason, icon=":material/error:")
        if isinstance(error, Unreachable):
            st.caption(
                "What you drew and was not saved yet is kept. It is tried again every "
                f"{connection.EVERY_S} seconds."
            )
            connection.ask_again("annotate-store-again")
        # Whatever is pressed runs the page again.
        st.button("Try again", icon=":material/refresh:")


def attempt(act: Callable[..., object], *given: object) -> None:
    """Do something with the store in a callback; `failure` then says why it did not work."""
    try:
        act(*given)
    except StoreError as error:
        st.session_state[_FAILED] = error.reason


def failure() -> None:
    """Say once why what was pressed did not work."""
    # Its place is always taken: a canvas further down that moved would be built anew.
    with st.container():
        if reason := st.session_state.pop(_FAILED, ""):
            st.error(reason, icon=":material/error:")


@st.cache_resource(max_entries=2, on_release=Store.close, show_spinner=False)
def _opened(url: str) -> Store:
    return Store.open(url)


@st.cache_resource(ttl="1h", max_entries=2, show_spinner=False)
def _tidied(url: str, keep_hours: float, _store: Store) -> int:
    return _store.expire(datetime.now(UTC) - timedelta(hours=keep_hours))
