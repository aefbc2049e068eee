"""What a quiz came to: each student, the class and the models; what the model turned; and the way
to take it along, or to delete it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import quiz_scores
from core.quiz_records import QUESTIONS, Case, Given, Quiz, Student
from core.quiz_scores import Scored, Scores
from core.quizzes import Quizzes
from core.ui import quiz_chart, quiz_kept, quiz_readers
from core.ui.batch import as_csv
from core.ui.words import plain

_WRONG, _RIGHT = "Turned wrong", "Turned right"
MOST_ROWS = 24  # of a table, without scrolling


def show(quizzes: Quizzes, quiz: Quiz) -> None:
    """The results of a quiz that has ended. Raises StoreError."""
    st.title(plain(quiz.title), anchor=False)
    cases, students = quizzes.cases(quiz), quizzes.students(quiz)
    given = quizzes.given(quiz)
    blind = sum(one.stage == "blind" for one in given)
    changed = f", and {len(given) - blind} after the model's reading" if len(given) > blind else ""
    st.markdown(
        f"The quiz has ended: {_count(len(students), 'student')}, {_count(quiz.cases, 'case')}, "
        f"{blind} of {len(students) * quiz.cases} blind answers{changed}."
    )
    if given:
        each = st.toggle(
            "Show each student",
            key="quiz-each",
            help="Their scores by nickname: off while the class sees this screen.",
        )
        for found in quiz_scores.scores(cases, students, given):
            _section(found, each)
    with st.container(horizontal=True):
        _take(quiz, cases, students, given)
        _delete(quizzes, quiz)


def _section(found: Scores, each: bool) -> None:
    """The readers of one question side by side, and what the model did to the students'. each:
    every student is a reader, too."""
    st.subheader(QUESTIONS[found.question], anchor=False)
    readers = quiz_readers.named(found, students=each)
    rows = [
        {"Reader": name, **quiz_readers.columns(reader), **_changes(found, reader)}
        for name, reader in readers
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height=35 * (1 + min(len(rows), MOST_ROWS)) + 3,
        key=f"quiz-readers-{found.question}",
        column_config={
            "Reader": st.column_config.TextColumn(width=280, pinned=True),
            _WRONG: st.column_config.TextColumn(
                width="medium", help="Right answers that were wrong after the model's reading."
            ),
            _RIGHT: st.column_config.TextColumn(
                width="medium", help="Wrong answers that were right after the model's reading."
            ),
        },
        alt=f"Scores of every reader in {_count(found.cases, 'case')}: {QUESTIONS[found.question]}",
    )
    st.caption(quiz_readers.explained(found.question) + _tied(found))
    quiz_chart.show(found, readers)
    if found.votes:
        chosen = ", ".join(f"{plain(name)} {count}" for name, count in found.votes)
        st.markdown(f"Chosen, in all cases together: {chosen}.")
    if found.pooled.turned.n:
        st.markdown(quiz_readers.turned("the class", found.pooled.turned))


def _changes(found: Scores, reader: Scored) -> dict[str, str]:
    """What the model turned, where anybody saw one."""
    if not found.pooled.turned.n:
        return {}
    turned = reader.turned
    if not turned.n:
        return {_WRONG: quiz_readers.NOTHING, _RIGHT: quiz_readers.NOTHING}
    return {_WRONG: str(turned.right_to_wrong), _RIGHT: str(turned.wrong_to_right)}


def _tied(found: Scores) -> str:
    if not found.crowd.tied:
        return ""
    return f" In {_count(found.crowd.tied, 'case')} the class had no majority: not counted."


def _take(
    quiz: Quiz, cases: Sequence[Case], students: Sequence[Student], given: Sequence[Given]
) -> None:
    """Every answer as a row."""
    rows = quiz_scores.answer_rows(cases, students, given)
    if rows:
        st.download_button(
            "Download all answers (CSV)",
            as_csv(rows),
            f"lightbox-quiz-{quiz.code}.csv",
            "text/csv",
            key="quiz-csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _delete(quizzes: Quizzes, quiz: Quiz) -> None:
    """Delete everything, after a question."""
    with st.popover("Delete this quiz", icon=":material/delete:"):
        st.markdown("Its films, nicknames and answers are deleted for good, for everybody.")
        st.button(
            "Delete it all",
            key="quiz-delete",
            type="primary",
            on_click=_deleted,
            args=(quizzes, quiz),
        )


def _deleted(quizzes: Quizzes, quiz: Quiz) -> None:
    if quiz_kept.attempt(quiz_kept.delete, quizzes, quiz):
        st.query_params.clear()
        st.toast("The quiz is deleted, with everything in it.", icon=":material/delete:")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + "s" * (number != 1)
