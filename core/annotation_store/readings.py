"""The readings of the annotation store: drafts, their revisions, and what is handed in."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from core import events
from core.annotation_records import (
    Conflict,
    Reader,
    Reading,
    Refused,
    Revision,
    Summary,
    Worklist,
)
from core.annotation_store import rows, tables
from core.annotation_store.changes import (
    Change,
    Logged,
    film_row,
    number_of,
    reading_row,
    worklist_row,
)
from core.annotation_store.looks import looked
from core.artefacts import Annotation, label_masks

KEPT = 20  # revisions of a reading, besides the submitted ones
_THEIRS = "This reading is someone else's: only its own reader changes it."
_STALE = "This reading was saved elsewhere in the meantime: keep one of the two, or join them."
_CLOSED = "This reading was submitted already: reopen it to change it."
_DAMAGED = "The newest revision of this reading is damaged: restore an earlier one."

_REVISION: Select = (
    select(tables.revisions, tables.films.c.sha256, tables.films.c.height, tables.films.c.width)
    .join(tables.readings, tables.readings.c.id == tables.revisions.c.reading_id)
    .join(tables.films)
)


class Readings(Logged):
    """The part of core.annotations.Store that is about readers' own readings."""

    def begin(self, worklist: Worklist, sha256: str, reader: Reader) -> Reading:
        """The reader's own reading of a film: "to do" at revision 0 where there was none."""
        reader = rows.known(reader)
        with self._database.reading() as connection:
            found = _own(connection, film_row(connection, worklist.id, sha256), reader)
        if found is None:
            found = self._begun(worklist, sha256, reader)
        return rows.reading(found)

    def _begun(self, worklist: Worklist, sha256: str, reader: Reader) -> Row:
        with self._change(worklist) as change:
            film = change.film(sha256)
            if (found := _own(change.connection, film, reader)) is not None:
                return found
            new = {
                "film_id": film.id,
                "reader": reader.name,
                "verified": reader.verified,
                "status": "draft",
                "revision": 0,
                "strokes": 0,
                "commented": False,
                "no_artefact": False,
                "blind": not looked(change.connection, film.id, reader),
                "reason": "",
                "sent_back": False,
            }
            change.connection.execute(insert(tables.readings).values(new))
            return _own(change.connection, film, reader)

    def readings(self, worklist: Worklist) -> list[Summary]:
        """Every reading of every film, oldest first; those merely begun are "to do"."""
        wanted = select(tables.readings, tables.films.c.sha256).join(tables.films)
        wanted = wanted.where(tables.films.c.worklist_id == worklist.id)
        with self._database.reading() as connection:
            worklist_row(connection, tables.worklists.c.id == worklist.id)
            found = connection.execute(wanted.order_by(tables.readings.c.id))
            return [rows.summary(row) for row in found]

    def save(
        self,
        reading: Reading | int,
        revision: int,
        annotation: Annotation,
        *,
        restored_from: int | None = None,
        imported: bool = False,
        by: Reader,
    ) -> Reading:
        """Store an annotation as the next revision, and return the reading as it then is.

        reading: it, or its id. revision: of the reading that the annotation was made from.
        restored_from: the earlier revision whose content this is, if it is one; 0 to start afresh.
        Where this is not (or no longer) the content of a revision that is kept, it is a plain save.
        imported: it comes from a file, so that nobody knows which program made its suggestions.

        What is stored already is not stored again, whatever the revision: a call whose answer was
        lost can be repeated. Raises Conflict where another revision was saved since; Refused for
        someone else's reading, a submitted one, a damaged one unless `restored_from` says that it
        is to be replaced, a revision that never was, and for more than can be kept.
        """
        number = number_of(reading)
        with self._database.reading() as connection:
            film = reading_row(connection, number)
        # Long drawings take a moment to be written down: others need not wait for it.
        written = rows.written(rows.tidied(annotation), film)
        with self._change_of(number) as change:
            row = change.reading(number)
            _check_own(row, by)
            damaged = row.revision > 0 and rows.changed(row)
            stored = row.digest == written.digest and not damaged
            if stored or (not row.revision and annotation.empty):
                return rows.reading(row)
            if row.status != "draft":
                raise Refused(_CLOSED)
            _check_revision(row, revision)
            if damaged and restored_from is None:
                raise Refused(_DAMAGED)
            restored_from = _repeats(change.connection, row, restored_from, written.annotation)
            if damaged and restored_from is None:
                restored_from = 0
            change.connection.execute(
                insert(tables.revisions).values(
                    reading_id=number,
                    number=revision + 1,
                    saved_at=change.now,
                    session=by.session,
                    restored_from=restored_from,
                    submitted=False,
                    digest=written.digest,
                    content=written.content,
                )
            )
            blind = row.blind and not looked(change.connection, row.film_id, by)
            _update(
                change,
                number,
                revision=revision + 1,
                saved_at=change.now,
                strokes=len(annotation.strokes),
                commented=bool(annotation.comment),
                no_artefact=annotation.nothing,
                blind=blind,
            )
            _prune(change.connection, number, revision + 1)
            before = [] if damaged else _strokes(row.content)
            delta = events.delta(before, _strokes(written.content))
            fresh = (stroke for stroke in delta["between"] if stroke["source"] == "auto")
            suggested = restored_from is None and any(stroke not in before for stroke in fresh)
            change.log(
                by,
                "save" if restored_from is None else "restore",
                image=row.sha256,
                before=revision,
                after=revision + 1,
                restored_from=restored_from,
                source=annotation.source,
                nothing=annotation.nothing,
                imported=imported or None,
                program=events.program() if suggested and not imported else None,
                delta=delta,
                content=written.digest,
            )
            return rows.reading(change.reading(number), written.annotation)

    def revisions(self, reading: Reading | int) -> list[Revision]:
        """The last 20 revisions and every submitted one, newest first."""
        kept, number = tables.revisions.c, number_of(reading)
        wanted = _REVISION.where(kept.reading_id == number)
        with self._database.reading() as connection:
            reading_row(connection, number)
            return [
                Revision(
                    row.number,
                    row.saved_at,
                    rows.annotation(row),
                    row.restored_from,
                    row.session,
                )
                for row in connection.execute(wanted.order_by(kept.number.desc()))
            ]

    def submit(self, reading: Reading | int, revision: int, by: Reader) -> Reading:
        """Hand it in: then it is not changed, and others may see it.

        Submitting again changes nothing. Raises Conflict as `save`, and Refused for an empty
        reading: without a mark, a comment, or that there is no artefact.
        """
        number = number_of(reading)
        with self._database.reading() as connection:
            row = reading_row(connection, number)
            _check_own(row, by)
            _check_revision(row, revision)
        # To find the marks of a large film takes seconds: others need not wait for it.
        empty = row.status == "draft" and _empty(row)
        with self._change_of(number) as change:
            row = change.reading(number)
            _check_revision(row, revision)
            current = rows.reading(row)
            if row.status != "draft":
                return current
            if current.damaged:
                raise Refused(_DAMAGED)
            if empty:
                raise Refused("There is nothing to submit: draw, or say that there is no artefact.")
            kept = tables.revisions
            change.connection.execute(
                update(kept)
                .where(kept.c.reading_id == number, kept.c.number == revision)
                .values(submitted=True)
            )
            _update(change, number, status="submitted", sent_back=False)
            change.log(by, "submit", image=row.sha256, before=revision, content=row.digest)
            return rows.reading(change.reading(number))

    def reopen(self, reading: Reading | int, by: Reader) -> Reading:
        """Make one's own submitted reading a draft again. Raises Refused once it is reviewed."""
        number = number_of(reading)
        with self._change_of(number) as change:
            row = change.reading(number)
            _check_own(row, by)
            if row.status == "reviewed":
                raise Refused(
                    "This reading was accepted already: ask its reviewer to send it back to you."
                )
            if row.status == "submitted":
                _update(change, number, status="draft")
                change.log(by, "reopen", image=row.sha256, before=row.revision)
            return rows.reading(change.reading(number))


