"""Readings of films in: what `core.exchange.outgoing` wrote, and what other tools write."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple
from unicodedata import category

import numpy as np

from core import artefacts, mask_files
from core.annotation_records import MAX_NAME, Film, StoreError, plain_line
from core.artefacts import LABELS, MAX_COMMENT, Annotation
from core.exchange import coco, table, yolo
from core.exchange.coco import label_of
from core.exchange.known_films import BadImport, KnownFilms
from core.exchange.outgoing import MASK_SCHEMA, SCHEMA, VERSION
from core.film_zip import MAX_ENTRIES, BadZip, unpack
from core.images import BadImage, decode, display_name
from core.intake import MAX_BYTES, recognise
from core.masks import BadMask, Stroke

__all__ = ["ENDINGS", "BadImport", "Imported", "read"]

ENDINGS = ("zip", "json", "csv", "txt", "png", "dcm")  # of files that `read` reads
_NOT_OURS = (
    "This file holds no readings that can be read here: choose an export of Lightbox, or COCO, "
    "YOLO, a mask as PNG or a DICOM segmentation."
)


class Imported(NamedTuple):
    """What one reader said of the film with this SHA-256. reader: "" where the file does not tell.
    of: the file, or the zip's member, that it was read from, safe to show."""

    sha256: str
    annotation: Annotation
    reader: str
    of: str


def read(
    data: bytes,
    name: str,
    films: Sequence[Film],
    film_data: Callable[[str], bytes] | None = None,
) -> list[Imported]:
    """What a file says of these films, at least one reading.

    The file is a zip of `core.exchange.outgoing.export`, or one annotation as JSON, COCO with
    polygons or run lengths, YOLO polygons (their classes are LABELS in their order), the table as
    CSV, one label's mask as PNG or a DICOM segmentation. A mask or a YOLO file of another tool does
    not tell its film: it belongs to the only one in `films`.

    film_data: gives the clean copy of a film by its SHA-256; with it, DICOM segmentations that
        another program made on an exported film are recognised by the instance they refer to.

    Raises BadImport for a file that is none of these, is damaged, unsafe or larger than 64 MB,
    belongs to another film or to one of another size, or holds a label that is none of LABELS; and
    StoreError where `film_data` does. The file is taken in whole or refused whole.
    """
    shown = display_name(name)
    if len(data) > MAX_BYTES:
        raise BadImport(f"“{shown}” has more than {MAX_BYTES // 2**20} MB: export it in parts.")
    try:
        found = _read(data, shown, KnownFilms(films, film_data))
    except (BadMask, BadImage) as error:
        raise BadImport(error.reason) from None
    except BadZip as error:  # which advises on films
        raise BadImport(error.reason.partition(": ")[0] + ": export the readings again.") from None
    except (BadImport, StoreError):
        raise
    except MemoryError:
        raise BadImport(f"“{shown}” needs more memory than there is: export it in parts.") from None
    except Exception:  # whatever a broken file makes its format's reader stumble over
        raise BadImport(_NOT_OURS) from None
    if not found:
        raise BadImport(f"“{shown}” holds no reading: export one that was begun.")
    return found


def _read(data: bytes, name: str, films: KnownFilms) -> list[Imported]:
    """The readings in one file, known by its first bytes and, if it is a plain text, its name."""
    if data.startswith((b"PK\3\4", b"PK\5\6")):
        return _zip(data, name, films)
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return _json(data, name, films)
    if b"film_sha256" in start.partition(b"\n")[0]:
        return _table(data, name, films)
    if name.lower().endswith(".txt"):
        return [_yolo(data, name, films.of_file(name), tuple(LABELS))]
    try:
        kind = recognise(data)
    except BadImage:
        raise BadImport(_NOT_OURS) from None
    return [(_segmentation if kind == "DICOM" else _mask)(data, name, films)]


def _taken(film: Film, annotation: Annotation, reader: object, of: str) -> Imported:
    """A reading, its parts checked as those of any that is read from a text."""
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
    reader = plain_line(reader)[:MAX_NAME] if isinstance(reader, str) else ""
    return Imported(film.sha256, artefacts.from_json(text).annotation, reader, of)


def _drawn(masks: Mapping[str, np.ndarray], sources: Mapping[str, object]) -> tuple[Stroke, ...]:
    """Outlines of masks. What a person corrected counts as the person's."""
    return tuple(
        stroke
        for label, mask in masks.items()
        for stroke in artefacts.from_masks({label: mask}, _source(sources.get(label)))
    )


def _source(told: object) -> str:
    return "auto" if told == "AUTO" else "manual"


def _json(data: bytes, name: str, films: KnownFilms) -> list[Imported]:
    """One annotation, or a COCO document."""
    found = json.loads(data.decode("utf-8-sig"))
    if "annotations" in found:
        return _coco(found, name, films)
    if found.get("schema") == SCHEMA:
        raise BadImport("This is the list of an export alone: choose the zip that it came in.")
    kept = artefacts.from_json(data)
    return [_taken(films.of(kept.sha256, kept.shape), kept.annotation, found.get("reader"), name)]


