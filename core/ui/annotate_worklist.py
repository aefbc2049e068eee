"""The films of a worklist as a table: how far each is, which one is open, and the way to others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.annotation_records import Film, Reader, Summary
from core.ui.annotate_lists import FILM
from core.ui.words import plain

READ, REVIEW = "Read", "Review"
ALL, TO_DO, DRAFT, SENT_BACK, SUBMITTED, REVIEWED = (
    "All",
    "To do",
    "Draft",
    "Sent back",
    "Submitted",
    "Reviewed",
)
MARKS = {TO_DO: "○", DRAFT: "◐", SENT_BACK: "↩", SUBMITTED: "●", REVIEWED: "✔"}
FILTERS = {READ: (ALL, *MARKS), REVIEW: (ALL, TO_DO, SUBMITTED, REVIEWED)}
OPEN_TO = (TO_DO, DRAFT, SENT_BACK)  # what the reader has still to do
MOST_ROWS = 8  # of the table, without scrolling
LONGEST = 24  # characters of a film's name beside the buttons
_TABLE = "annotate-table"
_COUNTS = ("Submitted by others", "Readings", "Accepted")


@dataclass(frozen=True)
class Row:
    """A film, the reader's own reading of it if there is one, and those of everybody that were
    submitted."""

    film: Film
    own: Summary | None
    handed_in: tuple[Summary, ...]

    @property
    def status(self) -> str:
        """How far the reader's own reading is."""
        if self.own is None:
            return TO_DO
        return SENT_BACK if self.own.sent_back else self.own.status.capitalize()

    @property
    def review(self) -> str:
        """How far the review of all its readings is; "to do" as long as there is none to review."""
        if not self.handed_in:
            return TO_DO
        done = all(reading.status == "reviewed" for reading in self.handed_in)
        return REVIEWED if done else SUBMITTED


class Chosen(NamedTuple):
    """The film that is open, room for words about it, and room for the way to add others."""

    film: Film
    about: DeltaGenerator
    more: DeltaGenerator


def rows(films: Sequence[Film], readings: Sequence[Summary], reader: Reader) -> list[Row]:
    """The films as a reader has them before them, in the order of the worklist."""
    own = {reading.sha256: reading for reading in readings if reading.reader == reader}
    handed_in: dict[str, list[Summary]] = {}
    for reading in readings:
        if reading.status in ("submitted", "reviewed"):
            handed_in.setdefault(reading.sha256, []).append(reading)
    return [
        Row(film, own.get(film.sha256), tuple(handed_in.get(film.sha256, ()))) for film in films
    ]


def choose(found: Sequence[Row], view: str) -> Chosen:
    """Filter, table and buttons over at least one film, and which one is open."""
    with st.container():  # a place that is always taken, so that the canvas below stays
        current = _current(found)
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    # Its state is the server's, so that it stays open while its label tells the progress.
    with row.popover(
        f"Films · {_progress(found, view)}",
        icon=":material/list:",
        key="annotate-films",
        on_change="rerun",
    ):
        wanted = st.segmented_control(
            "Show films",
            FILTERS[view],
            default=ALL,
            required=True,
            key=f"annotate-filter-{view}",
            persist_state="session",
            label_visibility="collapsed",
        )
        listed = [row for row in found if wanted in (ALL, _status(row, view)) or row is current]
        if view == REVIEW:
            listed.sort(key=lambda row: (row.review != SUBMITTED, not row.handed_in))
        at = listed.index(current)
        _table(listed, at, view)
        st.markdown("**Add films**")
        more = st.container()
    name = current.film.name
    with row:
        _buttons(listed, at, view)
        about = st.popover(
            f"**{plain(_short(name))}** · {at + 1} of {len(listed)}",
            icon=":material/info:",
            help=f"About {plain(name)}, and the way to remove it",
        )
    return Chosen(current.film, about, more)


def _short(name: str) -> str:
    """A name that leaves room for the buttons beside it."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[-LONGEST // 2 :]}"


def _current(found: Sequence[Row]) -> Row:
    """The film that was asked for, or the first; says so where that one is gone."""
    asked = st.session_state.get(FILM, "")
    if asked:
        for row in found:
            if row.film.sha256.startswith(asked):
                return row
        st.warning(
            "The film that was open is not in this worklist any more: another one is shown.",
            icon=":material/hide_image:",
        )
    st.session_state[FILM] = found[0].film.sha256
    return found[0]


def _progress(found: Sequence[Row], view: str) -> str:
    """How far the reader, or the review, is."""
    done = (SUBMITTED, REVIEWED) if view == READ else (REVIEWED,)
    finished = sum(_status(row, view) in done for row in found)
    return f"{finished} of {len(found)} {'submitted by you' if view == READ else 'reviewed'}"


def _table(listed: Sequence[Row], at: int, view: str) -> None:
    """The films, with the open one selected."""

    def pick() -> None:
        if chosen := st.session_state[_TABLE].selection.rows:
            st.session_state[FILM] = listed[chosen[0]].film.sha256

    now = st.session_state.get(_TABLE, {}).get("selection", {}).get("rows")
    if now != [at]:
        st.session_state[_TABLE] = {"selection": {"rows": [at]}}
    st.dataframe(
        pd.DataFrame([_cells(row, view) for row in listed]),
        hide_index=True,
        height=35 * (1 + min(len(listed), MOST_ROWS)) + 3,
        on_select=pick,
        selection_mode="single-row-required",
        key=_TABLE,
        column_config={
            "No.": st.column_config.NumberColumn(width=60),
            "Film": st.column_config.TextColumn(width="medium"),
        },
        # What counts first, so that a phone shows it.
        column_order=["No.", "Your reading", "Review", "Film", *_COUNTS],
        alt="The films of this worklist, and how far each is",
    )


def _cells(row: Row, view: str) -> dict[str, object]:
    status = _status(row, view)
    said = {"No.": row.film.number}
    if view == READ:
        others = [reading for reading in row.handed_in if reading is not row.own]
        said |= {"Your reading": f"{MARKS[status]} {status}", "Submitted by others": len(others)}
    else:
        accepted = sum(reading.status == "reviewed" for reading in row.handed_in)
        state = f"{MARKS[status]} {status if row.handed_in else 'No reading yet'}"
        said |= {"Review": state, "Readings": len(row.handed_in), "Accepted": accepted}
    return said | {"Film": row.film.name}


def _buttons(listed: Sequence[Row], at: int, view: str) -> None:
    """The way to the film before, the one after, and the next with something to do."""
    waiting = OPEN_TO if view == READ else (SUBMITTED,)
    onwards = [*listed[at + 1 :], *listed[:at]]
    to_do = next((row for row in onwards if _status(row, view) in waiting), None)
    before = listed[at - 1] if at else None
    after = listed[at + 1] if at + 1 < len(listed) else None
    for label, icon, shortcut, row in (
        ("Previous", ":material/chevron_left:", "Alt+Left", before),
        ("Next", ":material/chevron_right:", "Alt+Right", after),
        ("Next to do" if view == READ else "Next to review", ":material/skip_next:", None, to_do),
    ):
        st.button(
            label,
            icon=icon,
            shortcut=shortcut,
            disabled=row is None,
            key=f"annotate-{label.lower()}",
            on_click=_go,
            args=(row.film.sha256 if row else "",),
        )


def _go(sha256: str) -> None:
    st.session_state[FILM] = sha256


def _status(row: Row, view: str) -> str:
    return row.status if view == READ else row.review
