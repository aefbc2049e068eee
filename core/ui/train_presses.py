"""What can be done with a training run: start, stop, resume, delete, publish."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import jobs
from core.jobs import Job, JobError, Launcher, Status
from core.ui import train_views
from core.ui.train_queue import Run, look_at
from core.ui.words import plain

_REFUSED = "train-refused"  # (id of the run, why what was pressed last could not be done)


def show(run: Run, launcher: Launcher) -> None:
    """The buttons that the run's state has, and why the last press was refused."""
    job = run.job
    with st.container(horizontal=True):
        if run.live:
            _stop(run, launcher)
        elif jobs.can_resume(job):
            first = not run.status.epoch
            st.button(
                "Start" if first else "Resume",
                icon=":material/play_arrow:",
                type="primary",
                key=f"train-start-{job.id}",
                help=None if first else f"It goes on after epoch {run.status.epoch}.",
                on_click=_attempt,
                args=(job, launcher.start),
            )
        if jobs.can_publish(job):
            st.button(
                "Publish or compare",
                icon=":material/leaderboard:",
                key=f"train-compare-{job.id}",
                on_click=train_views.go,
                args=(train_views.COMPARE, job.id),
            )
        if not run.live:
            _delete(job, launcher)
    name, reason = st.session_state.get(_REFUSED, ("", ""))
    if name == job.id:
        st.error(plain(reason), icon=":material/block:")


def asked_to_stop(run: Run) -> bool:
    """Whether the run lives and was asked to stop."""
    return run.live and (run.job.folder / "stop").exists()


def _stop(run: Run, launcher: Launcher) -> None:
    if asked_to_stop(run):
        st.markdown(":material/hourglass_top: Asked to stop: it finishes its step.")
        return
    job = run.job
    with st.popover("Stop", icon=":material/stop_circle:", key=f"train-stop-{job.id}"):
        st.markdown(_lost(run.status))
        st.button(
            "Stop this run",
            key=f"train-stop-sure-{job.id}",
            on_click=_attempt,
            args=(job, launcher.stop),
        )


def _lost(status: Status) -> str:
    """What a stop costs."""
    if status.state == "queued":
        return "It leaves the queue."
    if status.phase == "publishing":
        return "Nothing is published; the run stays as it is."
    if not status.epoch:
        return "No epoch is whole yet, so there is nothing to resume: it would start over."
    return f"It can be resumed after epoch {status.epoch}; the epoch under way is lost."


def _delete(job: Job, launcher: Launcher) -> None:
    with st.popover("Delete", icon=":material/delete:", key=f"train-delete-{job.id}"):
        st.markdown(
            "Its weights, curves, samples and log go for good. A model that was published from it "
            "stays."
        )
        st.button(
            "Delete this run",
            icon=":material/delete_forever:",
            key=f"train-delete-sure-{job.id}",
            on_click=_attempt,
            args=(job, launcher.delete, True),
        )


def _attempt(job: Job, act: Callable[[Job], None], leave: bool = False) -> None:
    """Do what was pressed and keep the reason where it is refused; `leave` the run if not."""
    st.session_state.pop(_REFUSED, None)
    try:
        act(job)
    except JobError as error:
        st.session_state[_REFUSED] = job.id, error.reason
    else:
        if leave:
            look_at("")
