"""The worklists of the annotation store, and their films."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from core.annotation_records import (
    MAX_FILM_NAME,
    MAX_NAME,
    Added,
    Film,
    NewFilm,
    Reader,
    Refused,
    StoreError,
    Worklist,
    plain_line,
)
from core.annotation_store import rows, tables
from core.annotation_store.changes import Change, Logged, film_row, worklist_row

MAX_FILMS = 500  # of a worklist
MAX_BYTES = 4 * 2**30  # of a worklist's films and fills together
_CODE_BYTES = 9  # 12 characters of a link: nobody guesses one among 2 to the power of 72
_DAMAGED = "The stored copy of this film is damaged: add the film's file again to replace it."
_OTHERS = (
    "Other readers have work in it, and a typed name is no proof that you may delete that: ask "
    "whoever runs this server."
)


class Films(Logged):
    """The part of core.annotations.Store that is about worklists and their films."""

    def create_worklist(self, title: str, by: Reader) -> Worklist:
        """A new, empty worklist. Raises Refused for a title that is empty or over MAX_NAME."""
        title, now = plain_line(title), datetime.now(UTC)
        if not title:
            raise Refused("Give the worklist a title.")
        if len(title) > MAX_NAME:
            raise Refused(f"A title has at most {MAX_NAME} characters: shorten it.")
        by = rows.known(by)
        new = {
            "code": secrets.token_urlsafe(_CODE_BYTES),
            "title": title,
            "created_at": now,
            "created_by": by.name,
            "created_verified": by.verified,
            "touched_at": now,
            "events": 0,
            "last_event": "",
        }
        with self._database.writing() as connection:
            number = connection.execute(insert(tables.worklists).values(new)).inserted_primary_key
            which = tables.worklists.c.id == number.id
            Change(connection, worklist_row(connection, which)).log(by, "create")
            return rows.worklist(worklist_row(connection, which))

    def worklist(self, code: str) -> Worklist:
        """The worklist of this code. Raises Refused where there is none."""
        with self._database.reading() as connection:
            # A code that no database can hold is none that was given out.
            code = plain_line(code)
            return rows.worklist(worklist_row(connection, tables.worklists.c.code == code))

    def worklists(self) -> list[Worklist]:
        """All of them, newest first."""
        newest = select(tables.worklists).order_by(tables.worklists.c.id.desc())
        with self._database.reading() as connection:
            return [rows.worklist(row) for row in connection.execute(newest)]

    def delete_worklist(self, worklist: Worklist, by: Reader) -> None:
        """Delete it with all its films, readings, fills and its log.

        Raises Refused unless `by` made it; and where `by` is a typed name, which anybody can type,
        if it holds others' work.
        """
        with self._change(worklist) as change:
            if by != rows.worklist(change.worklist).created_by:
                raise Refused("Only who made a worklist deletes it: ask them.")
            _check_deletes(change.connection, by, tables.films.c.worklist_id == worklist.id)
            gone = delete(tables.worklists).where(tables.worklists.c.id == worklist.id)
            change.connection.execute(gone)
        self._wipe()

    def expire(self, before: datetime) -> int:
        """Delete every worklist that was last touched before this time; returns how many."""
        with self._database.writing() as connection:
            old = delete(tables.worklists).where(tables.worklists.c.touched_at < before)
            count = connection.execute(old).rowcount
        if count:
            self._wipe()
        return count

    def add_film(self, worklist: Worklist, film: NewFilm, by: Reader) -> Added:
        """Add a film, unless its bytes are in the list already: then a damaged copy is replaced.

        Raises Refused where the list holds MAX_FILMS, or would hold more than MAX_BYTES.
        """
        if not re.fullmatch("[0-9a-f]{64}", film.sha256):
            raise ValueError("A film is identified by its SHA-256, 64 hexadecimal digits.")
        by, name = rows.known(by), _film_name(film.name)
        with self._change(worklist) as change:
            before = _films(change.connection, worklist)
            namesake = any(old.name == name and old.sha256 != film.sha256 for old in before)
            for old in before:
                if old.sha256 == film.sha256:
                    self._mend(change, film, by)
                    return Added(old, already=True, namesake=namesake)
            if len(before) >= MAX_FILMS:
                raise Refused(f"A worklist holds at most {MAX_FILMS} films: make another one.")
            check_room(change.connection, worklist, len(film.data))
            spacing = film.spacing_mm or (None, None)
            new = {
                "worklist_id": worklist.id,
                "sha256": film.sha256,
                "name": name,
                "kind": film.kind,
                "height": int(film.shape[0]),
                "width": int(film.shape[1]),
                "spacing_rows": None if spacing[0] is None else float(spacing[0]),
                "spacing_columns": None if spacing[1] is None else float(spacing[1]),
                "added_at": change.now,
                "added_by": by.name,
                "added_verified": by.verified,
                "digest": rows.digest(film.data),
                "data": film.data,
            }
            change.connection.execute(insert(tables.films).values(new))
            change.log(by, "add", image=film.sha256, kind=film.kind)
            added = rows.film(change.film(film.sha256), len(before) + 1)
            return Added(added, already=False, namesake=namesake)

    def _mend(self, change: Change, film: NewFilm, by: Reader) -> None:
        row = _copy(change.connection, change.film(film.sha256))
        if rows.digest(row.data) == row.digest:
            return
        whole = {"digest": rows.digest(film.data), "data": film.data}
        change.connection.execute(
            update(tables.films).where(tables.films.c.id == row.id).values(whole)
        )
        change.log(by, "add", image=film.sha256, kind=film.kind)

    def films(self, worklist: Worklist) -> list[Film]:
        """The films in the order in which they were added."""
        with self._database.reading() as connection:
            return _films(connection, worklist)

    def film_data(self, worklist: Worklist, sha256: str) -> bytes:
        """The clean copy of a film. Raises Refused where it is not what was stored."""
        with self._database.reading() as connection:
            row = _copy(connection, film_row(connection, worklist.id, sha256))
        if rows.digest(row.data) != row.digest:
            raise Refused(_DAMAGED)
        return bytes(row.data)

    def remove_film(self, worklist: Worklist, sha256: str, by: Reader) -> None:
        """Delete a film with all readings and fills of it.

        Raises Refused unless `by` added it or made the list; and where `by` is a typed name, which
        anybody can type, if others have drawn on it. The log goes on saying what was drawn.
        """
        with self._change(worklist) as change:
            film = change.film(sha256)
            added_by = Reader(film.added_by, film.added_verified)
            if by not in (added_by, rows.worklist(change.worklist).created_by):
                raise Refused("Only who added a film or made the worklist removes it: ask them.")
            _check_deletes(change.connection, by, tables.films.c.id == film.id)
            change.connection.execute(delete(tables.films).where(tables.films.c.id == film.id))
            change.log(by, "remove", image=sha256)
        self._wipe()

    def _wipe(self) -> None:
        # The rows are gone; a log that is in use just now is emptied with the next one.
        with suppress(StoreError):
            self._database.wipe()


def _films(connection: Connection, worklist: Worklist) -> list[Film]:
    worklist_row(connection, tables.worklists.c.id == worklist.id)
    own = select(*rows.FILM_COLUMNS).where(tables.films.c.worklist_id == worklist.id)
    found = connection.execute(own.order_by(tables.films.c.id))
    return [rows.film(row, number) for number, row in enumerate(found, 1)]


def _copy(connection: Connection, film: Row) -> Row:
    """The id, data and digest of a film."""
    films = tables.films.c
    return connection.execute(
        select(films.id, films.data, films.digest).where(films.id == film.id)
    ).one()


def _check_deletes(connection: Connection, by: Reader, films: ColumnElement[bool]) -> None:
    """Raise Refused where a name that anybody can type would delete others' work on these films."""
    readings = tables.readings.c
    others = or_(readings.reader != by.name, readings.verified != by.verified)
    held = select(readings.id).join(tables.films).where(films, readings.revision > 0, others)
    if not by.verified and connection.execute(select(held.exists())).scalar_one():
        raise Refused(_OTHERS)


def check_room(connection: Connection, worklist: Worklist, more: int) -> None:
    """Raise Refused where so many bytes more are too many for a worklist."""
    films, fills = tables.films.c, tables.fills.c
    own = films.worklist_id == worklist.id
    held = sum(
        connection.scalar(sizes) or 0
        for sizes in (
            select(func.sum(func.length(films.data))).where(own),
            select(func.sum(func.length(fills.data))).join(tables.films).where(own),
        )
    )
    if held + more > MAX_BYTES:
        raise Refused(
            f"A worklist holds at most {MAX_BYTES / 2**30:g} GB of films: make another one."
        )


def _film_name(name: str) -> str:
    """The name to show; of a long one the beginning and the end."""
    name = plain_line(name)
    if len(name) <= MAX_FILM_NAME:
        return name
    half = MAX_FILM_NAME // 2
    return f"{name[: half - 1]}…{name[-half:]}"
