"""The log of a worklist: who did what, and whether it is as it was written."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st

from core.annotation_records import Film, Reader, StoreError, Worklist
from core.annotations import Store
from core.events import BrokenLog, verify_events

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
        st.download_button(
            "Download the log (JSON lines)",
            "".join(f"{line}\n" for line in lines),
            f"lightbox-{worklist.code}.jsonl",
            "application/jsonl",
            icon=":material/download:",
            help="It holds what every reader drew. To download it is logged, and counts as looking "
            "at the readings that others have submitted.",
            on_click=_downloaded,
            args=(store, worklist, reader),
        )
    if st.session_state.pop(_VERIFY, False):
        _verify(lines, worklist.events)
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


def _verify(lines: Sequence[str], at_least: int) -> None:
    try:
        verify_events(lines, at_least)
    except BrokenLog as error:
        st.error(f"The log is not as it was written. {error.reason}", icon=":material/error:")
        return
    st.success(
        f"The log is whole: {len(lines):,} lines, each chained to the one before.",
        icon=":material/verified:",
    )


def _downloaded(store: Store, worklist: Worklist, reader: Reader) -> None:
    """Record that the reader has what the others drew: what they draw from now on is not blind."""
    with suppress(StoreError):  # the download has begun, and loses nothing
        store.record(worklist, reader, "export", formats=["log"])
        readings = store.readings(worklist)
        for sha256 in {reading.sha256 for reading in readings if reading.reader != reader}:
            store.submitted(worklist, sha256, reader)


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
