"""The models that were published from runs here: named anew, noted on, withdrawn."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import publishing
from core.jobs import Job, is_live, read_job
from core.jobs.records import read_status, write_status
from core.models import RANKED_BY, BadModel, ModelCard
from core.settings import Settings
from core.ui.train_words import measure
from core.ui.words import interval, plain

# Task → the page on which its models are chosen.
PAGES = {task: f"pages/{task}.py" for task in ("fracture", "severity", "inpaint", "sketch")}
_REFUSED = "train-published-refused"  # (key of the model, why it was not changed)


def show(settings: Settings) -> None:
    """Every model published from here, newest first."""
    cards = publishing.made_here(settings.checkpoints)
    if not cards:
        return
    st.subheader("Published from here", anchor=False)
    for card in cards:
        key = _key(card)
        with st.expander(f"{plain(card.title)} · {card.task}", key=key, on_change="rerun") as shown:
            if shown.open:
                _model(card, key, settings)


def from_run(job: Job, settings: Settings) -> list[ModelCard]:
    """What was published from a run."""
    cards = publishing.made_here(settings.checkpoints)
    return [card for card in cards if card.details["run"] == job.id]


def links(job: Job, settings: Settings) -> None:
    """The models that were published from a run, and the way to where they are used."""
    for card in from_run(job, settings):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            title = plain(card.title)
            st.markdown(f":material/check_circle: Published as **{title}**", width="content")
            page_link(card)


def page_link(card: ModelCard) -> None:
    """The way to the page that uses a model; models that no page lets choose are on Models."""
    if card.task in PAGES:
        st.page_link(
            PAGES[card.task],
            label=f"Use it on {card.task.capitalize()}",
            icon=":material/arrow_forward:",
            query_params={"model": card.name},
            width="content",
        )
    else:
        st.page_link(
            "pages/models.py",
            label="See its card on Models",
            icon=":material/description:",
            width="content",
        )


def _model(card: ModelCard, key: str, settings: Settings) -> None:
    st.caption(_facts(card))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        page_link(card)
        _unpublish(card, key, settings)
    name, reason = st.session_state.get(_REFUSED, ("", ""))
    if name == key:
        st.error(plain(reason), icon=":material/block:")
    words, notes = st.columns(2, gap="medium")
    with words, st.form(f"{key}-words"):
        st.text_input("Name", card.name, key=f"{key}-name", max_chars=publishing.MOST_NAME)
        st.text_input("Title", card.title, key=f"{key}-title", max_chars=publishing.MOST_TITLE)
        st.text_input(
            "Summary", card.summary, key=f"{key}-summary", max_chars=publishing.MOST_SUMMARY
        )
        st.form_submit_button(
            "Rename",
            icon=":material/edit:",
            on_click=_attempt,
            args=(key, lambda: _rename(card, key, settings), "Renamed"),
        )
    with notes, st.form(f"{key}-notes-form"):
        st.text_area(
            "Notes",
            card.details.get("notes", ""),
            key=f"{key}-notes",
            max_chars=publishing.MOST_NOTES,
            height=176,
            help="They stand on the model's card, on the page Models.",
        )
        st.form_submit_button(
            "Save notes",
            icon=":material/save:",
            on_click=_attempt,
            args=(key, lambda: _note(card, key), "Notes saved"),
        )


def _facts(card: ModelCard) -> str:
    """Where it is from and how good."""
    name = RANKED_BY.get(card.task, "")
    number = interval(card.metrics.get(name))
    n, check = card.validation.get("n", 0), card.details.get("check", {}).get("torch", {})
    checked = ""
    if check:
        checked = (
            f" · differs from torch by at most {check['largest_difference']:.1g} on {check['n']} "
            "inputs"
        )
    return plain(
        f"{card.task}/{card.name} from the run {card.details['run']}, {card.details.get('date')} · "
        f"{measure(name)} {number}, n = {n:,}{checked}"
    )


def _unpublish(card: ModelCard, key: str, settings: Settings) -> None:
    with st.popover("Unpublish", icon=":material/unpublished:", key=f"{key}-unpublish"):
        st.markdown(
            "It leaves the choosers of every page, and its notes and validation predictions are "
            "deleted. The run stays, and can be published again."
        )
        st.button(
            "Unpublish this model",
            icon=":material/delete_forever:",
            key=f"{key}-unpublish-sure",
            on_click=_attempt,
            args=(key, lambda: _withdraw(card, settings), "Unpublished"),
        )


def _rename(card: ModelCard, key: str, settings: Settings) -> None:
    name, title, summary = (
        st.session_state[f"{key}-{word}"] for word in ("name", "title", "summary")
    )
    renamed = publishing.rename(card, name.strip(), title, summary)
    st.session_state[_key(renamed)] = True  # its expander stays open
    _tell_run(card, f"{renamed.task}/{renamed.name}", settings)


def _note(card: ModelCard, key: str) -> None:
    publishing.write_notes(card, st.session_state[f"{key}-notes"])


def _withdraw(card: ModelCard, settings: Settings) -> None:
    publishing.unpublish(card)
    _tell_run(card, "", settings)


def _tell_run(card: ModelCard, published: str, settings: Settings) -> None:
    """Let the run, if it is still there, say what its model is called now."""
    job = read_job(settings.runs / str(card.details["run"]))
    if job is None or is_live(job):
        return
    if read_status(job.folder).published == f"{card.task}/{card.name}":
        write_status(job.folder, published=published)


def _attempt(key: str, change: Callable[[], None], said: str) -> None:
    """Change a model, or keep why it cannot be changed."""
    st.session_state.pop(_REFUSED, None)
    try:
        change()
    except BadModel as error:
        st.session_state[_REFUSED] = key, error.reason
    else:
        st.toast(said, icon=":material/check:")


def _key(card: ModelCard) -> str:
    return f"published-{card.task}-{card.name}"
