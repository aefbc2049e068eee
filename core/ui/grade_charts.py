"""Charts of grades: probabilities, erase curves, confusion and reliability."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import streamlit as st

from core import grading, metrics
from core.kellgren_lawrence import GRADES
from core.question import EraseCurve
from core.ui.words import percent

PATTERNS = ("", "/", "x", ".")
NAMES = ["0<br>none", *(f"{grade.number}<br>{grade.name}" for grade in GRADES[1:])]


def bars(named: Mapping[str, np.ndarray], key: str, height: int = 230) -> None:
    """The probability of every grade, for one or more readings told apart by colour and hatch."""
    figure = _empty(height)
    for (name, chances), pattern in zip(named.items(), cycle(PATTERNS), strict=False):
        figure.add_bar(
            x=NAMES,
            y=chances,
            name=name,
            text=[percent(float(chance)) for chance in chances],
            textposition="outside",
            cliponaxis=False,
            marker={"pattern": {"shape": pattern}},
            hovertemplate="%{y:.1%}<extra>%{x}</extra>",
        )
    figure.update_layout(
        yaxis={"range": [0, 1.12], "tickformat": ".0%", "title": None, "tickvals": [0, 0.5, 1]},
        xaxis={"title": None, "fixedrange": True},
        showlegend=len(named) > 1,
        bargap=0.25,
    )
    said = "; ".join(
        f"{name}: " + ", ".join(f"grade {k} {percent(float(p))}" for k, p in enumerate(chances))
        for name, chances in named.items()
    )
    _draw(figure, key, f"Probability of every grade. {said}")


def erasing(curve: EraseCurve, grade: int) -> None:
    """The erase curve of the heatmap against the mean of the random ones."""
    figure = _empty(300)
    lines = (
        ("Hottest first", curve.heat, curve.heat_area, "solid", "circle"),
        ("As much elsewhere", curve.random.mean(0), curve.random_area, "dash", "square"),
    )
    for name, values, area, dash, symbol in lines:
        figure.add_scatter(
            x=curve.shares,
            y=values,
            name=f"{name}, area {area:.2f}",
            mode="lines+markers",
            line={"dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 8},
            hovertemplate="%{x:.0%} erased: %{y:.1%}<extra></extra>",
        )
    figure.update_layout(
        xaxis={"title": "Share of the film erased", "tickformat": ".0%", "tickvals": curve.shares},
        yaxis={"title": f"Probability of grade {grade}", "tickformat": ".0%", "range": [0, 1.02]},
    )
    _draw(
        figure,
        "erase",
        f"Probability of grade {grade} as the film is erased: area {curve.heat_area:.2f} with the "
        f"hottest places first, {curve.random_area:.2f} elsewhere",
    )


def confusion(truth: np.ndarray, called: np.ndarray) -> None:
    """The confusion matrix: counts, shaded by their share of the true grade."""
    matrix = grading.confusion_matrix(truth, called)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    figure = _empty(360)
    figure.add_heatmap(
        x=[f"called {k}" for k in range(5)],
        y=[f"true {k}" for k in range(5)],
        z=shares,
        text=matrix,
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        colorscale="Blues",
        colorbar={"tickformat": ".0%", "title": "of the row", "thickness": 12},
        hovertemplate="%{y}, %{x}: %{text} films, %{z:.0%} of the row<extra></extra>",
    )
    figure.update_layout(yaxis={"autorange": "reversed"}, xaxis={"side": "top"})
    right = int(np.diag(matrix).sum())
    _draw(figure, "confusion", f"Confusion matrix: {right} of {matrix.sum()} films called right")


def reliability(truth: np.ndarray, probabilities: np.ndarray) -> None:
    """Stated against observed share of "grade 2 or worse", in ten equally filled groups."""
    groups = metrics.reliability(truth >= 2, probabilities[:, 2:].sum(1))
    stated, observed, sizes = (np.array(column) for column in zip(*groups, strict=True))
    figure = _empty(360)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="Perfect", line={"dash": "dot", "color": "gray"}
    )
    figure.add_scatter(
        x=stated,
        y=observed,
        mode="lines+markers",
        name="Ten groups of films",
        marker={"size": 9},
        text=sizes,
        hovertemplate="stated %{x:.0%}, observed %{y:.0%}, n = %{text}<extra></extra>",
    )
    figure.update_layout(
        xaxis={"title": "Stated probability of grade 2 or worse", "tickformat": ".0%"},
        yaxis={"title": "Share that is grade 2 or worse", "tickformat": ".0%"},
    )
    worst = float(np.abs(stated - observed).max())
    _draw(figure, "reliability", f"Reliability curve; the largest gap is {percent(worst)}")


def _empty(height: int):
    from plotly.graph_objects import Figure  # takes long to import; the grade must not wait

    return Figure(
        layout={
            "height": height,
            "colorway": st.get_option("theme.chartCategoricalColors"),
            "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        }
    )


def _draw(figure, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, alt=alt, config={"displayModeBar": False})
