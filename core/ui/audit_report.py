"""The report of an audit, to download."""

from collections.abc import Mapping
from datetime import date

import streamlit as st

from core.audit import Audit
from core.audit.report import as_html, as_json, as_rows
from core.ui.batch import as_csv


def offer(result: Audit, pictures: Mapping[str, bytes], own: bool) -> None:
    """Buttons that download the report, made when one is pressed. own: the HTML may show the
    pictures of its examples."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, data, ending, kind in (
            (
                "Report (HTML)",
                lambda: as_html(result, pictures if own else {}, f"{date.today():%d %B %Y}"),
                "html",
                "text/html",
            ),
            ("Findings (CSV)", lambda: as_csv(as_rows(result)), "csv", "text/csv"),
            ("Everything (JSON)", lambda: as_json(result), "json", "application/json"),
        ):
            st.download_button(
                label,
                data,
                f"lightbox-audit.{ending}",
                kind,
                icon=":material/download:",
                on_click="ignore",
                key=f"audit-{ending}",
            )
    st.caption(
        "The HTML page stands alone and can be printed"
        + (
            "; it shows small pictures of the examples."
            if own
            else "; it names the examples and shows none, for the pictures of this pack are not "
            "yours."
        )
    )
