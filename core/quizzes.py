"""Quizzes: their cases and pictures, who joined, and every answer, beside the annotations."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from core import quiz_rows
from core.annotation_records import Refused, StoreError, plain_line
from core.annotation_store.database import Database
from core.annotation_store.tables import (
    quiz_answers,
    quiz_cases,
    quiz_pictures,
    quiz_students,
    quizzes,
)
from core.quiz_records import (
    MAX_NICKNAME,
    MAX_STUDENTS,
    Answer,
    Case,
    Given,
    Pace,
    Phase,
    Picture,
    Quiz,
    Stage,
    Student,
)

# Neither look-alikes, as 0 and O or 5 and S, nor vowels, which would make words.
CODE_LETTERS = "346789CDFGHJKMNPQRTVWXY"
CODE_LENGTH = 6
_PHASES: tuple[Phase, ...] = ("read", "model", "truth")
_KEY_BYTES = 12

_DELETED = "This quiz was deleted: ask your teacher for the code of another one."
_NO_KEY = "This quiz was deleted, or its link is not complete: join again with your teacher's code."
_ENDED = "This quiz has ended: ask your teacher for the results, or for the code of another one."
_TWICE = "You have answered this case already: your first answer counts."


@dataclass(frozen=True)
class Pulse:
    """Where a quiz stands; what students see changes with all but `version`. See Quiz."""

    version: int
    position: int
    phase: Phase
    ended: bool


class Quizzes:
    """The quizzes of one SQLite or PostgreSQL database, for any number of threads and processes.

    - the database: open, close
    - a quiz: create, by_code, by_key, pulse, lead, end, delete, expire
    - its cases, which never change: cases, case, picture
    - its students: join, student, students
    - their answers: answer, given, given_by

    What is written is on disk when a method returns. Every method raises Unreachable, within
    seconds, where the database does not answer or cannot be written, and Refused for a quiz that
    is no longer there.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str) -> Quizzes:
        """Open the database at `url`; see core.annotations.Store.open."""
        return cls(Database.open(url))

    def close(self) -> None:
        """Let the connections go; a later call opens new ones."""
        self._database.close()

    def create(
        self, title: str, pace: Pace, cases: Sequence[tuple[Case, Sequence[Picture]]]
    ) -> Quiz:
        """A new quiz at its first case, with the pictures of each case: shown ones first, heatmaps
        after.

        Raises Refused for a title that is empty or over MAX_TITLE, for no case or more than
        MAX_CASES, and for more than MAX_BYTES of pictures; ValueError for a case that is not as
        core.quiz_records says.
        """
        title = quiz_rows.checked(title, cases)
        now = datetime.now(UTC)
        new = {
            "key": secrets.token_urlsafe(_KEY_BYTES),
            "title": title,
            "pace": pace,
            "cases": len(cases),
            "position": 0,
            "phase": "read",
            "ended": False,
            "version": 0,
            "created_at": now,
            "touched_at": now,
        }
        with self._database.writing() as connection:
            made = connection.execute(
                insert(quizzes).values(new | {"code": _free_code(connection)})
            )
            number = made.inserted_primary_key.id
            for case, pictures in cases:
                connection.execute(insert(quiz_cases).values(quiz_rows.of_case(number, case)))
                rows = [
                    quiz_rows.of_picture(number, case.position, at, picture)
                    for at, picture in enumerate(pictures)
                ]
                connection.execute(insert(quiz_pictures), rows)
            return quiz_rows.quiz(_row(connection, quizzes.c.id == number))

    def by_code(self, code: str) -> Quiz:
        """The quiz of this code, also one that has ended; capitals, blanks and hyphens do not
        matter. Raises Refused where there is none."""
        typed = tidied_code(code)
        with self._database.reading() as connection:
            return quiz_rows.quiz(_row(connection, quizzes.c.code == typed, _no_code(typed)))

    def by_key(self, key: str) -> Quiz:
        """The quiz that this teacher's key opens. Raises Refused where there is none."""
        missing = "This quiz was deleted, or its link is not complete: make a new one."
        with self._database.reading() as connection:
            return quiz_rows.quiz(_row(connection, quizzes.c.key == plain_line(key), missing))

    def pulse(self, code: str) -> Pulse:
        """Where the quiz of this code stands: one short query, to be asked again and again. Raises
        Refused where there is none any more."""
        found = select(quizzes.c.version, quizzes.c.position, quizzes.c.phase, quizzes.c.ended)
        with self._database.reading() as connection:
            row = connection.execute(found.where(quizzes.c.code == tidied_code(code))).one_or_none()
        if row is None:
            raise Refused(_DELETED)
        return Pulse(*row)

    def lead(self, quiz: Quiz, position: int, phase: Phase) -> Quiz:
        """Bring everybody to this phase of the case at `position`, counted from 0; being there
        already is no error.

        Raises Refused for one that lies behind, which would let who has seen the model's reading,
        or the truth, answer blind; where the quiz has ended; and where each goes on alone.
        ValueError for a phase that the case has not.
        """
        with self._changing(quiz) as (connection, row):
            if row.ended:
                raise Refused(_ENDED)
            if row.pace != "led":
                raise Refused("In this quiz each student goes on alone: there is nothing to lead.")
            if phase not in _case(connection, quiz.id, position).phases:
                raise ValueError(f"the case at {position} has no phase {phase!r}")
            wanted, there = (
                (position, _PHASES.index(phase)),
                (row.position, _PHASES.index(row.phase)),
            )
            if wanted < there:
                raise Refused("The quiz has gone past this already: go on from where it is.")
            if wanted == there:
                return quiz_rows.quiz(row)
            return _changed(connection, quiz.id, position=position, phase=phase)

    def end(self, quiz: Quiz) -> Quiz:
        """Take no more students or answers; an ended quiz stays so."""
        with self._changing(quiz) as (connection, row):
            return quiz_rows.quiz(row) if row.ended else _changed(connection, quiz.id, ended=True)

    def delete(self, quiz: Quiz) -> None:
        """Delete the quiz with its pictures, students and answers; what is gone already is no
        error. Of SQLite it is overwritten on the disk; see core.annotation_store.database."""
        with self._database.writing() as connection:
            connection.execute(delete(quizzes).where(quizzes.c.id == quiz.id))
        self._wipe()

    def expire(self, before: datetime) -> int:
        """Delete every quiz in which nothing was done since this time; returns how many."""
        with self._database.writing() as connection:
            count = connection.execute(
                delete(quizzes).where(quizzes.c.touched_at < before)
            ).rowcount
        if count:
            self._wipe()
        return count

    def cases(self, quiz: Quiz) -> list[Case]:
        """All cases in their order."""
        own = select(quiz_cases.c.content).where(quiz_cases.c.quiz_id == quiz.id)
        with self._database.reading() as connection:
            found = connection.scalars(own.order_by(quiz_cases.c.position)).all()
        if not found:
            raise Refused(_DELETED)
        return [quiz_rows.case(content) for content in found]

    def case(self, quiz: Quiz, position: int) -> Case:
        """The case at `position`, counted from 0. ValueError where there is none."""
        with self._database.reading() as connection:
            _row(connection, quizzes.c.id == quiz.id)
            return _case(connection, quiz.id, position)

    def picture(self, quiz: Quiz, position: int, number: int) -> Picture:
        """A picture of the case at `position`; both are counted from 0. ValueError where there is
        none."""
        of = quiz_pictures.c
        wanted = select(of.data, of.alt).where(
            of.quiz_id == quiz.id, of.position == position, of.number == number
        )
        with self._database.reading() as connection:
            _row(connection, quizzes.c.id == quiz.id)
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise ValueError(f"the case at {position} has no picture {number}")
        return Picture(bytes(row.data), row.alt)

    def join(self, code: str, nickname: str) -> Student:
        """A new student of the quiz of this code.

        Raises Refused for a code that no quiz has, one that has ended, a nickname that is empty,
        over MAX_NICKNAME or another student's (capitals do not tell them apart), and where
        MAX_STUDENTS have joined.
        """
        typed, name = tidied_code(code), plain_line(nickname)
        if not name:
            raise Refused("Choose a nickname to join with.")
        if len(name) > MAX_NICKNAME:
            raise Refused(f"A nickname has at most {MAX_NICKNAME} characters: shorten it.")
        folded = unicodedata.normalize("NFKC", name).casefold()
        with self._database.writing() as connection:
            row = _row(connection, quizzes.c.code == typed, _no_code(typed))
            if row.ended:
                raise Refused(_ENDED)
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
                "key": secrets.token_urlsafe(_KEY_BYTES),
                "joined_at": datetime.now(UTC),
            }
            made = connection.execute(insert(quiz_students).values(new))
            _changed(connection, row.id)
            own = quiz_students.c.id == made.inserted_primary_key.id
            return quiz_rows.student(connection.execute(select(quiz_students).where(own)).one())

    def student(self, key: str) -> tuple[Student, Quiz]:
        """Whose key this is, and the quiz. Raises Refused where there is none."""
        own = select(quiz_students).where(quiz_students.c.key == plain_line(key))
        with self._database.reading() as connection:
            row = connection.execute(own).one_or_none()
            if row is None:
                raise Refused(_NO_KEY)
            quiz = _row(connection, quizzes.c.id == row.quiz_id)
        return quiz_rows.student(row), quiz_rows.quiz(quiz)

    def students(self, quiz: Quiz) -> list[Student]:
        """Who joined, in that order."""
        own = select(quiz_students).where(quiz_students.c.quiz_id == quiz.id)
        with self._database.reading() as connection:
            _row(connection, quizzes.c.id == quiz.id)
            rows = connection.execute(own.order_by(quiz_students.c.id)).all()
        return [quiz_rows.student(row) for row in rows]

    def answer(self, student: Student, position: int, stage: Stage, answer: Answer) -> Given:
        """Store an answer to the case at `position`: the first of each stage counts.

        Where the teacher leads, "blind" is taken while that case is read, "changed" (also where it
        keeps the first) while the model's reading is shown. Where each goes on alone, "blind" is
        taken at any time, and "changed" after it. Raises Refused for any other time, for a second
        answer, for a change of what was not answered blind, and for none of the case's answers.
        """
        with self._changing(student) as (connection, row):
            if row.ended:
                raise Refused(_ENDED)
            case = _case(connection, row.id, position)
            _check_open(row, case, stage)
            own = quiz_answers.c.student_id == student.id, quiz_answers.c.position == position
            before = set(connection.scalars(select(quiz_answers.c.stage).where(*own)))
            if stage in before:
                raise Refused(_TWICE)
            if stage == "changed" and "blind" not in before:
                raise Refused(
                    "You gave no answer to this case before the model's was shown: look on, and "
                    "answer the next one."
                )
            given = Given(student.id, position, stage, _checked(case, answer), datetime.now(UTC))
            connection.execute(insert(quiz_answers).values(quiz_rows.of_given(given)))
            _changed(connection, row.id)
        return given

    def given(self, quiz: Quiz, position: int | None = None) -> list[Given]:
        """All answers in the order in which they came; only those of one case where `position` is
        given."""
        wanted = [quiz_students.c.quiz_id == quiz.id]
        if position is not None:
            wanted.append(quiz_answers.c.position == position)
        return self._given(*wanted)

    def given_by(self, student: Student) -> list[Given]:
        """The answers of one student, in the order in which they came."""
        return self._given(quiz_students.c.id == student.id)

    def _given(self, *wanted: ColumnElement[bool]) -> list[Given]:
        own = select(quiz_answers).join(quiz_students).where(*wanted)
        own = own.order_by(quiz_answers.c.at, quiz_answers.c.student_id)
        with self._database.reading() as connection:
            return [quiz_rows.given(row) for row in connection.execute(own)]

    @contextmanager
    def _changing(self, of: Quiz | Student) -> Iterator[tuple[Connection, Row]]:
        """Change a quiz, or a student's, which is locked until it is done."""
        number = of.id if isinstance(of, Quiz) else of.quiz_id
        with self._database.writing() as connection:
            yield connection, _row(connection, quizzes.c.id == number)

    def _wipe(self) -> None:
        # The rows are gone; a log that is in use just now is emptied with the next one.
        with suppress(StoreError):
            self._database.wipe()


