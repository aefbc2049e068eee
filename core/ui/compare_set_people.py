"""Figures of a threshold: 1,000 people as dots, models beside each other, and the probabilities
that the threshold parts."""

from collections.abc import Sequence

import numpy as np

from core.labelled import LabelledSet, ModelReading
from core.prevalence import PEOPLE, PerThousand
from core.ui.compare_set_figures import GREY, PATTERNS, colour, draw, empty
from core.ui.words import percent

ROW = 40  # dots
# Outcome → its words, colour of the theme's series (None: grey), and shape.
KINDS = {
    "found": ("Found", 2, "circle"),
    "missed": ("Missed", 5, "x"),
    "in_vain": ("Called in vain", 1, "diamond"),
    "spared": ("Spared", None, "circle-open"),
}
BINS = 25


def icons(said: PerThousand, labelled: LabelledSet) -> None:
    """Every one of 1,000 as a dot: found, missed, called in vain, spared."""
    counts = {name: getattr(said, name).count for name in KINDS}
    ends = np.cumsum([0, *counts.values()])
    figure = empty(330)
    for (name, (label, series, symbol)), begin, end in zip(
        KINDS.items(), ends[:-1], ends[1:], strict=True
    ):
        at = np.arange(begin, end)
        figure.add_scatter(
            x=at % ROW,
            y=at // ROW,
            mode="markers",
            name=f"{label}, {counts[name]:,}",
            marker={"symbol": symbol, "size": 7, "color": _shade(series)},
            hovertemplate=f"{label}<extra></extra>",
        )
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        xaxis={**hidden, "range": [-1, ROW]},
        yaxis={**hidden, "range": [PEOPLE / ROW, -1]},
    )
    words = ", ".join(f"{KINDS[name][0].lower()} {count:,}" for name, count in counts.items())
    draw(figure, f"{labelled.task}-people", f"{PEOPLE:,} as dots: {words}")


def bars(every: Sequence[tuple[str, PerThousand]], labelled: LabelledSet) -> None:
    """Missed and called in vain, of every model."""
    figure = empty(90 + 62 * len(every))
    for at, name in enumerate(("missed", "in_vain")):
        label, series, _ = KINDS[name]
        outcomes = [getattr(said, name) for _, said in every]
        figure.add_bar(
            y=[title for title, _ in every],
            x=[outcome.count for outcome in outcomes],
            orientation="h",
            name=label,
            marker={"color": _shade(series), "pattern": {"shape": PATTERNS[at]}},
            error_x={
                "array": [outcome.high - outcome.count for outcome in outcomes],
                "arrayminus": [outcome.count - outcome.low for outcome in outcomes],
                "color": GREY,
                "thickness": 1.5,
            },
            hovertemplate="%{y}: %{x:,}<extra>" + label + "</extra>",
        )
    figure.update_layout(
        barmode="group",
        yaxis={"autorange": "reversed", "title": None},
        xaxis={"title": f"Of {PEOPLE:,}", "rangemode": "tozero"},
    )
    words = "; ".join(
        f"{title} misses {said.missed.count:,} and calls {said.in_vain.count:,} in vain"
        for title, said in every
    )
    draw(figure, f"{labelled.task}-people-models", f"Of {PEOPLE:,}: {words}")


def histogram(labelled: LabelledSet, reading: ModelReading, title: str, threshold: float) -> None:
    """How the probabilities of those with and without the disease lie about the threshold, each
    kind as shares of itself."""
    scores, disease = labelled.scores(reading), labelled.disease
    figure = empty(330)
    edges = np.linspace(0, 1, BINS + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    kinds = ((disease.other, ~labelled.positives, 0), (disease.name, labelled.positives, 5))
    for name, chosen, series in kinds:
        counts, _ = np.histogram(scores[chosen], edges)
        figure.add_bar(
            x=middles,
            y=counts / max(1, chosen.sum()),
            name=f"{name.capitalize()}, n = {int(chosen.sum()):,}",
            marker={"color": colour(series), "pattern": {"shape": "/" if series else ""}},
            opacity=0.75,
            customdata=counts,
            hovertemplate="%{customdata:,} at about %{x:.0%}<extra></extra>",
        )
    figure.add_vline(x=threshold, line={"dash": "dash", "color": GREY, "width": 2})
    figure.update_layout(
        barmode="overlay",
        bargap=0.02,
        xaxis={"title": "Probability", "tickformat": ".0%", "range": [0, 1]},
        yaxis={"title": "Share of each kind", "tickformat": ".0%"},
    )
    above = [float((scores[chosen] >= threshold).mean()) for _, chosen, _ in kinds]
    alt = (
        f"Probabilities that {title} gives; the threshold {percent(threshold, 1)} lies below "
        f"{percent(above[1])} of those {disease.name} and {percent(above[0])} of the others"
    )
    draw(figure, f"{labelled.task}-probabilities", alt)


def _shade(series: int | None) -> str:
    return GREY if series is None else colour(series)
