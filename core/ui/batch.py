"""Several films at once: a table, a CSV, and the one to look at."""

import csv
import io
import time
from collections.abc import Iterator, Sequence

import pandas as pd
import streamlit as st

from core.images import BadImage, display_name
from core.models import ModelCard
from core.ui import cached
from core.ui.source import Entry
from core.ui.verdict import NOT_BONE, is_insisted, is_inverted, words

FORMULA = ("=", "+", "-", "@", "\t", "\r")
PATIENCE_S = 0.3  # below this a progress bar would only flicker


def choose(
    entries: Sequence[Entry], card: ModelCard, keeper: cached.Gatekeeper | None, threshold: float
) -> Entry:
    """Read every film, show the table, and return the entry of the chosen row, or the first film.

    A row follows what the visitor chose for its film: its polarity, and a verdict in any case.
    Raises BadModel.
    """
    rows = _read_all(entries, card, keeper, threshold)
    found = sum(row["verdict"].startswith("Fracture") for row in rows)
    st.subheader(f"{len(rows)} films, {found} called fractured", anchor=False)
    table = pd.DataFrame(rows)
    chosen = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="row",
        column_order=["file", "verdict", "probability", "notes"],
        column_config={
            "file": st.column_config.TextColumn("File", width="medium"),
            "verdict": st.column_config.TextColumn("Verdict", width="medium"),
            "probability": st.column_config.ProgressColumn(
                "Probability of fracture", format="percent", min_value=0, max_value=1
            ),
            "notes": st.column_config.TextColumn("Notes", width="large"),
        },
        alt="Verdicts of all films",
    ).selection.rows
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download results (CSV)",
            as_csv([{**row, "model": card.name, "threshold": threshold} for row in rows]),
            "lightbox-fracture.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption("Choose a row to look at that film.", width="content")
    if chosen and chosen[0] < len(entries):
        return entries[chosen[0]]
    readable = (entry for entry, row in zip(entries, rows, strict=True) if row["sha256"])
    return next(readable, entries[0])


def as_csv(rows: Sequence[dict]) -> bytes:
    """Rows as CSV for a spreadsheet; no cell of text is taken for a formula."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: harmless(value) for name, value in row.items()})
    return file.getvalue().encode("utf-8-sig")


def harmless(value):
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _read_all(entries, card, keeper, threshold) -> list[dict]:
    return [_row(entry, card, keeper, threshold) for entry in with_progress(entries)]


def with_progress(entries: Sequence[Entry]) -> Iterator[Entry]:
    """The entries one by one, with a progress bar where they take long."""
    # Its place is always taken: a fragment further down that moved would not know its old clicks.
    started, bar = time.monotonic(), st.empty()
    for done, entry in enumerate(entries):
        if time.monotonic() - started > PATIENCE_S:
            bar.progress(done / len(entries), f"Reading film {done + 1} of {len(entries)}")
        yield entry
    bar.empty()


def _row(entry: Entry, card, keeper, threshold) -> dict:
    label = cached.label(entry.key, entry.film)
    if isinstance(label, BadImage):
        row = {"verdict": "Not read", "probability": None, "notes": label.reason, "sha256": ""}
        return {"file": harmless(display_name(entry.name)), **row}
    inverted = is_inverted(label.sha256, label.negative)
    reading = cached.reading(label, inverted, card, keeper, entry.film)
    notes = [*label.notes, *polarity(label.negative, inverted)]
    if reading.sharpness.word != "sharp":
        notes.append(f"{reading.sharpness.word.capitalize()} ({reading.sharpness.value:.0f} %).")
    if not reading.bone:
        notes.insert(0, f"{NOT_BONE}.")
    if reading.bone or is_insisted(label.sha256):
        probability = round(reading.probability, 4)
        verdict = words(reading.probability, threshold)
    else:
        probability, verdict = None, "No verdict"
    row = {"verdict": verdict, "probability": probability, "notes": " ".join(notes)}
    # Here too, for the table has a download of its own.
    return {"file": harmless(label.name), **row, "sha256": label.sha256}


def polarity(negative: bool, inverted: bool) -> list[str]:
    """What a batch notes of a film's polarity: nothing, or one sentence."""
    if not negative:
        return ["Grey values inverted by hand."] if inverted else []
    turned = "turned positive" if inverted else "left so by hand"
    return [f"Looks like a negative; {turned}."]
