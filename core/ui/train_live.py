"""The Runs view: every training run, the queue, and one run as it goes, told anew by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from core import jobs
from core.settings import Settings
from core.ui import (
    train_curves,
    train_presses,
    train_queue,
    train_run,
    train_samples,
    train_views,
)
from core.ui.train_queue import Run

EVERY, CALM = "2s", "10s"  # while a run lives, and while none does


def show(settings: Settings, launcher: jobs.Launcher) -> None:
    """List the runs under `settings.runs` and show the chosen one, `?run=ID` in the address.

    The view follows by itself what happens to the runs, wherever they were started. `launcher`
    starts, stops and deletes.
    """
    train_queue.follow_link()
    runs = train_queue.read(settings.runs)
    page = _page(runs)
    st.fragment(_follow, run_every=EVERY if page.live else CALM)(settings, launcher, page)


class _Page(NamedTuple):
    """What the whole page is settled by: whether a run lives, and the view that is open."""

    live: bool
    view: str


def _page(runs: Sequence[Run]) -> _Page:
    view = st.session_state.get(train_views.VIEW, train_views.RUNS)
    return _Page(any(run.live for run in runs), view)


def _follow(settings: Settings, launcher: jobs.Launcher, page: _Page) -> None:
    """The view as it is now, on a page as it was drawn."""
    runs = train_queue.read(settings.runs)
    if _page(runs) != page:
        st.rerun()
    for run in runs:
        if train_presses.asked_to_stop(run):
            jobs.insist(run.job)  # only one without a living runner needs it, which that sees
    if not runs:
        st.session_state.pop(train_views.OPEN, None)
        _nothing()
        return
    listed, shown = st.columns([1, 2.6], gap="large")
    with listed:
        run = train_queue.choose(runs, settings)
    with shown:
        train_run.header(run, settings)
        train_presses.show(run, launcher)
        train_curves.show(run, runs)
        train_samples.show(run.job)
        train_run.skipped(run.job)
        train_run.log(run.job, launcher, settings)
        train_run.options(run.job, settings)


def _nothing() -> None:
    st.info(
        "No run yet. Start one here, or from a shell with "
        "`python -m trainers.fracture --data FOLDER --run runs/NAME`; either way it appears here.",
        icon=":material/model_training:",
    )
    st.button(
        "New run",
        icon=":material/add:",
        type="primary",
        on_click=train_views.go,
        args=(train_views.NEW,),
    )
