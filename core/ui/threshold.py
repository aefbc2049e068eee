"""The threshold: a slider, its named operating points, and what they mean on validation films."""

from math import isclose

import streamlit as st

from core import metrics
from core.models import ModelCard
from core.ui import charts
from core.ui.cached import Validation
from core.ui.choices import threshold_key
from core.ui.words import percent


def controls(card: ModelCard) -> None:
    """The slider and the operating points, which set it."""
    key, points = threshold_key(card), {point.name: point for point in card.operating_points}
    now = st.session_state[key]
    at = next(
        (name for name, point in points.items() if isclose(point.threshold, now, abs_tol=1e-6)),
        None,
    )
    st.session_state["point"] = at

    def follow_point() -> None:
        if chosen := points.get(st.session_state["point"]):
            st.session_state[key] = chosen.threshold

    if points:
        st.pills(
            "Operating point",
            list(points),
            format_func=lambda name: name.replace("at least", "≥"),
            key="point",
            on_change=follow_point,
        )
    st.slider(
        "Threshold: called fractured from this probability on",
        0.0,
        1.0,
        step=0.001,
        format="percent",
        key=key,
        persist_state="session",
    )


def meaning(card: ModelCard, validation: Validation | None) -> None:
    """Rates, counts and the ROC curve of the present threshold."""
    threshold = st.session_state[threshold_key(card)]
    if validation is None:
        st.info(
            "This model has no readable validation predictions, so what the threshold means "
            "cannot be counted; the verdict still follows it.",
            icon=":material/info:",
        )
        return
    counts = metrics.confusion(validation.labels, validation.scores, threshold)
    chart, numbers = st.columns(2, gap="medium")
    with chart:
        charts.roc(card, validation, threshold, counts)
    with numbers:
        _numbers(counts)


def _numbers(counts: metrics.Confusion) -> None:
    positives = counts.true_positives + counts.false_negatives
    negatives = counts.true_negatives + counts.false_positives
    with st.grid(3, min_column_width=90):
        st.metric("Sensitivity", percent(counts.sensitivity))
        st.metric("Specificity", percent(counts.specificity))
        st.metric("PPV", percent(counts.ppv))
    st.table(
        {
            "": ["Fractured", "Not fractured"],
            "Called fractured": [counts.true_positives, counts.false_positives],
            "Called not fractured": [counts.false_negatives, counts.true_negatives],
        },
        hide_index=True,
        alt="Confusion counts on the validation films",
    )
    st.caption(
        f"Counted on {counts.n:,} validation films, {positives:,} of them fractured. Positive "
        f"means fractured: {counts.true_positives:,} of {positives:,} fractured films are called "
        f"so, and {counts.false_positives:,} of {negatives:,} others by mistake. PPV, the share of "
        "positive calls that are right, holds at this share of fractures only."
    )
