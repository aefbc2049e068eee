"""Charts of what a treatment of films does to each model's probability of a fracture."""

from collections.abc import Mapping, Sequence

from core.models import Metric, ModelCard
from core.ui import exhibit_charts
from core.ui.choices import default_threshold
from core.ui.exhibit_asked import wrapped
from core.ui.words import percent

ROW = 52  # px of a model's row
LEAST = 0.01  # a shift of a probability that is told


def pairs(said: Sequence[tuple[ModelCard, Sequence[float]]], key: str) -> None:
    """Each model's probability of one film before and after, and its threshold."""
    rows = wrapped([card.title for card, _ in said])
    before, after = zip(*(chances for _, chances in said), strict=True)
    thresholds = [default_threshold(card) for card, _ in said]
    figure = exhibit_charts.empty(90 + ROW * len(rows))
    for row, one, other in zip(rows, before, after, strict=True):
        figure.add_scatter(
            x=[one, other],
            y=[row, row],
            mode="lines",
            line={"color": "gray", "width": 2},
            showlegend=False,
            hoverinfo="skip",
        )
    for at, (name, values, symbol, size) in enumerate(
        (
            ("Before", before, "circle-open", 13),
            ("After", after, "diamond", 13),
            ("Threshold", thresholds, "line-ns", 22),
        )
    ):
        figure.add_scatter(
            x=values,
            y=rows,
            mode="markers",
            name=name,
            marker={
                "symbol": symbol,
                "size": size,
                "color": exhibit_charts.colour(at) if at < 2 else "gray",
                "line": {"width": 2.5, "color": exhibit_charts.colour(at) if at < 2 else "gray"},
            },
            hovertemplate="%{x:.1%}<extra>%{y}, " + name.lower() + "</extra>",
        )
    figure.update_layout(
        xaxis={"title": "Probability of a fracture", "tickformat": ".0%", "range": [-0.03, 1.03]},
        yaxis={"autorange": "reversed", "ticksuffix": " "},
    )
    told = "; ".join(
        f"{card.title} {percent(one)} before, {percent(other)} after" for card, (one, other) in said
    )
    exhibit_charts.draw(figure, key, f"Probability of a fracture. {told}")


def told(said: Sequence[tuple[ModelCard, Sequence[float]]]) -> str:
    """With how many models a probability rises or falls from before to after, and how many change
    their verdict, in a sentence; shifts of less than a point count as neither."""
    shifts = [after - before for _, (before, after) in said]
    rises, falls = (sum(sign * shift >= LEAST for shift in shifts) for sign in (1, -1))
    others = sum(
        (before >= default_threshold(card)) != (after >= default_threshold(card))
        for card, (before, after) in said
    )
    return (
        f"Of {len(said)} model{'s' if len(said) > 1 else ''}, the probability rises with "
        f"**{rises}** and falls with **{falls}** by a point or more; the verdict of **{others}** "
        "changes."
    )


def forest(changes: Mapping[str, Metric], what: str, key: str) -> None:
    """The mean change of each model's probability with its interval, by the model's title."""
    rows, values = wrapped(list(changes)), list(changes.values())
    figure = exhibit_charts.empty(70 + ROW * len(rows))
    figure.add_scatter(
        x=[value.value for value in values],
        y=rows,
        mode="markers",
        marker={"symbol": "diamond", "size": 12},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [value.high - value.value for value in values],
            "arrayminus": [value.value - value.low for value in values],
            "thickness": 2,
            "width": 6,
        },
        showlegend=False,
        hovertemplate="%{x:+.1%}<extra>%{y}</extra>",
    )
    figure.add_vline(0, line={"color": "gray", "dash": "dot"})
    reach = 1.05 * max(0.1, *(max(abs(value.low), abs(value.high)) for value in values))
    figure.update_layout(
        xaxis={
            "title": "Mean change, in points",
            "tickformat": "+.0%",
            "range": [-reach, reach],
        },
        yaxis={"autorange": "reversed", "ticksuffix": " "},
    )
    told = "; ".join(f"{name} {points(change)}" for name, change in changes.items())
    exhibit_charts.draw(figure, key, f"{what}: mean change in points. {told}")


def points(change: Metric) -> str:
    """A change in points of a hundred with its interval, as in "+3.1 (+0.5 to +8.0)"."""
    value, low, high = (
        f"{100 * number:+.1f}" for number in (change.value, change.low, change.high)
    )
    return f"{value} ({low} to {high})".replace("-", "\N{MINUS SIGN}")
