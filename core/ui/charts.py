"""ROC curves."""

from collections.abc import Sequence

import streamlit as st

from core import metrics
from core.models import ModelCard
from core.ui.cached import Validation
from core.ui.words import percent, score

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def roc(
    card: ModelCard, validation: Validation, threshold: float, counts: metrics.Confusion
) -> None:
    """The ROC curve of one model, its operating points, and where `threshold` lies on it."""
    figure = _empty(340)
    _curve(figure, card.title, validation, "solid")
    points = card.operating_points
    figure.add_scatter(
        x=[1 - point.specificity for point in points],
        y=[point.sensitivity for point in points],
        mode="markers",
        name="Operating points",
        cliponaxis=False,
        marker={"symbol": "circle-open", "size": 11, "line": {"width": 2}},
        text=[point.name for point in points],
        hovertemplate="%{text}<extra></extra>",
    )
    figure.add_scatter(
        x=[1 - counts.specificity],
        y=[counts.sensitivity],
        mode="markers",
        name=f"Threshold {percent(threshold, 1)}",
        cliponaxis=False,
        marker={"symbol": "diamond", "size": 14},
        hovertemplate="sensitivity %{y:.0%}, 1 - specificity %{x:.0%}<extra></extra>",
    )
    _draw(
        figure,
        "roc",
        f"ROC curve of {card.title}; the threshold lies at sensitivity "
        f"{percent(counts.sensitivity)} and specificity {percent(counts.specificity)}",
    )


def rocs(models: Sequence[tuple[ModelCard, Validation]]) -> None:
    """The ROC curves of several models in one chart, told apart by colour and dash."""
    figure = _empty(460)
    for index, (card, validation) in enumerate(models):
        _curve(figure, card.title, validation, DASHES[index % len(DASHES)])
    _draw(figure, "rocs", f"ROC curves of {len(models)} models, best first in the table above")


def _empty(height: int):
    from plotly.graph_objects import Figure  # takes long to import; the verdict must not wait

    axis = {"range": [-0.02, 1.02], "tickformat": ".0%", "constrain": "domain", "zeroline": False}
    return Figure(
        layout={
            "height": height,
            "colorway": st.get_option("theme.chartCategoricalColors"),
            "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "xaxis": {**axis, "title": "False positive rate (1 - specificity)"},
            "yaxis": {**axis, "title": "Sensitivity"},
        }
    )


def _curve(figure, title: str, validation: Validation, dash: str) -> None:
    curve = metrics.roc(validation.labels, validation.scores)
    area = metrics.auroc(validation.labels, validation.scores)
    figure.add_scatter(
        x=1 - curve.specificity,
        y=curve.sensitivity,
        mode="lines",
        name=f"{title}, AUROC {score(area)}",
        line={"dash": dash, "width": 2},
        customdata=curve.thresholds,
        hovertemplate="threshold %{customdata:.1%}<extra></extra>",
    )


def _draw(figure, key: str, alt: str) -> None:
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot", "width": 1, "color": "gray"},
        showlegend=False,
        hoverinfo="skip",
    )
    st.plotly_chart(figure, key=key, alt=alt, config={"displayModeBar": False})
