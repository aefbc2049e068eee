"""One training run: how it stands, its numbers, its log and its settings."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import streamlit as st

from core import jobs
from core.jobs import Job, JobError, Launcher
from core.learning import TRAINERS
from core.settings import Settings
from core.ui import train_paths, train_published
from core.ui.train_queue import Run
from core.ui.train_words import (
    doing,
    measure,
    number,
    place,
    share,
    sign_of,
    subject,
    worth_telling,
)
from core.ui.words import plain, span

LAUNCHED = {"ray": "on the Ray cluster", "shell": "started from a shell"}
LOG_LINES = 40


def header(run: Run, settings: Settings) -> None:
    """What the run is and how it stands, in words and numbers."""
    job, status, sign = run.job, run.status, sign_of(run.job, run.status)
    state = place(run.place) if run.place else doing(job, status)
    with st.container(gap=None):
        st.subheader(plain(job.id), anchor=False)
        about = (subject(job), LAUNCHED.get(job.launcher), _day(job))
        st.caption(plain(", ".join(filter(None, about))))
    st.markdown(f"{sign.icon} **{sign.word}**" + (f": {plain(state)}" if state else ""))
    if worth_telling(status):
        told = {"failed": st.error, "interrupted": st.warning}.get(status.state, st.info)
        told(plain(train_paths.named(status.reason, settings)))
    if status.published:
        train_published.links(job, settings)
    if status.epochs:
        st.progress(share(status))
    _numbers(run)


def skipped(job: Job) -> None:
    """The films that could not be read, where there are any."""
    try:
        with (job.folder / "skipped.csv").open(encoding="utf-8", newline="") as file:
            films = [(row["name"], row["reason"]) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, csv.Error):
        return
    if films:
        rows = [{"File": plain(name or ""), "Why": plain(why or "")} for name, why in films]
        with st.expander(f"Skipped ({len(films)})", icon=":material/broken_image:"):
            st.table(rows, hide_index=True, alt="The files that were skipped and why")


def log(job: Job, launcher: Launcher, settings: Settings) -> None:
    """What the run printed last, and all of it to download."""
    with st.expander("Log", icon=":material/terminal:"):
        try:
            told = launcher.log(job, LOG_LINES)
        except JobError as error:
            told = error.reason
        told = train_paths.named(told, settings)
        said = told or "Nothing is printed yet."
        st.code(said, language=None, wrap_lines=True, height=400 if told else "content")
        path = job.folder / "log.txt"
        if told and path.exists():
            st.download_button(
                "Download all of it",
                lambda: _all_of_it(path, settings),
                file_name=f"{job.id}.txt",
                mime="text/plain",
                icon=":material/download:",
                on_click="ignore",
                key=f"train-log-{job.id}",
            )


def _all_of_it(path: Path, settings: Settings) -> str:
    return train_paths.named(path.read_text(encoding="utf-8", errors="replace"), settings)


def options(job: Job, settings: Settings) -> None:
    """Every option that the run has, and the line that repeats it."""
    import yaml

    told = jobs.config(job)
    if told:
        with st.expander("Settings", icon=":material/tune:"):
            text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True)
            st.code(train_paths.named(text, settings), language="yaml")
            st.markdown("To repeat it, into a folder of its own:")
            again = job.folder.with_name(f"{job.id}-again")
            words = ("--config", job.folder / "config.yaml", "--run", again)
            train_paths.show(("python", "-m", f"trainers.{job.trainer}", *words), settings)


def _numbers(run: Run) -> None:
    """What is worth a glance, each with its name above it."""
    status, told = run.status, {}
    if status.state == "running" and status.seconds_left is not None:
        told["Time left"] = span(status.seconds_left)
    whole = (jobs.trial(run.job) or {}).get("seconds_total")
    if status.state == "ready" and isinstance(whole, int | float):
        told["Time it will take"] = span(whole)
    if run.best is not None:
        told[f"Best {measure(TRAINERS[run.job.trainer].measure)}"] = (
            f"{number(run.best.value)}, epoch {run.best.epoch}"
        )
    if status.images_per_second:
        told["Images/s"] = (
            f"{status.images_per_second:,.{0 if status.images_per_second >= 10 else 1}f}"
        )
    if status.device:
        told["Device"] = status.device
    if status.memory_mb:
        told["Memory"] = f"{status.memory_mb / 1000:,.1f} GB"
    if status.skipped:
        told["Skipped"] = f"{status.skipped:,}"
    if not told:
        return
    with st.container(horizontal=True, gap="medium"):
        for name, text in told.items():
            with st.container(width="content", gap=None):
                st.caption(plain(name))
                st.markdown(f"**{plain(text)}**")


def _day(job: Job) -> str:
    """When it was made, in the server's own time."""
    try:
        return f"{datetime.fromisoformat(job.created).astimezone():%d %B %Y, %H:%M}"
    except ValueError:
        return ""
