"""Readings of films in: what `core.exchange.outgoing` wrote, and what other tools write."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from core import artefacts, mask_files
from core.annotation_records import Film, StoreError
from core.artefacts import LABELS, Annotation
from core.exchange import coco, table, yolo
from core.exchange.coco import label_of
from core.exchange.imported import Imported, outlined, said, source, taken
from core.exchange.known_films import BadImport, KnownFilms
from core.exchange.outgoing import MASK_SCHEMA, SCHEMA, VERSION
from core.exchange.parcel import MAX_PARCEL
from core.film_zip import BadZip, unpack
from core.images import BadImage, decode, display_name
from core.intake import MAX_BYTES, recognise
from core.masks import MAX_WORK, BadMask, Stroke, work

__all__ = ["ENDINGS", "BadImport", "Imported", "read"]

ENDINGS = ("zip", "json", "csv", "txt", "png", "dcm")  # of files that `read` reads
_ZIP = b"PK\3\4", b"PK\5\6"
MAX_FILES = 50_000  # in an export
MAX_DRAWN = 5 * MAX_WORK  # what all readings of a file may take to draw, see core.masks.work
BY_NAME = "Its films are told by the names of their files alone: look whether they are the same."
BY_ORDER = "Its classes are taken for the labels here in their order: look whether they fit."
_NOT_OURS = (
    "This file holds no readings that can be read here: choose an export of Lightbox, or COCO, "
    "YOLO, a mask as PNG or a DICOM segmentation."
)


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

    Raises BadImport for a file that is none of these, is damaged, unsafe or larger than 64 MB (a
    zip: 256 MB, its films are not read), belongs to another film or to one of another size, takes
    minutes to draw, or holds a label that is none of LABELS; and StoreError where `film_data` does.
    The file is taken in whole or refused whole.
    """
    shown = display_name(name)
    zipped = data.startswith(_ZIP)
    most, advice = (MAX_PARCEL, "without the films") if zipped else (MAX_BYTES, "in parts")
    if len(data) > most:
        raise BadImport(f"“{shown}” has more than {most // 2**20} MB: export it {advice}.")
    try:
        found = _read(data, shown, KnownFilms(films, film_data))
        _bound(found, films)
    except (BadMask, BadImage) as error:
        raise BadImport(error.reason) from None
    except BadZip as error:  # which advises on films
        raise BadImport(
            error.reason.partition(": ")[0] + ": export the readings again, in one format if there "
            "are many."
        ) from None
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
    if data.startswith(_ZIP):
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


def _bound(found: Sequence[Imported], films: Sequence[Film]) -> None:
    """Raise BadImport where the readings would take minutes to draw."""
    shapes = {film.sha256: film.shape for film in films}
    if sum(work(each.annotation.strokes, shapes[each.sha256]) for each in found) > MAX_DRAWN:
        raise BadImport(
            "The strokes in this file cover the films more often than is drawn by hand: export "
            "fewer readings at once."
        )


def _json(data: bytes, name: str, films: KnownFilms) -> list[Imported]:
    """One annotation, or a COCO document."""
    found = json.loads(data.decode("utf-8-sig"))
    if "annotations" in found:
        return _coco(found, name, films)
    if found.get("schema") == SCHEMA:
        raise BadImport("This is the list of an export alone: choose the zip that it came in.")
    kept = artefacts.from_json(data)
    return [taken(films.of(kept.sha256, kept.shape), kept.annotation, name, found)]


def _coco(document: dict, name: str, films: KnownFilms) -> list[Imported]:
    found, listed = [], coco.readings(document)
    films.few(told.image["id"] for told in listed)
    for told in listed:
        shape = coco.shape_of(told.image)
        film = films.of(str(told.image.get("sha256") or told.image.get("file_name")), shape)
        strokes: list[Stroke] = []
        masks: dict[str, np.ndarray] = {}
        sources = {}
        for label, drawer, segmentation in told.marks:
            if isinstance(segmentation, dict) and label not in masks:
                films.count(shape)
                masks[label] = np.zeros(shape, bool, "F")
            sources[label] = drawer
            strokes += [
                replace(stroke, label=label, source=source(drawer))
                for stroke in coco.strokes(segmentation, shape, masks.get(label))
            ]
        drawn = (*strokes, *outlined(masks, sources))
        reading = taken(film, said(drawn, told.facts), name, told.facts)
        certain = film.sha256[:12] in f"{told.image.get('sha256')} {told.image.get('file_name')}"
        found.append(reading._replace(notice="" if certain else BY_NAME))
    return found


