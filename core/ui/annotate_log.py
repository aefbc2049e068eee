"""The log of a worklist: who did what, and whether it is as it was written."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import streamlit as st

from core.annotation_records import Film, Reader, Worklist
from core.annotations import Store
from core.events import BrokenLog, verify_events
from core.ui import annotate_zips
from core.ui.annotate_zips import Made, size

MOST_LINES = 500  # in the table; the file has all of them
_VERIFY = "annotate-verify"
SOURCES = {"MANUAL": "by hand", "AUTO": "by a program", "SEMI-AUTO": "by a program and by hand"}


def log(store: Store, worklist: Worklist, films: Sequence[Film], reader: Reader) -> None:
    """The last events as a table, with the ways to verify and to download them all.

    Raises StoreError.
    """
    lines = store.events(worklist)
    st.markdown(
        "Every change is a line here, chained to the one before it by its hash: a line that is "
        "changed, taken out or put in breaks the chain. It names films by their hash alone and "
        "holds no comments."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Verify the log",
            type="primary",
            icon=":material/verified:",
            on_click=st.session_state.__setitem__,
            args=(_VERIFY, True),
        )
    st.caption(
        ":material/visibility: The log's file holds what every reader drew, drafts too. To take it "
        "is logged; on the films whose reading you have not submitted it counts as looking, and "
        "your reading is not blind."
    )
    annotate_zips.offer(
        "annotate-log",
        worklist.code,
        (),
        "Take the log (JSON lines)",
        f"lightbox-{worklist.code}.jsonl",
        partial(_taken, store, worklist, reader),
    )
    if st.session_state.pop(_VERIFY, False):
        _verify(lines, worklist)
    names = {film.sha256: film.name for film in films}
    st.dataframe(
        pd.DataFrame([_cells(line, names) for line in reversed(lines[-MOST_LINES:])]),
        hide_index=True,
        placeholder="",
        column_config={"Time (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")},
        alt="The last events of this worklist, the newest first",
    )
    if len(lines) > MOST_LINES:
        st.caption(f"The last {MOST_LINES} of {len(lines):,} lines; the file has all of them.")


def _verify(lines: Sequence[str], worklist: Worklist) -> None:
    try:
        verify_events(lines, worklist.events, worklist.last_event)
    except BrokenLog as error:
        st.error(f"The log is not as it was written. {error.reason}", icon=":material/error:")
        return
    st.success(
        f"The log is whole: {len(lines):,} lines, each chained to the one before.",
        icon=":material/verified:",
    )


def _taken(store: Store, worklist: Worklist, reader: Reader) -> Made:
    """Raises StoreError: then nothing leaves."""
    lines = store.take_events(worklist, reader)
    data = "".join(f"{line}\n" for line in lines).encode()
    return Made(data, f"{len(lines):,} lines, as of {datetime.now(UTC):%H:%M} UTC; {size(data)}.")


def _cells(line: str, names: Mapping[str, str]) -> dict[str, object]:
    """A line of the log as a row of the table; what cannot be read stays empty."""
    try:
        told = json.loads(line)
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    sha256 = str(told.get("image") or "")
    return {
        "No.": told.get("seq"),
        "Time (UTC)": pd.to_datetime(told.get("ts"), errors="coerce"),
        "Who": told.get("actor"),
        "What": told.get("action"),
        "Film": names.get(sha256, sha256[:12]),
        "Revision": told.get("after", told.get("before")),
        "Drawn": SOURCES.get(told.get("source")),
    }
