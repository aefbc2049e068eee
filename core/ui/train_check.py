"""The check before a run: what the audit says of the data, how long training will take, and the
way to start."""

from collections.abc import Mapping

import streamlit as st

from core import jobs
from core.jobs import Job, JobError, Launcher, Status
from core.settings import Settings
from core.ui import train_findings, train_paths, train_views
from core.ui.train_words import STEPS, checking, subject
from core.ui.words import plain, span

EVERY = "2s"
_CHECKED, _REFUSED = "train-checked", "train-check-refused"  # a job's id; why a press did nothing


def current(settings: Settings) -> Job | None:
    """The job that this visit has checked last and not started yet."""
    name = st.session_state.get(_CHECKED)
    job = jobs.read_job(settings.runs / name) if name else None
    if job is None or _started(job):
        follow(None)
        return None
    return job


def follow(job: Job | None) -> None:
    """Let this be the job that is looked at."""
    st.session_state[_CHECKED] = job.id if job else ""


def show(settings: Settings, launcher: Launcher, job: Job, changed: bool) -> None:
    """How the check of a job goes, then what it found. changed: the form asks for something else
    by now."""
    with st.container(border=True):
        if jobs.is_live(job):
            st.fragment(_progress, run_every=EVERY)(launcher, job)
        else:
            _result(settings, launcher, job, changed)
        if reason := st.session_state.pop(_REFUSED, ""):
            st.error(plain(reason), icon=":material/block:")


def offer(settings: Settings) -> None:
    """The way back to what an earlier visit let be checked, and did not start."""
    now = st.session_state.get(_CHECKED)
    known = (job for job in jobs.read_jobs(settings.runs) if job.id != now)
    waiting = {job.id: job for job in known if _waits(job)}
    if not waiting:
        return
    chosen = st.selectbox(
        "Checked before and not started",
        list(waiting),
        index=None,
        placeholder="Look at one",
        format_func=lambda name: f"{name} · {subject(waiting[name])}" if name in waiting else name,
        key="train-waiting",
    )
    if chosen:
        follow(waiting[chosen])
        del st.session_state["train-waiting"]
        st.rerun()


def _waits(job: Job) -> bool:
    """Whether it is being checked, or is ready to be started."""
    status = jobs.status(job)
    return checking(job, status) or status.state == "ready"


def _started(job: Job) -> bool:
    """Whether it is past its check: it was put in the queue since, or has learned."""
    status = jobs.status(job)
    try:
        checked = (job.folder / "trial.json").stat().st_mtime
    except OSError:
        return bool(status.epoch)
    return bool(status.epoch) or status.asked > checked


def _progress(launcher: Launcher, job: Job) -> None:
    if not jobs.is_live(job):
        st.rerun()  # of the page: this is repeated no longer
    status = jobs.status(job)
    now = STEPS.get(status.phase, status.phase or "starting")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/pending: **Checking {plain(job.id)}:** {plain(now)} …")
        st.button("Stop the check", on_click=_attempt, args=(launcher.stop, job))
    if status.steps and status.phase not in STEPS:
        st.progress(min(1.0, status.step / status.steps))
    st.caption("It goes on when this page is closed: the run waits here and under Runs.")


def _result(settings: Settings, launcher: Launcher, job: Job, changed: bool) -> None:
    status = jobs.status(job)
    ready, reason = status.state == "ready", train_paths.named(status.reason, settings)
    st.markdown(f"**{plain(job.id)}** · {subject(job)}")
    if status.state == "stopped":
        st.info(plain(reason or "The check was stopped."), icon=":material/stop_circle:")
    elif not ready:
        st.error(
            plain(reason or "The check failed: see what it printed."),
            icon=":material/error:",
        )
    if found := jobs.audit(job):
        train_findings.show(found, job.trainer)
    if ready:
        _estimate(jobs.trial(job) or {}, status)
    elif log := launcher.log(job):
        with st.expander("What it printed", icon=":material/terminal:"):
            st.code(train_paths.named(log, settings), language=None, wrap_lines=True)
    if ready and changed:
        st.caption(
            ":material/update: The form above asks for something else now; what starts here is "
            "what was checked."
        )
    with st.container(horizontal=True):
        if ready:
            st.button(
                "Start training",
                icon=":material/play_arrow:",
                type="primary",
                on_click=_attempt,
                args=(launcher.start, job, True),
            )
        st.button(
            "Discard", icon=":material/delete:", on_click=_attempt, args=(launcher.delete, job)
        )


def _estimate(trial: Mapping, status: Status) -> None:
    """How long all of it takes, as two steps on the machine that trains tell."""
    st.markdown("**Time and machine**")
    facts = {}
    if total := trial.get("seconds_total"):
        facts["Training takes about"] = span(total)
    if rate := trial.get("images_per_second"):
        facts["Images per second"] = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    if memory := trial.get("memory_mb") or status.memory_mb:
        facts["Memory"] = f"{memory / 1000:.1f} GB" if memory >= 1000 else f"{memory:.0f} MB"
    with st.grid(3, min_column_width=150):
        for label, fact in facts.items():
            st.metric(label, fact)
    parts = [
        f"{trial['epochs']:,} epochs" if trial.get("epochs") else "",
        f"of {trial['steps']:,} steps" if trial.get("steps") else "",
        f"at {_short(trial['seconds_per_step'])}" if trial.get("seconds_per_step") else "",
    ]
    said = " ".join(filter(None, parts))
    if scoring := trial.get("seconds_scoring"):
        said += f", each scored in {_short(scoring)}"
    if device := trial.get("device") or status.device:
        said += f", on {device}"
    st.caption(f"{plain(said.removeprefix(', '))}. An estimate from two steps.")


def _short(seconds: float) -> str:
    return span(seconds) if seconds >= 10 else f"{seconds:.2g} s"


def _attempt(act, job: Job, leave: bool = False) -> None:
    """Do what was pressed, and keep the reason where it is refused; then look at Runs, if asked."""
    try:
        act(job)
    except JobError as error:
        st.session_state[_REFUSED] = error.reason
        return
    if leave:
        follow(None)
        train_views.go(train_views.RUNS, job.id)
