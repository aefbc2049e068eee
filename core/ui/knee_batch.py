"""Several knee films at once: a table, a CSV, and the one to look at."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.images import BadImage, display_name
from core.joint import Joint, NoJoint
from core.kellgren_lawrence import GRADES
from core.models import ModelCard
from core.ui import cached, cached_knees
from core.ui.batch import as_csv, harmless, polarity, with_progress
from core.ui.film import Film
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
    st.subheader(f"{len(entries)} films, {len(graded)} knees graded", anchor=False)
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
    film = entry.film()
    empty = dict.fromkeys(("grade", "probability", "expected", *map(_column, range(5))))
    empty |= {"left space px": None, "right space px": None, "left space mm": None}
    empty |= {"right space mm": None}
    row = {"entry": entry, "file": harmless(display_name(entry.name)), "side": ""}
    if isinstance(film, BadImage):
        return [row | {"verdict": "Not read", **empty, "notes": film.reason, "sha256": ""}]
    inverted = is_inverted(film.sha256, film.negative)
    notes = [*film.notes, *polarity(film.negative, inverted)]
    knees = cached_knees.find(film, inverted, keeper)
    if not knees and is_insisted(film.sha256):
        knees = cached_knees.find(film, inverted, None)
        notes.insert(0, f"{NOT_KNEE}.")
    if not knees:
        said = {"notes": " ".join([f"{NOT_KNEE}.", *notes]), "sha256": film.sha256}
        return [row | {"verdict": "No grade", **empty, **said}]
    found = []
    for knee in knees:
        cut = cached_knees.cut(film, knee)
        reading = cached_knees.grading(cut, inverted, card)
        joint = cached_knees.joint_of(cut, inverted)
        found.append(
            row
            | {"side": knee.side or "", "verdict": f"{reading.grade} {GRADES[reading.grade].name}"}
            | {"grade": reading.grade}
            | {"probability": round(float(reading.probabilities[reading.grade]), 4)}
            | {"expected": round(reading.expected, 2)}
            | {_column(k): round(float(p), 4) for k, p in enumerate(reading.probabilities)}
            | _spaces(joint, cut)
            | {"notes": " ".join(notes), "sha256": film.sha256}
        )
    return found


def _column(grade: int) -> str:
    return f"p({grade})"


def _spaces(joint: Joint | NoJoint, knee: Film) -> dict[str, float | None]:
    """The joint space by side of the film; None where it was not measured or has no scale."""
    widths = {
        side: None if isinstance(joint, NoJoint) else getattr(joint, side).width_px
        for side in ("left", "right")
    }
    mm = knee.spacing_mm[0] if knee.spacing_mm else None
    in_px = {f"{side} space px": w and round(w, 1) for side, w in widths.items()}
    in_mm = {f"{side} space mm": w and mm and round(w * mm, 1) for side, w in widths.items()}
    return in_px | in_mm
