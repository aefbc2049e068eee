"""Figures of several models on one labelled set."""

from collections.abc import Sequence
from html import escape

import numpy as np

from core import metrics
from core.grading import confusion_matrix
from core.labelled import CLASSES, LabelledSet, ModelReading
from core.models import Metric
from core.set_measures import Measure, Part
from core.ui.compare_set_figures import (
    GREY,
    PATTERNS,
    SYMBOLS,
    colour,
    draw,
    empty,
    line,
    marker,
    square,
)
from core.ui.words import percent, score

BINS = 10
# Short enough for the axis of a matrix.
LETTERS = {
    "fracture": ("not<br>fractured", "fractured"),
    "severity": tuple("01234"),
    "lesion": ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"),
}


def rocs(labelled: LabelledSet, titles: Sequence[str]) -> None:
    """The ROC curve of every model; of a fracture, where its threshold lies."""
    diseased, sound = _sizes(labelled)
    figure = square(
        460, f"False positive rate (1 - specificity)<br>{sound}", f"Sensitivity, {diseased}"
    )
    said = []
    for at, (reading, title) in enumerate(zip(labelled.readings, titles, strict=True)):
        scores = labelled.scores(reading)
        curve = metrics.roc(labelled.positives, scores)
        area = score(metrics.auroc(labelled.positives, scores))
        said.append(f"{title} {area}")
        figure.add_scatter(
            x=1 - curve.specificity,
            y=curve.sensitivity,
            mode="lines",
            name=f"{title}, AUROC {area}",
            line=line(at),
            customdata=curve.thresholds,
            hovertemplate="threshold %{customdata:.1%}: sensitivity %{y:.0%}<extra></extra>",
        )
        if labelled.task == "fracture":
            counts = metrics.confusion(labelled.positives, scores, reading.threshold)
            figure.add_scatter(
                x=[1 - counts.specificity],
                y=[counts.sensitivity],
                mode="markers",
                marker=marker(at, 11),
                showlegend=False,
                hovertemplate=f"its threshold, {percent(reading.threshold, 1)}<extra></extra>",
            )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot", "width": 1, "color": GREY},
        showlegend=False,
        hoverinfo="skip",
    )
    draw(figure, f"{labelled.task}-roc", f"ROC curves; area under each: {', '.join(said)}")


def precision_recall(labelled: LabelledSet, titles: Sequence[str]) -> None:
    """The precision-recall curve of every model, and what chance would give."""
    figure = square(460, f"Recall (sensitivity), {_sizes(labelled)[0]}", "Precision (PPV on these)")
    said = []
    for at, (reading, title) in enumerate(zip(labelled.readings, titles, strict=True)):
        scores = labelled.scores(reading)
        curve = metrics.precision_recall(labelled.positives, scores)
        mean = score(metrics.average_precision(labelled.positives, scores))
        said.append(f"{title} {mean}")
        figure.add_scatter(
            x=curve.recall,
            y=curve.precision,
            mode="lines",
            name=f"{title}, average {mean}",
            line=line(at),
            customdata=curve.thresholds,
            hovertemplate="threshold %{customdata:.1%}: precision %{y:.0%}<extra></extra>",
        )
    share = float(labelled.positives.mean())
    figure.add_scatter(
        x=[0, 1],
        y=[share, share],
        mode="lines",
        name=f"Chance, {percent(share)}",
        line={"dash": "dot", "width": 1, "color": GREY},
    )
    alt = f"Precision-recall curves; average precision: {', '.join(said)}"
    draw(figure, f"{labelled.task}-precision-recall", alt)


def reliability(labelled: LabelledSet, titles: Sequence[str]) -> None:
    """Stated against observed share of the disease, in equally filled groups."""
    figure = square(
        460, f"Stated probability: {labelled.disease.name}, n = {len(labelled):,}", "Observed share"
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="Perfect", line={"dash": "dot", "color": GREY}
    )
    said = []
    for at, (reading, title) in enumerate(zip(labelled.readings, titles, strict=True)):
        groups = metrics.reliability(labelled.positives, labelled.scores(reading), BINS)
        stated, observed, sizes = (np.array(column) for column in zip(*groups, strict=True))
        error = score(float((np.abs(stated - observed) * sizes).sum() / sizes.sum()))
        said.append(f"{title} {error}")
        figure.add_scatter(
            x=stated,
            y=observed,
            mode="lines+markers",
            name=f"{title}, error {error}",
            line=line(at),
            marker=marker(at),
            text=sizes,
            hovertemplate="stated %{x:.0%}, observed %{y:.0%}, n = %{text}<extra></extra>",
        )
    alt = f"Reliability curves; calibration error: {', '.join(said)}"
    draw(figure, f"{labelled.task}-reliability", alt)


