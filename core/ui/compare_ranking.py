"""Films that several models have read: the pictures, a table, and its file, most disagreement
first."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core.models import BadModel, ModelCard
from core.ui.batch import as_csv, harmless
from core.ui.compare_choices import titles
from core.ui.compare_readings import Read, Readings
from core.ui.compare_verdicts import Grades, Task, pictures
from core.ui.linked_pictures import Row, linked_pictures
from core.ui.words import plain

TRUTH = "compare-truth"
AT_ONCE = 3  # films on a page of pictures


def show(task_name: str, readings: Readings, task: Task, keeper) -> None:
    """The films with their pictures, most disagreement first, and all of them in a table.

    task_name: "fracture" or "severity". keeper: whose gate found the knees, or None.
    """
    cards, told = readings.cards, titles(readings.cards)
    found = task.disagreement(np.stack([read.probabilities for read in readings.reads]), cards)
    ranked = [(readings.reads[at], float(found.score[at])) for at in found.order]
    apart = sum(score > 0 for _, score in ranked)
    split = f", models disagree on {apart or 'none'}" if len(cards) > 1 else ""
    st.subheader(f"{_count(len(ranked), task.noun)}{split}", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        truth = st.toggle(
            "Show the truth",
            key=TRUTH,
            persist_state="session",
            disabled=not any(read.entry.truth for read, _ in ranked),
            help="Known of samples only, whose names may tell it: until then they have numbers.",
        )
        last = -(-len(ranked) // AT_ONCE)
        page = st.pagination(last, key=f"compare-{task_name}-page-{last}") if last > 1 else 1
    named = _names([read for read, _ in ranked], truth)
    rows, shown = [], slice((page - 1) * AT_ONCE, page * AT_ONCE)
    for (read, score), name in zip(ranked[shown], named[shown], strict=True):
        try:
            made = pictures(read, name, task, cards, told, keeper)
        except OSError:
            st.warning(read.entry.gone, icon=":material/broken_image:")
            continue
        except BadModel as error:  # it was replaced or torn since it read the film
            st.warning(plain(error.reason), icon=":material/error:")
            continue
        rows.append(Row(name, _note(read, task, score, len(cards), truth), made))
    linked_pictures(rows, f"lightbox-compare-{task_name}", task.legend)
    _table(task_name, ranked, named, task, cards, told, truth)


def _names(reads: Sequence[Read], truth: bool) -> list[str]:
    """What films are called: samples by their places alone until the truth is shown."""
    places = {key: at for at, key in enumerate(dict.fromkeys(r.entry.key for r in reads), 1)}
    return [
        read.title
        if truth or not read.entry.truth
        else read.called(f"Film {places[read.entry.key]}")
        for read in reads
    ]


def _note(read: Read, task: Task, score: float, models: int, truth: bool) -> str:
    """What is said of a film above its pictures."""
    said = [f"Truth: {read.entry.truth}."] if truth and read.entry.truth else []
    if models > 1:
        split = task.split(score, models)
        said.insert(0, f"{split[:1].upper()}{split[1:]}.")
    return " ".join([*said, *read.notes])


def _table(
    task_name: str,
    ranked: Sequence[tuple[Read, float]],
    named: Sequence[str],
    task: Task,
    cards: Sequence[ModelCard],
    told: Mapping[str, str],
    truth: bool,
) -> None:
    """All films in a table, a column for each model, and a file with all that is known of them."""
    rows = [
        {"File": harmless(name)}
        | ({"Disagreement": score} if len(cards) > 1 else {})
        | {
            told[card.name]: task.number(p)
            for card, p in zip(cards, read.probabilities, strict=True)
        }
        | ({"Truth": read.entry.truth or "not known"} if truth else {})
        for (read, score), name in zip(ranked, named, strict=True)
    ]
    graded = isinstance(task, Grades)
    number = {"min_value": 0.0, "max_value": 4.0 if graded else 1.0}
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key=f"compare-{task_name}-table",
        column_config={
            "Disagreement": st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1, help=_MEANING[task_name]
            )
        }
        | {
            title: st.column_config.ProgressColumn(format="%.1f" if graded else "percent", **number)
            for title in told.values()
        },
        alt="What each model says of each film, most disagreement first",
    )
    st.download_button(
        "Download results (CSV)",
        partial(results, ranked, task, cards),
        f"lightbox-compare-{task_name}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="A line for each film and model, with the truth where it is known.",
    )
    st.caption(
        f"{'Expected grades' if graded else 'Calibrated probabilities of a fracture'} by "
        f"{_count(len(cards), 'model')}; n = {_count(len(ranked), task.noun)}, so what a model is "
        "worth cannot be told from them: go on to a labelled set. "
        f"{_MEANING[task_name]}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


_MEANING = {
    "fracture": "Disagreement is the share of the pairs of models whose verdicts differ; where it "
    "is the same, films come first whose probabilities lie further apart.",
    "severity": "Disagreement is the mean distance between two models' called grades, as a share "
    "of the scale; where it is the same, knees come first whose expected grades lie further apart.",
}


def results(ranked: Sequence[tuple[Read, float]], task: Task, cards: Sequence[ModelCard]) -> bytes:
    """A table file of films with their disagreement: a line for each film and model."""
    return as_csv(
        [
            {
                "file": read.entry.name,
                "side": read.side or "",
                "truth": read.entry.truth or "",
                "disagreement": round(score, 4),
                "model": card.name,
                **task.told(card, chances),
            }
            for read, score in ranked
            for card, chances in zip(cards, read.probabilities, strict=True)
        ]
    )
