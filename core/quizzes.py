"""Quizzes: their cases and pictures, who joined, and every answer, beside the annotations."""

from __future__ import annotations

from core.annotation_records import Refused, StoreError, Unreachable
from core.annotation_store.database import Database
from core.quiz_store.answers import Answers
from core.quiz_store.changes import CODE_LENGTH, tidied_code
from core.quiz_store.lessons import Lessons, Pulse

__all__ = ["CODE_LENGTH", "Pulse", "Quizzes", "Refused", "StoreError", "Unreachable", "tidied_code"]


class Quizzes(Lessons, Answers):
    """The quizzes of one SQLite or PostgreSQL database, for any number of threads and processes.

    - the database: open, close
    - a quiz: create, check_room, by_code, by_key, pulse, lead, end, delete, expire
    - its cases, which never change: cases, case, picture
    - its students: join, student, students
    - their answers: answer, given, given_by

    What is written is on disk when a method returns. Every method raises Unreachable, within
    seconds, where the database does not answer or cannot be written, and Refused for a quiz that
    is no longer there.
    """

    @classmethod
    def open(cls, url: str) -> Quizzes:
        """Open the database at `url`; see core.annotations.Store.open."""
        return cls(Database.open(url))

    def close(self) -> None:
        """Let the connections go; a later call opens new ones."""
        self._database.close()
