"""The classes of an audited set, and how well each property tells a label, drawn.

Names of classes and splits are escaped: Plotly would draw what looks like HTML.
"""

from html import escape

import numpy as np
import streamlit as st

from core.audit import Audit
from core.audit.confounds import NUMBERS, Confound, numbers

PATTERNS = ("", "/", ".", "x", "\\", "-", "+")


def balance(result: Audit) -> None:
    """How many pictures of each class every split has."""
    from plotly.graph_objects import Figure  # takes long to import; the findings must not wait

    counts = {split or "all": of_split for split, of_split in result.counts.items()}
    classes = [c for c in result.listing.classes if any(of[c] for of in counts.values())]
    if not classes:
        return
    st.subheader("Pictures of each class", anchor=False)
    figure = Figure(layout=_layout(300, barmode="group", yaxis={"title": "Share of the split"}))
    for at, label in enumerate(classes):
        figure.add_bar(
            x=[f"{escape(split)} (n = {of.total():,})" for split, of in counts.items()],
            y=[of[label] / of.total() for of in counts.values()],
            name=escape(label),
            text=[f"{of[label]:,}" for of in counts.values()],
            textposition="outside",
            cliponaxis=False,
            marker={"pattern": {"shape": PATTERNS[at % len(PATTERNS)]}},
            hovertemplate="%{text} pictures, %{y:.1%}",
        )
    figure.update_yaxes(tickformat=".0%")
    told = "; ".join(
        f"{split}: " + ", ".join(f"{of[c]:,} {c}" for c in classes) for split, of in counts.items()
    )
    st.plotly_chart(figure, key="audit-balance", alt=told, config={"displayModeBar": False})


def properties(result: Audit) -> None:
    """How well each property tells the label it tells best, with intervals."""
    ranked = [found for found in result.confounds if found.measure == "AUROC"]
    best: dict[str, Confound] = {}
    for found in ranked:
        best.setdefault(found.property.name, found)
    if not best:
        return
    st.subheader("How well the label can be told without the picture", anchor=False)
    rows = list(best.values())[::-1]
    named = [f"{found.property.title} → {found.label}" for found in rows]
    figure = _whiskers(rows, named)
    told = ", ".join(f"{name} {found.value:.2f}" for name, found in zip(named, rows, strict=True))
    st.plotly_chart(
        figure,
        key="audit-properties",
        alt=f"AUROC of each property for the label that it tells best: {told}",
        config={"displayModeBar": False},
    )
    n = sum(rows[-1].n)
    st.caption(
        f"AUROC with 95 % intervals, on {n:,} labelled pictures; .5 is chance, above it a higher "
        "value means the label, below it a lower one. The dotted lines are .4 and .6, from which "
        "an audit says “look at it” where it is more than chance; the open marks are not."
    )
    _spread(result)


def _whiskers(rows: list[Confound], named: list[str]):
    from plotly.graph_objects import Figure

    figure = Figure(layout=_layout(90 + 34 * len(rows), xaxis={"title": "AUROC"}))
    figure.add_scatter(
        x=[found.value for found in rows],
        y=[escape(name) for name in named],
        mode="markers",
        marker={
            "size": 11,
            "symbol": ["diamond" if found.sure else "circle-open" for found in rows],
            "line": {"width": 2},
        },
        error_x={
            "array": [found.high - found.value for found in rows],
            "arrayminus": [found.value - found.low for found in rows],
        },
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        showlegend=False,
    )
    for at, dash in ((0.4, "dot"), (0.5, "solid"), (0.6, "dot")):
        figure.add_vline(at, line={"dash": dash, "width": 1, "color": "gray"})
    figure.update_xaxes(range=[-0.02, 1.02])
    figure.update_yaxes(automargin=True)
    return figure


def _spread(result: Audit) -> None:
    """One property of the pictures of each class."""
    from plotly.graph_objects import Figure

    labelled = [fact for fact in result.facts if fact.entry.label is not None]
    told = {found.property.name for found in result.confounds if found.measure == "AUROC"}
    offered = {prop.title: prop for prop in NUMBERS if prop.name in told}
    best = next(f.property for f in result.confounds if f.measure == "AUROC")
    title = st.selectbox(
        "Property",
        list(offered),
        index=list(offered).index(best.title),
        key="audit-property",
        help="The box holds the middle half of the pictures of a class, its line is the median.",
        width=300,
    )
    chosen = offered[title]
    values = numbers(labelled, chosen.name)
    labels = np.array([fact.entry.label for fact in labelled])
    unit = f", {chosen.unit}" if chosen.unit else ""
    figure = Figure(layout=_layout(320, yaxis={"title": chosen.title + unit}, showlegend=False))
    medians = []
    for label in result.listing.classes:
        of_label = values[(labels == label) & np.isfinite(values)]
        if of_label.size:
            figure.add_box(
                y=of_label, name=f"{escape(label)} (n = {of_label.size:,})", boxpoints=False
            )
            medians.append(f"{label} {np.median(of_label):.3g}")
    alt = f"{chosen.title} of the pictures of each class, medians: {', '.join(medians)}"
    st.plotly_chart(figure, key="audit-spread", alt=alt, config={"displayModeBar": False})


def _layout(height: int, **more) -> dict:
    return {
        "height": height,
        "colorway": st.get_option("theme.chartCategoricalColors"),
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        **more,
    }
