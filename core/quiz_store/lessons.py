"""Quizzes, where they stand, and their cases, which never change."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, insert, select

from core.annotation_records import Refused, plain_line
from core.annotation_store.tables import quiz_cases, quiz_pictures, quizzes
from core.quiz_records import Case, Pace, Phase, Picture, Quiz
from core.quiz_store import rows
from core.quiz_store.changes import (
    CODE_LENGTH,
    DELETED,
    ENDED,
    KEY_BYTES,
    Kept,
    case_at,
    changed,
    no_code,
    quiz_row,
    tidied_code,
)

# Neither look-alikes, as 0 and O or 5 and S, nor vowels, which would make words.
CODE_LETTERS = "346789CDFGHJKMNPQRTVWXY"
_PHASES: tuple[Phase, ...] = ("read", "model", "truth")


@dataclass(frozen=True)
class Pulse:
    """Where a quiz stands; what students see changes with all but `version`. See Quiz."""

    version: int
    position: int
    phase: Phase
    ended: bool


class Lessons(Kept):
    """The part of core.quizzes.Quizzes that is about quizzes and their cases."""

    def create(
        self, title: str, pace: Pace, cases: Sequence[tuple[Case, Sequence[Picture]]]
    ) -> Quiz:
        """A new quiz at its first case, with the pictures of each case: shown ones first, heatmaps
        after.

        Raises Refused for a title that is empty or over MAX_TITLE, for no case or more than
        MAX_CASES, and for more than MAX_BYTES of pictures, or MAX_TOTAL together with those of all
        other quizzes; ValueError for a case that is not as core.quiz_records says.
        """
        title = rows.checked(title, cases)
        now = datetime.now(UTC)
        new = {
            "key": secrets.token_urlsafe(KEY_BYTES),
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
            _check_room(connection, rows.size(cases))
            new["code"] = _free_code(connection)
            number = connection.execute(insert(quizzes).values(new)).inserted_primary_key.id
            for case, pictures in cases:
                connection.execute(insert(quiz_cases).values(rows.of_case(number, case)))
                stored = [
                    rows.of_picture(number, case.position, at, picture)
                    for at, picture in enumerate(pictures)
                ]
                connection.execute(insert(quiz_pictures), stored)
            return rows.quiz(quiz_row(connection, quizzes.c.id == number))

    def check_room(self) -> None:
        """Raise Refused, before the work of making a quiz, where no other one would be stored."""
        with self._database.reading() as connection:
            _check_room(connection, 1)

    def by_code(self, code: str) -> Quiz:
        """The quiz of this code, also one that has ended; capitals, blanks and hyphens do not
        matter. Raises Refused where there is none."""
        typed = tidied_code(code)
        with self._database.reading() as connection:
            return rows.quiz(quiz_row(connection, quizzes.c.code == typed, no_code(typed)))

    def by_key(self, key: str) -> Quiz:
        """The quiz that this teacher's key opens. Raises Refused where there is none."""
        missing = "This quiz was deleted, or its link is not complete: make a new one."
        with self._database.reading() as connection:
            return rows.quiz(quiz_row(connection, quizzes.c.key == plain_line(key), missing))

    def pulse(self, code: str) -> Pulse:
        """Where the quiz of this code stands: one short query, to be asked again and again. Raises
        Refused where there is none any more."""
        found = select(quizzes.c.version, quizzes.c.position, quizzes.c.phase, quizzes.c.ended)
        with self._database.reading() as connection:
            row = connection.execute(found.where(quizzes.c.code == tidied_code(code))).one_or_none()
        if row is None:
            raise Refused(DELETED)
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
                raise Refused(ENDED)
            if row.pace != "led":
                raise Refused("In this quiz each student goes on alone: there is nothing to lead.")
            if phase not in case_at(connection, quiz.id, position).phases:
                raise ValueError(f"the case at {position} has no phase {phase!r}")
            ahead = position - row.position or _PHASES.index(phase) - _PHASES.index(row.phase)
            if ahead < 0:
                raise Refused("The quiz has gone past this already: go on from where it is.")
            if not ahead:
                return rows.quiz(row)
            return changed(connection, quiz.id, position=position, phase=phase)

    def end(self, quiz: Quiz) -> Quiz:
        """Take no more students or answers; an ended quiz stays so."""
        with self._changing(quiz) as (connection, row):
            return rows.quiz(row) if row.ended else changed(connection, quiz.id, ended=True)

    def delete(self, quiz: Quiz) -> None:
        """Delete the quiz with its pictures, students and answers; what is gone already is no
        error. Of SQLite it is overwritten on the disk; see core.annotation_store.database."""
        with self._database.writing() as connection:
            connection.execute(delete(quizzes).where(quizzes.c.id == quiz.id))
        self._wipe()

    def expire(self, before: datetime) -> int:
        """Delete every quiz in which nothing was done since this time; returns how many."""
        old = delete(quizzes).where(quizzes.c.touched_at < before)
        with self._database.writing() as connection:
            count = connection.execute(old).rowcount
        if count:
            self._wipe()
        return count

    def cases(self, quiz: Quiz) -> list[Case]:
        """All cases in their order."""
        own = select(quiz_cases.c.content).where(quiz_cases.c.quiz_id == quiz.id)
        with self._database.reading() as connection:
            found = connection.scalars(own.order_by(quiz_cases.c.position)).all()
        if not found:
            raise Refused(DELETED)
        return [rows.case(content) for content in found]

    def case(self, quiz: Quiz, position: int) -> Case:
        """The case at `position`, counted from 0. ValueError where there is none."""
        with self._database.reading() as connection:
            quiz_row(connection, quizzes.c.id == quiz.id)
            return case_at(connection, quiz.id, position)

    def picture(self, quiz: Quiz, position: int, number: int) -> Picture:
        """A picture of the case at `position`; both are counted from 0. ValueError where there is
        none."""
        of = quiz_pictures.c
        wanted = select(of.data, of.alt).where(
            of.quiz_id == quiz.id, of.position == position, of.number == number
        )
        with self._database.reading() as connection:
            quiz_row(connection, quizzes.c.id == quiz.id)
            row = connection.execute(wanted).one_or_none()
        if row is None:
            raise ValueError(f"the case at {position} has no picture {number}")
        return Picture(bytes(row.data), row.alt)


def _check_room(connection: Connection, more: int) -> None:
    """Raise Refused where so many bytes of pictures are too many beside those of all quizzes."""
    held = connection.scalar(select(func.coalesce(func.sum(func.length(quiz_pictures.c.data)), 0)))
    if held + more > rows.MAX_TOTAL:
        raise Refused(
            f"All quizzes on this server may take {rows.MAX_TOTAL / 2**30:g} GB together, and this "
            "one would go beyond: delete one of yours that has ended, or ask who runs Lightbox."
        )


def _free_code(connection: Connection) -> str:
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        if not connection.execute(select(quizzes.c.id).where(quizzes.c.code == code)).first():
            return code
