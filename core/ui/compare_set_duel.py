"""One model against another on the same films: the differences, McNemar's test, and the films that
only one of them gets right."""

import base64
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.contest import CHANCE, Contest, Difference
from core.labelled import LabelledSet
from core.set_measures import MEASURES, Measure
from core.ui import compare_set_charts, compare_set_numbers, origin
from core.ui.batch import harmless
from core.ui.compare_set_data import Subject
from core.ui.compare_set_tables import offer
from core.ui.words import interval, percent, plain, score

FIRST, SECOND, ONLY = "compare-set-{}-first", "compare-set-{}-second", "compare-set-only"
SIDES = ("first", "second", "neither")  # who alone gets a film right
ROWS_SHOWN, MOST_ROWS, ROW_PX = 6, 60, 72
# Why the measure that ranks a task and McNemar's test may disagree.
ASKS = {
    "fracture": "AUROC asks about every threshold at once, McNemar's test about each model's own "
    "alone, so a model may win the one and not the other.",
    "severity": "Weighted kappa asks how far off a grade is, McNemar's test only whether it is "
    "exactly right.",
    "lesion": "Balanced accuracy counts every diagnosis alike, McNemar's test every picture, and "
    "most are naevi.",
}
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
    ranks = found.differences[0]
    with st.container(border=True):
        st.markdown(_difference(ranks, MEASURES[labelled.task][ranks.measure].title, names))
        st.markdown(mcnemar_sentence(found, names, origin.seen(labelled.task)))
    st.caption(
        f"n = {len(labelled):,} in {found.groups:,} groups. The interval draws whole groups 1,000 "
        f"times, the same for both models. {ASKS[labelled.task]} It takes every one of the "
        f"{origin.seen(labelled.task)} as independent, which several of one patient are not."
    )
    _differences(found, (titles[first], titles[second]), labelled)
    _films(subject, found, (first, second), titles)


def _differences(found: Contest, titles: tuple[str, str], labelled: LabelledSet) -> None:
    """Every measure of both, as a figure and as a table."""
    measures = MEASURES[labelled.task]
    compare_set_charts.differences(
        [(_named(measures[d.measure]), d.gap) for d in found.differences],
        titles,
        f"{labelled.task}-differences",
        len(labelled),
    )
    rows = [
        {
            "Measure": _named(measures[d.measure]),
            plain(titles[0]): score(d.first),
            plain(titles[1]): score(d.second),
            "Difference (95 % interval)": interval(d.gap, _signed),
            "More than chance": "yes" if d.telling else "no",
        }
        for d in found.differences
    ]
    st.table(rows, hide_index=True, alt=f"{titles[0]} less {titles[1]}, by measure")


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


def _named(measure: Measure) -> str:
    return measure.title if measure.higher_is_better else f"{measure.title} (lower is better)"


def _signed(value: float) -> str:
    """A difference as papers print it: +.062."""
    return f"{MINUS if value < 0 else '+'}{score(abs(value))}"


def _difference(difference: Difference, measure: str, names: tuple[str, str]) -> str:
    """The difference in the measure that ranks the task, in a sentence."""
    first, second = difference.first, difference.second
    said = f"**{measure}** is {score(first)} of {names[0]} and {score(second)} of {names[1]}: "
    said += f"a difference of {interval(difference.gap, _signed)}"
    if difference.telling:
        better = names[0 if difference.gap.value > 0 else 1]
        return f"{said}. Zero lies outside the interval: {better} is better by more than chance."
    return f"{said}. Zero lies within the interval: this may well be chance."


def mcnemar_sentence(found: Contest, names: tuple[str, str], films: str) -> str:
    """McNemar's test in a plain sentence."""
    n, a, b = len(found.first_right), int(found.only_first.sum()), int(found.only_second.sum())
    if a + b == 0:
        return f"Both get the same {films} right (n = {n:,})."
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
    neither = ~found.first_right & ~found.second_right
    whose = ((found.only_first, names[0]), (found.only_second, names[1]), (neither, "Neither"))
    sides = dict(zip(SIDES, whose, strict=True))
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
    rows = rows_of(subject, places, pair, ("first", "second"))[:MOST_ROWS]
    _table(rows, subject.pictures([row.pop("at") for row in rows]), names)
    offer(f"{subject.labelled.task}-only-{side}", lambda: _told(subject, places, pair, names))


def _told(subject: Subject, places, pair: tuple[int, int], names: Sequence[str]) -> list[dict]:
    """All of them for a spreadsheet, under the models' titles."""
    rows = rows_of(subject, places, pair, names)
    return [{name: value for name, value in row.items() if name != "at"} for row in rows]


def _table(rows: list[dict], pictures: Sequence[bytes | None], names: Sequence[str]) -> None:
    """The films with their pictures, where there are any."""
    table = pd.DataFrame(rows)
    shown = any(pictures)
    if shown:
        table.insert(0, "Picture", [_url(picture) for picture in pictures])
    said = dict(zip(("first", "second"), names, strict=True))
    columns = {
        column: st.column_config.NumberColumn(format="percent", help=said[column.split(", ")[-1]])
        if column.startswith("p(")
        else st.column_config.TextColumn(help=said[column.split()[0].lower()])
        for column in table
        if column.startswith("p(") or column.endswith(" calls it")
    }
    st.dataframe(
        table,
        hide_index=True,
        row_height=ROW_PX if shown else None,
        height=ROW_PX * min(len(rows), ROWS_SHOWN) + 38 if shown else "auto",
        column_config=columns
        | {"Picture": st.column_config.ImageColumn(width="small", pinned=True)},
        alt=f"{len(rows)} on which {names[0]} and {names[1]} fare so, most disputed first",
    )
    pictureless = "" if shown else " Pictures show where the pack is in this server's data folder."
    st.caption(
        f"First: {plain(names[0])}. Second: {plain(names[1])}. Those on which their probabilities "
        f"differ most stand first, at most {MOST_ROWS}; all are in the download.{pictureless}"
    )


def rows_of(
    subject: Subject, places: np.ndarray, pair: tuple[int, int], called: Sequence[str]
) -> list[dict]:
    """One row a film: its place in the set, the truth, what each of the two calls it and with which
    probability (of a fracture, or of the true class), and what else is known; those first on which
    the probabilities differ most. called: the two models."""
    labelled = subject.labelled
    names, truth = np.array(labelled.classes), labelled.labels[places]
    column = np.ones_like(truth) if labelled.task == "fracture" else truth
    of = "fractured" if labelled.task == "fracture" else "truth"
    chances = [labelled.readings[at].probabilities[places, column] for at in pair]
    columns = {
        "at": places.tolist(),
        "Film": [harmless(labelled.images[at]) for at in places],
        "Truth": names[truth].tolist(),
    }
    for at, title, chance in zip(pair, called, chances, strict=True):
        calls = names[labelled.called(labelled.readings[at])[places]]
        columns[f"{title[:1].upper()}{title[1:]} calls it"] = calls.tolist()
        columns[f"p({of}), {title}"] = chance.round(4).tolist()
    for title, values in labelled.attributes.items():
        if not title.startswith("True "):
            columns[title] = [harmless(str(value)) for value in values[places]]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    order = np.argsort(-np.abs(chances[0] - chances[1]), kind="stable")
    return [rows[at] for at in order]


def _url(picture: bytes | None) -> str | None:
    if picture is None:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
