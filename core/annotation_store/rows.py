"""What lies in a row of the annotation store, and what it means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Row, Select, and_, select

from core.annotation_records import (
    MAX_NAME,
    Consensus,
    Fill,
    Film,
    Reader,
    Reading,
    Refused,
    Status,
    Summary,
    Worklist,
)
from core.annotation_store import tables
from core.artefacts import LABELS, MAX_COMMENT, Annotation, from_json, to_json
from core.masks import BadMask

READING: Select = (
    select(
        tables.readings,
        tables.films.c.sha256,
        tables.films.c.height,
        tables.films.c.width,
        tables.revisions.c.content,
        tables.revisions.c.digest,
    )
    .join(tables.films)
    .outerjoin(
        tables.revisions,
        and_(
            tables.revisions.c.reading_id == tables.readings.c.id,
            tables.revisions.c.number == tables.readings.c.revision,
        ),
    )
)
FILM_COLUMNS = [column for column in tables.films.c if column.name not in ("data", "digest")]


HANDED_IN = ("submitted", "reviewed")


class Written(NamedTuple):
    """An annotation as it is stored: JSON text, its SHA-256 in hexadecimal, and as it is read."""

    content: str
    digest: str
    annotation: Annotation


def known(reader: Reader) -> Reader:
    """The reader. Raises Refused where the name cannot be recorded."""
    if not reader.name:
        raise Refused("Give your name first: everything is recorded with who did it.")
    if len(reader.name) > MAX_NAME:
        raise Refused(f"A name has at most {MAX_NAME} characters: shorten it.")
    return reader


def tidied(annotation: Annotation) -> Annotation:
    """The annotation with labels that are known: paint with any other counts as "other"."""
    strokes = tuple(
        replace(stroke, label="other") if stroke.label and stroke.label not in LABELS else stroke
        for stroke in annotation.strokes
    )
    return replace(annotation, strokes=strokes)


def written(annotation: Annotation, film: Row) -> Written:
    """The annotation of a film as text that can be read again. Raises Refused where it cannot."""
    if len(annotation.comment) > MAX_COMMENT:
        raise Refused(f"A comment has at most {MAX_COMMENT:,} characters: shorten it.")
    if annotation.nothing and annotation.strokes:
        raise Refused("A film has marks or no artefact, not both: erase the marks first.")
    try:
        content = to_json(annotation, (film.height, film.width), film.sha256)
        read = from_json(content).annotation
    except (BadMask, ValueError):
        raise Refused(
            "This is more than can be kept, or lies far outside the film: undo the last step."
        ) from None
    return Written(content, digest(content), read)


def digest(content: str | bytes) -> str:
    """The SHA-256, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def changed(row: Row) -> bool:
    """Whether a row's content is not what was written."""
    return row.content is None or digest(row.content) != row.digest


def annotation(row: Row) -> Annotation | None:
    """The annotation in a row with content, its digest, and its film; None where it is damaged."""
    if changed(row):
        return None
    try:
        kept = from_json(row.content)
    except BadMask:
        return None
    ours = (kept.sha256, *kept.shape) == (row.sha256, row.height, row.width)
    return kept.annotation if ours else None


def reading(row: Row, said: Annotation | None = None) -> Reading:
    """The reading in a row of READING. said: its annotation, where it was read already."""
    found = said or (annotation(row) if row.revision else Annotation())
    return Reading(
        row.id,
        row.sha256,
        Reader(row.reader, row.verified),
        _status(row) if found is not None else row.status,
        row.revision,
        found or Annotation(),
        row.saved_at,
        row.blind,
        _reviewer(row),
        row.reason,
        row.sent_back,
        damaged=found is None,
    )


def summary(row: Row) -> Summary:
    """What can be said of a row of readings, joined with its film, without its content."""
    return Summary(
        row.id,
        row.sha256,
        Reader(row.reader, row.verified),
        _status(row),
        row.revision,
        row.saved_at,
        row.blind,
        _reviewer(row),
        row.reason,
        row.sent_back,
        row.strokes,
        row.commented,
        row.no_artefact,
    )


def worklist(row: Row) -> Worklist:
    """The worklist in a row."""
    by = Reader(row.created_by, row.created_verified)
    log = (row.events, row.last_event)
    return Worklist(row.id, row.code, row.title, row.created_at, by, row.touched_at, *log)


def film(row: Row, number: int) -> Film:
    """The film in a row of FILM_COLUMNS, at this place in its list."""
    spacing = (row.spacing_rows, row.spacing_columns)
    return Film(
        row.sha256,
        row.name,
        row.kind,
        (row.height, row.width),
        None if None in spacing else spacing,
        row.added_at,
        Reader(row.added_by, row.added_verified),
        number,
    )


def consensus(row: Row, readings: Mapping[int, Row]) -> Consensus:
    """The consensus in a row, joined with its film, whose readings are these."""
    of = tuple((reading, revision) for reading, revision in json.loads(row.of_revisions))
    held = [
        own.status
        for number, revision in of
        if (own := readings.get(number)) is not None
        and own.revision == revision
        and own.status in HANDED_IN
    ]
    current = len(held) == len(of)
    return Consensus(
        row.sha256,
        row.method,
        annotation(row),
        Reader(row.made_by, row.made_verified),
        row.made_at,
        of,
        json.loads(row.figures),
        current,
        current and set(held) == {"reviewed"},
    )


def fill(row: Row) -> Fill:
    """The fill in a row, joined with its film; without data where they are damaged."""
    by = Reader(row.made_by, row.made_verified)
    statement, data = json.loads(row.statement), bytes(row.data)
    if digest(data) != row.digest:
        data = b""
    return Fill(row.sha256, row.kind, data, statement, row.mask_of, by, row.made_at)


def _status(row: Row) -> Status:
    said = row.strokes or row.commented or row.no_artefact
    return row.status if said or row.status != "draft" else "to do"


def _reviewer(row: Row) -> Reader | None:
    return None if row.reviewed_by is None else Reader(row.reviewed_by, row.reviewed_verified)
