"""What is compared on the Compare page, by hand or by the page's address."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import streamlit as st

from core.models import ModelCard
from core.settings import Settings
from core.ui import link

ROOM = "compare"
SIDE_BY_SIDE, SET = "films", "set"
VIEWS = {SIDE_BY_SIDE: "Side by side", SET: "On a labelled set"}
TASKS = {
    SIDE_BY_SIDE: {
        "fracture": "Fracture",
        "severity": "Severity",
        "inpaint": "Inpaint",
        "sketch": "Sketch",
    },
    SET: {"fracture": "Fracture", "severity": "Severity", "lesion": "Lesions"},
}
VIEW, TASK = "compare-view", "compare-task-{}"  # each view keeps a task of its own


class Desk(Protocol):
    """A view of one task."""

    def choices(self) -> Mapping[str, str | None]:
        """The choices that the address keeps; None leaves a name out."""

    def follow(self, asked: Mapping[str, str]) -> list[str]:
        """Take from the address what `choices` put there, before `show`; return a sentence for each
        thing that cannot be used."""

    def show(self, settings: Settings) -> None:
        """Show the controls and what they ask for."""


class SetDesk:
    """The view of a labelled set."""

    def __init__(self, task: str) -> None:
        from core.ui import compare_set  # its charts take long to import

        self.choices, self.follow = compare_set.choices, compare_set.follow
        self.show = lambda settings: compare_set.show(settings, task)


def desk(view: str, task: str) -> Desk:
    """The desk of a view and a task."""
    if view == SET:
        return SetDesk(task)
    if task == "inpaint":
        from core.ui.compare_fills import Fills  # each only where it is looked at

        return Fills()
    if task == "sketch":
        from core.ui.compare_sketches import Sketches

        return Sketches()
    from core.ui.compare_films import Films

    return Films(task)


def prepare() -> list[str]:
    """Set the view, its task and its choices as the address asks; say what was unknown."""
    state, unknown = st.session_state, []
    state.setdefault(VIEW, SIDE_BY_SIDE)
    for view, tasks in TASKS.items():
        state.setdefault(TASK.format(view), next(iter(tasks)))
    asked = link.asked(ROOM, _now())
    if not asked:
        return []
    view = asked.get("view", SIDE_BY_SIDE)
    if view in VIEWS:
        state[VIEW] = view
    else:
        unknown.append("The link names a view that is not here; another one is shown.")
    task, tasks = asked.get("task"), TASKS[state[VIEW]]
    if task in tasks:
        state[TASK.format(state[VIEW])] = task
    elif task is not None:
        unknown.append("The link names a task that is not here; another one is shown.")
    return unknown + desk(*chosen()).follow(asked)


def choose() -> Desk:
    """Let the visitor choose a view and a task."""
    with st.container(horizontal=True, gap="medium"):
        st.segmented_control(
            "View",
            list(VIEWS),
            format_func=VIEWS.get,
            key=VIEW,
            required=True,
            persist_state="session",
        )
        tasks = TASKS[st.session_state[VIEW]]
        st.segmented_control(
            "Task",
            list(tasks),
            format_func=tasks.get,
            key=TASK.format(st.session_state[VIEW]),
            required=True,
            persist_state="session",
        )
    return desk(*chosen())


def chosen() -> tuple[str, str]:
    """The present view and task."""
    view = st.session_state[VIEW]
    return view, st.session_state[TASK.format(view)]


def write_link() -> None:
    """Make the page's address reopen what is shown."""
    view, task = chosen()
    link.write(ROOM, {"view": view, "task": task, **desk(view, task).choices()}, _now())


def _now() -> tuple:
    return *chosen(), *desk(*chosen()).choices().items()


def names(text: str) -> list[str]:
    """Names that stand in the address, each once."""
    return list(dict.fromkeys(filter(None, text.split(","))))


def offer(key: str, known: Sequence[str], first: Sequence[str], what: str) -> None:
    """See that the names at session key `key` are some of those known, or else `first`; say where
    others were asked for. what: they are, in the plural."""
    asked = st.session_state.get(key, first)
    kept = [name for name in asked if name in known]
    if len(kept) < len(asked):
        st.warning(
            f"Some {what} that were asked for are not here; "
            f"{'the others are' if kept else 'others are'} shown.",
            icon=":material/warning:",
        )
    st.session_state[key] = kept if kept or not asked else list(first)


def titles(cards: Sequence[ModelCard]) -> dict[str, str]:
    """A title for each model by its name; models of one title are told apart by it."""
    given = [card.title for card in cards]
    return {
        card.name: card.title if given.count(card.title) == 1 else f"{card.title} ({card.name})"
        for card in cards
    }


def say_no_models(task: str) -> None:
    """Say that a task has no model, and what to do."""
    st.error(
        f"There is no model here for this task: restore the folder checkpoints/{task}, or train "
        f"one with python -m trainers.{task}."
    )
