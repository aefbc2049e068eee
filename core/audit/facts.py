"""What is kept of a picture once it was looked at: a few numbers and two fingerprints."""

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

import numpy as np

from core import quality
from core.audit.duplicates import Print, fingerprint
from core.images import decode
from core.intake import recognise
from core.preprocess import to_grey

MAX_MAKER = 60  # characters


@dataclass(frozen=True)
class Entry:
    """One picture of a pack: its file is `member`. Pictures of one `group` must stay in one split;
    `label` is None where none is known."""

    name: str
    member: str
    split: str
    group: str
    label: str | None


@dataclass(frozen=True, eq=False)
class Facts:
    """One readable picture, without its pixels.

    size: bytes of the file. kind: PNG, JPEG, TIFF, BMP or DICOM, by content. suffix: of the file's
    name, in small letters. bits: 8 or 16 a value. grey: mean grey as a network would be shown it,
    0 to 255. negative, sharpness, exposure: as `core.quality` has them; None of a picture in
    colour, of which they say nothing. spacing: mm between rows, maker: of the machine; DICOM alone
    tells them.
    """

    entry: Entry
    sha256: str
    size: int
    width: int
    height: int
    kind: str
    suffix: str
    bits: int
    colour: bool
    grey: float
    negative: bool | None
    sharpness: quality.Measure | None
    exposure: quality.Measure | None
    spacing: float | None
    maker: str


def look(entry: Entry, data: bytes) -> tuple[Facts, Print]:
    """What is to be known of one file. Raises BadImage."""
    image = decode(data, entry.name)
    grey = to_grey(image.pixels, image.window)
    colour, kind = image.pixels.ndim == 3, recognise(data)
    negative = not colour and quality.is_negative(grey)
    if negative:
        grey = 255 - grey
    facts = Facts(
        entry,
        image.sha256,
        len(data),
        grey.shape[1],
        grey.shape[0],
        kind,
        PurePosixPath(entry.member).suffix.lower() or "none",
        8 * image.pixels.itemsize,
        colour,
        float(grey.mean()),
        None if colour else negative,
        None if colour else quality.sharpness(grey),
        None if colour else quality.exposure(grey),
        image.spacing_mm[0] if image.spacing_mm else None,
        _maker(data) if kind == "DICOM" else "",
    )
    return facts, fingerprint(grey)


def _maker(data: bytes) -> str:
    """The machine's maker and model, two elements that name no patient."""
    from pydicom import dcmread  # takes long to import, and most films are not DICOM

    tags = ["Manufacturer", "ManufacturerModelName"]
    try:
        found = dcmread(BytesIO(data), specific_tags=tags, stop_before_pixels=True, force=True)
        told = " ".join(str(found.get(tag) or "") for tag in tags)
    except Exception:  # pydicom raises whatever a broken element makes it stumble over
        return ""
    return re.sub(r"\s+", " ", "".join(c for c in told if c.isprintable())).strip()[:MAX_MAKER]


def column(facts: list[Facts], name: str) -> np.ndarray:
    """(N,) float values of a numeric field; NaN where a picture has none."""
    return np.array([np.nan if (v := getattr(f, name)) is None else v for f in facts], float)
