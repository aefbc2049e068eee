"""Who takes part in a quiz, and what they answer."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Row, func, insert, select

from core.annotation_records import Refused, plain_line
from core.annotation_store.tables import quiz_answers, quiz_students, quizzes
from core.quiz_records import MAX_NICKNAME, MAX_STUDENTS, Answer, Case, Given, Quiz, Stage, Student
from core.quiz_store import rows
from core.quiz_store.changes import (
    ENDED,
    KEY_BYTES,
    Kept,
    case_at,
    changed,
    no_code,
    quiz_row,
    tidied_code,
)

_NO_KEY = "This quiz was deleted, or its link is not complete: join again with your teacher's code."
# Letters and marks that Unicode counts as such and that fill a place without ink, or take none
_UNSEEN = dict.fromkeys(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
    )
)
_FORMULA = ("=", "+", "-", "@")  # so begins a formula of a spreadsheet
_TWICE = "You have answered this case already: your first answer counts."


class Answers(Kept):
    """The part of core.quizzes.Quizzes that is about students and their answers."""

    def join(self, code: str, nickname: str) -> Student:
        """A new student of the quiz of this code.

        Raises Refused for a code that no quiz has, one that has ended, a nickname that cannot be
        (see `_nickname`) or is another student's (capitals do not tell them apart), and where
        MAX_STUDENTS have joined.
        """
        typed, name = tidied_code(code), _nickname(nickname)
        folded = unicodedata.normalize("NFKC", name).casefold()
        with self._database.writing() as connection:
            row = quiz_row(connection, quizzes.c.code == typed, no_code(typed))
            if row.ended:
                raise Refused(ENDED)
            own = quiz_students.c.quiz_id == row.id
            taken = select(quiz_students.c.id).where(own, quiz_students.c.folded == folded)
            if connection.execute(taken).first():
                raise Refused("Somebody in this quiz has this nickname already: choose another.")
            if connection.scalar(select(func.count()).where(own)) >= MAX_STUDENTS:
                raise Refused(f"This quiz is full: {MAX_STUDENTS} students have joined it.")
            new = {
                "quiz_id": row.id,
                "nickname": name,
                "folded": folded,
                "key": secrets.token_urlsafe(KEY_BYTES),
                "joined_at": datetime.now(UTC),
            }
            made = connection.execute(insert(quiz_students).values(new))
            changed(connection, row.id)
            own = quiz_students.c.id == made.inserted_primary_key.id
            return rows.student(connection.execute(select(quiz_students).where(own)).one())

    def student(self, key: str) -> tuple[Student, Quiz]:
        """Whose key this is, and the quiz. Raises Refused where there is none."""
        own = select(quiz_students).where(quiz_students.c.key == plain_line(key))
        with self._database.reading() as connection:
            row = connection.execute(own).one_or_none()
            if row is None:
                raise Refused(_NO_KEY)
            quiz = quiz_row(connection, quizzes.c.id == row.quiz_id)
        return rows.student(row), rows.quiz(quiz)

    def students(self, quiz: Quiz) -> list[Student]:
        """Who joined, in that order."""
        own = select(quiz_students).where(quiz_students.c.quiz_id == quiz.id)
        with self._database.reading() as connection:
            quiz_row(connection, quizzes.c.id == quiz.id)
            return [
                rows.student(row) for row in connection.execute(own.order_by(quiz_students.c.id))
            ]

    def answer(self, student: Student, position: int, stage: Stage, answer: Answer) -> Given:
        """Store an answer to the case at `position`: the first of each stage counts.

        Where the teacher leads, "blind" is taken while that case is read, "changed" (also where it
        keeps the first) while the model's reading is shown. Where each goes on alone, "blind" is
        taken at any time, and "changed" after it. Raises Refused for any other time, for a second
        answer, for a change of what was not answered blind, and for none of the case's answers.
        """
        with self._changing(student) as (connection, row):
            if row.ended:
                raise Refused(ENDED)
            own = quiz_answers.c.student_id == student.id, quiz_answers.c.position == position
            before = set(connection.scalars(select(quiz_answers.c.stage).where(*own)))
            if stage in before:
                raise Refused(_TWICE)
            case = case_at(connection, row.id, position)
            _check_open(row, case, stage)
            if stage == "changed" and "blind" not in before:
                raise Refused(
                    "You gave no answer to this case before the model's was shown: look on, and "
                    "answer the next one."
                )
            given = Given(student.id, position, stage, _checked(case, answer), datetime.now(UTC))
            connection.execute(insert(quiz_answers).values(rows.of_given(given)))
            changed(connection, row.id)
        return given

    def given(self, quiz: Quiz, position: int | None = None) -> list[Given]:
        """All answers in the order in which they came; only those of one case where `position` is
        given."""
        wanted = [quiz_students.c.quiz_id == quiz.id]
        if position is not None:
            wanted.append(quiz_answers.c.position == position)
        return self._given(quiz.id, *wanted)

    def given_by(self, student: Student) -> list[Given]:
        """The answers of one student, in the order in which they came."""
        return self._given(student.quiz_id, quiz_students.c.id == student.id)

    def _given(self, quiz: int, *wanted: ColumnElement[bool]) -> list[Given]:
        own = select(quiz_answers).join(quiz_students).where(*wanted)
        own = own.order_by(quiz_answers.c.at, quiz_answers.c.student_id)
        with self._database.reading() as connection:
            quiz_row(connection, quizzes.c.id == quiz)
            return [rows.given(row) for row in connection.execute(own)]


def _nickname(typed: str) -> str:
    """A nickname as it is stored, without what nobody sees.

    Raises Refused for one that is empty or over MAX_NICKNAME, that a spreadsheet would take for a
    formula, and that the results would not tell from a model or the class.
    """
    name = plain_line(typed.translate(_UNSEEN))
    if not any(unicodedata.category(letter)[0] in "LNPS" for letter in name):
        raise Refused("Choose a nickname to join with.")
    if len(name) > MAX_NICKNAME:
        raise Refused(f"A nickname has at most {MAX_NICKNAME} characters: shorten it.")
    folded = unicodedata.normalize("NFKC", name).casefold()
    if folded.startswith(_FORMULA):
        raise Refused("A nickname cannot begin with =, +, - or @: choose another.")
    if "(model)" in folded or folded.startswith("class,"):
        raise Refused("This nickname looks like a model or the class: choose another.")
    return name


def _check_open(quiz: Row, case: Case, stage: Stage) -> None:
    """Raise Refused where this is not the time for such an answer."""
    phase = {"blind": "read", "changed": "model"}[stage]
    if phase not in case.phases:
        raise Refused("No model has read this case: the first answer counts.")
    if quiz.pace == "led" and (case.position, phase) != (quiz.position, quiz.phase):
        raise Refused("This was not the time for this answer: the class is at another step.")


def _checked(case: Case, answer: Answer) -> Answer:
    """The answer. Raises Refused where it is none of the case's."""
    place = answer.place
    if answer.value not in range(len(case.answers)) or not (
        place is None or (len(place) == 2 and all(0 <= at <= 1 for at in place))
    ):
        raise Refused("This is none of the answers to this case: choose one of those shown.")
    return answer
