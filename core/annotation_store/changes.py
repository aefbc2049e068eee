"""Changes of a worklist: each is one transaction, which holds the line of the log that tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from core import events
from core.annotation_records import Reader, Reading, Refused, Worklist
from core.annotation_store import tables
from core.annotation_store.database import Database
from core.annotation_store.rows import FILM_COLUMNS, READING, known

NO_WORKLIST = "There is no such worklist: it was deleted, or its link is not complete."
NO_FILM = "This film is not in the worklist any more: choose another one."
NO_READING = "This reading is not there any more: its film or its worklist was deleted."


class Change:
    """A change of one worklist, which is locked until it is done. now: when it is made."""

    def __init__(self, connection: Connection, worklist: Row) -> None:
        self.connection = connection
        self.worklist = worklist
        self.now = datetime.now(UTC)
        self._events, self._last = worklist.events, worklist.last_event

    def log(self, by: Reader, action: str, **facts: object) -> None:
        """Add a line to the log; see core.events."""
        self._events += 1
        line = events.line(self._events, self._last, self.now, known(by), action, facts)
        self._last = events.digest(line)
        row = {"worklist_id": self.worklist.id, "seq": self._events, "line": line}
        self.connection.execute(insert(tables.events).values(row))
        self.connection.execute(
            update(tables.worklists)
            .where(tables.worklists.c.id == self.worklist.id)
            .values(touched_at=self.now, events=self._events, last_event=self._last)
        )

    def film(self, sha256: str) -> Row:
        """A film of the worklist, without its data. Raises Refused where there is none."""
        return film_row(self.connection, self.worklist.id, sha256)

    def reading(self, number: int) -> Row:
        """A row of READING. Raises Refused where there is none."""
        return reading_row(self.connection, number)


class Logged:
    """What the parts of the store share: the database, and how a worklist is changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def _change(self, worklist: Worklist) -> Iterator[Change]:
        with self._changing(tables.worklists.c.id == worklist.id, NO_WORKLIST) as change:
            yield change

    @contextmanager
    def _change_of(self, reading: int) -> Iterator[Change]:
        """Change the worklist that a reading belongs to."""
        of = select(tables.films.c.worklist_id).join(tables.readings)
        of = of.where(tables.readings.c.id == reading).scalar_subquery()
        with self._changing(tables.worklists.c.id == of, NO_READING) as change:
            yield change

    @contextmanager
    def _changing(self, which: ColumnElement[bool], missing: str) -> Iterator[Change]:
        with self._database.writing() as connection:
            yield Change(connection, worklist_row(connection, which, missing))


def worklist_row(
    connection: Connection, which: ColumnElement[bool], missing: str = NO_WORKLIST
) -> Row:
    """A worklist, locked where this is a change. Raises Refused where there is none."""
    wanted = select(tables.worklists).where(which)
    if connection.get_execution_options().get("writes"):
        wanted = wanted.with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise Refused(missing)
    return row


def film_row(connection: Connection, worklist: int, sha256: str) -> Row:
    """A film, without its data. Raises Refused where it is not in the worklist."""
    films = tables.films.c
    wanted = select(*FILM_COLUMNS).where(films.worklist_id == worklist, films.sha256 == sha256)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise Refused(NO_FILM)
    return row


def reading_row(connection: Connection, number: int) -> Row:
    """A row of READING. Raises Refused where there is none."""
    row = connection.execute(READING.where(tables.readings.c.id == number)).one_or_none()
    if row is None:
        raise Refused(NO_READING)
    return row


def number_of(reading: Reading | int) -> int:
    """The id of a reading."""
    return reading if isinstance(reading, int) else reading.id
