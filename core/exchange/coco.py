"""COCO documents of annotations, and the run lengths that masks are kept as in them.

A run-length code counts pixels down the columns, from left to right: first those outside the mask,
then those in it, and so on (the format of pycocotools' maskApi). Compressed, the counts become text
of six bits a character; each but the first three is the difference from the one before the last.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.artefacts import LABELS, Region
from core.exchange.polygons import single
from core.images import display_name
from core.masks import BadMask, Stroke

NOT_COCO = "This is not a COCO file with outlines or run lengths: export it from your tool again."


def run_lengths(region: Region, shape: tuple[int, int]) -> list[int]:
    """The uncompressed counts of a region on a film of (height, width) `shape`."""
    x0, y0, _, _ = region.box
    columns = np.pad(region.mask.T.astype(np.int8), ((0, 0), (1, 1)))
    column, row = np.nonzero(np.diff(columns, axis=1))  # beginnings and ends in turns
    at = (column + x0) * shape[0] + row + y0
    # A run to the foot of a column goes on at the head of the next.
    goes_on = at[1:] == at[:-1]
    at = at[~(np.append(goes_on, False) | np.append(False, goes_on))]
    counts = np.diff(at, prepend=0, append=shape[0] * shape[1]).tolist()
    return counts if counts[-1] else counts[:-1]


def compressed(counts: Sequence[int], shape: tuple[int, int]) -> str:
    """The counts as text."""
    from pycocotools import mask  # loads slowly, and most pages need none of it

    size = [int(side) for side in shape]
    return mask.frPyObjects({"size": size, "counts": list(counts)}, *size)["counts"].decode()


def paint(counts: object, onto: np.ndarray) -> None:
    """Paint a run-length code, compressed or not, onto a (H, W) bool mask that lies in memory
    column by column (order "F"), as the code does.

    pycocotools is not asked to, as it takes it from strangers that counts are what they should be.
    Raises BadMask for a code that is not of this size.
    """
    runs = _counts(counts) if isinstance(counts, str) else counts
    whole = isinstance(runs, list) and all(type(run) is int and run >= 0 for run in runs)
    if not whole or sum(runs) != onto.size:
        raise BadMask("This file's run lengths do not fit the film: it is damaged, save it again.")
    columns = onto.T.reshape(-1, copy=False)
    ends = np.cumsum(runs).tolist()
    for start, end in zip(ends[::2], ends[1::2], strict=False):
        columns[start:end] = True


def _counts(text: str) -> list[int] | None:
    """The counts in a compressed code, or None where it is none."""
    counts, value, shift = [], 0, 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 30:
            return None
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return None if shift else counts


def blank(info: dict) -> dict:
    """A COCO document without films. info: of the whole, ready for JSON."""
    return {
        "info": info,
        "licenses": [],
        "images": [],
        "annotations": [],
        "categories": [
            {"id": number, "name": label, "supercategory": "artefact"}
            for number, label in enumerate(LABELS, 1)
        ],
    }


def add_film(document: dict, file_name: str, sha256: str, shape: tuple[int, int]) -> int:
    """List a film of (height, width) `shape`; returns its id."""
    number = len(document["images"]) + 1
    height, width = (int(side) for side in shape)
    document["images"].append(
        {"id": number, "file_name": file_name, "sha256": sha256, "height": height, "width": width}
    )
    return number


def add_region(
    document: dict, film: int, region: Region, shape: tuple[int, int], facts: dict, rle: bool
) -> None:
    """Mark a region of the film with this id, by its run lengths or by one polygon, which reaches
    holes by bridges. facts: what else is said of it, ready for JSON."""
    x0, y0, x1, y1 = region.box
    if rle:
        text = compressed(run_lengths(region, shape), shape)
        segmentation: dict | list = {"size": [int(side) for side in shape], "counts": text}
    else:
        segmentation = [(single(region.mask) + np.array((x0, y0))).ravel().tolist()]
    document["annotations"].append(
        {
            "id": len(document["annotations"]) + 1,
            "image_id": film,
            "category_id": list(LABELS).index(region.label) + 1,
            "segmentation": segmentation,
            "area": region.pixels,
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "iscrowd": 0,
            "attributes": facts,
        }
    )


def shape_of(image: dict) -> tuple[int, int]:
    """(height, width) of a listed film. Raises BadMask where it is not said."""
    shape = (image.get("height"), image.get("width"))
    if not all(type(side) is int for side in shape):
        raise BadMask(NOT_COCO)
    return shape


def strokes(segmentation: object, shape: tuple[int, int], onto: np.ndarray | None) -> list[Stroke]:
    """The polygons of a segmentation; run lengths, which are a dictionary, are painted onto a mask
    instead, see `paint`.

    Raises BadMask for what is neither.
    """
    if isinstance(segmentation, dict):
        if segmentation.get("size") != list(shape):
            raise BadMask("This file's run lengths are of a film of another size: choose its own.")
        paint(segmentation.get("counts"), onto)
        return []
    if not isinstance(segmentation, list) or not segmentation:
        raise BadMask(NOT_COCO)
    try:
        polygons = [np.array(polygon, float).reshape(-1, 2) for polygon in segmentation]
    except (ValueError, TypeError):
        raise BadMask(NOT_COCO) from None
    if not all((np.abs(points) <= 2 * max(shape)).all() for points in polygons):
        raise BadMask("This COCO file has outlines far outside the film: export it again.")
    return [Stroke(points, tool="polygon") for points in polygons]


def label_of(name: object) -> str:
    """The key of LABELS that a name means, be it the key or how it is read. Raises BadMask."""
    for label, title in LABELS.items():
        if isinstance(name, str) and name.strip().casefold() in (label, title.casefold()):
            return label
    shown = display_name(str(name))
    raise BadMask(
        f"The label “{shown}” is not known here: rename it to one of {', '.join(LABELS)}."
    )


class Told(NamedTuple):
    """A reading in a document. facts: what is said of it as a whole, perhaps nothing; marks: label,
    who drew it (perhaps None) and segmentation of each region."""

    image: dict
    facts: dict
    marks: list[tuple[str, object, object]]


def readings(document: dict) -> list[Told]:
    """The readings in a document, those of other tools by film and "reader" of their attributes.

    Raises BadMask for a label that is none of LABELS, and for what is not laid out as COCO is.
    """
    try:
        images = {image["id"]: image for image in document["images"]}
        labels = {category["id"]: category["name"] for category in document["categories"]}
        listed = document.get("info", {}).get("readings", [])
        hashes = {image.get("sha256"): image for image in images.values()}
        found = {
            number: Told(hashes[facts["film_sha256"]], facts, [])
            for number, facts in enumerate(listed)
        }
        for annotation in document["annotations"]:
            said = annotation.get("attributes") or {}
            image, own = images[annotation["image_id"]], said.get("reading")
            key = (image["id"], said.get("reader")) if own is None else own
            facts = {"reader": said.get("reader")}
            told = found.setdefault(key, Told(image, facts, [])) if own is None else found[own]
            mark = (said.get("source"), annotation.get("segmentation"))
            told.marks.append((label_of(labels[annotation["category_id"]]), *mark))
    except (KeyError, TypeError, AttributeError):
        raise BadMask(NOT_COCO) from None
    return list(found.values())