def _sizes(labelled: LabelledSet) -> tuple[str, str]:
    """How many have the disease and how many have not, for an axis."""
    positive, disease = int(labelled.positives.sum()), labelled.disease
    return (
        f"n = {positive:,} {disease.name}",
        f"n = {len(labelled) - positive:,} {disease.other}",
    )


def confusion(labelled: LabelledSet, reading: ModelReading, title: str) -> None:
    """The confusion matrix of one model: counts, shaded by their share of the true class."""
    names, letters = CLASSES[labelled.task], LETTERS[labelled.task]
    matrix = confusion_matrix(labelled.labels, labelled.called(reading), len(names))
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    figure = empty(230 if len(names) == 2 else 360)
    figure.add_heatmap(
        x=list(range(len(names))),
        y=list(range(len(names))),
        z=shares,
        text=[[f"{n:,}" for n in row] for row in matrix],
        customdata=[[f"true {true}, called {called}" for called in names] for true in names],
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        colorscale="Blues",
        showscale=False,
        hovertemplate="%{customdata}: %{text}, %{z:.0%} of the row<extra></extra>",
    )
    ticks = {"tickvals": list(range(len(names))), "ticktext": letters, "fixedrange": True}
    figure.update_layout(
        xaxis={**ticks, "side": "top", "title": "Called"},
        yaxis={**ticks, "autorange": "reversed", "title": "True"},
    )
    right = int(np.diag(matrix).sum())
    alt = f"Confusion matrix of {title}: {right:,} of {matrix.sum():,} called right"
    draw(figure, f"{labelled.task}-confusion-{reading.card.name}", alt)


def parts(
    found: Sequence[Part], name: str, measure: Measure, titles: Sequence[str], labelled: LabelledSet
) -> None:
    """One measure of every model by kind of film, with whiskers of 95 %."""
    figure = empty(90 + len(found) * (26 + 18 * len(titles)))
    kinds = [_kind(part, labelled) for part in found]
    said = []
    for at, title in enumerate(titles):
        values = [part.measures[at][name] for part in found]
        figure.add_bar(
            y=kinds,
            x=[value.value for value in values],
            orientation="h",
            name=title,
            marker={"color": colour(at), "pattern": {"shape": PATTERNS[at % len(PATTERNS)]}},
            error_x=_whiskers(values),
            hovertemplate="%{x:.3f}<extra>" + title + "</extra>",
        )
        words = (
            f"{part.value} {score(value.value)}"
            for part, value in zip(found, values, strict=True)
            if np.isfinite(value.value)
        )
        said.append(f"{title}: {', '.join(words)}")
    figure.update_layout(
        barmode="group",
        xaxis={"title": measure.title},
        yaxis={"title": None, "type": "category", "autorange": "reversed"},
        legend={"traceorder": "normal"},
    )
    draw(figure, f"{labelled.task}-parts-{name}", f"{measure.title} by kind. {'; '.join(said)}")


def _kind(part: Part, labelled: LabelledSet) -> str:
    """A kind of film with its numbers, for an axis."""
    said = f"{escape(part.value)}<br>n = {part.n:,}"
    if part.value in labelled.classes:
        return said
    return f"{said},<br>{part.positives:,} {labelled.disease.name}"


def _whiskers(values: Sequence[Metric]) -> dict:
    """Error bars; none where an interval is missing or has no width."""
    up = [0 if v.high is None else max(0.0, v.high - v.value) for v in values]
    down = [0 if v.low is None else max(0.0, v.value - v.low) for v in values]
    return {"array": up, "arrayminus": down, "color": GREY, "thickness": 1.5, "width": 4}


def differences(
    rows: Sequence[tuple[str, Metric]], titles: tuple[str, str], key: str, n: int
) -> None:
    """Differences of two models with their intervals, beside the line of none."""
    figure = empty(110 + 46 * len(rows))
    figure.add_scatter(
        x=[gap.value for _, gap in rows],
        y=[name for name, _ in rows],
        mode="markers",
        marker={"size": 11, "symbol": SYMBOLS[2], "color": colour(0)},
        error_x={
            "array": [
                (gap.high if gap.high is not None else gap.value) - gap.value for _, gap in rows
            ],
            "arrayminus": [
                gap.value - (gap.low if gap.low is not None else gap.value) for _, gap in rows
            ],
            "color": colour(0),
            "thickness": 2,
        },
        hovertemplate="%{y}: %{x:+.3f}<extra></extra>",
        showlegend=False,
    )
    figure.add_vline(x=0, line={"dash": "dash", "color": GREY})
    figure.update_layout(
        title={"text": f"{titles[0]}<br>less {titles[1]}", "font": {"size": 13}, "x": 0},
        margin={"t": 60},
        yaxis={"autorange": "reversed", "title": None},
        xaxis={"title": f"Difference, n = {n:,}", "zeroline": False},
    )
    said = ", ".join(f"{name} {gap.value:+.3f}" for name, gap in rows)
    draw(figure, key, f"Differences of {titles[0]} less {titles[1]}: {said}")