def _own(connection: Connection, film: Row, reader: Reader) -> Row | None:
    readings = tables.readings.c
    wanted = rows.READING.where(
        readings.film_id == film.id,
        readings.reader == reader.name,
        readings.verified == reader.verified,
    )
    return connection.execute(wanted).one_or_none()


def _check_own(row: Row, by: Reader) -> None:
    if Reader(row.reader, row.verified) != by:
        raise Refused(_THEIRS)


def _check_revision(row: Row, revision: int) -> None:
    if row.revision != revision:
        raise Conflict(_STALE, rows.reading(row))


def _update(change: Change, number: int, **values: bool | int | str | datetime) -> None:
    readings = tables.readings
    change.connection.execute(update(readings).where(readings.c.id == number).values(values))


def _prune(connection: Connection, number: int, newest: int) -> None:
    kept = tables.revisions.c
    old = (kept.reading_id == number, kept.number <= newest - KEPT, kept.submitted.is_(False))
    connection.execute(delete(tables.revisions).where(*old))


def _empty(row: Row) -> bool:
    """Whether a reading says nothing: it has no comment, and its strokes leave no mark."""
    said = rows.reading(row).annotation
    return not (said.nothing or said.comment or label_masks(said.strokes, (row.height, row.width)))


def _repeats(connection: Connection, row: Row, number: int | None, said: Annotation) -> int | None:
    """The number, if that revision of a reading holds what is said; 0 stays 0.

    Raises Refused for the number of a revision that never was.
    """
    if not number:
        return number
    if type(number) is not int or not 0 < number <= row.revision:
        raise Refused("There never was such a revision of this reading: choose another one.")
    kept = tables.revisions.c
    wanted = _REVISION.where(kept.reading_id == row.id, kept.number == number)
    found = connection.execute(wanted).one_or_none()
    earlier = found and rows.annotation(found)
    return number if earlier and said.same(earlier) else None


def _strokes(content: str | None) -> list[dict]:
    return json.loads(content)["drawing"]["strokes"] if content else []
