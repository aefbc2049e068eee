"""The readers of a quiz on one scale, each with an interval: who differs, and who by chance."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isnan

import streamlit as st

from core.quiz_records import Question
from core.quiz_scores import Scored, Scores
from core.ui import quiz_readers

# Of each question: the measures on the scale, and the shape and the shift of their points.
_MEASURES: dict[Question, tuple[tuple[str, str, float], ...]] = {
    "fracture": (("sensitivity", "circle", -0.14), ("specificity", "diamond-open", 0.14)),
    "generated": (("sensitivity", "circle", -0.14), ("specificity", "diamond-open", 0.14)),
    "grade": (("kappa", "circle", 0.0),),
    "fill": (("right", "circle", 0.0),),
}


def show(found: Scores, readers: Sequence[tuple[str, Scored]]) -> None:
    """A point and its 95 % interval for each of the named readers and each measure of one
    question."""
    from plotly.graph_objects import Figure  # takes long to import; students never need it

    figure = Figure(
        layout={
            "height": 90 + 30 * len(readers),
            "colorway": st.get_option("theme.chartCategoricalColors"),
            "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
            "yaxis": {
                "tickvals": list(range(len(readers))),
                "ticktext": [escape(name) for name, _ in readers],
                "range": [len(readers) - 0.5, -0.5],
                "zeroline": False,
            },
            "xaxis": {"range": [-0.02, 1.02], "tickformat": ".0%", "zeroline": False},
        }
    )
    if found.question == "grade":
        figure.update_xaxes(range=[-1.02, 1.02], tickformat=".1f", zeroline=True)
    for measure, symbol, shift in _MEASURES[found.question]:
        scores = [(at, getattr(reader, measure)) for at, (_, reader) in enumerate(readers)]
        scores = [(at, one) for at, one in scores if one and not isnan(one.value)]
        figure.add_scatter(
            x=[one.value for _, one in scores],
            y=[at + shift for at, _ in scores],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.high - one.value for _, one in scores],
                "arrayminus": [one.value - one.low for _, one in scores],
            },
            mode="markers",
            name=quiz_readers.TITLES[measure],
            showlegend=True,
            marker={"symbol": symbol, "size": 10, "line": {"width": 2}},
            text=[one.n for _, one in scores],
            hovertemplate="%{x}, n = %{text}<extra></extra>",
        )
    st.plotly_chart(
        figure,
        key=f"quiz-chart-{found.question}",
        alt="The scores of the table above as points with their 95 % intervals",
        config={"displayModeBar": False},
    )
