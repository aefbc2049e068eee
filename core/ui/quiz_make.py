"""A teacher makes a quiz: what to ask, of which films, in which order, with which model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from core.annotation_records import StoreError
from core.models import catalogue
from core.quiz_cases import BadCase, Draft, check, make
from core.quiz_networks import TASKS, Networks
from core.quiz_records import MAX_TITLE, QUESTIONS, Pace, Question, Quiz
from core.settings import Settings
from core.ui import (
    presses,
    quiz_kept,
    quiz_make_list,
    quiz_make_own,
    quiz_make_ready,
    quiz_make_sources,
    quiz_make_turn,
)
from core.ui.words import plain

_PACES: Mapping[Pace, str] = {"led": "Together, led by me", "own": "Each at their own pace"}
_PACE_TOLD: Mapping[Pace, str] = {
    "led": "You open each case, show the model and reveal the truth; the class sees the same.",
    "own": "Everyone goes on alone, and sees model and truth after answering each case.",
}
_ASKED = "quiz-make-asked"
_NONE = "No model: none reads, the truth follows the answer"
_MAKING = "The quiz is being made"
_WIDTH = 860


def show(settings: Settings) -> Quiz | None:
    """The form of a new quiz; the quiz, once it was made."""
    with st.container(width=_WIDTH):
        _heading("How it goes")
        pace = _pace()
        if settings.keep_hours is not None:
            st.caption(f"The quiz and its answers are kept until {quiz_make_own.until()}.")
        _heading("Ready-made, by one press")
        quiz_make_ready.show(settings, _ASKED)
        ready = st.container()
        _heading("Or put one together")
        quiz_make_sources.show(settings)
        _heading("The cases")
        chosen = quiz_make_list.choose()
        shown = {question: _model(settings, question) for question in _questions(chosen)}
        title = _title()
        problem = _problem(chosen, title)
        st.button(
            "Make the quiz",
            key="quiz-make-make",
            type="primary",
            icon=":material/quiz:",
            disabled=bool(problem),
            on_click=presses.press,
            args=(_ASKED, "quiz", ""),
        )
        if problem:
            st.caption(plain(problem))
        listed = st.container()
    for (slug,) in presses.waiting(_ASKED, "quiz"):
        with presses.doing(_ASKED, "quiz"), ready if slug else listed:
            if slug:
                return _made_ready(settings, slug, pace)
            if not problem:
                return _made(settings, title, pace, chosen, shown)
    return None


def _heading(text: str) -> None:
    st.subheader(text, anchor=False)


def _pace() -> Pace:
    pace = st.segmented_control(
        "How it goes",
        list(_PACES),
        format_func=_PACES.get,
        default="led",
        required=True,
        key="quiz-make-pace",
        persist_state="session",
        label_visibility="collapsed",
    )
    st.caption(_PACE_TOLD[pace])
    return pace


def _questions(drafts: Sequence[Draft]) -> list[Question]:
    """Those that models read, in the order they come first."""
    return [one for one in dict.fromkeys(draft.question for draft in drafts) if one in TASKS]


def _model(settings: Settings, question: Question) -> str | None:
    """The model whose reading students see after their own answer, or None."""
    cards = {card.name: card for card in catalogue(settings.checkpoints, TASKS[question])}
    if not cards:
        st.warning(
            f"No model that reads “{QUESTIONS[question]}” is published here, so students see the "
            f"truth right after their answer: restore the folder checkpoints/{TASKS[question]}.",
            icon=":material/warning:",
        )
        return None
    name = st.selectbox(
        f"Model that students see: {QUESTIONS[question]}",
        [*cards, ""],
        format_func=lambda name: cards[name].title if name else _NONE,
        key=f"quiz-make-model-{question}",
        persist_state="session",
        help="After their own answer they see its reading and its heatmap, and may change their "
        "mind. All other models then read the films, too, for the results at the end.",
    )
    return name or None


def _title() -> str:
    today = date.today()
    return st.text_input(
        "Title",
        f"Films of {today.day} {today:%B %Y}",
        max_chars=MAX_TITLE,
        key="quiz-make-title",
        persist_state="session",
        help="Students see it above every case: let it not tell the answers.",
    ).strip()


def _problem(chosen: Sequence[Draft], title: str) -> str:
    """Why no quiz can be made yet, or ""."""
    try:
        check(chosen)
    except BadCase as error:
        return error.reason
    return "" if title else "Give the quiz a title."


def _made_ready(settings: Settings, slug: str, pace: Pace) -> Quiz | None:
    ready = quiz_make_ready.READY[slug]
    try:
        drafts = quiz_make_ready.drafts(settings, ready)
    except BadCase as error:
        st.error(plain(error.reason), icon=":material/error:")
        return None
    first = {
        question: next((card.name for card in catalogue(settings.checkpoints, task)), None)
        for question, task in TASKS.items()
    }
    return _made(settings, ready.title, pace, drafts, first)


def _made(
    settings: Settings,
    title: str,
    pace: Pace,
    drafts: Sequence[Draft],
    shown: Mapping[Question, str | None],
) -> Quiz | None:
    """Make the quiz and store it; None, and a sentence, where that does not work."""
    bar = st.progress(0.0, _MAKING)
    try:
        quizzes = quiz_kept.store(settings)
        quizzes.check_room()
        with quiz_make_turn.turn(lambda said: bar.progress(0.0, said)):
            networks = Networks(settings.checkpoints, settings.threads)
            cases = make(drafts, networks, shown, lambda done: bar.progress(done, _MAKING))
            quiz = quizzes.create(title, pace, cases)
    except (BadCase, StoreError) as error:
        st.error(plain(error.reason), icon=":material/error:")
        return None
    finally:
        bar.empty()
    quiz_make_list.empty()
    st.session_state.pop(_ASKED)  # whoever pressed twice wants one quiz
    return quiz
