"""Readings of films out: one zip of masks, tables and annotations in the field's own formats."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from core import artefacts, png_file
from core.annotation_records import Film, Summary
from core.artefacts import LABELS
from core.exchange import coco, table, yolo
from core.exchange.items import CONSENSUS, SENTENCE, Item, gather
from core.exchange.leaving import Leaving, facts, rows
from core.exchange.parcel import Parcel
from core.export import commit

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
    left_out: Sequence[Summary] = (),
    now: datetime | None = None,
) -> bytes:
    """A zip file of the readings, in `formats` (keys of FORMATS), with a manifest.

    images: whether the films' clean copies leave with them. A DICOM segmentation needs the film
        that it refers to: with "seg" the DICOM films that were read leave in any case.
    original_names: whether files are named after the films' own files, and the worklist's title is
        told. They are not by default, as those often hold a patient's name: then files are named
        after the film's sha256.
    events: lines of the worklist's log, to lie beside.
    left_out: readings that should leave and cannot; the manifest says which.
    now: the time to state, by default the present; given it, the same readings give the same bytes.

    A reading without regions, or of a film that is no DICOM file, has no segmentation; one that
    says nothing of artefacts has no YOLO file. Raises ValueError where there is nothing to export,
    a format is not known or the zip gets larger than 256 MB, and StoreError where a film cannot be
    fetched.
    """
    if not items:
        raise ValueError("There is no reading to export.")
    if unknown := formats - set(FORMATS):
        raise ValueError(f"A format is one of {', '.join(FORMATS)}, not {min(unknown)!r}.")
    now = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    packed = _Export(title, images, original_names, formats, now)
    packed.manifest["left_out"] = [
        {
            "film": missing.sha256,
            "reader": missing.reader.name,
            "verified": missing.reader.verified,
            "status": missing.status,
            "revision": missing.revision,
        }
        for missing in left_out
    ]
    return packed.pack(items, events)


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
            **({"title": title} if original_names else {}),
            "formats": [name for name in FORMATS if name in formats],
            "labels": dict(LABELS),
            "readers": {},
            "films": [],
            "items": [],
        }
        info = {
            "description": f"{title}. {SENTENCE}" if original_names else SENTENCE,
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
        if item.status == CONSENSUS:
            reader = CONSENSUS
        else:
            who = {"name": item.reader, "verified": item.verified}
            number = f"r{len(self.readers) + 1}"
            reader = self.readers.setdefault((item.reader, item.verified), number)
            self.manifest["readers"][reader] = who
        leaving = Leaving.of(item, film_name, reader)
        files = []
        if "json" in self.formats:
            files.append(self._annotation(leaving))
        if "masks" in self.formats:
            files += [self._mask(leaving, label) for label in leaving.masks]
        if "yolo" in self.formats and (leaving.regions or item.annotation.nothing):
            text = yolo.text(leaving.regions, item.film.shape)
            files.append(self.parcel.add(f"yolo/{leaving.name}.txt", text.encode()))
        if "seg" in self.formats and item.film.kind == "dicom" and leaving.masks and data:
            files.append(self._segmentation(leaving, data))
        if "coco" in self.formats:
            self._regions(leaving)
        if "csv" in self.formats:
            self.rows += rows(leaving)
        told = {"film": item.film.sha256, "name": leaving.name, **facts(item)}
        self.manifest["items"].append({**told, "regions": len(leaving.regions), "files": files})

    def _annotation(self, leaving: Leaving) -> str:
        item = leaving.item
        written = json.loads(artefacts.to_json(item.annotation, item.film.shape, item.film.sha256))
        text = json.dumps({**written, "sentence": SENTENCE, **facts(item)}, ensure_ascii=False)
        return self.parcel.add(f"annotations/{leaving.name}.json", text.encode())

    def _mask(self, leaving: Leaving, label: str) -> str:
        told = {
            "schema": MASK_SCHEMA,
            "film_sha256": leaving.item.film.sha256,
            "label": label,
            "source": leaving.sources[label],
        }
        pixels = np.where(leaving.masks[label], 255, 0).astype(np.uint8)
        picture = png_file.write(pixels, f"{SENTENCE}\n{json.dumps(told)}")
        return self.parcel.add(f"masks/{leaving.name}-{label}.png", picture)

    def _segmentation(self, leaving: Leaving, film: bytes) -> str:
        from core.exchange import dicom_seg  # highdicom takes long to import

        item, drawn = leaving.item, (leaving.masks, leaving.sources)
        who = (item.reader, item.status == CONSENSUS)
        data = dicom_seg.write(*drawn, film, item.film.sha256, *who, commit(), self.now)
        return self.parcel.add(f"seg/{leaving.name}.dcm", data)

    def _regions(self, leaving: Leaving) -> None:
        item = leaving.item
        for rle, document in self.documents.items():
            told = document["info"]["readings"]
            told.append({"film_sha256": item.film.sha256, **facts(item)})
            for region in leaving.regions:
                of_region = {
                    "reading": len(told) - 1,
                    "region": region.number,
                    "source": leaving.sources[region.label],
                }
                film = len(document["images"])
                coco.add_region(document, film, region, item.film.shape, of_region, rle)
