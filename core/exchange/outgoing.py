"""Readings of films out: one zip of masks, tables and annotations in the field's own formats."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from core import artefacts
from core.annotation_records import Film
from core.artefacts import LABELS, Annotation, Region
from core.exchange import coco, table, yolo
from core.exchange.items import CONSENSUS, SENTENCE, Item, gather
from core.exchange.parcel import Parcel
from core.export import commit, png

__all__ = ["FORMATS", "SENTENCE", "Item", "export", "gather"]

SCHEMA, VERSION = "lightbox-readings", 1
MASK_SCHEMA = "lightbox-mask"  # of what a mask's PNG says in its comment
FORMATS: Mapping[str, str] = {  # as asked for → as read
    "json": "Annotations as drawn (JSON)",
    "masks": "Masks (PNG)",
    "coco": "COCO, polygons and run lengths (JSON)",
    "csv": "Table of regions (CSV)",
    "yolo": "YOLO polygons (text)",
    "seg": "DICOM segmentations of DICOM films",
}
_README = f"""Readings of films, exported by Lightbox.

{SENTENCE}

manifest.json       what is here: films, readings, and the SHA-256 of every file
annotations/        a reading of a film as it was drawn; Lightbox reads it back
masks/              one label of a reading as a picture, 255 where it is
coco.json           all regions as COCO polygons, which reach their holes by bridges
coco_rle.json       the same as COCO run lengths
annotations.csv     the same as a table; an apostrophe keeps text from being taken for a formula
yolo/               a reading of a film as YOLO polygons; classes.txt names their numbers
seg/                a reading of a film as a DICOM segmentation of the file in films/
films/              the films, without what their files said of patients; writing in the picture
                    is still there
events.jsonl        the log of the worklist

