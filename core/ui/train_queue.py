"""The list of all runs with the places of those that wait, and which of them is looked at."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core import jobs
from core.jobs import Job, Status
from core.jobs.records import LIVE
from core.learning import TRAINERS
from core.run_table import Best, bests
from core.settings import Settings
from core.ui import link, train_paths
from core.ui.train_views import OPEN
from core.ui.train_words import checking, doing, measure, number, place, sign_of, subject
from core.ui.words import plain, span

FEW = 8  # runs are listed at once; older ones on demand
REASON = 60  # characters of why one failed
# On a phone the list stands above the run, and must not push it away.
_LOW = """<style>
@media (max-width: 640px) { .st-key-train-runs { max-height: 13rem; overflow-y: auto; } }
</style>"""
_LIST, _ALL, _GONE = "train-list", "train-all", "train-gone"


@dataclass(frozen=True)
class Run:
    """A job as it stands now; `place` is its place in the queue, 1 first, 0 outside of it."""

    job: Job
    status: Status
    place: int = 0
    best: Best | None = None  # by its trainer's measure

    @property
    def live(self) -> bool:
        """Whether it waits, runs or is being published."""
        return self.status.state in LIVE or bool(self.status.phase)


def read(runs: Path) -> list[Run]:
    """All runs as they stand, newest first."""
    places = {job.id: at for at, job in enumerate(jobs.queue(runs), 1)}
    return [
        Run(job, jobs.status(job), places.get(job.id, 0), best(job)) for job in jobs.read_jobs(runs)
    ]


def follow_link() -> None:
    """Look at the run that the address asks for, if it asks for one."""
    asked = link.asked("train", _now()).get("run")
    if asked:
        st.session_state[OPEN] = asked


def choose(runs: Sequence[Run], settings: Settings) -> Run:
    """The list, and the run that is chosen on it: the asked one, else the newest."""
    known = {run.job.id: run for run in runs}
    asked = st.session_state.get(OPEN)
    gone = asked if asked not in known else None
    if asked not in known:
        st.session_state[OPEN] = asked = runs[0].job.id
    with st.container(gap=None):
        st.subheader("1 run" if len(runs) == 1 else f"{len(runs)} runs", anchor=False)
        st.caption(_summary(runs))
    _tell_gone(gone, asked)
    listed = _listed(runs, asked)
    # Set anew each time: the list may have lost the run that the radio had chosen.
    st.session_state[_LIST] = asked
    st.html(_LOW)
    with st.container(key="train-runs"):
        st.radio(
            "Runs",
            [run.job.id for run in listed],
            # What changes is told below: by its label the browser tells which one was clicked.
            format_func=lambda name: f"**{plain(name)}**",
            captions=[_caption(run, settings) for run in listed],
            key=_LIST,
            on_change=lambda: look_at(st.session_state[_LIST]),
            label_visibility="collapsed",
        )
        if len(runs) > FEW:
            st.checkbox(f"Show all {len(runs)} runs", key=_ALL, persist_state="session")
    link.write("train", {"run": asked}, _now())
    return known[asked]


def look_at(name: str) -> None:
    """Look at another run with the run of the page that follows; "" for the newest."""
    st.session_state[OPEN] = name


def _now() -> tuple:
    return (st.session_state.get(OPEN),)


def _tell_gone(gone: str | None, shown: str) -> None:
    """Say that a run is gone for as long as the one that is shown in its place stays."""
    if gone:
        st.session_state[_GONE] = gone, shown
    name, instead = st.session_state.get(_GONE, ("", ""))
    if instead != shown:
        st.session_state.pop(_GONE, None)
    elif name:
        st.warning(
            f"The run {plain(name[:80])} is not here: it was deleted, or its address is mistyped.",
            icon=":material/link_off:",
        )


def _listed(runs: Sequence[Run], chosen: str) -> list[Run]:
    """The newest few with all that are live and the chosen one; or all."""
    if st.session_state.get(_ALL):
        return list(runs)
    return [run for at, run in enumerate(runs) if at < FEW or run.live or run.job.id == chosen]


def _summary(runs: Sequence[Run]) -> str:
    words = {"running": "running", "checked": "being checked", "queued": "in the queue"}
    states = Counter(
        "checked" if checking(run.job, run.status) else run.status.state for run in runs
    )
    live = [f"{states[state]} {word}" for state, word in words.items() if states[state]]
    return f"{', '.join(live) or 'None is running'}; newest first"


def _caption(run: Run, settings: Settings) -> str:
    """How it stands, what it learns, and how good it is at its best or why it failed."""
    status, sign = run.status, sign_of(run.job, run.status)
    state = [sign.word, place(run.place) if run.place else doing(run.job, status)]
    if status.state == "running" and status.seconds_left is not None:
        state.append(f"{span(status.seconds_left)} left")
    parts = [", ".join(filter(None, state)), subject(run.job)]
    if run.best is not None:
        parts.append(f"{measure(TRAINERS[run.job.trainer].measure)} {number(run.best.value)}")
    if status.state == "failed":
        reason = train_paths.named(status.reason, settings)
        parts.append(textwrap.shorten(reason, REASON, placeholder=" …"))
    return f"{sign.icon} {plain(' · '.join(parts))}"


def best(job: Job) -> Best | None:
    """The best number so far of the measure by which runs of its trainer are compared."""
    if job.trainer not in TRAINERS:
        return None
    try:
        changed = (job.folder / "metrics.csv").stat().st_mtime_ns
    except OSError:
        return None
    return _best_of(str(job.folder), changed, job)


@st.cache_data(max_entries=512, show_spinner=False)
def _best_of(folder: str, changed: int, _job: Job) -> Best | None:
    trainer = TRAINERS[_job.trainer]
    return bests(trainer, jobs.metrics(_job)).get(trainer.measure)
