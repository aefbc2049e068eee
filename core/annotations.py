"""The annotation store: worklists of films, and what each reader says of them, in a database."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from core.annotation_records import (
    MAX_FILM_NAME,
    MAX_NAME,
    MAX_REASON,
    STATUSES,
    Added,
    Conflict,
    Consensus,
    Fill,
    Film,
    NewFilm,
    Reader,
    Reading,
    Refused,
    Revision,
    Status,
    StoreError,
    Summary,
    Unreachable,
    Worklist,
)
from core.annotation_store import tables
from core.annotation_store.changes import worklist_row
from core.annotation_store.database import Database
from core.annotation_store.films import Films
from core.annotation_store.looks import look
from core.annotation_store.readings import KEPT, Readings
from core.annotation_store.reviews import Reviews

__all__ = [
    "KEPT",
    "MAX_FILM_NAME",
    "MAX_NAME",
    "MAX_REASON",
    "STATUSES",
    "Added",
    "Conflict",
    "Consensus",
    "Fill",
    "Film",
    "NewFilm",
    "Reader",
    "Reading",
    "Refused",
    "Revision",
    "Status",
    "Store",
    "StoreError",
    "Summary",
    "Unreachable",
    "Worklist",
]
OWN_ACTIONS = {  # what the store itself logs
    *("create", "add", "remove", "save", "restore", "submit", "reopen"),
    *("look", "accept", "send back", "consensus", "fill"),
}


class Store(Films, Readings, Reviews):
    """One database of worklists, in SQLite or PostgreSQL; for any number of threads and processes.

    - the store: open, where, close
    - worklists: create_worklist, worklist, worklists, delete_worklist, expire
    - their films: add_film, films, film_data, remove_film
    - a reader's own reading of a film: begin, readings, save, revisions, submit, reopen
    - what others made of a film, and of their readings: submitted, review, keep_consensus,
      consensus, give_back, fills
    - the log: record, events, take_events

    What is written is on disk when a method returns. Every method raises Unreachable, within
    seconds, where the database does not answer or cannot be written, and Refused for a worklist,
    film or reading that is no longer there.
    """

    @classmethod
    def open(cls, url: str) -> Store:
        """Open the store at `url`, sqlite:///…, postgresql://… or postgresql+psycopg://…

        A new database gets its tables (and a new SQLite file its folder), an older one is carried
        over. Raises StoreError where that cannot be: unreachable, not a database, a database of
        something else, or one that a newer Lightbox wrote; it is left as it was.
        """
        return cls(Database.open(url))

    @property
    def where(self) -> str:
        """What it is, to say to readers: "SQLite on this server" or "PostgreSQL"."""
        return "SQLite on this server" if self._database.sqlite else "PostgreSQL"

    def close(self) -> None:
        """Let the connections go; a later call opens new ones."""
        self._database.close()

    def record(self, worklist: Worklist, by: Reader, action: str, **facts: object) -> None:
        """Add a line to the worklist's log, such as "export" or "open".

        facts: what JSON can hold; hashes, counts and names of formats, never a name of a file, a
        comment or a reason. Raises ValueError for an action that the store logs itself, and for
            facts named as what every line says.
        """
        if action in OWN_ACTIONS:
            raise ValueError(f"{action!r} is logged by the store itself.")
        with self._change(worklist) as change:
            change.log(by, action, **facts)

    def events(self, worklist: Worklist) -> list[str]:
        """The worklist's log, a line of JSON an event; see core.events.

        It holds what everybody drew: to hand it out, `take_events`.
        """
        with self._database.reading() as connection:
            worklist_row(connection, tables.worklists.c.id == worklist.id)
            return _lines(connection, worklist)

    def take_events(self, worklist: Worklist, by: Reader) -> list[str]:
        """The log, for `by` to take away: that is logged, and is a look at all that others drew."""
        films, readings = tables.films.c, tables.readings.c
        others = or_(readings.reader != by.name, readings.verified != by.verified)
        held = select(films.id, films.sha256).join(tables.readings)
        held = held.where(films.worklist_id == worklist.id, readings.revision > 0, others)
        with self._change(worklist) as change:
            for film in change.connection.execute(held.distinct().order_by(films.id)).all():
                look(change, film, by)
            change.log(by, "export", formats=["log"])
            return _lines(change.connection, worklist)


def _lines(connection: Connection, worklist: Worklist) -> list[str]:
    own = select(tables.events.c.line).where(tables.events.c.worklist_id == worklist.id)
    return list(connection.scalars(own.order_by(tables.events.c.seq)))
