"""How good the models are on the set: a table with intervals, the curves, and what they confuse."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.labelled import LabelledSet
from core.models import Metric
from core.set_measures import MEASURES
from core.ui import compare_set_charts, compare_set_numbers, origin
from core.ui.compare_set_data import Subject
from core.ui.compare_set_tables import offer, rounded
from core.ui.words import interval, plain

CURVES = {"roc": "ROC", "pr": "Precision-recall", "reliability": "Reliability"}
CURVE = "compare-set-curve"
NO_BREAK = "\N{NO-BREAK SPACE}"


def show(subject: Subject, titles: Sequence[str]) -> None:
    """The table, one figure at a time, and a confusion matrix of every model."""
    labelled, found = subject.labelled, compare_set_numbers.measured(subject)
    measures = MEASURES[labelled.task]
    rows = [
        {"Model": plain(title)}
        | {measure.title: _unbroken(numbers[name]) for name, measure in measures.items()}
        for title, numbers in zip(titles, found, strict=True)
    ]
    st.table(rows, hide_index=True, alt=f"Measures of each model on n = {len(labelled):,}")
    with st.container(horizontal=True, vertical_alignment="center"):
        offer(
            f"{labelled.task}-models",
            lambda: _rows(found, labelled, titles),
            "Download numbers (CSV)",
        )
        offer(
            f"{labelled.task}-predictions",
            lambda: predictions(labelled, titles),
            "Download every prediction (CSV)",
        )
    st.caption(
        f"n = {len(labelled):,}. In brackets 95 % intervals: groups of "
        f"{origin.seen(labelled.task)} that belong together were drawn 1,000 times with "
        "replacement; Wilson's interval of a share that is none or all."
    )
    with st.expander("What the measures mean", icon=":material/help:"):
        for measure in measures.values():
            lower = "" if measure.higher_is_better else " The lower the better."
            st.markdown(f"**{measure.title}.** {measure.help}{lower}")
    _figures(labelled, titles)


def _unbroken(number: Metric) -> str:
    """A number with its interval, in a narrow cell on two lines rather than three."""
    return interval(number).replace(" to ", f"{NO_BREAK}to{NO_BREAK}")


def _figures(labelled: LabelledSet, titles: Sequence[str]) -> None:
    """One figure of the curves, and the matrices."""
    curve = st.segmented_control(
        "Figure",
        list(CURVES),
        format_func=CURVES.get,
        default="roc",
        required=True,
        key=CURVE,
        persist_state="session",
    )
    draw = {
        "roc": compare_set_charts.rocs,
        "pr": compare_set_charts.precision_recall,
        "reliability": compare_set_charts.reliability,
    }[curve]
    draw(labelled, titles)
    st.markdown("**Which classes they confuse**")
    with st.grid(min(3, len(titles)), min_column_width=300):
        for reading, title in zip(labelled.readings, titles, strict=True):
            with st.container():
                st.markdown(plain(title))
                compare_set_charts.confusion(labelled, reading, title)


def _rows(found, labelled: LabelledSet, titles: Sequence[str]) -> list[dict]:
    """One row a model and measure, for a spreadsheet."""
    return [
        {
            "model": title,
            "measure": measure.title,
            "value": rounded(numbers[name].value),
            "low": rounded(numbers[name].low),
            "high": rounded(numbers[name].high),
            "n": len(labelled),
            "groups": len(set(labelled.groups)),
            "data": labelled.data,
        }
        for title, numbers in zip(titles, found, strict=True)
        for name, measure in MEASURES[labelled.task].items()
    ]


def predictions(labelled: LabelledSet, titles: Sequence[str]) -> list[dict]:
    """One row a film: its label, group and attributes, and what each model says of it."""
    called = [labelled.called(reading) for reading in labelled.readings]
    scores = [labelled.scores(reading) for reading in labelled.readings]
    names = np.array(labelled.classes)
    return [
        {"image": image, "label": names[labelled.labels[at]], "group": labelled.groups[at]}
        | {title: column[at] for title, column in labelled.attributes.items()}
        | {
            f"{title}: {what}": value
            for k, title in enumerate(titles)
            for what, value in (
                ("called", names[called[k][at]]),
                (f"p({labelled.disease.name})", round(float(scores[k][at]), 4)),
            )
        }
        for at, image in enumerate(labelled.images)
    ]
