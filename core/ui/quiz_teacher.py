"""The teacher's screen: who has answered and how, and the step that comes next.

It is shown to the class: nothing on it gives a truth away before it is revealed, and its words can
be read from the last row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from urllib.parse import urlsplit

import streamlit as st

from core.quiz_records import Case, Given, Phase, Quiz, Student
from core.quizzes import Pulse, Quizzes
from core.ui import quiz_bars, quiz_kept, quiz_look, quiz_pictures, quiz_results
from core.ui.words import plain

EVERY_S = 1  # between two looks at who has answered
_STEPS: Mapping[Phase, tuple[str, str, str]] = {
    "model": ("Show the model", "quiz-show-model", ":material/neurology:"),
    "truth": ("Reveal the truth", "quiz-reveal", ":material/visibility:"),
}
_HERE = ("localhost", "127.0.0.1", "::1")


def show(quizzes: Quizzes, key: str) -> None:
    """The quiz that this key opens: led, watched, or its results. Raises StoreError."""
    quiz_kept.refusal()
    quiz = quizzes.by_key(key)
    page, foot = st.container(), st.container()
    with page:
        if quiz.ended:
            quiz_results.show(quizzes, quiz)
        else:
            _open(quizzes, quiz)
    with foot:
        seen = Pulse(quiz.version, quiz.position, quiz.phase, quiz.ended)
        quiz_look.follow(quizzes, quiz.code, seen)
    # The results are drawn with these while the whole class waits: better loaded before.
    for slow in ("pandas", "plotly.graph_objects"):
        import_module(slow)


def _open(quizzes: Quizzes, quiz: Quiz) -> None:
    """A quiz that goes on."""
    _invite(quiz)
    if quiz.pace == "own":
        _watched(quizzes, quiz)
        _end(quizzes, quiz)
    else:
        _led(quizzes, quiz)


def _invite(quiz: Quiz) -> None:
    """The code and the link: as large as the screen has room for until the class has joined."""
    page = st.context.url or ""
    address = f"{page}?quiz={quiz.code}"
    if (quiz.position, quiz.phase) != (0, "read"):
        st.markdown(f"Code **{quiz.code}** · {plain(address)}")
        return
    with st.container(border=True):
        code, link = st.columns([1, 2], gap="medium", vertical_alignment="center")
        code.title(quiz.code, anchor=False)
        link.code(address, language=None, wrap_lines=True)
        words = (
            "Students open this address and choose a nickname, or type the code on this page. Your "
            "own address in the browser is for you alone: whoever has it leads the quiz, so show "
            "this page in full screen (F11), where the class does not read it."
        )
        if urlsplit(page).hostname in _HERE:
            words += (
                " Students' devices cannot reach this computer under that name: open the page "
                "under its name in your network."
            )
        st.caption(words)


def _led(quizzes: Quizzes, quiz: Quiz) -> None:
    """The case at which the class is."""
    case = quiz_kept.case(quizzes, quiz, quiz.position)
    quiz_pictures.question(quiz, case)
    if quiz.phase == "model":
        st.subheader(quiz_pictures.said(case, case.readings[0]), anchor=False)
    pictures, answers = st.columns([3, 2], gap="large")
    with pictures:
        _pictures(quizzes, quiz, case)
    with answers:
        _next(quizzes, quiz, case)
        if quiz.phase == "truth":
            name = quiz_pictures.named(case, case.truth, revealed=True)
            st.subheader(f":green[:material/check_circle:] {plain(name)}", anchor=False)
            if case.told:
                st.caption(plain(case.told))
        _live(quizzes, quiz, case)
        if (quiz.position + 1, quiz.phase) != (quiz.cases, "truth"):
            with st.popover("End the quiz", icon=":material/flag:"):
                st.markdown("Nobody can answer any more then, and the results are shown.")
                _end(quizzes, quiz)


def _pictures(quizzes: Quizzes, quiz: Quiz, case: Case) -> None:
    """What the class looks at in this phase."""
    if quiz.phase == "truth":
        given = quizzes.given(quiz, case.position)
        quiz_pictures.solved(quizzes, quiz, case, None, given)
    elif quiz.phase == "model" and case.readings[0].heat is not None:
        film, heat = st.columns(2)
        with film:
            quiz_pictures.pictures(quizzes, quiz, case, False)
        with heat:
            quiz_pictures.heat(quizzes, quiz, case)
    else:
        quiz_pictures.pictures(quizzes, quiz, case, False)


@st.fragment(run_every=EVERY_S)
def _live(quizzes: Quizzes, quiz: Quiz, case: Case) -> None:
    """Who has answered, and how."""
    with quiz_kept.told():
        now = quiz_kept.pulse(quizzes, quiz.code)
        students = quizzes.students(quiz)
        given = quiz_kept.given(quizzes, quiz, case.position, now.version)
        _progress(students, given, quiz.phase)
        early = quiz.phase == "read" and st.toggle(
            "Show the answers before all have given theirs",
            key="quiz-live",
            persist_state="session",
            help="Who sees what the others answer does not answer blind any more, and the class "
            "sees this screen.",
        )
        if early or quiz.phase != "read" or 0 < len(students) == len(_blind(given)):
            bars = quiz_pictures.bars(
                case,
                given,
                changes=quiz.phase != "read" and bool(case.readings),
                revealed=quiz.phase == "truth",
            )
            quiz_bars.show(bars, f"quiz-bars-{case.position}", large=True)


def _progress(students: Sequence[Student], given: Sequence[Given], phase: Phase) -> None:
    """Who has answered in this phase, and who not yet."""
    if not students:
        st.subheader("Nobody has joined yet", anchor=False)
        return
    stage = "changed" if phase == "model" else "blind"
    answered = {one.student_id for one in given if one.stage == stage}
    if phase == "model":
        students = [one for one in students if one.id in _blind(given)]
    what = "decided" if phase == "model" else "answered"
    st.subheader(f"{len(answered)} of {len(students)} have {what}", anchor=False)
    st.caption(
        " · ".join(
            f"{'✓' if one.id in answered else '…'} {plain(one.nickname)}" for one in students
        )
    )


def _blind(given: Sequence[Given]) -> set[int]:
    return {one.student_id for one in given if one.stage == "blind"}


def _next(quizzes: Quizzes, quiz: Quiz, case: Case) -> None:
    """The button for what comes next, always at the same place."""
    coming = case.phases[case.phases.index(quiz.phase) + 1 :]
    if coming:
        label, key, icon = _STEPS[coming[0]]
        warning = "Who has not answered by then cannot answer this case any more."
        _button(label, key, icon, quizzes.lead, quiz, quiz.position, coming[0], help=warning)
    elif quiz.position + 1 < quiz.cases:
        icon = ":material/arrow_forward:"
        _button("Next case", "quiz-next", icon, quizzes.lead, quiz, quiz.position + 1, "read")
    else:
        _end(quizzes, quiz)


def _end(quizzes: Quizzes, quiz: Quiz) -> None:
    _button("End now and see the results", "quiz-end", ":material/flag:", quizzes.end, quiz)


def _button(
    label: str,
    key: str,
    icon: str,
    act: Callable[..., object],
    *given: object,
    help: str | None = None,
) -> None:
    st.button(
        label,
        key=key,
        icon=icon,
        help=help,
        type="primary",
        width="stretch",
        on_click=quiz_kept.attempt,
        args=(act, *given),
    )


@st.fragment(run_every=EVERY_S)
def _watched(quizzes: Quizzes, quiz: Quiz) -> None:
    """How far each student is who goes on alone."""
    with quiz_kept.told():
        now = quiz_kept.pulse(quizzes, quiz.code)
        _watch(quiz, *quiz_kept.everything(quizzes, quiz, now.version))


def _watch(quiz: Quiz, students: Sequence[Student], given: Sequence[Given]) -> None:
    if not students:
        st.subheader("Nobody has joined yet", anchor=False)
        return
    answered = Counter(one.student_id for one in given if one.stage == "blind")
    done = sum(answered[one.id] == quiz.cases for one in students)
    st.subheader(f"{done} of {len(students)} have answered everything", anchor=False)
    st.dataframe(
        [
            {"Nickname": one.nickname, "Answered": answered[one.id], "Of": quiz.cases}
            for one in students
        ],
        hide_index=True,
        key="quiz-progress",
        column_config={
            "Answered": st.column_config.ProgressColumn(
                min_value=0, max_value=quiz.cases, format="%d"
            )
        },
        alt="How many cases each student has answered",
    )
