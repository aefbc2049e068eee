"""What happens to readings once they are handed in: looked at, reviewed, joined, filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from core.annotation_records import (
    MAX_REASON,
    Conflict,
    Consensus,
    Fill,
    Reader,
    Reading,
    Refused,
    Worklist,
    plain_line,
)
from core.annotation_store import rows, tables
from core.annotation_store.changes import Change, Logged, film_row, number_of
from core.annotation_store.films import check_room
from core.annotation_store.looks import look, looked
from core.annotation_store.rows import HANDED_IN
from core.artefacts import Annotation

_STALE = "These readings are not handed in as they were any more: look at them again."
_OTHER = "Another consensus of this film was kept in the meantime: look at it first."


class Reviews(Logged):
    """The part of core.annotations.Store that is about readings once they are handed in."""

    def submitted(
        self, worklist: Worklist, sha256: str, by: Reader, looking: bool = True
    ) -> list[Reading]:
        """The readings of a film that were submitted or reviewed, in the order of their beginning.

        looking: `by` sees them. Where others' are among them, what `by` draws on this film from now
        on is not blind; and it is logged, once, unless `by` has submitted an own reading.
        """
        readings = tables.readings.c
        with self._database.reading() as connection:
            film = film_row(connection, worklist.id, sha256)
            wanted = rows.READING.where(
                readings.film_id == film.id, readings.status.in_(HANDED_IN)
            ).order_by(readings.id)
            found = [rows.reading(row) for row in connection.execute(wanted)]
            first = not looked(connection, film.id, by)
        if looking and first and any(reading.reader != by for reading in found):
            self._look(worklist, sha256, by)
        return found

    def _look(self, worklist: Worklist, sha256: str, by: Reader) -> None:
        with self._change(worklist) as change:
            look(change, change.film(sha256), by)

    def review(
        self,
        reading: Reading | int,
        by: Reader,
        accept: bool,
        reason: str = "",
        revision: int | None = None,
    ) -> Reading:
        """Accept a submitted reading, or send it back to its reader as a draft with a reason.

        revision: the one that was looked at, if it matters; raises Conflict where it is another.
        Raises Refused for one's own reading, one that is not submitted, and without a reason.
        """
        reason, number, by = _reason(reason), number_of(reading), rows.known(by)
        if not (accept or reason):
            raise Refused("Give a reason, so that the reader knows what to change.")
        with self._change_of(number) as change:
            row = change.reading(number)
            current = rows.reading(row)
            if current.reader == by:
                raise Refused("Nobody reviews an own reading: ask another reader.")
            if row.status not in HANDED_IN:
                raise Refused("This reading is not submitted: wait until its reader hands it in.")
            if revision not in (None, row.revision):
                raise Conflict("This reading was changed: look at it again.", current)
            if accept and current.damaged:
                raise Refused("This reading is damaged: send it back to its reader.")
            change.connection.execute(
                update(tables.readings)
                .where(tables.readings.c.id == number)
                .values(
                    status="reviewed" if accept else "draft",
                    reviewed_by=by.name,
                    reviewed_verified=by.verified,
                    reason=reason,
                    sent_back=not accept,
                )
            )
            change.log(
                by,
                "accept" if accept else "send back",
                image=row.sha256,
                reading=number,
                before=row.revision,
                content=row.digest,
            )
            return rows.reading(change.reading(number))

    def keep_consensus(
        self,
        worklist: Worklist,
        sha256: str,
        method: str,
        annotation: Annotation,
        of: Sequence[tuple[int, int]],
        figures: Mapping,
        by: Reader,
        instead: datetime | None = None,
    ) -> Consensus:
        """Keep the consensus of a film. See Consensus for the words.

        instead: the time `made_at` of the one that it replaces, None where there is none; raises
        Conflict where there is another. Raises Refused unless each of the readings is one of this
        film, and handed in at that revision.
        """
        annotation, by = rows.tidied(annotation), rows.known(by)
        of = [[int(reading), int(revision)] for reading, revision in of]
        with self._change(worklist) as change:
            film = change.film(sha256)
            written, own = rows.written(annotation, film), tables.consensuses.c.film_id == film.id
            _check_handed_in(change, film, of)
            if (kept := _consensus(change.connection, film)) and kept.made_at != instead:
                again = (kept.method, kept.of) == (method, tuple(map(tuple, of)))
                if again and kept.annotation and kept.annotation.same(written.annotation):
                    return kept
                raise Conflict(_OTHER, kept)
            change.connection.execute(delete(tables.consensuses).where(own))
            change.connection.execute(
                insert(tables.consensuses).values(
                    film_id=film.id,
                    method=method,
                    made_by=by.name,
                    made_verified=by.verified,
                    made_at=change.now,
                    of_revisions=json.dumps(of),
                    figures=json.dumps(dict(figures)),
                    digest=written.digest,
                    content=written.content,
                )
            )
            change.log(by, "consensus", image=sha256, method=method, of=of, content=written.digest)
            return _consensus(change.connection, film)

    def consensus(
        self, worklist: Worklist, sha256: str, by: Reader, looking: bool = True
    ) -> Consensus | None:
        """The consensus that was kept of a film.

        looking: `by` sees it, and so what others drew, as in `submitted`.
        """
        with self._database.reading() as connection:
            film = film_row(connection, worklist.id, sha256)
            found = _consensus(connection, film)
            first = not looked(connection, film.id, by)
        if looking and first and found:
            self._look(worklist, sha256, by)
        return found

    def give_back(self, worklist: Worklist, fill: Fill, by: Reader) -> Fill:
        """Keep a filled film beside the film; the very same file is kept once, and replaces a
        damaged one.

        Raises Refused where the list would hold too much with it; see `add_film`.
        """
        by, digest, fills = rows.known(by), rows.digest(fill.data), tables.fills
        with self._change(worklist) as change:
            film = change.film(fill.sha256)
            wanted = (
                select(fills, tables.films.c.sha256)
                .join(tables.films)
                .where(and_(fills.c.film_id == film.id, fills.c.digest == digest))
            )
            found = change.connection.execute(wanted).one_or_none()
            if found and not rows.fill(found).data:
                whole = update(fills).where(fills.c.id == found.id).values(data=fill.data)
                change.connection.execute(whole)
                found = change.connection.execute(wanted).one()
            if not found:
                check_room(change.connection, worklist, len(fill.data))
                new = {
                    "film_id": film.id,
                    "kind": fill.kind,
                    "statement": json.dumps(fill.statement),
                    "mask_of": plain_line(fill.mask_of),
                    "made_by": by.name,
                    "made_verified": by.verified,
                    "made_at": change.now,
                    "digest": digest,
                    "data": fill.data,
                }
                change.connection.execute(insert(fills).values(new))
                change.log(by, "fill", image=fill.sha256, kind=fill.kind, file=digest)
                found = change.connection.execute(wanted).one()
            return rows.fill(found)

    def fills(
        self, worklist: Worklist, sha256: str, by: Reader, looking: bool = True
    ) -> list[Fill]:
        """The filled films that were given back for a film, oldest first.

        looking: `by` sees them; others' tell where others marked, as in `submitted`.
        """
        wanted = select(tables.fills, tables.films.c.sha256).join(tables.films)
        with self._database.reading() as connection:
            film = film_row(connection, worklist.id, sha256)
            own = wanted.where(tables.films.c.id == film.id).order_by(tables.fills.c.id)
            found = [rows.fill(row) for row in connection.execute(own)]
            first = not looked(connection, film.id, by)
        if looking and first and any(fill.made_by != by for fill in found):
            self._look(worklist, sha256, by)
        return found


def _consensus(connection: Connection, film: Row) -> Consensus | None:
    """The consensus of a film, and how far its readings are now."""
    films, readings = tables.films.c, tables.readings.c
    wanted = select(tables.consensuses, films.sha256, films.height, films.width)
    row = connection.execute(wanted.join(tables.films).where(films.id == film.id)).one_or_none()
    if row is None:
        return None
    states = select(readings.id, readings.revision, readings.status)
    found = connection.execute(states.where(readings.film_id == film.id))
    return rows.consensus(row, {reading.id: reading for reading in found})


def _check_handed_in(change: Change, film: Row, of: Sequence[Sequence[int]]) -> None:
    """Raise Refused unless these are readings of the film, handed in at these revisions."""
    readings = tables.readings.c
    wanted = select(readings.id, readings.revision).where(
        readings.film_id == film.id, readings.status.in_(HANDED_IN)
    )
    handed_in = {tuple(row) for row in change.connection.execute(wanted)}
    if not of or not handed_in.issuperset(map(tuple, of)):
        raise Refused(_STALE)


def _reason(text: str) -> str:
    """A reason as it is kept: its lines, without control characters."""
    reason = "\n".join(plain_line(line) for line in text.strip().splitlines())
    if len(reason) > MAX_REASON:
        raise Refused(f"A reason has at most {MAX_REASON:,} characters: shorten it.")
    return reason
