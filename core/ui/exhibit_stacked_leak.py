"""Pitfall: a second stage that learns from probabilities which hold the answers."""

import numpy as np
import streamlit as st

from core.exhibits import stacked_leak
from core.exhibits.stacked_leak import BINS, SECOND_STAGES, WAYS
from core.settings import Settings
from core.ui import exhibit_charts
from core.ui.words import interval, percent, score

TITLE = "The second stage that was told the answers"
QUESTION = (
    "A stack of two classifiers is right in 98.5 % of all films: does the second one add so much?"
)
SO_WHAT = (
    "Probabilities of a stage that was fitted on the test films are their labels in disguise, and "
    "splitting the films afterwards does not take the labels out again. A second stage must learn "
    "from out-of-fold probabilities, and every stage must be fitted without the test films."
)
SEEN = {
    "all_rows": "All films, test films too",
    "training_rows": "The training films",
    "out_of_fold": "Out-of-fold",
}
CAPTIONS = (
    "as it was published",
    "and it is asked about these same films",
    "asked about each film by trees that never saw it",
)
SECOND = {
    "logistic": "Logistic regression",
    "trees": "LightGBM, 10 trees",
    "neighbours": "2 nearest neighbours",
}


def show(settings: Settings) -> None:
    """What stage one may see, the second stage, its scores, and the probabilities it is given."""
    choices = st.columns([3, 2])
    with choices[0]:
        way = st.radio(
            "Stage one was fitted on",
            WAYS,
            format_func=SEEN.get,
            captions=CAPTIONS,
            key="stacked-way",
        )
    with choices[1]:
        stage = st.radio(
            "Second stage",
            SECOND_STAGES,
            format_func=SECOND.get,
            key="stacked-stage",
            help="What learns from the probabilities of stage one, as the notebook tried them.",
        )
    labels = stacked_leak.labels()
    _scores(way, stage, float((labels == 0).mean()))
    left, right = st.columns(2)
    with left:
        learned = stacked_leak.learned_from(way)
        st.markdown("**What stage one says of the training films**")
        _histogram(learned, "stacked-training", "training films")
    with right:
        st.markdown("**What stage one says of the test films**")
        _histogram(stacked_leak.tested(way), "stacked-test", "test films")
    _table(way, stage)
    st.caption(
        f"Measured on FracAtlas: trained with {learned.sum():,} films, tested on the {len(labels)} "
        f"of the validation split, {int(labels.sum())} of them fractured (the positive class; "
        "fractured is called above 50 %). Stage one is ours, LightGBM on the pooled features of a "
        "frozen MobileNetV2; in brackets, 95 % intervals over groups of films."
    )
    st.markdown(
        "MobLG-Net reports an accuracy of **.985** this way, in ten folds, on the 8,863 films of "
        "another set. That number is theirs; so is the honest one, **.93** for the trees alone, "
        "which stands in the same notebook."
    )


def _scores(way: str, stage: str, always: float) -> None:
    found, honest = (stacked_leak.scores(name, stage) for name in (way, "out_of_fold"))
    columns = st.columns(3)
    for column, name, title in (
        (columns[0], "accuracy", "Accuracy"),
        (columns[1], "auroc", "AUROC"),
    ):
        gain = found[name].value - honest[name].value
        column.metric(
            title,
            score(found[name].value),
            f"{gain:+.3f} against out-of-fold" if round(gain, 3) else None,
            delta_color="off",
        )
    columns[2].metric(
        "Always “not fractured”", score(always), help="Accuracy of who never looks at all."
    )


def _histogram(counts: np.ndarray, key: str, films: str) -> None:
    figure = exhibit_charts.empty(260)
    middles = (np.arange(BINS) + 0.5) / BINS
    names = ("Not fractured", "Fractured")
    for at, name in enumerate(names):
        figure.add_bar(
            x=middles,
            y=counts[at] / max(1, counts[at].sum()),
            name=name,
            opacity=0.75,
            marker={"pattern": {"shape": exhibit_charts.PATTERNS[at]}},
            customdata=counts[at],
            hovertemplate="about %{x:.1%}: %{customdata} films, %{y:.0%} of them<extra></extra>",
        )
    figure.update_layout(
        xaxis={"title": "Probability by stage one", "tickformat": ".0%", "range": [0, 1]},
        yaxis={"title": "Share of the class", "tickformat": ".0%"},
        barmode="overlay",
        bargap=0,
    )
    sure = counts[0, : BINS // 2].sum() + counts[1, BINS // 2 :].sum()
    alt = (
        f"Histogram of stage one's probabilities for {films}, by truth: on the right side of 50 % "
        f"in {percent(sure / counts.sum(), 1)} of {counts.sum():,}"
    )
    exhibit_charts.draw(figure, key, alt)


def _table(way: str, stage: str) -> None:
    """All ways and second stages side by side; the chosen one is marked."""
    rows = []
    for one in WAYS:
        row = {"Stage one was fitted on": SEEN[one]}
        for second in SECOND_STAGES:
            told = interval(stacked_leak.scores(one, second)["accuracy"])
            row[SECOND[second]] = f"**{told}**" if (one, second) == (way, stage) else told
        rows.append(row)
    st.markdown("**Accuracy of every combination**")
    st.table(rows, hide_index=True, alt="Accuracy of each second stage, by what stage one saw")
