"""Several knee films at once: a table, a CSV, and the one to look at."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.images import BadImage, display_name
from core.kellgren_lawrence import GRADES
from core.models import ModelCard
from core.ui import cached, cached_knees
from core.ui.batch import as_csv, harmless, polarity, with_progress
from core.ui.grade_card import NOT_KNEE
from core.ui.source import Entry
from core.ui.verdict import is_insisted, is_inverted


def choose(
    entries: Sequence[Entry], card: ModelCard, keeper: cached.Gatekeeper | None
) -> tuple[Entry, str | None]:
    """Grade every knee, show the table, and return the chosen row's film and its side, or the
    first readable film's. Raises BadModel."""
    rows = [row for entry in with_progress(entries) for row in _rows(entry, card, keeper)]
    graded = [row for row in rows if row["grade"] is not None]
    knees = "1 knee" if len(graded) == 1 else f"{len(graded)} knees"
    st.subheader(f"{len(entries)} films, {knees} graded", anchor=False)
    shown = [{key: row[key] for key in row if key != "entry"} for row in rows]
    chances = st.column_config.ProgressColumn(
        "Its probability", format="percent", min_value=0, max_value=1
    )
    chosen = st.dataframe(
        pd.DataFrame(shown),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="knee-row",
        column_order=["file", "side", "verdict", "probability", "expected", "notes"],
        column_config={
            "file": st.column_config.TextColumn("File", width="medium"),
            "side": st.column_config.TextColumn("Side of the film"),
            "verdict": st.column_config.TextColumn("Grade", width="medium"),
            "probability": chances,
            "expected": st.column_config.NumberColumn("Expected grade", format="%.1f"),
            "notes": st.column_config.TextColumn("Notes", width="large"),
        },
        alt="Grades of all films",
    ).selection.rows
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download results (CSV)",
            as_csv([{**row, "model": card.name} for row in shown]),
            "lightbox-severity.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption("Choose a row to look at that film.", width="content")
    readable = (row for row in rows if row["sha256"])
    row = rows[chosen[0]] if chosen and chosen[0] < len(rows) else next(readable, rows[0])
    return row["entry"], row["side"] or None


def _rows(entry: Entry, card: ModelCard, keeper) -> list[dict]:
    """One row a knee on the film; one that says why where there is none."""
    label = cached.label(entry.key, entry.film)
    row = {"entry": entry, "file": harmless(display_name(entry.name)), "side": ""}
    if isinstance(label, BadImage):
        return [row | {"verdict": "Not read", **NOTHING, "notes": label.reason, "sha256": ""}]
    inverted = is_inverted(label.sha256, label.negative)
    notes = [*label.notes, *polarity(label.negative, inverted)]
    knees = cached_knees.readings(label, inverted, card, keeper, entry.film)
    if not knees:
        notes.insert(0, f"{NOT_KNEE}.")
        if is_insisted(label.sha256, "severity"):
            knees = cached_knees.readings(label, inverted, card, None, entry.film)
    said = {"notes": " ".join(notes), "sha256": label.sha256}
    if not knees:
        return [row | {"verdict": "No grade", **NOTHING, **said}]
    return [row | {"side": knee.side or ""} | _numbers(knee) | said for knee in knees]


SIDES = ("left", "right")
NOTHING = dict.fromkeys(
    (
        *("grade", "probability", "expected"),
        *(f"p({grade.number})" for grade in GRADES),
        *(f"{side} space {unit}" for unit in ("px", "mm") for side in SIDES),
    )
)


def _numbers(knee: cached_knees.KneeReading) -> dict:
    """The columns of one graded knee; None where the joint was not measured or has no scale."""
    spaces = {"px": knee.spaces_px, "mm": knee.spaces_mm}
    widths = {
        f"{side} space {unit}": found.get(side) and round(found[side], 1)
        for unit, found in spaces.items()
        for side in SIDES
    }
    return {
        "verdict": f"{knee.grade} {GRADES[knee.grade].name}",
        "grade": knee.grade,
        "probability": round(knee.probabilities[knee.grade], 4),
        "expected": round(knee.expected, 2),
        **{f"p({grade})": round(p, 4) for grade, p in enumerate(knee.probabilities)},
        **widths,
    }
