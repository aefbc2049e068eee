"""On which kinds of film the models are good: one measure by region, view, grade and the like."""

import re
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.labelled import CLASSES
from core.set_measures import MEASURES, Part
from core.ui import compare_set_charts, compare_set_numbers, origin
from core.ui.compare_set_data import Subject
from core.ui.compare_set_tables import offer, rounded
from core.ui.words import plain

BY, MEASURE = "compare-set-{}-by", "compare-set-{}-measure"
ASKED = "compare-set-asked-by"  # what a link asked for
FEW = 30  # films; of fewer a number says little
OF_ONE_CLASS = ("accuracy", "mae")  # what films of one true class alone can tell
MOST_KINDS = 8  # in the figure; the table has them all


def show(subject: Subject, titles: Sequence[str]) -> None:
    """Bars with whiskers, and what they cannot tell."""
    labelled = subject.labelled
    task, films = labelled.task, origin.seen(labelled.task)
    if not labelled.attributes:
        st.info(
            f"Nothing is known of these {films} but their labels: a table labels.csv with further "
            "columns, region or view say, lets you compare by them."
        )
        return
    by, name = _choose(subject)
    found = compare_set_numbers.parts(subject, by)
    measure = MEASURES[task][name]
    told = [p for p in found if any(np.isfinite(numbers[name].value) for numbers in p.measures)]
    drawn = told[:MOST_KINDS]
    if drawn:
        compare_set_charts.parts(drawn, name, measure, titles, labelled)
    st.caption(" ".join(_said(found, told, drawn, name, task, films)))
    offer(
        f"{task}-by-{re.sub('[^a-z0-9]+', '-', by.lower())}", lambda: _rows(found, by, titles, task)
    )


def _choose(subject: Subject) -> tuple[str, str]:
    """The attribute and the measure."""
    labelled, state = subject.labelled, st.session_state
    task, films = labelled.task, origin.seen(labelled.task)
    by, measure = BY.format(task), MEASURE.format(task)
    asked = state.get(by)
    if asked not in labelled.attributes:
        if asked is not None and state.pop(ASKED, None) == asked:
            st.warning(f"These {films} are not known by what the link asks for; another is shown.")
        state[by] = next(iter(labelled.attributes))
    measures = {
        name: one
        for name, one in MEASURES[task].items()
        if name in OF_ONE_CLASS or not state[by].startswith("True ")
    }
    if state.get(measure) not in measures:
        state[measure] = next(iter(measures))
    with st.container(horizontal=True):
        st.selectbox(
            "By",
            list(labelled.attributes),
            key=by,
            persist_state="session",
            width=240,
            help=f"What the data tells of every one of the {films}.",
        )
        st.selectbox(
            "Measure",
            list(measures),
            format_func=lambda name: measures[name].title,
            key=measure,
            persist_state="session",
            width=280,
            help=" ".join(f"**{m.title}**: {m.help}" for m in measures.values()),
        )
    return state[by], state[measure]


def _said(
    found: Sequence[Part], told: Sequence[Part], drawn: Sequence[Part], name: str, task: str, films
) -> list[str]:
    """What the bars cannot tell, in sentences."""
    title = MEASURES[task][name].title
    said = [
        "Whiskers: 95 % intervals, whole groups drawn; Wilson's of a share that is none or all."
    ]
    untold = [plain(f"{part.value} (n = {part.n:,})") for part in found if part not in told]
    if untold:
        said.append(f"{title} cannot be told, for want of another class: {', '.join(untold)}.")
    if name == "balanced_accuracy":
        fewer = [plain(f"{p.value} ({p.classes})") for p in drawn if p.classes < len(CLASSES[task])]
        if fewer:
            said.append(f"A mean of fewer than {len(CLASSES[task])} classes: {', '.join(fewer)}.")
    counts = ((part.value, _counted(part, name)) for part in drawn)
    few = [plain(f"{value} ({count})") for value, count in counts if count < FEW]
    if few:
        said.append(f"Much is chance where fewer than {FEW} {films} count: {', '.join(few)}.")
    if rarest := len(told) - len(drawn):
        whom = "rarest is" if rarest == 1 else f"{rarest} rarest are"
        said.append(f"The {whom} in the download alone.")
    if any(part.value.startswith("with hardware") for part in found):
        said.append(
            "Nearly every film with metal is fractured, so a model can learn that metal means "
            "fracture: look at those without."
        )
    return said


def _counted(part: Part, name: str) -> int:
    """How many films of a kind decide a measure: of the rarer side where it sets both apart."""
    sides = {"sensitivity": part.positives, "specificity": part.n - part.positives}
    both = min(sides.values())
    return (sides | {"auroc": both, "average_precision": both}).get(name, part.n)


def _rows(found: Sequence[Part], by: str, titles: Sequence[str], task: str) -> list[dict]:
    return [
        {
            by: part.value,
            "n": part.n,
            "positive": part.positives,
            "model": title,
            "measure": measure.title,
            "value": rounded(part.measures[at][name].value),
            "low": rounded(part.measures[at][name].low),
            "high": rounded(part.measures[at][name].high),
        }
        for part in found
        for at, title in enumerate(titles)
        for name, measure in MEASURES[task].items()
    ]
