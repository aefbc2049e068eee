"""How a student answers a case: the film to point at, the buttons, and how the answer is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from core.quiz_records import Answer, Case, Quiz, Stage, Student
from core.quizzes import Quizzes
from core.ui import quiz_kept, quiz_pictures, quiz_pointer
from core.ui.quiz_pictures import named
from core.ui.quiz_pointer import Marks
from core.ui.words import plain

_KEEP = "quiz-keep"
_WHERE = "quiz-where"  # of whom, of which case and at which stage, a place was asked for


class Desk(NamedTuple):
    """Whose screen this is, and the case on it."""

    quizzes: Quizzes
    quiz: Quiz
    student: Student
    case: Case


def film(desk: Desk, stage: Stage, given: Mapping[Stage, Answer]) -> str:
    """The pictures of the case. One that may hold a fracture can be pointed at until it is
    answered at this stage: returned is the key under which the place is kept, else ""."""
    case = desk.case
    if case.question != "fracture":
        quiz_pictures.pictures(desk.quizzes, desk.quiz, case, False)
        return ""
    last = given.get(stage, given.get("blind"))
    model = case.readings[0].answer.place if stage == "changed" else None
    marks = Marks(last.place if last else None, model)
    picture = quiz_kept.picture(desk.quizzes, desk.quiz, case.position, 0)
    key = f"quiz-place-{stage}-{case.position}"
    if stage in given or (stage == "changed" and "blind" not in given):
        quiz_pointer.show(picture, f"{key}-shown", quiz_pictures.legend(marks), marks)
        return ""
    words = "If you see a fracture, tap its place first."
    if stage == "changed":
        if marks.reader:
            words = "Tap another place to move your mark."
        if there := quiz_pictures.legend(marks):
            words = f"{there}. {words}"
    quiz_pointer.show(picture, key, words, marks, to_point=True)
    return key


def ask(desk: Desk, stage: Stage, place: str, keep: Answer | None = None) -> None:
    """The answers as buttons, the one that may be kept first. place: the key of the film that can
    be pointed at, or ""."""
    case = desk.case
    values = [value for value in range(len(case.answers)) if keep is None or value != keep.value]
    with st.container(horizontal=keep is not None, gap="small"):
        if keep is not None:
            label = f"Keep: {named(case, keep.value)}"
            _button(desk, stage, keep, place, label, _KEEP)
        for value in values:
            label = "Change to: " * (keep is not None) + named(case, value)
            _button(desk, stage, Answer(value), place, label, f"quiz-answer-{value}")
    if st.session_state.get(_WHERE) == (desk.student.key, case.position, stage):
        st.warning(
            "Where? Tap the place on the film, then press again; or press again without one, "
            "where you cannot say.",
            icon=":material/point_scan:",
        )


def judge(case: Case, given: Mapping[Stage, Answer]) -> None:
    """What is true, and whether this student said so, before and after the model."""
    truth = plain(named(case, case.truth, revealed=True))
    if "blind" not in given:
        st.info(f"It is: **{truth}**. You gave no answer.", icon=":material/info:")
        return
    said = [given[stage].value for stage in ("blind", "changed") if stage in given]
    if said[-1] == case.truth:
        st.success(f"Right: **{truth}**.", icon=":material/check_circle:")
    else:
        st.error(f"Wrong: it is **{truth}**.", icon=":material/cancel:")
    if said[0] != said[-1]:
        first = plain(named(case, said[0], revealed=True))
        st.caption(f"Before you saw the model you said: {first}.")


def _button(desk: Desk, stage: Stage, answer: Answer, place: str, label: str, key: str) -> None:
    st.button(
        label,
        key=key,
        type="primary" if key == _KEEP else "secondary",
        width="stretch" if stage == "blind" else "content",
        on_click=_answer,
        args=(desk, stage, answer, place, key == _KEEP),
    )


def _answer(desk: Desk, stage: Stage, answer: Answer, place: str, kept: bool) -> None:
    """Store the answer; of a fracture its place too, which is asked for once, and not of one that
    is kept as it was."""
    asked = desk.student.key, desk.case.position, stage
    if place and answer.value == 1:
        answer = replace(answer, place=quiz_pointer.pointed(place, answer.place))
        if answer.place is None and not kept and st.session_state.get(_WHERE) != asked:
            st.session_state[_WHERE] = asked
            return
    quiz_kept.attempt(desk.quizzes.answer, desk.student, desk.case.position, stage, answer)