def tidied_code(typed: str) -> str:
    """A code as it is stored: letters and digits only, in capitals."""
    shown = unicodedata.normalize("NFKC", typed).upper()
    return "".join(letter for letter in shown if letter.isalnum())


def _no_code(typed: str) -> str:
    if not typed:
        return "Type the code of the quiz: your teacher has it."
    if len(typed) > 2 * CODE_LENGTH:
        return f"A code has {CODE_LENGTH} letters and digits: check it with your teacher."
    return f"No quiz has the code {typed}: check it with your teacher."


def _free_code(connection: Connection) -> str:
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        if not connection.execute(select(quizzes.c.id).where(quizzes.c.code == code)).first():
            return code


def _row(connection: Connection, which: ColumnElement[bool], missing: str = _DELETED) -> Row:
    """A quiz, locked where this is a change. Raises Refused where there is none."""
    wanted = select(quizzes).where(which)
    if connection.get_execution_options().get("writes"):
        wanted = wanted.with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise Refused(missing)
    return row


def _changed(connection: Connection, number: int, **values: object) -> Quiz:
    """Note a change, and make it where `values` are what to change in the quiz itself."""
    values |= {"version": quizzes.c.version + 1, "touched_at": datetime.now(UTC)}
    connection.execute(update(quizzes).where(quizzes.c.id == number).values(values))
    return quiz_rows.quiz(_row(connection, quizzes.c.id == number))


def _case(connection: Connection, quiz: int, position: int) -> Case:
    of = quiz_cases.c
    own = select(of.content).where(of.quiz_id == quiz, of.position == position)
    content = connection.scalars(own).one_or_none()
    if content is None:
        raise ValueError(f"the quiz has no case at {position}")
    return quiz_rows.case(content)


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
