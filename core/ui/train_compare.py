"""The Compare view: runs of one trainer beside each other, and what becomes of the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from core import jobs
from core.jobs import Job, Launcher, Status
from core.learning import TRAINERS
from core.run_table import Best, bests, differing, in_words
from core.settings import Settings
from core.trainer import Trainer
from core.ui import train_options, train_paths, train_publish, train_published, train_views
from core.ui.batch import as_csv
from core.ui.train_words import measure, number, short, sign_of
from core.ui.words import span

MOST_ROWS = 12  # of the table, without scrolling
EVERY = "10s"
NONE = "\N{EN DASH}"  # in a cell without a value
_TRAINER = "train-compare-trainer"


@dataclass(frozen=True)
class Row:
    """A run as the table tells it. `seconds`: of all its epochs."""

    job: Job
    status: Status
    config: dict
    bests: dict[str, Best]
    seconds: float


def show(settings: Settings, launcher: Launcher) -> None:
    """A table of runs, the form that publishes one, and the models that were published here.

    The view follows by itself what happens to the runs.
    """
    st.fragment(_runs, run_every=EVERY)(settings, launcher)
    train_published.show(settings)


def _runs(settings: Settings, launcher: Launcher) -> None:
    known = [job for job in jobs.read_jobs(settings.runs) if job.trainer in TRAINERS]
    if not known:
        st.info(
            "Runs stand here beside each other once there are some: start one under New run.",
            icon=":material/leaderboard:",
        )
        return
    left, right = st.columns([2, 3], gap="medium")
    with left:
        trainer = _trainer(known)
    rows = [_row(trainer, job, settings) for job in known if job.trainer == trainer.name]
    rows.sort(key=lambda row: _merit(trainer, row), reverse=True)
    with right:
        rows_of_table = _chosen(trainer, rows)
    _table(trainer, rows_of_table)
    st.subheader("Publish", anchor=False)
    train_publish.offer([row.job for row in rows], settings, launcher)


def _trainer(known: Sequence[Job]) -> Trainer:
    """What was learned: of the run that was looked at last, until another is chosen."""
    state, names = st.session_state, list(dict.fromkeys(job.trainer for job in known))
    looked_at = {job.id: job for job in known}.get(state.get(train_views.OPEN), known[0])
    state[_TRAINER] = looked_at.trainer

    def look_at_its_newest() -> None:
        newest = next(job.id for job in known if job.trainer == state[_TRAINER])
        state[train_views.OPEN] = newest

    chosen = st.selectbox(
        "What was learned",
        names,
        format_func=lambda name: TRAINERS[name].title,
        key=_TRAINER,
        on_change=look_at_its_newest,
    )
    return TRAINERS[chosen]


def _row(trainer: Trainer, job: Job, settings: Settings) -> Row:
    rows = jobs.metrics(job)
    seconds = float(rows["seconds"].sum()) if "seconds" in rows else 0.0
    config = {name: _told(value, settings) for name, value in jobs.config(job).items()}
    return Row(job, jobs.status(job), config, bests(trainer, rows), seconds)


def _told(value: object, settings: Settings) -> object:
    """An option's value without what it says of where the server keeps its folders."""
    if isinstance(value, list):
        return [_told(each, settings) for each in value]
    return train_paths.named(value, settings) if isinstance(value, str) else value


def _merit(trainer: Trainer, row: Row) -> float:
    """How good a run is by its trainer's measure, the higher the better."""
    best = row.bests.get(trainer.measure)
    if best is None:
        return -math.inf
    return best.value if trainer.higher_is_better else -best.value


def _chosen(trainer: Trainer, rows: Sequence[Row]) -> list[Row]:
    """The runs of the table: all of them unless some are chosen."""
    known = {row.job.id: row for row in rows}
    key = f"train-compared-{trainer.name}"
    st.session_state[key] = [name for name in st.session_state.get(key, []) if name in known]
    names = st.multiselect(
        "Runs",
        list(known),
        format_func=lambda name: short(known[name].job),
        key=key,
        persist_state="session",
        placeholder=f"All {len(rows)}",
        help="Choose two or more to see only the settings in which these differ.",
    )
    return [known[name] for name in names] or list(rows)


def _table(trainer: Trainer, rows: Sequence[Row]) -> None:
    settings = differing(trainer, [row.config for row in rows])
    measures = list(dict.fromkeys(name for row in rows for name in row.bests))
    st.dataframe(
        _written(_cells(trainer, rows, settings, measures), rows, measures),
        hide_index=True,
        placeholder=NONE,
        height=35 * (1 + min(len(rows), MOST_ROWS)) + 2,
        column_config={"Run": st.column_config.TextColumn(pinned=True)},
        alt=f"{len(rows)} runs of the trainer {trainer.name}: states, settings and best scores",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        same = "Only settings that differ are shown."
        if len(rows) > 1 and not settings:
            same = "All settings are the same."
        st.caption(
            f"Best first. Of each measure the best, and at which epoch. {same} A click on a "
            "heading sorts.",
            width="stretch",
        )
        st.download_button(
            "CSV",
            lambda: as_csv([_for_spreadsheet(row, settings, measures) for row in rows]),
            file_name=f"{trainer.name}-runs.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="This table, with the epochs of the best in columns of their own.",
        )


def _cells(
    trainer: Trainer, rows: Sequence[Row], settings: Sequence[str], measures: Sequence[str]
) -> pd.DataFrame:
    """The table as values: how good, with what, how long, and then all other measures."""
    bests_of = {
        measure(name): [row.bests[name].value if name in row.bests else None for row in rows]
        for name in measures
    }
    first = measure(trainer.measure)
    chosen = {
        train_options.label(trainer.option(name)): in_words([row.config.get(name) for row in rows])
        for name in settings
    }
    data = {name: chosen.pop(name) for name in ["Data"] if name in chosen}  # wide, and often alike
    return pd.DataFrame(
        {
            "Run": [short(row.job) for row in rows],
            "State": [_state(row) for row in rows],
            first: bests_of.get(first, [None] * len(rows)),
            **chosen,
            "Epochs done": [row.status.epoch for row in rows],
            "Time": [row.seconds for row in rows],
            "Device": [row.status.device for row in rows],
            **{name: values for name, values in bests_of.items() if name != first},
            **data,
        }
    )


def _written(table: pd.DataFrame, rows: Sequence[Row], measures: Sequence[str]) -> Styler:
    """The table in words, which sorts by its values all the same."""
    plain_numbers = dict.fromkeys(table.select_dtypes("float"), "{:g}")
    table = table.style.format(plain_numbers | {"Time": lambda s: span(s) if s else NONE})
    for name in measures:
        for at, row in enumerate(rows):
            best = row.bests.get(name)
            words = f"{number(best.value)}, epoch {best.epoch}" if best else ""
            place = pd.IndexSlice[[at], [measure(name)]]
            table = table.format(lambda _, words=words: words, subset=place)
    return table


def _state(row: Row) -> str:
    publishing = row.status.phase == "publishing"
    return "Publishing" if publishing else sign_of(row.job, row.status).word


def _for_spreadsheet(row: Row, settings: Sequence[str], measures: Sequence[str]) -> dict:
    found = {"run": row.job.id, "state": row.status.state}
    for name in measures:
        best = row.bests.get(name)
        found |= {name: best.value if best else "", f"{name}_epoch": best.epoch if best else ""}
    found |= {name: row.config.get(name) for name in settings}
    return found | {
        "epochs": row.status.epoch,
        "seconds": round(row.seconds, 1),
        "device": row.status.device,
    }
