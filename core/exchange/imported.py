"""A reading that a file holds: what is taken from files of any format, and checked."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple
from unicodedata import category

import numpy as np

from core import artefacts
from core.annotation_records import MAX_NAME, Film, plain_line
from core.artefacts import MAX_COMMENT, Annotation
from core.exchange.coco import label_of
from core.exchange.known_films import BadImport
from core.masks import Stroke


class Imported(NamedTuple):
    """What one reader said of the film with this SHA-256. reader: "" where the file does not tell;
    verified: whether the file says that they had signed in. of: the file, or the zip's member, that
    it was read from, safe to show. notice: a sentence on what was assumed, "" where nothing was."""

    sha256: str
    annotation: Annotation
    reader: str
    of: str
    verified: bool = False
    notice: str = ""


def taken(
    film: Film, annotation: Annotation, of: str, facts: Mapping = MappingProxyType({})
) -> Imported:
    """A reading, its parts checked as those of any that is read from a text. facts: of its reader,
    as an export has them."""
    if annotation.nothing and annotation.strokes:
        raise BadImport(
            "This file says of a film that it has no artefact, and marks some: correct one of both."
        )
    comment = "".join(
        c for c in annotation.comment if c in "\t\n\r" or category(c) not in ("Cc", "Cs")
    )
    if len(comment) > MAX_COMMENT:
        raise BadImport(f"A comment in this file has over {MAX_COMMENT:,} characters: shorten it.")
    strokes = tuple(
        replace(stroke, label=label_of(stroke.label)) if stroke.label else stroke
        for stroke in annotation.strokes
    )
    annotation = replace(annotation, strokes=strokes, comment=comment)
    text = artefacts.to_json(annotation, film.shape, film.sha256)
    reader = facts.get("reader")
    reader = plain_line(reader)[:MAX_NAME] if isinstance(reader, str) else ""
    return Imported(
        film.sha256, artefacts.from_json(text).annotation, reader, of, true(facts, "verified")
    )


def outlined(masks: Mapping[str, np.ndarray], sources: Mapping[str, object]) -> tuple[Stroke, ...]:
    """Outlines of masks. What a person corrected counts as the person's."""
    return tuple(
        stroke
        for label, mask in masks.items()
        for stroke in artefacts.from_masks({label: mask}, source(sources.get(label)))
    )


def source(told: object) -> str:
    """One of core.masks.SOURCES, from what an export says of who drew a label."""
    return "auto" if told == "AUTO" else "manual"


def said(strokes: tuple[Stroke, ...], facts: Mapping) -> Annotation:
    """Strokes, with what else was said in an export's facts of a reading."""
    return Annotation(strokes, facts.get("comment", ""), true(facts, "nothing"))


def true(facts: Mapping, name: str) -> bool:
    """Whether a fact is said to be so, be it in JSON or in a table."""
    return str(facts.get(name)).casefold() == "true"