Not all of them need be here. A file is named after the SHA-256 of its film and the number of its
reader; the manifest tells who that is.
"""


def export(
    items: Sequence[Item],
    title: str,
    *,
    images: bool,
    original_names: bool,
    formats: set[str],
    events: Sequence[str] = (),
    now: datetime | None = None,
) -> bytes:
    """A zip file of the readings, in `formats` (keys of FORMATS), with a manifest.

    images: whether the films' clean copies leave with them. A DICOM segmentation needs the film
        that it refers to: with "seg" the DICOM films that were read leave in any case.
    original_names: whether files are named after the films' own files. They are not by default,
        as those often hold a patient's name: then files are named after the film's sha256.
    events: lines of the worklist's log, to lie beside.
    now: the time to state, by default the present; given it, the same readings give the same bytes.

    A reading without regions, or of a film that is no DICOM file, has no segmentation; one that
    says nothing of artefacts has no YOLO file. Raises ValueError where there is nothing to export
    or a format is not known, and StoreError where a film cannot be fetched.
    """
    if not items:
        raise ValueError("There is no reading to export.")
    if unknown := formats - set(FORMATS):
        raise ValueError(f"A format is one of {', '.join(FORMATS)}, not {min(unknown)!r}.")
    now = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    return _Export(title, images, original_names, formats, now).pack(items, events)


class _Leaving(NamedTuple):
    """A reading on its way out. name: of its files, without ending."""

    item: Item
    name: str
    film_name: str
    masks: dict[str, np.ndarray]
    regions: tuple[Region, ...]
    sources: dict[str, str]


class _Export:
    """One export: what is packed so far, and the documents that grow film by film."""

    def __init__(self, title, images, original_names, formats, now) -> None:
        self.images, self.original_names, self.formats = images, original_names, formats
        self.now, self.parcel = now, Parcel(now)
        self.readers: dict[tuple, str] = {}
        self.rows: list[dict] = []
        self.manifest = {
            "schema": SCHEMA,
            "version": VERSION,
            "sentence": SENTENCE,
            "app": {"name": "Lightbox", "commit": commit()},
            "time": now.isoformat(),
            "title": title,
            "formats": [name for name in FORMATS if name in formats],
            "labels": dict(LABELS),
            "readers": {},
            "films": [],
            "items": [],
        }
        info = {
            "description": f"{title}. {SENTENCE}",
            "version": str(VERSION),
            "year": now.year,
            "date_created": now.isoformat(),
        }
        self.documents = {rle: coco.blank({**info, "readings": []}) for rle in (False, True)}

    def pack(self, items: Sequence[Item], events: Sequence[str]) -> bytes:
        for sha256 in dict.fromkeys(item.film.sha256 for item in items):
            self._film([item for item in items if item.film.sha256 == sha256])
        if "coco" in self.formats:
            self._json("coco.json", self.documents[False])
            self._json("coco_rle.json", self.documents[True])
        if "csv" in self.formats:
            self.parcel.add("annotations.csv", table.write(self.rows))
        if "yolo" in self.formats:
            self.parcel.add("yolo/classes.txt", yolo.CLASSES.encode())
        if events:
            self.parcel.add("events.jsonl", "".join(f"{line}\n" for line in events).encode())
        self.parcel.add("README.txt", _README.encode())
        self._json("manifest.json", {**self.manifest, "members": self.parcel.members})
        return self.parcel.close()

    def _json(self, name: str, document: dict) -> None:
        self.parcel.add(name, (json.dumps(document, ensure_ascii=False) + "\n").encode())

    def _film(self, items: list[Item]) -> None:
        """Pack a film, where it leaves, and all readings of it."""
        film = items[0].film
        name = self._film_name(film)
        data, file, ending = None, None, "dcm" if film.kind == "dicom" else "png"
        if items[0].data and (self.images or ("seg" in self.formats and film.kind == "dicom")):
            data = items[0].data()
            file = self.parcel.add(f"films/{name}.{ending}", data)
        self.manifest["films"].append(
            {
                "sha256": film.sha256,
                "height": film.shape[0],
                "width": film.shape[1],
                "spacing_mm": film.spacing_mm,
                "kind": film.kind,
                "file": file,
                **({"name": film.name} if self.original_names else {}),
            }
        )
        for document in self.documents.values():
            coco.add_film(document, f"{name}.{ending}", film.sha256, film.shape)
        for item in items:
            self._reading(item, name, data)

    def _film_name(self, film: Film) -> str:
        """The film's part of file names; the hash keeps namesakes apart."""
        if not self.original_names:
            return film.sha256[:12]
        stem = film.name.rpartition(".")[0] or film.name
        own = "".join(char if char.isalnum() or char in "._ " else "_" for char in stem)
        return f"{own.strip('. ')[:80]}-{film.sha256[:12]}"

    def _reading(self, item: Item, film_name: str, data: bytes | None) -> None:
        strokes, shape = item.annotation.strokes, item.film.shape
        if item.status == CONSENSUS:
            reader = CONSENSUS
        else:
            who = {"name": item.reader, "verified": item.verified}
            number = f"r{len(self.readers) + 1}"
            reader = self.readers.setdefault((item.reader, item.verified), number)
            self.manifest["readers"][reader] = who
        leaving = _Leaving(
            item,
            f"{film_name}-{reader}",
            film_name,
            artefacts.label_masks(strokes, shape),
            artefacts.regions(strokes, shape),
            _sources(item.annotation),
        )
        files = []
        if "json" in self.formats:
            files.append(self._annotation(leaving))
        if "masks" in self.formats:
            files += [self._mask(leaving, label) for label in leaving.masks]
        if "yolo" in self.formats and (leaving.regions or item.annotation.nothing):
            text = yolo.text(leaving.regions, shape)
            files.append(self.parcel.add(f"yolo/{leaving.name}.txt", text.encode()))
        if "seg" in self.formats and item.film.kind == "dicom" and leaving.masks and data:
            files.append(self._segmentation(leaving, data))
        if "coco" in self.formats:
            self._regions(leaving)
        if "csv" in self.formats:
            self.rows += _rows(leaving)
        told = {"film": item.film.sha256, "name": leaving.name, **_facts(item)}
        self.manifest["items"].append({**told, "regions": len(leaving.regions), "files": files})

    def _annotation(self, leaving: _Leaving) -> str:
        item = leaving.item
        written = json.loads(artefacts.to_json(item.annotation, item.film.shape, item.film.sha256))
        text = json.dumps({**written, "sentence": SENTENCE, **_facts(item)}, ensure_ascii=False)
        return self.parcel.add(f"annotations/{leaving.name}.json", text.encode())

    def _mask(self, leaving: _Leaving, label: str) -> str:
        told = {
            "schema": MASK_SCHEMA,
            "film_sha256": leaving.item.film.sha256,
            "label": label,
            "source": leaving.sources[label],
        }
        pixels = np.where(leaving.masks[label], 255, 0).astype(np.uint8)
        picture = png(pixels, f"{SENTENCE}\n{json.dumps(told)}")
        return self.parcel.add(f"masks/{leaving.name}-{label}.png", picture)

    def _segmentation(self, leaving: _Leaving, film: bytes) -> str:
        from core.exchange import dicom_seg  # highdicom takes long to import

        item, drawn = leaving.item, (leaving.masks, leaving.sources)
        data = dicom_seg.write(*drawn, film, item.film.sha256, item.reader, commit(), self.now)
        return self.parcel.add(f"seg/{leaving.name}.dcm", data)

    def _regions(self, leaving: _Leaving) -> None:
        item = leaving.item
        for rle, document in self.documents.items():
            told = document["info"]["readings"]
            told.append({"film_sha256": item.film.sha256, **_facts(item)})
            for region in leaving.regions:
                facts = {
                    "reading": len(told) - 1,
                    "region": region.number,
                    "source": leaving.sources[region.label],
                }
                film = len(document["images"])
                coco.add_region(document, film, region, item.film.shape, facts, rle)


def _facts(item: Item) -> dict:
    """What every format that can say it says of a reading."""
    return {
        "reader": item.reader,
        "verified": item.verified,
        "status": item.status,
        "revision": item.revision,
        "saved_at": item.saved_at.astimezone(UTC).isoformat(timespec="seconds"),
        "blind": item.blind,
        "nothing": item.annotation.nothing,
        "comment": item.annotation.comment,
    }


def _sources(annotation: Annotation) -> dict[str, str]:
    """Who drew each label, in the words of Annotation.source."""
    found = {}
    for label in LABELS:
        own = tuple(
            stroke
            for stroke in annotation.strokes
            if (stroke.label or ("" if stroke.erase else "other")) in (label, "")
        )
        found[label] = Annotation(own).source
    return found


def _rows(leaving: _Leaving) -> Iterator[dict]:
    """The rows of a reading in the table: one a region, or one that has none."""
    item, (height, width) = leaving.item, leaving.item.film.shape
    row = {
        "film": leaving.film_name,
        "film_sha256": item.film.sha256,
        "width": width,
        "height": height,
        **_facts(item),
    }
    if not leaving.regions:
        yield row
    spacing = item.film.spacing_mm
    for region in leaving.regions:
        x0, y0, x1, y1 = region.box
        counts = coco.run_lengths(region, item.film.shape)
        yield {
            **row,
            "region": region.number,
            "label": region.label,
            "source": leaving.sources[region.label],
            "area_px": region.pixels,
            "area_mm2": round(region.pixels * spacing[0] * spacing[1], 3) if spacing else None,
            **{"x0": x0, "y0": y0, "x1": x1, "y1": y1},
            "rle": coco.compressed(counts, item.film.shape),
        }
