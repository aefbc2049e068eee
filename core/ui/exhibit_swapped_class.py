"""Pitfall: which class is the positive one."""

from pathlib import Path

import streamlit as st

from core import metrics
from core.exhibits import swapped_class
from core.metrics import Confusion
from core.models import ModelCard, catalogue
from core.settings import Settings
from core.ui import cached, exhibit_charts
from core.ui.words import percent, plain

TITLE = "One matrix, two readings"
QUESTION = "“Only one broken bone was missed”: is that what the matrix says?"
SO_WHAT = (
    "Sensitivity and specificity mean nothing until the positive class is named, and software "
    "takes whichever class has index 1. In Lightbox that is always the disease, so what "
    "sensitivity leaves over is patients who are sent home with it."
)
THEIRS, OURS = "The other project's test", "Our validation films"
SOUND, FRACTURED = "not fractured", "fractured"
DEFAULT = "mobilenetv2"


def show(settings: Settings) -> None:
    """The matrix, the switch of its positive class, and what becomes of the words."""
    card = _card(settings.checkpoints)
    source = THEIRS
    if card:
        source = st.segmented_control(
            "Films", [THEIRS, OURS], default=THEIRS, required=True, key="swapped-films"
        )
    counts = swapped_class.PUBLISHED if source == THEIRS else _ours(card)
    positive = st.radio(
        "Positive class",
        [SOUND, FRACTURED],
        format_func=str.capitalize,
        captions=["as the project's program took it", "the disease, as medicine takes it"],
        horizontal=True,
        key="swapped-positive",
    )
    read = counts if positive == FRACTURED else swapped_class.swapped(counts)
    _words(counts, read, positive)
    _figure(counts, positive)
    if source == THEIRS:
        st.caption(
            f"The numbers are theirs, printed by their own notebook: {counts.n} films of the "
            "Kaggle set, most of which were among the training films too. Their README reads "
            "the lower left corner as the broken bones that were missed."
        )
    else:
        st.caption(
            f"{plain(card.title)} on the {counts.n} validation films of FracAtlas, none of which "
            "it learned from; probabilities as they stand in the model's published predictions."
        )


def _card(checkpoints: Path) -> ModelCard | None:
    """The fracture model that is read by default, if one here has readable predictions."""
    cards = [card for card in catalogue(checkpoints, "fracture") if cached.validation(card)]
    named = [card for card in cards if card.name == DEFAULT]
    return next(iter(named or cards), None)


def _ours(card: ModelCard) -> Confusion:
    threshold = st.slider(
        "Fractured is called from",
        1,
        99,
        12,
        format="%d %%",
        key="swapped-threshold",
        help="The probability of a fracture from which on a film is called fractured.",
    )
    validation = cached.validation(card)
    return metrics.confusion(validation.labels, validation.scores, threshold / 100)


def _words(counts: Confusion, read: Confusion, positive: str) -> None:
    """The numbers as this reading calls them, and what it means for patients."""
    other = SOUND if positive == FRACTURED else FRACTURED
    missed, columns = read.false_negatives, st.columns(3)
    columns[0].metric("“Sensitivity”", percent(read.sensitivity, 1))
    columns[0].caption(f"of {read.true_positives + missed} films that are {positive}")
    columns[1].metric("“Specificity”", percent(read.specificity, 1))
    columns[1].caption(f"of {read.true_negatives + read.false_positives} films that are {other}")
    columns[2].metric("“Missed”", missed)
    columns[2].caption(f"films that are {positive} and were called {other}")
    fractures = counts.true_positives + counts.false_negatives
    st.markdown(
        f"Whatever the words: **{counts.false_negatives} of {fractures} broken bones were missed**,"
        f" and {counts.false_positives} of {counts.n - fractures} sound ones were called broken."
    )


def _figure(counts: Confusion, positive: str) -> None:
    """The matrix, truth by call; each cell with what it is called under this reading."""
    cells = [
        [counts.true_positives, counts.false_negatives],
        [counts.false_positives, counts.true_negatives],
    ]
    names = [["found", "“missed”"], ["“false alarm”", "rightly left"]]
    if positive == SOUND:
        names = [["rightly left", "“false alarm”"], ["“missed”", "found"]]
    kinds = [FRACTURED, SOUND]
    shares = [[count / max(1, sum(row)) for count in row] for row in cells]
    texts = [
        [f"<b>{count}</b><br>{name}" for count, name in zip(*rows, strict=True)]
        for rows in zip(cells, names, strict=True)
    ]
    figure = exhibit_charts.empty(300)
    figure.add_heatmap(
        x=[f"called {kind}" for kind in kinds],
        y=[f"truly {kind}" for kind in kinds],
        z=shares,
        text=texts,
        texttemplate="%{text}",
        textfont={"size": 16},
        zmin=0,
        zmax=1,
        colorscale="Blues",
        showscale=False,
        hovertemplate="%{y}, %{x}: %{z:.1%} of the row<extra></extra>",
    )
    row = kinds.index(positive)
    frame = {"width": 4, "dash": "dash", "color": exhibit_charts.colour(1)}
    figure.add_shape(type="rect", x0=-0.5, x1=1.5, y0=row - 0.5, y1=row + 0.5, line=frame)
    figure.update_layout(yaxis={"autorange": "reversed"}, xaxis={"side": "top"})
    told = "; ".join(
        f"truly {kinds[i]}, called {kinds[j]}: {cells[i][j]} ({names[i][j]})"
        for i in (0, 1)
        for j in (0, 1)
    )
    alt = f"Matrix with “{positive}” as the positive class, whose row is framed. {told}"
    exhibit_charts.draw(figure, "swapped-matrix", alt)
