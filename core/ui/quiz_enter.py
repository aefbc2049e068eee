"""The way into a quiz: a code and a nickname, or a quiz of one's own."""

from __future__ import annotations

import streamlit as st

from core.annotation_records import Refused
from core.quiz_records import MAX_NICKNAME
from core.quizzes import CODE_LENGTH, Quizzes, tidied_code
from core.settings import Settings
from core.ui import quiz_kept
from core.ui.words import plain

_MAKING = "quiz-making"
_MINE = "quiz-mine"  # the key of the student who was here last
_WHO = (
    "A nickname is not your name: choose one that does not tell who you are. The teacher sees your "
    "answers under it, the class sees only how many answered what, and all of it goes when the "
    "teacher deletes the quiz."
)


def show(settings: Settings, quizzes: Quizzes, code: str) -> None:
    """Join the quiz of this code, or of one that is typed; make one. Raises StoreError."""
    if st.session_state.get(_MAKING):
        _make(settings)
        return
    quiz_kept.refusal()
    _back(quizzes)
    if code:
        _invited(quizzes, code)
        return
    st.markdown("Read films blind, then see what a model said, and the truth.")
    join, make = st.columns(2, gap="large", border=True)
    with join:
        st.subheader("Join a quiz", anchor=False)
        _join(quizzes, "")
    with make:
        st.subheader("Make a quiz", anchor=False)
        st.markdown(
            "Choose films and a question, and give your students a link. You lead from your own "
            "screen: who has answered, what the model says, the truth. Or let each go on alone."
        )
        st.button(
            "Make a quiz",
            key="quiz-make",
            icon=":material/add:",
            on_click=_start_making,
            args=(True,),
        )


def remember(key: str) -> None:
    """Keep a student's key, for the way back from another page."""
    st.session_state[_MINE] = key


def _back(quizzes: Quizzes) -> None:
    """The way back into a quiz that goes on, for who was in it before."""
    if not (key := st.session_state.get(_MINE)):
        return
    try:
        student, quiz = quizzes.student(key)
    except Refused:
        return
    if not quiz.ended:
        st.button(
            f"Go on as {plain(student.nickname)}: {plain(quiz.title)}",
            key="quiz-go-on",
            icon=":material/login:",
            type="primary",
            on_click=st.query_params.from_dict,
            args=({"quiz": quiz.code, "student": key},),
        )


def _invited(quizzes: Quizzes, code: str) -> None:
    """Join the quiz of the link's code, where there is one that goes on."""
    try:
        quiz = quizzes.by_code(code)
    except Refused as error:
        st.error(error.reason, icon=":material/error:")
        _join(quizzes, "")
        return
    if quiz.ended:
        st.info(
            f"The quiz **{plain(quiz.title)}** has ended: ask your teacher for the results, or for "
            "the code of another one.",
            icon=":material/flag:",
        )
        _join(quizzes, "")
        return
    st.title(plain(quiz.title), anchor=False)
    st.caption(f"{quiz.cases} case{'s' * (quiz.cases != 1)}. Code {quiz.code}.")
    _join(quizzes, quiz.code)


def _join(quizzes: Quizzes, code: str) -> None:
    """Ask for a nickname, and for a code where it is not known."""
    with st.form("quiz-joining", border=False):
        if not code:
            st.text_input(
                "Code",
                key="quiz-code",
                max_chars=4 * CODE_LENGTH,
                help=f"{CODE_LENGTH} letters and digits, from your teacher. Capitals do not "
                "matter.",
            )
        st.text_input("Nickname", key="quiz-nickname", max_chars=MAX_NICKNAME)
        st.form_submit_button(
            "Join",
            key="quiz-join",
            type="primary",
            width="stretch",
            on_click=_joined,
            args=(quizzes, code),
        )
    st.caption(_WHO)
    st.caption("Were you here before, and lost your page? Join again under another nickname.")


def _joined(quizzes: Quizzes, code: str) -> None:
    typed = tidied_code(code or st.session_state["quiz-code"])
    student = quiz_kept.attempt(quizzes.join, typed, st.session_state["quiz-nickname"])
    if student:
        st.query_params.from_dict({"quiz": typed, "student": student.key})


def _make(settings: Settings) -> None:
    # Only who makes one waits for what reads films.
    from core.ui import quiz_make

    st.button(
        "Back", key="quiz-back", icon=":material/arrow_back:", on_click=_start_making, args=(False,)
    )
    quiz = quiz_make.show(settings)
    if quiz:
        _start_making(False)
        st.query_params.from_dict({"lead": quiz.key})
        st.rerun()


def _start_making(now: bool) -> None:
    st.session_state[_MAKING] = now
