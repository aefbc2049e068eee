"""One model against another on the same films: the differences, McNemar's test, and the films that
only one of them gets right."""

import base64
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.contest import CHANCE, Contest
from core.set_measures import MEASURES
from core.ui import compare_set_charts, compare_set_numbers, origin
from core.ui.batch import as_csv, harmless
from core.ui.compare_set_data import Subject
from core.ui.words import interval, percent, plain, score

FIRST, SECOND, ONLY = "compare-set-{}-first", "compare-set-{}-second", "compare-set-only"
ROWS_SHOWN = 6
MINUS = "\N{MINUS SIGN}"


def show(subject: Subject, titles: Sequence[str]) -> None:
    """The choice of two models, and how they fare."""
    labelled = subject.labelled
    if len(titles) < 2:
        st.info("Choose two models above at least, to set one against another.")
        return
    pair = _choose(subject, titles)
    if pair is None:
        st.info("Choose two different models: no model is better than itself.")
        return
    first, second = pair
    found = compare_set_numbers.contest(subject, first, second)
    names = plain(titles[first]), plain(titles[second])
    measures = MEASURES[labelled.task]
    ranks = found.differences[0]
    better = measures[ranks.measure]
    with st.container(border=True):
        st.markdown(_difference(ranks, better.title, names))
        st.markdown(mcnemar_sentence(found, names, origin.seen(labelled.task)))
    st.caption(
        f"n = {len(labelled):,} in {found.groups:,} groups. The intervals draw whole groups 1,000 "
        "times, the same for both models. McNemar's test takes every one as independent, which "
        "several of one patient are not: where the two disagree, trust the interval."
    )
    compare_set_charts.differences(
        [(measures[d.measure].title, d.gap) for d in found.differences],
        (titles[first], titles[second]),
        f"{labelled.task}-differences",
    )
    rows = [
        {
            "Measure": measures[d.measure].title,
            names[0]: score(d.first),
            names[1]: score(d.second),
            "Difference (95 % interval)": interval(d.gap, _signed),
            "Told apart": "yes" if d.telling else "no",
        }
        for d in found.differences
    ]
    st.table(rows, hide_index=True, alt=f"{titles[first]} less {titles[second]}, by measure")
    _films(subject, found, (first, second), titles)


def _choose(subject: Subject, titles: Sequence[str]) -> tuple[int, int] | None:
    """The places of two models in the set; None where one was chosen twice."""
    names = [reading.card.name for reading in subject.labelled.readings]
    state, chosen = st.session_state, []
    with st.container(horizontal=True):
        for at, (key, label) in enumerate(((FIRST, "This model"), (SECOND, "against this one"))):
            key = key.format(subject.labelled.task)
            if state.get(key) not in names:
                state[key] = names[at]
            st.selectbox(
                label,
                names,
                format_func=dict(zip(names, titles, strict=True)).get,
                key=key,
                persist_state="session",
                width=360,
            )
            chosen.append(names.index(state[key]))
    return (chosen[0], chosen[1]) if chosen[0] != chosen[1] else None


def _signed(value: float) -> str:
    """A difference as papers print it: +.062."""
    return f"{MINUS if value < 0 else '+'}{score(abs(value))}"


def _difference(difference, measure: str, names: tuple[str, str]) -> str:
    """The difference in the measure that ranks the task, in a sentence."""
    first, second = difference.first, difference.second
    said = f"**{measure}** is {score(first)} of {names[0]} and {score(second)} of {names[1]}: "
    said += f"a difference of {interval(difference.gap, _signed)}"
    if difference.telling:
        return f"{said}. The interval leaves out zero, so the films tell the two apart."
    return f"{said}. The interval holds zero, so the films do not tell the two apart."


def mcnemar_sentence(found: Contest, names: tuple[str, str], films: str) -> str:
    """McNemar's test in a plain sentence."""
    n, a, b = len(found.first_right), int(found.only_first.sum()), int(found.only_second.sum())
    if a + b == 0:
        return f"Both get the same {films} right: of n = {n:,} none tells them apart."
    said = (
        f"Of n = {n:,} {films}, {a:,} only {names[0]} gets right and {b:,} only {names[1]}. "
        "Were both right equally often, a split at least as uneven would come up in "
        f"{percent(found.p, 1)} of such sets ({_p(found.p)}, McNemar's exact test)"
    )
    if found.p >= CHANCE:
        return f"{said}: this may well be chance."
    return f"{said}: {names[0 if a > b else 1]} is right more often."


def _p(p: float) -> str:
    return "p < .001" if p < 0.001 else f"p = {score(p)}"


def _films(subject: Subject, found: Contest, pair: tuple[int, int], titles: Sequence[str]) -> None:
    """The films that only one of the two gets right."""
    films, names = origin.seen(subject.labelled.task), [titles[at] for at in pair]
    st.subheader(f"The {films} that only one gets right", anchor=False)
    sides = {
        "first": (found.only_first, names[0]),
        "second": (found.only_second, names[1]),
        "neither": (~found.first_right & ~found.second_right, "Neither"),
    }
    side = st.segmented_control(
        "Only right",
        list(sides),
        format_func=lambda one: f"{sides[one][1]}, {int(sides[one][0].sum()):,}",
        default="first",
        required=True,
        key=ONLY,
        persist_state="session",
        label_visibility="collapsed",
    )
    places = np.flatnonzero(sides[side][0])
    if not len(places):
        st.info("There is none.")
        return
    rows = rows_of(subject, places, pair, titles)
    pictures = subject.pictures(places.tolist())
    table = pd.DataFrame(rows)
    if any(pictures):
        table.insert(0, "Picture", [_url(picture) for picture in pictures])
    st.dataframe(
        table,
        hide_index=True,
        row_height=72 if any(pictures) else None,
        height=72 * min(len(rows), ROWS_SHOWN) + 38 if any(pictures) else "auto",
        column_config={
            "Picture": st.column_config.ImageColumn(width="small", pinned=True),
            **{
                column: st.column_config.NumberColumn(format="percent")
                for column in table
                if column.startswith("p(")
            },
        },
        alt=f"{len(rows)} {films}: right by {sides[side][1]}",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download (CSV)",
            as_csv(rows),
            f"lightbox-{subject.labelled.task}-only-{side}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="compare-set-only-csv",
        )
        if not any(pictures):
            st.caption(
                "Pictures show here where the pack is in this server's data folder.",
                width="content",
            )


def rows_of(
    subject: Subject, places: np.ndarray, pair: tuple[int, int], titles: Sequence[str]
) -> list[dict]:
    """One row a film: the truth, what each of the two called it, and what else is known."""
    labelled = subject.labelled
    names = np.array(labelled.classes)
    columns = {"Film": [harmless(labelled.images[at]) for at in places]}
    columns["Truth"] = names[labelled.labels[places]].tolist()
    for at in pair:
        reading = labelled.readings[at]
        columns[titles[at]] = names[labelled.called(reading)[places]].tolist()
        column = f"p({labelled.disease.name}), {titles[at]}"
        columns[column] = labelled.scores(reading)[places].round(4).tolist()
    for title, values in labelled.attributes.items():
        if not title.startswith("True "):
            columns[title] = [harmless(str(value)) for value in values[places]]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _url(picture: bytes | None) -> str | None:
    if picture is None:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