def _coco(document: dict, name: str, films: KnownFilms) -> list[Imported]:
    found = []
    for told in coco.readings(document):
        shape = coco.shape_of(told.image)
        film = films.of(str(told.image.get("sha256") or told.image.get("file_name")), shape)
        strokes: list[Stroke] = []
        masks: dict[str, np.ndarray] = {}
        sources = {}
        for label, source, segmentation in told.marks:
            onto = masks.setdefault(label, np.zeros(shape, bool, "F"))
            sources[label] = source
            strokes += [
                replace(stroke, label=label, source=_source(source))
                for stroke in coco.strokes(segmentation, shape, onto)
            ]
        drawn = (*strokes, *_drawn(masks, sources))
        found.append(_taken(film, _said(drawn, told.facts), told.facts.get("reader"), name))
    return found


def _said(strokes: tuple[Stroke, ...], facts: Mapping) -> Annotation:
    """Strokes, with what else was said in an export's facts of a reading."""
    nothing = str(facts.get("nothing", False)).casefold() == "true"
    return Annotation(strokes, facts.get("comment", ""), nothing)


def _table(data: bytes, name: str, films: KnownFilms) -> list[Imported]:
    readings: dict[tuple, list[dict]] = {}
    for row in table.read(data):
        key = (row["film_sha256"], row.get("reader", ""), row.get("verified"))
        readings.setdefault(key, []).append(row)
    found = []
    for (sha256, reader, _), rows in readings.items():
        film = films.of(sha256, (int(rows[0]["height"]), int(rows[0]["width"])))
        masks: dict[str, np.ndarray] = {}
        for row in rows:
            if row["label"]:
                mask = masks.setdefault(label_of(row["label"]), np.zeros(film.shape, bool, "F"))
                coco.paint(row["rle"], mask)
        sources = {label_of(row["label"]): row.get("source") for row in rows if row["label"]}
        found.append(_taken(film, _said(_drawn(masks, sources), rows[0]), reader, name))
    return found


def _yolo(data: bytes, name: str, film: Film, classes: Sequence[str]) -> Imported:
    """A YOLO file; one without a line says that there is nothing, as in YOLO's own data sets."""
    strokes = yolo.strokes(data.decode("utf-8-sig"), film.shape, classes)
    return _taken(film, Annotation(strokes, nothing=not strokes), "", name)


def _mask(data: bytes, name: str, films: KnownFilms) -> Imported:
    told = _comment(data)
    if not told:
        film = films.of_file(name)
        mask = mask_files.read_mask(data, name, film.shape)
        label = next((label for label in LABELS if f"-{label}." in name), "other")
        return _taken(film, Annotation(_drawn({label: mask}, {})), "", name)
    mask = decode(data, name).pixels > 0
    film, label = films.of(told["film_sha256"], mask.shape), label_of(told["label"])
    return _taken(film, Annotation(_drawn({label: mask}, {label: told.get("source")})), "", name)


def _comment(data: bytes) -> dict | None:
    """What a mask that was exported here says of itself."""
    chunk = re.match(rb".{33}(.{4})tEXtComment\0", data[:49], re.DOTALL)  # as core.export.png does
    if not chunk:
        return None
    text = data[49 : 41 + int.from_bytes(chunk[1])]
    try:
        told = json.loads(text.partition(b"\n")[2])
        return told if told["schema"] == MASK_SCHEMA else None
    except (ValueError, TypeError, KeyError):
        return None


def _segmentation(data: bytes, name: str, films: KnownFilms) -> Imported:
    from core.exchange import dicom_seg  # pydicom takes long to import

    seg = dicom_seg.read(data)
    film = films.of(seg.sha256, seg.shape) if seg.sha256 else films.of_instance(seg.refers)
    films.fit(film, seg.shape)
    return _taken(film, Annotation(_drawn(seg.masks, seg.sources)), seg.reader, name)


def _zip(data: bytes, name: str, films: KnownFilms) -> list[Imported]:
    """The readings in an export, from the format in it that says most."""
    members = dict(unpack(data, name, MAX_ENTRIES))
    try:
        manifest = json.loads(members["manifest.json"])
        ours = manifest["schema"] == SCHEMA
    except (KeyError, ValueError, TypeError):
        ours = False
    if not ours:
        raise BadImport(f"The zip “{name}” is no export of readings: choose one that is.")
    if manifest["version"] != VERSION:
        raise BadImport(f"“{name}” was written by another version of Lightbox: export it again.")
    for member, told in manifest["members"].items():
        if hashlib.sha256(members.get(member, b"")).hexdigest() != told["sha256"]:
            raise BadImport(
                f"“{display_name(member)}” in this export is missing or was changed: export it "
                "again, or import that file by itself."
            )
    for film in manifest["films"]:
        films.of(film["sha256"], (film["height"], film["width"]))
    for format, whole in (("csv", "annotations.csv"), ("coco", "coco_rle.json")):
        if format in manifest["formats"] and "json" not in manifest["formats"]:
            return _read(members[whole], whole, films)
    return [_of_item(item, members, films) for item in manifest["items"]]


def _of_item(item: dict, members: Mapping[str, bytes], films: KnownFilms) -> Imported:
    """A reading that an export's manifest lists, from the files it names."""
    folders = ("annotations/", "masks/", "seg/", "yolo/")
    files = next(
        (own for folder in folders if (own := [f for f in item["files"] if f.startswith(folder)])),
        [],
    )
    found = [reading for file in files for reading in _read(members[file], file, films)]
    strokes = tuple(stroke for reading in found for stroke in reading.annotation.strokes)
    film, of = films.of(item["film"]), ", ".join(files) or "manifest.json"
    return _taken(film, _said(strokes, item), item["reader"], of)
