"""The annotation store: worklists of films, and what each reader says of them, in a database."""

from __future__ import annotations

from sqlalchemy import select

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
        comment or a reason. Raises ValueError for an action that the store logs itself.
        """
        if action in OWN_ACTIONS:
            raise ValueError(f"{action!r} is logged by the store itself.")
        with self._change(worklist) as change:
            change.log(by, action, **facts)

    def events(self, worklist: Worklist) -> list[str]:
        """The worklist's log, a line of JSON an event; see core.events."""
        own = select(tables.events.c.line).where(tables.events.c.worklist_id == worklist.id)
        with self._database.reading() as connection:
            worklist_row(connection, tables.worklists.c.id == worklist.id)
            return list(connection.scalars(own.order_by(tables.events.c.seq)))
