"""Who has seen what others made of a film: what such a reader draws from then on is not blind."""

from __future__ import annotations

from sqlalchemy import Connection, Row, exists, insert, select

from core.annotation_records import Reader
from core.annotation_store import tables
from core.annotation_store.changes import Change
from core.annotation_store.rows import HANDED_IN, known


def looked(connection: Connection, film: int, reader: Reader) -> bool:
    """Whether the reader has seen others' readings of the film with this id."""
    looks = tables.looks.c
    seen = exists().where(
        looks.film_id == film, looks.reader == reader.name, looks.verified == reader.verified
    )
    return connection.execute(select(seen)).scalar_one()


def look(change: Change, film: Row, by: Reader) -> None:
    """Note that `by` sees what others made of a film, once; log it, unless `by` has handed in an
    own reading of it."""
    by, readings = known(by), tables.readings.c
    if looked(change.connection, film.id, by):
        return
    seen = {"film_id": film.id, "reader": by.name, "verified": by.verified}
    change.connection.execute(insert(tables.looks).values(seen))
    own = exists().where(
        readings.film_id == film.id,
        readings.reader == by.name,
        readings.verified == by.verified,
        readings.status.in_(HANDED_IN),
    )
    if not change.connection.execute(select(own)).scalar_one():
        change.log(by, "look", image=film.sha256)