def _table(data: bytes, name: str, films: KnownFilms) -> list[Imported]:
    readings: dict[tuple, list[dict]] = {}
    for row in table.read(data):
        key = (row["film_sha256"], row.get("reader", ""), row.get("verified"))
        readings.setdefault(key, []).append(row)
    films.few(sha256 for sha256, *_ in readings)
    found = []
    for (sha256, *_), rows in readings.items():
        film = films.of(sha256, (int(rows[0]["height"]), int(rows[0]["width"])))
        masks: dict[str, np.ndarray] = {}
        for row in rows:
            if row["label"]:
                label = label_of(row["label"])
                if label not in masks:
                    films.count(film.shape)
                    masks[label] = np.zeros(film.shape, bool, "F")
                coco.paint(row["rle"], masks[label])
        sources = {label_of(row["label"]): row.get("source") for row in rows if row["label"]}
        found.append(taken(film, said(outlined(masks, sources), rows[0]), name, rows[0]))
    return found


def _yolo(data: bytes, name: str, film: Film, classes: Sequence[str]) -> Imported:
    """A YOLO file; one without a line says that there is nothing, as in YOLO's own data sets."""
    strokes = yolo.strokes(data.decode("utf-8-sig"), film.shape, classes)
    reading = taken(film, Annotation(strokes, nothing=not strokes), name)
    return reading._replace(notice="" if film.sha256[:12] in name or not strokes else BY_ORDER)


def _mask(data: bytes, name: str, films: KnownFilms) -> Imported:
    told = _comment(data)
    if not told:
        film = films.of_file(name)
        films.count(film.shape)
        mask = mask_files.read_mask(data, name, film.shape)
        label = next((label for label in LABELS if f"-{label}." in name), "other")
        return taken(film, Annotation(outlined({label: mask}, {})), name)
    mask = decode(data, name).pixels > 0
    film, label = films.of(told["film_sha256"], mask.shape), label_of(told["label"])
    films.count(film.shape)
    return taken(film, Annotation(outlined({label: mask}, {label: told.get("source")})), name)


def _comment(data: bytes) -> dict | None:
    """What a mask that was exported here says of itself."""
    chunk = re.match(rb".{33}(.{4})tEXtComment\0", data[:49], re.DOTALL)  # as core.png_file does
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
    for _ in seg.masks:
        films.count(film.shape)
    annotation = Annotation(outlined(seg.masks, seg.sources))
    return taken(film, annotation, name, {"reader": seg.reader})


def _zip(data: bytes, name: str, films: KnownFilms) -> list[Imported]:
    """The readings in an export, from the format in it that says most."""
    members = dict(unpack(data, name, MAX_FILES, unread="films/"))
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
        if member.startswith("films/"):
            continue  # read by nobody here
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
    films.few(item["film"] for item in manifest["items"])
    return [_of_item(item, members, films) for item in manifest["items"]]


def _of_item(item: dict, members: Mapping[str, bytes], films: KnownFilms) -> Imported:
    """A reading that an export's manifest lists, from the files it names."""
    folders = ("annotations/", "masks/", "seg/", "yolo/")
    files = next(
        (own for folder in folders if (own := [f for f in item["files"] if f.startswith(folder)])),
        [],
    )
    found = [reading for file in files for reading in _read(members[file], file, films)]
    if {reading.sha256 for reading in found} - {item["film"]}:
        raise BadImport(
            "A reading in this export is of another film than its list says: export it again."
        )
    strokes = tuple(stroke for reading in found for stroke in reading.annotation.strokes)
    film, of = films.of(item["film"]), ", ".join(files) or "manifest.json"
    return taken(film, said(strokes, item), of, item)
