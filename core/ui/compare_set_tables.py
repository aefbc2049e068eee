"""What is counted on a labelled set, as CSV."""

import math
from collections.abc import Callable, Sequence

import streamlit as st

from core.ui.batch import as_csv


def offer(name: str, rows: Callable[[], Sequence[dict]], label: str = "Download (CSV)") -> None:
    """A button that downloads rows as `lightbox-<name>.csv`; they are made when it is pressed."""
    st.download_button(
        label,
        lambda: as_csv(rows()),
        f"lightbox-{name}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"compare-set-csv-{name}",
    )


def rounded(value: float | None) -> float | None:
    """A number as a cell; none where there is none."""
    return None if value is None or math.isnan(value) else round(value, 5)
