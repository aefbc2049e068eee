"""Finished masks for training: a zip of films, their masks, and which films have nothing to mark.

- `films.csv`: every film that was judged; `marked` is 1 where anybody marked something on it,
  `nothing` where it is held to have no artefact (neither, where readers are of two minds), and
  `low`, `high` are the pixel values that the film's file shows as black and white, if it says so
- `images/`: the films as PNG in their own depth, named after the SHA-256 of the uploaded file
- `masks.csv`, `masks/`: one black and white PNG a film and label
- `pack.json`: what this is, when and from which readings it was made

Nothing beside the pixels names a patient, a reader or the worklist, whose code would open it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Literal

import numpy as np

from core import mask_files, png_file
from core.agreement import majority
from core.annotation_records import Reader, Worklist
from core.artefacts import LABELS, label_masks
from core.exchange.items import CONSENSUS, SENTENCE, Item, gather
from core.export import commit
from core.images import decode

if TYPE_CHECKING:
    from core.annotations import Store

SCHEMA, VERSION = "lightbox-training-pack", 1
FILM_COLUMNS = ("image", "sha256", "pixels_sha256", "low", "high", "source", "readers")
FILM_COLUMNS += ("marked", "nothing")
MASK_COLUMNS = ("image", "mask", "kind", "area", "sha256", "source", "readers")


def pack(
    store: Store,
    worklist: Worklist,
    which: Literal["accepted", "submitted"],
    reader: Reader,
    now: datetime | None = None,
) -> bytes:
    """A zip of the films of a worklist whose readings are accepted, or submitted, and their masks.

    The masks of a film are those of its consensus where one was kept, else what more than half of
    its readers marked with the same label: with two readers, what both did.

    `reader` asks for it, and so looks at others' readings. now: the time to state, by default the
    present. Raises ValueError, one sentence, where no reading is that far, and StoreError.
    """
    items = gather(store, worklist, which, reader)
    if not items:
        todo = {"accepted": "accept", "submitted": "submit"}[which]
        raise ValueError(f"No reading of this worklist is {which} yet: {todo} one first.")
    return _written(items, which, now or datetime.now(UTC))


def _written(items: Sequence[Item], which: str, now: datetime) -> bytes:
    """The pack of these readings, which stand film by film."""
    films, masks, file = [], [], io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for _, group in groupby(items, lambda item: item.film.sha256):
            row, found = _judged(list(group), archive)
            films.append(row)
            masks += found
        _write_table(archive, "films.csv", FILM_COLUMNS, films)
        _write_table(archive, "masks.csv", MASK_COLUMNS, masks)
        about = {
            "schema": SCHEMA,
            "version": VERSION,
            "sentence": SENTENCE,
            "app": {"name": "Lightbox", "commit": commit()},
            "time": now.astimezone(UTC).isoformat(timespec="seconds"),
            "readings": which,
            "labels": dict(LABELS),
        }
        _write(archive, "pack.json", json.dumps(about, indent=2).encode())
    return file.getvalue()


def fingerprint(pixels: np.ndarray) -> str:
    """SHA-256 of pixels (H, W) or (H, W, 3), uint8 or uint16, whatever file they came in."""
    layout = f"{pixels.shape} {pixels.dtype.name} ".encode()
    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(layout + little.tobytes()).hexdigest()


def _judged(items: list[Item], archive: zipfile.ZipFile) -> tuple[dict, list[dict]]:
    """Write a film and its masks; return its row of films.csv and those of masks.csv."""
    film, image = items[0].film, decode(items[0].data(), "film")
    drawn = [(item, label_masks(item.annotation.strokes, film.shape)) for item in items]
    agreed = [(item, masks) for item, masks in drawn if item.status == CONSENSUS]
    readers = len(items) - len(agreed)
    voters = agreed or drawn
    name = film.sha256[:12]
    _write(archive, f"images/{name}.png", png_file.write(image.pixels))
    about = {
        "image": f"{name}.png",
        "sha256": film.sha256,
        "source": "consensus" if agreed else "majority" if readers > 1 else "reading",
        "readers": readers,
    }
    nothing = sum(item.annotation.nothing for item, _ in voters)
    none, rows = np.zeros(film.shape, bool), []
    for label in LABELS:
        mask = majority([masks.get(label, none) for _, masks in voters])
        if mask.any():
            path = f"masks/{name}-{label}.png"
            _write(archive, path, mask_files.png(mask))
            rows.append(about | {"mask": path, "kind": label, "area": int(mask.sum())})
    low, high = image.window or ("", "")
    return about | {
        "pixels_sha256": fingerprint(image.pixels),
        "low": low,
        "high": high,
        "marked": int(any(masks for _, masks in drawn)),
        "nothing": int(nothing > len(voters) / 2),
    }, rows


def _write_table(
    archive: zipfile.ZipFile, name: str, columns: Sequence[str], rows: list[dict]
) -> None:
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    _write(archive, name, text.getvalue().encode())


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a file, stamped with no time of this machine's."""
    ways = {True: zipfile.ZIP_STORED, False: zipfile.ZIP_DEFLATED}
    archive.writestr(zipfile.ZipInfo(name), data, ways[name.endswith(".png")])
