"""Publishing a run: what it will be called, what happens then, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import jobs, publishing
from core.jobs import Job, JobError, Launcher, Status
from core.learning import TRAINERS
from core.models import BadModel, ModelCard
from core.settings import Settings
from core.ui import train_paths, train_published, train_queue, train_views
from core.ui.train_words import doing, measure, number, short, sign_of, worth_telling
from core.ui.words import plain, span

EVERY = "2s"
# The exported file reads the validation data up to four times, and is written in some seconds.
SCORINGS, EXPORT_S = 4, 15
_REFUSED = "train-publish-refused"  # (id of the run, why it was not published)


def offer(known: Sequence[Job], settings: Settings, launcher: Launcher) -> None:
    """Choose one of the runs and publish it, or see why it cannot be, or how far that is."""
    job = _choose(known)
    status = jobs.status(job)
    if status.phase == "publishing":
        st.fragment(_follow, run_every=EVERY)(job, launcher, settings)
        return
    if worth_telling(status):
        st.warning(plain(train_paths.named(status.reason, settings)), icon=":material/error:")
    train_published.links(job, settings)
    if why := _why_not(job, status):
        st.info(why, icon=":material/block:")
    else:
        _form(job, train_published.from_run(job, settings), settings, launcher)


def _choose(known: Sequence[Job]) -> Job:
    """The run that was looked at last, else the newest that can be published."""
    by_id, state = {job.id: job for job in known}, st.session_state
    key, asked = f"train-publish-{known[0].trainer}", state.get(train_views.OPEN)
    if asked in by_id:
        state[key] = asked
    elif state.get(key) not in by_id:
        state[key] = next(filter(jobs.can_publish, known), known[0]).id
    chosen = st.selectbox(
        "Run to publish",
        list(by_id),
        format_func=lambda name: _label(by_id[name]),
        key=key,
        on_change=lambda: state.update({train_views.OPEN: state[key]}),
        width=520,
    )
    return by_id[chosen]


def _label(job: Job) -> str:
    """A run with its state and how good it is at its best."""
    trainer, status = TRAINERS[job.trainer], jobs.status(job)
    best = train_queue.best(job)
    good = f" · {measure(trainer.measure)} {number(best.value)}" if best else ""
    return f"{short(job)} · {sign_of(job, status).word}{good}"


def _why_not(job: Job, status: Status) -> str:
    """Why a run cannot be published now, in a sentence; "" where it can."""
    if status.state == "queued":
        return "It waits in the queue: publish it once an epoch is whole and it has stopped."
    if jobs.is_live(job):
        how_far = f" ({plain(doing(job, status))})" if doing(job, status) else ""
        return f"It is running{how_far}: wait until it has finished, or stop it under Runs."
    if not jobs.can_publish(job):
        return "No epoch of it is whole yet: start or resume it under Runs."
    return ""


def _form(job: Job, published: Sequence[ModelCard], settings: Settings, launcher: Launcher) -> None:
    before = published[0] if published else None
    # What was typed stays where a publication fails; under another name the card's words stand.
    key = f"train-publish-{job.id}-{before.name if before else ''}"
    with st.form(key, width=720):
        st.text_input(
            "Name",
            before.name if before else "",
            key=f"{key}-name",
            max_chars=publishing.MOST_NAME,
            persist_state="session",
            placeholder="letters, digits, - and _",
            help="Of the model's folder, and in addresses. A model that was published from this "
            "run under the same name is replaced, any other is not.",
        )
        st.text_input(
            "Title",
            before.title if before else "",
            key=f"{key}-title",
            max_chars=publishing.MOST_TITLE,
            persist_state="session",
            placeholder="as the choosers show it",
        )
        st.text_input(
            "Summary",
            before.summary if before else "",
            key=f"{key}-summary",
            max_chars=publishing.MOST_SUMMARY,
            persist_state="session",
            placeholder="one sentence on what the model is",
        )
        st.caption(_what_happens(job))
        name, reason = st.session_state.get(_REFUSED, ("", ""))
        if name == job.id:
            st.error(plain(reason), icon=":material/block:")
        st.form_submit_button(
            "Publish",
            type="primary",
            icon=":material/publish:",
            on_click=_publish,
            args=(job, key, settings, launcher),
        )


def _what_happens(job: Job) -> str:
    scoring = (jobs.trial(job) or {}).get("seconds_scoring")
    takes = f" This takes about {span(EXPORT_S + SCORINGS * scoring)} here." if scoring else ""
    return (
        "Its best weights are exported, and the file is measured on the validation data with the "
        "code that reads your films. It is compared with the network in torch, too: where they "
        f"differ, nothing is published.{takes} Then every visitor may choose it to read films "
        "with: for research and teaching, not for diagnosis."
    )


def _publish(job: Job, key: str, settings: Settings, launcher: Launcher) -> None:
    """Start to publish as the form says, or keep why that cannot be."""
    state, task = st.session_state, TRAINERS[job.trainer].task
    name, title, summary = (state[f"{key}-{word}"] for word in ("name", "title", "summary"))
    state.pop(_REFUSED, None)
    try:
        words = publishing.checked_words(name.strip(), title, summary)
        publishing.require_free(settings.checkpoints, task, words["name"], job.id)
        launcher.publish(job, **words)
    except (BadModel, JobError) as error:
        state[_REFUSED] = job.id, error.reason
    else:
        state[train_views.OPEN] = job.id


def _follow(job: Job, launcher: Launcher, settings: Settings) -> None:
    """How far a publication is, until it has ended."""
    if jobs.status(job).phase != "publishing":
        st.rerun()
    with st.container(border=True, width=720):
        st.markdown(f":material/progress_activity: **Publishing {plain(short(job))}**")
        st.caption(
            "Exported, compared with torch, measured on the validation data. It goes on when you "
            "leave this page, and appears in the choosers when it is whole."
        )
        st.code(
            train_paths.named(_last_line(job, launcher), settings), language=None, wrap_lines=True
        )


def _last_line(job: Job, launcher: Launcher) -> str:
    """What it printed last since it began, which the log tells in a line of its own: `--- …`."""
    try:
        last = (launcher.log(job, 1).splitlines() or [""])[-1]
    except JobError as error:
        return error.reason
    return "It begins: nothing is printed yet." if last.startswith("--- ") or not last else last
