"""Pitfall: test films that were learned by heart."""

import numpy as np
import streamlit as st

from core.exhibits import leak
from core.settings import Settings
from core.ui import exhibit_charts
from core.ui.words import percent, score

TITLE = "The test that was learned by heart"
QUESTION = (
    "A network calls 99 % of its test films right: is it good, or has it seen those films before?"
)
SO_WHAT = (
    "A score tells of new patients only as far as none of the test films, no copy of them and no "
    "other film of the same patient were there to learn from. Compare the files before believing "
    "the score: nothing in the curves of a training gives a leak away."
)
MEASURES = {"accuracy": "Accuracy", "sensitivity": "Sensitivity", "auroc": "AUROC"}
TITLES = {"leaking": "Network that saw the leaked films", "clean": "Network that saw none of them"}
KAGGLE = leak.KAGGLE[0] / leak.KAGGLE[1]


def show(settings: Settings) -> None:
    """The share of leaked films, both networks' scores on the same films, and the curve."""
    films = leak.films()
    share = st.slider(
        "Share of the test films that leaked",
        0,
        100,
        50,
        5,
        format="%d %%",
        key="leak-share",
        help="So many of the test films lay among the training films too, byte for byte.",
    )
    curves = leak.curves()
    at = round(share / 5)
    for network, side in zip(leak.NETWORKS, st.columns(2, gap="medium"), strict=True):
        side.markdown(f"**{TITLES[network]}**")
        with side.container(horizontal=True, gap="medium"):
            for measure, title in MEASURES.items():
                value = float(curves[measure].mean[network][at])
                st.metric(title, _written(measure, value), width="content")
    measure = st.segmented_control(
        "Measure in the figure",
        list(MEASURES),
        format_func=MEASURES.get,
        default="accuracy",
        required=True,
        key="leak-measure",
    )
    _figure(curves[measure], measure, at)
    st.caption(
        f"Measured on FracAtlas: {len(films.labels)} validation films, {int(films.leaked.sum())} "
        "of which one `simple_cnn` learned from besides 1,499 training films; the other one did "
        f"not. Each point is the mean of {leak.DRAWS} test sets of {films.each} fractured and "
        f"{films.each} other films, the band holds 90 % of them; fractured is called from 50 %, "
        "and is the positive class."
    )
    there = {
        name: percent(float(np.interp(KAGGLE, leak.SHARES, curves["accuracy"].mean[name])))
        for name in leak.NETWORKS
    }
    st.markdown(
        "The dotted line is the public set of bone films that one of the five projects learned "
        f"from: **{leak.KAGGLE[0]} of its {leak.KAGGLE[1]} test files** are training files too, as "
        "others counted on that set, which is not here. With so many, the network that saw them "
        f"is right in **{there['leaking']}** of our films and the other one in "
        f"{there['clean']}; the project reports 99 % of itself. Our own trainers audit a pack "
        "before they learn: they refuse such a split, and name the files."
    )


def _written(measure: str, value: float) -> str:
    return score(value) if measure == "auroc" else percent(value)


def _figure(curves: leak.Scores, measure: str, at: int) -> None:
    figure, form = exhibit_charts.empty(), ".1f" if measure == "auroc" else ".0%"
    for series, name in enumerate(leak.NETWORKS):
        exhibit_charts.band(figure, leak.SHARES, curves.low[name], curves.high[name], series)
        figure.add_scatter(
            x=leak.SHARES,
            y=curves.mean[name],
            name=TITLES[name],
            mode="lines",
            line={
                "dash": exhibit_charts.DASHES[series],
                "width": 2,
                "color": exhibit_charts.colour(series),
            },
            hovertemplate="%{x:.0%} leaked: %{y:.3f}<extra></extra>",
        )
        figure.add_scatter(
            x=[leak.SHARES[at]],
            y=[curves.mean[name][at]],
            mode="markers",
            marker={
                "symbol": exhibit_charts.SYMBOLS[series],
                "size": 13,
                "color": exhibit_charts.colour(series),
            },
            showlegend=False,
            hoverinfo="skip",
        )
    figure.add_vline(KAGGLE, line={"dash": "dot", "color": "gray"})
    figure.add_annotation(
        x=KAGGLE, y=0.42, text="The Kaggle set", showarrow=False, xanchor="right", xshift=-4
    )
    figure.update_layout(
        xaxis={"title": "Share of the test films that leaked", "tickformat": ".0%"},
        yaxis={"title": MEASURES[measure], "range": [0.38, 1.02], "tickformat": form},
    )
    told = " and ".join(
        f"{_written(measure, float(curves.mean[name][at]))} ({TITLES[name].lower()})"
        for name in leak.NETWORKS
    )
    there = f"at {percent(leak.SHARES[at])} it is {told}"
    alt = f"{MEASURES[measure]} by the share of leaked films: {there}"
    exhibit_charts.draw(figure, "leak-curve", alt)
