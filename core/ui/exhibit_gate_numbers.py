"""What models called fractured and the gate stopped, of pictures that are no bone: counted."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.exhibits import no_gate
from core.models import ModelCard
from core.ui import exhibit_asked, exhibit_charts
from core.ui.choices import default_threshold
from core.ui.words import percent

SAID = ("Called fractured", "Called not fractured", "Stopped by the gate")


def show(cards: Sequence[ModelCard], gate: float | None) -> None:
    """What one model called and the gate stopped beyond the distance `gate`; None: it is off.
    `cards`: those of the table's models that are published here."""
    at = float("inf") if gate is None else gate
    names = no_gate.models()
    titles = dict(zip(names, exhibit_asked.titled(names, cards), strict=True))
    name = st.selectbox("Model", names, format_func=titles.get, key="gate-model")
    threshold = {card.name: default_threshold(card) for card in cards}.get(name, 0.5)
    kinds = no_gate.pictures(name, threshold, at)
    total = sum(kind.n for kind in kinds.values())
    called = sum(kind.called for kind in kinds.values())
    stopped = sum(kind.stopped for kind in kinds.values())
    with st.grid(4, min_column_width=150):
        st.metric("Called fractured", f"{called} of {total}")
        st.metric("Stopped", f"{stopped} of {total}")
        for title, kind in (("Films", no_gate.FILMS), ("Knees", no_gate.KNEES)):
            wrongly, n = no_gate.stopped(kind, at)
            st.metric(f"{title} stopped wrongly", f"{wrongly} of {n}")
    _bars(kinds)
    st.caption(
        f"{titles[name]} as it came with Lightbox, fractured from {percent(threshold, 1)} on; "
        + (f"gate on, at {at:.1f}. " if gate is not None else "gate off. ")
        + f"{total} pictures that took no part in training a network or fitting the gate. The "
        "films are those of the validation splits of FracAtlas and of the knees (OAI): the gate's "
        "own threshold was set on them, to let 99 % pass."
    )


def _bars(kinds: Mapping[str, no_gate.Kind]) -> None:
    figure = exhibit_charts.empty(320)
    rows = [f"{no_gate.KINDS[kind]} ({count.n})" for kind, count in kinds.items()]
    parts = [
        (count.called, count.n - count.called - count.stopped, count.stopped)
        for count in kinds.values()
    ]
    for at, (name, values) in enumerate(zip(SAID, zip(*parts, strict=True), strict=True)):
        figure.add_bar(
            y=rows,
            x=[value / count.n for value, count in zip(values, kinds.values(), strict=True)],
            name=name,
            orientation="h",
            text=[value or "" for value in values],
            textposition="inside",
            insidetextanchor="middle",
            marker={
                "color": exhibit_charts.colour((5, 0, 2)[at]),
                "pattern": {"shape": exhibit_charts.PATTERNS[at], "fillmode": "overlay"},
            },
            customdata=values,
            hovertemplate="%{customdata} of these, %{x:.0%}<extra>" + name + "</extra>",
        )
    figure.update_layout(
        barmode="stack",
        xaxis={"title": "Share of the pictures", "tickformat": ".0%", "range": [0, 1.02]},
        yaxis={"autorange": "reversed", "ticksuffix": " "},
    )
    told = "; ".join(
        f"{row}: {called} called fractured, {stopped} stopped"
        for row, (called, _, stopped) in zip(rows, parts, strict=True)
    )
    exhibit_charts.draw(figure, "gate-bars", f"Pictures that are no bone. {told}")
