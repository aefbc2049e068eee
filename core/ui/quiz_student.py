"""A student's screen: read blind, see what a model says, keep or change, see the truth.

It waits by asking for the quiz's pulse alone; the page is run again only where the class has gone
on. What was answered is in the store, so that a reload finds everything again.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core import quiz_scores
from core.quiz_records import Answer, Case, Phase, Quiz, Stage, Student
from core.quizzes import Pulse, Quizzes
from core.ui import (
    quiz_answer,
    quiz_bars,
    quiz_enter,
    quiz_kept,
    quiz_look,
    quiz_pictures,
    quiz_readers,
)
from core.ui.quiz_answer import Desk
from core.ui.quiz_pictures import named
from core.ui.words import plain

_AT = "quiz-at"  # how far a student is who goes on alone: whose key, and the case


def show(quizzes: Quizzes, key: str) -> None:
    """The screen of the student who has this key. Raises StoreError."""
    quiz_kept.refusal()
    student, quiz = quizzes.student(key)
    quiz_enter.remember(key)
    now = quiz_kept.pulse(quizzes, quiz.code)
    page, foot = st.container(), st.container()
    with page:
        if now.ended:
            _ended(quizzes, quiz, student)
        else:
            _open(quizzes, quiz, student, now)
    with foot:
        quiz_look.follow(quizzes, quiz.code, now)


def _open(quizzes: Quizzes, quiz: Quiz, student: Student, now: Pulse) -> None:
    """The case at which the class, or this student, is."""
    if quiz.pace == "led":
        _led(quizzes, quiz, student, now)
    else:
        _own(quizzes, quiz, student, now)
    st.caption(
        f"You are {plain(student.nickname)}. The address of this page is yours alone: with it a "
        "reload loses nothing."
    )


def _led(quizzes: Quizzes, quiz: Quiz, student: Student, now: Pulse) -> None:
    """The case at which the class is, in its phase."""
    with quiz_kept.told():
        case = quiz_kept.case(quizzes, quiz, now.position)
        given = _given(quizzes, student, case)
        desk = Desk(quizzes, quiz, student, case)
        _step(desk, now.phase, given, now.version)
        if now.phase != "truth" and _done(now.phase, given):
            _wait(now.phase)


def _own(quizzes: Quizzes, quiz: Quiz, student: Student, now: Pulse) -> None:
    """The case at which this student is, alone."""
    with quiz_kept.told():
        mine = quizzes.given_by(student)
        begun = max((one.position for one in mine), default=0)
        position = max(begun, st.session_state.get(_AT, {}).get(student.key, 0))
        if position == quiz.cases:
            st.success("That was the last case.", icon=":material/flag:")
            _results(quizzes, quiz, student)
            return
        case = quiz_kept.case(quizzes, quiz, position)
        given = {one.stage: one.answer for one in mine if one.position == position}
        phase = next((phase for phase in case.phases if not _done(phase, given)), "truth")
        # The kept pulse may be older than this student's own answer.
        version = quizzes.pulse(quiz.code).version if phase == "truth" else now.version
        _step(Desk(quizzes, quiz, student, case), phase, given, version)
        if phase == "truth":
            last = position + 1 == quiz.cases
            st.button(
                "Finish" if last else "Next case",
                key="quiz-next",
                type="primary",
                width="stretch",
                on_click=_go,
                args=(student, position + 1),
            )


def _go(student: Student, position: int) -> None:
    st.session_state[_AT] = {student.key: position}


def _given(quizzes: Quizzes, student: Student, case: Case) -> Mapping[Stage, Answer]:
    """What this student answered to the case, by stage."""
    mine = quizzes.given_by(student)
    return {one.stage: one.answer for one in mine if one.position == case.position}


def _done(phase: Phase, given: Mapping[Stage, Answer]) -> bool:
    """Whether this student has nothing more to answer in this phase."""
    return {"read": "blind", "model": "changed"}.get(phase) in given


def _step(desk: Desk, phase: Phase, given: Mapping[Stage, Answer], version: int) -> None:
    """A case in one phase: its pictures, and what there is to answer or to learn."""
    case = desk.case
    quiz_pictures.question(desk.quiz, case)
    if phase == "read":
        _read(desk, given)
    elif phase == "model":
        _model(desk, given)
    else:
        _truth(desk, given, version)


def _read(desk: Desk, given: Mapping[Stage, Answer]) -> None:
    """The film, to be answered blind."""
    film, answers = st.columns([3, 2], gap="medium")
    with film:
        place = quiz_answer.film(desk, "blind", given)
    with answers:
        if "blind" in given:
            st.markdown(f"You said: **{plain(named(desk.case, given['blind'].value))}**.")
        else:
            quiz_answer.ask(desk, "blind", place)


def _model(desk: Desk, given: Mapping[Stage, Answer]) -> None:
    """What the model says, to be agreed with or not; the buttons first, so that a phone shows them
    with the film."""
    reading = desk.case.readings[0]
    st.markdown(quiz_pictures.said(desk.case, reading))
    answers = st.container()
    film, heat = st.columns(2, gap="medium")
    with film:
        place = quiz_answer.film(desk, "changed", given)
    with heat:
        quiz_pictures.heat(desk.quizzes, desk.quiz, desk.case)
    with answers:
        _decide(desk, given, place)


def _decide(desk: Desk, given: Mapping[Stage, Answer], place: str) -> None:
    """Keep the blind answer, or change it."""
    if "blind" not in given:
        st.info(
            "You gave no answer before the model's was shown: look on, and answer the next one.",
            icon=":material/hourglass_disabled:",
        )
        return
    said = f"You said: **{plain(named(desk.case, given['blind'].value))}**"
    if "changed" not in given:
        st.markdown(f"{said}. Keep it, or change it?")
        quiz_answer.ask(desk, "changed", place, keep=given["blind"])
    elif given["changed"].value == given["blind"].value:
        st.markdown(f"{said}, and you keep that.")
    else:
        now = named(desk.case, given["changed"].value)
        st.markdown(f"{said}, and you changed it to: **{plain(now)}**.")


def _truth(desk: Desk, given: Mapping[Stage, Answer], version: int) -> None:
    """What is true, how this student did, and how the class."""
    case, quiz = desk.case, desk.quiz
    own = given.get("changed", given.get("blind"))
    film, words = st.columns([3, 2], gap="medium")
    with film:
        quiz_pictures.solved(desk.quizzes, quiz, case, own)
    with words:
        quiz_answer.judge(case, given)
        if case.told:
            st.caption(plain(case.told))
        st.markdown("**The class**")
        answers = quiz_kept.given(desk.quizzes, quiz, case.position, version)
        found = quiz_pictures.bars(
            case, answers, changes=bool(case.readings), revealed=True, own=own
        )
        quiz_bars.show(found, f"quiz-class-{case.position}")


def _wait(now: Phase) -> None:
    coming = "what the model says, or the truth" if now == "read" else "the truth"
    st.info(
        f"Your answer counts. Wait for the others: {coming} appears here by itself.",
        icon=":material/hourglass_top:",
    )


def _ended(quizzes: Quizzes, quiz: Quiz, student: Student) -> None:
    """What is shown once nobody can answer any more."""
    st.subheader("The quiz has ended", anchor=False)
    st.caption(f"{plain(quiz.title)} · {plain(student.nickname)}")
    _results(quizzes, quiz, student)
    st.caption("Your teacher has the results of the class.")


def _results(quizzes: Quizzes, quiz: Quiz, student: Student) -> None:
    """What this student scored in every question."""
    cases = [quiz_kept.case(quizzes, quiz, position) for position in range(quiz.cases)]
    mine = quizzes.given_by(student)
    if mine:
        for found in quiz_scores.scores(cases, [student], mine):
            quiz_readers.own(found)
    else:
        st.info("You answered none of its cases.", icon=":material/info:")
