"""Loss and score curves of one or more runs, by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from core import jobs
from core.learning import TRAINERS
from core.ui import train_zoom
from core.ui.charts import DASHES
from core.ui.train_queue import Run
from core.ui.train_words import LOSSES, MEANINGS, measure, number, short

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
MOST = len(SYMBOLS)  # runs on one chart: each has a colour, a marker and a dash of its own
HEIGHT = 300
MARKED = 40  # points of a curve that has markers: more would hide it
ABOUT_LOSSES = (
    "The loss is how wrong it is, on what it learns from (training) and on what it does not "
    "(validation). Where validation rises while training falls, it learns by heart. What is "
    "published is the best epoch, unless the last weights were asked for."
)
SPIKE = 100  # times the median, from where on an axis is logarithmic
LOSS_CHART, SCORE_CHART = "train-losses", "train-scores"
Curves = Sequence[tuple[str, pd.DataFrame]]  # name of a run, its metrics by epoch


class Line(NamedTuple):
    """One curve; `look` numbers its colour and marker, `dash` its dash."""

    name: str
    points: pd.Series  # by epoch
    look: int
    dash: int
    told: bool = True  # in the legend


def show(run: Run, runs: Sequence[Run]) -> None:
    """The curves of a run on two charts, with those of others that the reader asks for."""
    others = _others(run, runs) if run.status.epoch else []
    chosen = [run, *others]
    read = [(short(one.job), jobs.metrics(one.job).set_index("epoch")) for one in chosen]
    curves = [(name, rows) for name, rows in read if len(rows)]
    if not curves:
        if run.live or run.status.state == "ready":
            st.info("The curves begin when the first epoch is over.", icon=":material/show_chart:")
        return
    columns = list(dict.fromkeys(column for _, rows in curves for column in rows))
    losses = [column for column in LOSSES if column in columns]
    scores = [column for column in columns if column not in ("seconds", *LOSSES)]
    with st.container(gap=None):
        left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
        with left:
            _losses(run, curves, losses)
        with right:
            if score := _pick(run, scores):
                _scores(run, curves, score)
        st.caption(f"{ABOUT_LOSSES} {MEANINGS.get(score, '')}".strip())
        train_zoom.listen({LOSS_CHART: run.job.id, SCORE_CHART: f"{run.job.id} {score}"})


def _others(run: Run, runs: Sequence[Run]) -> list[Run]:
    """Further runs of the same trainer for the same charts."""
    alike = (one for one in runs if one.job.trainer == run.job.trainer and one.status.epoch)
    known = {one.job.id: one for one in alike if one.job.id != run.job.id}
    if not known:
        return []
    key = f"train-with-{run.job.trainer}"
    kept = st.session_state.get(key, [])
    if not set(kept) <= set(known):
        st.session_state[key] = [name for name in kept if name in known]
    names = st.multiselect(
        "Compare with",
        list(known),
        key=key,
        max_selections=MOST - 1,
        persist_state="session",
        placeholder="Other runs on the same charts",
    )
    return [known[name] for name in names]


def _pick(run: Run, scores: Sequence[str]) -> str | None:
    """Which score is drawn: to begin with the one by which runs are compared."""
    if not scores:
        st.caption("The scores begin when the network was scored for the first time.")
        return None
    key, trainer = f"train-score-{run.job.trainer}", TRAINERS.get(run.job.trainer)
    if st.session_state.get(key) not in scores:
        first = trainer.measure if trainer and trainer.measure in scores else scores[0]
        st.session_state[key] = first
    return st.selectbox("Score", scores, format_func=measure, key=key, persist_state="session")


def _losses(run: Run, curves: Curves, losses: Sequence[str]) -> None:
    several = len(curves) > 1
    lines = [
        Line(
            name if several else LOSSES[loss],
            rows[loss].dropna(),
            look=at if several else dash,
            dash=dash,
            told=not several or dash == 0,
        )
        for at, (name, rows) in enumerate(curves)
        for dash, loss in enumerate(losses)
        if loss in rows
    ]
    named = zip(DASHES, losses, strict=False)
    dashes = "; ".join(f"{dash}: {LOSSES[loss].lower()}" for dash, loss in named)
    st.markdown("**Losses**" + (f", {dashes}" if several else ""))
    _draw(LOSS_CHART, run.job.id, lines, "Loss", run)


def _scores(run: Run, curves: Curves, score: str) -> None:
    lines = [
        Line(name, rows[score].dropna(), look=at, dash=at)
        for at, (name, rows) in enumerate(curves)
        if score in rows
    ]
    _draw(SCORE_CHART, f"{run.job.id} {score}", lines, measure(score), run)


def _draw(key: str, subject: str, lines: Sequence[Line], title: str, run: Run) -> None:
    from plotly.graph_objects import Figure  # takes long to import; the list must not wait

    zoom = train_zoom.axes(key, subject, tuple((line.name, *line.points.items()) for line in lines))
    colours = st.get_option("theme.chartCategoricalColors")
    last = max((line.points.index.max() for line in lines if len(line.points)), default=1)
    epochs = {"title": "Epoch"} | ({"dtick": 1} if last <= 8 else {"nticks": 8})
    marked = max((len(line.points) for line in lines), default=0) <= MARKED
    if spiked := _spiked(lines):
        title += ", logarithmic"
    figure = Figure(
        layout={
            "height": HEIGHT,
            "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "showlegend": len(lines) > 1,
            "hovermode": "x unified",
            "xaxis": epochs | {"range": zoom.get("x")},
            "yaxis": {
                "title": title,
                "range": zoom.get("y"),
                "type": "log" if spiked else "linear",
            },
        }
    )
    for line in lines:
        figure.add_scatter(
            x=line.points.index,
            y=line.points,
            name=line.name,
            legendgroup=line.name,
            showlegend=line.told,
            mode="lines+markers" if marked else "lines",
            line={
                "dash": DASHES[line.dash],
                "width": 2 if marked else 1.5,
                "color": colours[line.look],
            },
            marker={"symbol": SYMBOLS[line.look], "size": 7},
            hovertemplate="%{y:.4g}",
        )
    alt = _alt(title, lines)
    if run.best:
        best = f"best {measure(TRAINERS[run.job.trainer].measure)}: epoch {run.best.epoch}"
        high = "top" if key == LOSS_CHART else "bottom"  # where curves leave room by then
        figure.add_vline(
            run.best.epoch,
            line={"width": 1, "color": "grey"},
            annotation={"text": best, "font": {"size": 11}},
            annotation_position=f"{high} {'left' if run.best.epoch > last / 2 else 'right'}",
        )
        alt += f"; {best}"
    with st.container(key=key):
        st.plotly_chart(figure, alt=alt, config={"displayModeBar": False})


def _spiked(lines: Sequence[Line]) -> bool:
    """Whether a few values would flatten all others on a linear axis."""
    values = np.concatenate([[], *(line.points for line in lines)])
    values = values[np.isfinite(values)]
    return len(values) > 0 and values.min() > 0 and values.max() > SPIKE * np.median(values)


def _alt(title: str, lines: Sequence[Line]) -> str:
    ends = "; ".join(
        f"{line.name} is {number(line.points.iloc[-1])} at epoch {line.points.index[-1]}"
        for line in lines
        if len(line.points)
    )
    return f"{title} by epoch. {ends}" if ends else f"{title} by epoch: none yet"
