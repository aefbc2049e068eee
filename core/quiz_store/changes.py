"""How a quiz is found and changed: what the parts of the store of quizzes share."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Row, select, update

from core.annotation_records import Refused, StoreError
from core.annotation_store.database import Database
from core.annotation_store.tables import quiz_cases, quizzes
from core.quiz_records import Case, Quiz, Student
from core.quiz_store import rows

CODE_LENGTH = 6
KEY_BYTES = 12  # 16 characters of a link, which nobody guesses
DELETED = "This quiz was deleted: ask your teacher for the code of another one."
ENDED = "This quiz has ended: ask your teacher for the results, or for the code of another one."


class Kept:
    """A database of quizzes, and how one of them is changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def _changing(self, of: Quiz | Student) -> Iterator[tuple[Connection, Row]]:
        """Change a quiz, or a student's, which is locked until it is done."""
        number = of.id if isinstance(of, Quiz) else of.quiz_id
        with self._database.writing() as connection:
            yield connection, quiz_row(connection, quizzes.c.id == number)

    def _wipe(self) -> None:
        # The rows are gone; a log that is in use just now is emptied with the next one.
        with suppress(StoreError):
            self._database.wipe()


def tidied_code(typed: str) -> str:
    """A code as it is stored: letters and digits only, in capitals."""
    shown = unicodedata.normalize("NFKC", typed).upper()
    return "".join(letter for letter in shown if letter.isalnum())


def no_code(typed: str) -> str:
    """Why there is no quiz of this code."""
    if not typed:
        return "Type the code of the quiz: your teacher has it."
    if len(typed) > 2 * CODE_LENGTH:
        return f"A code has {CODE_LENGTH} letters and digits: check it with your teacher."
    return f"No quiz has the code {typed}: check it with your teacher."


def quiz_row(connection: Connection, which: ColumnElement[bool], missing: str = DELETED) -> Row:
    """A quiz, locked where this is a change. Raises Refused where there is none."""
    wanted = select(quizzes).where(which)
    if connection.get_execution_options().get("writes"):
        wanted = wanted.with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise Refused(missing)
    return row


def changed(connection: Connection, number: int, **values: object) -> Quiz:
    """Note that something of a quiz changed; values: columns of the quiz itself that do."""
    values |= {"version": quizzes.c.version + 1, "touched_at": datetime.now(UTC)}
    connection.execute(update(quizzes).where(quizzes.c.id == number).values(values))
    return rows.quiz(quiz_row(connection, quizzes.c.id == number))


def case_at(connection: Connection, quiz: int, position: int) -> Case:
    """The case at this position of the quiz with this id. ValueError where there is none."""
    of = quiz_cases.c
    own = select(of.content).where(of.quiz_id == quiz, of.position == position)
    content = connection.scalars(own).one_or_none()
    if content is None:
        raise ValueError(f"the quiz has no case at {position}")
    return rows.case(content)
