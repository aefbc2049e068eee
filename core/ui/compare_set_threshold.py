"""Move a threshold, and see who of 1,000 is missed and who is called in vain."""

from collections.abc import Sequence

import streamlit as st

from core.labelled import LabelledSet, ModelReading
from core.prevalence import PEOPLE, Outcome, PerThousand, per_thousand
from core.ui import compare_set_numbers, compare_set_people
from core.ui.compare_set_data import Subject
from core.ui.compare_set_tables import offer, rounded
from core.ui.words import interval, percent, plain

MODEL, THRESHOLD = "compare-set-{}-model", "compare-set-{}-threshold"
PREVALENCE = "compare-set-{}-prevalence"
ALL = "all"
RARE = 0.1  # the prevalence to begin with: lower than in most collections of films
OUTCOMES = {"found": "Found", "missed": "Missed", "in_vain": "Called in vain", "spared": "Spared"}


def show(subject: Subject, titles: Sequence[str]) -> None:
    """The two sliders, and what they mean for one model or for all."""
    labelled = subject.labelled
    chosen = _choose(labelled, titles)
    threshold, prevalence = _sliders(labelled, chosen)
    weights = compare_set_numbers.weights(labelled)

    def outcomes(reading: ModelReading) -> PerThousand:
        scores = labelled.scores(reading)
        return per_thousand(labelled.positives, scores, threshold, prevalence, weights)

    def every() -> list[tuple[str, PerThousand]]:
        return [(t, outcomes(r)) for t, r in zip(titles, labelled.readings, strict=True)]

    names = [reading.card.name for reading in labelled.readings]
    if chosen == ALL:
        told = every()
        compare_set_people.bars(told, labelled)
        _table(told)
    else:
        at = names.index(chosen)
        reading = labelled.readings[at]
        _one(labelled, reading, titles[at], outcomes(reading), threshold, prevalence)
    _measured_on(labelled)
    offer(
        f"{labelled.task}-per-1000",
        lambda: [_row(title, said, threshold, prevalence) for title, said in every()],
    )


def _choose(labelled: LabelledSet, titles: Sequence[str]) -> str:
    """The model's name, or ALL; another model brings its own threshold."""
    names = [reading.card.name for reading in labelled.readings]
    key, state = MODEL.format(labelled.task), st.session_state
    if state.get(key) not in (*names, ALL):
        state[key] = names[0]

    def begin_at_its_own() -> None:
        state.pop(THRESHOLD.format(labelled.task), None)

    st.selectbox(
        "Model",
        [*names, ALL],
        format_func=dict(zip([*names, ALL], [*titles, "All models"], strict=True)).get,
        key=key,
        on_change=begin_at_its_own,
        persist_state="session",
        width=420,
    )
    return state[key]


def _sliders(labelled: LabelledSet, chosen: str) -> tuple[float, float]:
    """The threshold and the prevalence."""
    task, disease, state = labelled.task, labelled.disease, st.session_state
    own = {reading.card.name: reading.threshold for reading in labelled.readings}
    threshold, prevalence = THRESHOLD.format(task), PREVALENCE.format(task)
    state.setdefault(threshold, own.get(chosen, 0.5))
    state.setdefault(prevalence, RARE)
    left, right = st.columns(2, gap="medium")
    left.slider(
        f"Threshold: called {disease.name} from this probability on",
        0.0,
        1.0,
        step=0.001,
        format="percent",
        key=threshold,
        persist_state="session",
        help="Where you choose a model, it begins at that model's own.",
    )
    right.slider(
        f"Prevalence: {disease.name} among {disease.patients}",
        0.0,
        1.0,
        step=0.005,
        format="percent",
        key=prevalence,
        persist_state="session",
        help=f"Here {percent(float(labelled.positives.mean()))} are; where the model is used there "
        "may be far fewer, and then most of its calls are in vain.",
    )
    return state[threshold], state[prevalence]


def _one(labelled, reading, title: str, said: PerThousand, threshold, prevalence) -> None:
    disease = labelled.disease
    with st.grid(4, min_column_width=150):
        for name, label in OUTCOMES.items():
            outcome = getattr(said, name)
            with st.container(gap=None):
                st.metric(label, f"{outcome.count:,}", help=_meaning(name, disease))
                st.caption(_range(outcome))
    st.markdown(_sentence(said, plain(title), labelled, prevalence))
    left, right = st.columns(2, gap="medium")
    with left:
        compare_set_people.icons(said, labelled)
    with right:
        compare_set_people.histogram(labelled, reading, title, threshold)


def _meaning(name: str, disease) -> str:
    called = "called so" if name in ("found", "missed") else f"called {disease.name}"
    return {
        "found": f"{disease.name.capitalize()}, and {called}.",
        "missed": f"{disease.name.capitalize()}, and not {called}.",
        "in_vain": f"{disease.other.capitalize()}, but {called}.",
        "spared": f"{disease.other.capitalize()}, and not {called}.",
    }[name]


def _sentence(said: PerThousand, title: str, labelled, prevalence: float) -> str:
    """What the threshold means, in words."""
    disease = labelled.disease
    called = said.found.count + said.in_vain.count
    words = (
        f"Of {PEOPLE:,} {disease.patients}, {round(PEOPLE * prevalence):,} of them "
        f"{disease.name}, {title} calls **{called:,}**: it misses **{said.missed.count:,}** and "
        f"calls **{said.in_vain.count:,}** in vain."
    )
    if called:
        words += f" Of its calls {interval(said.ppv, percent)} are right (PPV)."
    words += (
        f" Sensitivity {interval(said.sensitivity, percent)}, specificity "
        f"{interval(said.specificity, percent)}."
    )
    return words


def _table(every: Sequence[tuple[str, PerThousand]]) -> None:
    rows = [
        {"Model": plain(title)}
        | {label: _counted(getattr(said, name)) for name, label in OUTCOMES.items()}
        | {
            "Sensitivity": interval(said.sensitivity, percent),
            "Specificity": interval(said.specificity, percent),
            "PPV": interval(said.ppv, percent),
        }
        for title, said in every
    ]
    st.table(rows, hide_index=True, alt=f"Outcomes of {PEOPLE:,} by model at this threshold")


def _measured_on(labelled: LabelledSet) -> None:
    n, positive, disease = len(labelled), int(labelled.positives.sum()), labelled.disease
    st.caption(
        f"Expected numbers with 95 % intervals, from {positive:,} that are {disease.name} "
        f"and {n - positive:,} that are {disease.other}: whole groups drawn 1,000 times, or "
        "Wilson's where none or all are called right. Positive "
        f"means {disease.name}. Sensitivity and specificity are taken to be the same at every "
        "prevalence, which holds only while the cases are as hard as these."
    )


def _counted(outcome: Outcome) -> str:
    return f"{outcome.count:,} ({outcome.low:,} to {outcome.high:,})"


def _range(outcome: Outcome) -> str:
    return f"{outcome.low:,} to {outcome.high:,}"


def _row(title: str, said: PerThousand, threshold: float, prevalence: float) -> dict:
    row = {"model": title, "threshold": round(threshold, 4), "prevalence": round(prevalence, 4)}
    for name, label in OUTCOMES.items():
        outcome = getattr(said, name)
        row |= {label: outcome.count, f"{label}, low": outcome.low, f"{label}, high": outcome.high}
    return row | {
        "sensitivity": rounded(said.sensitivity.value),
        "specificity": rounded(said.specificity.value),
        "ppv": rounded(said.ppv.value),
    }
