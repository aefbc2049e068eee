"""What a reader marks on a film: labelled strokes, a comment, or that there is nothing to mark."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import cv2
import numpy as np

from core import masks
from core.masks import MAX_TEXT, BadMask, Stroke
from core.outlines import traced

LABELS: Mapping[str, str] = {  # as stored → as read
    "prosthesis": "Prosthesis",
    "screw": "Screw",
    "plate": "Plate",
    "wire": "Wire or staple",
    "marker": "Marker or text",
    "cast": "Cast",
    "other": "Other",
}
SCHEMA, VERSION = "lightbox-annotation", 1
MAX_COMMENT = 2000
_NOT_ANNOTATION = "This is not an annotation saved here: choose the JSON file of one."


@dataclass(frozen=True)
class Annotation:
    """One reader's answer for one film. `nothing`: the reader says that the film has no artefact;
    then no strokes are kept. Strokes carry a key of LABELS; an erasing one takes from its label
    alone, or from every one where it has none.
    """

    strokes: tuple[Stroke, ...] = ()
    comment: str = ""
    nothing: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing was said at all."""
        return not (self.strokes or self.comment or self.nothing)

    @property
    def source(self) -> Literal["MANUAL", "AUTO", "SEMI-AUTO"]:
        """Who drew it: a person, a program, or a person who corrected a program."""
        sources = {stroke.source for stroke in self.strokes}
        if "auto" not in sources:
            return "MANUAL"
        return "SEMI-AUTO" if "manual" in sources else "AUTO"

    def same(self, other: "Annotation") -> bool:
        """Whether both say the same, stroke by stroke."""
        return _told(self) == _told(other)


class Region(NamedTuple):
    """One connected piece of a label's mask. number: counts the film's regions from 1, by label and
    then from top to bottom. box: x0, y0, x1, y1 in pixels, the last two just outside."""

    number: int
    label: str
    pixels: int
    box: tuple[int, int, int, int]
    mask: np.ndarray  # bool, of the box


class Kept(NamedTuple):
    """An annotation as it was written, of a film of (height, width) `shape` with this SHA-256."""

    annotation: Annotation
    shape: tuple[int, int]
    sha256: str


def label_masks(strokes: tuple[Stroke, ...], shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """(H, W) bool for every label that leaves paint, in the order of LABELS. Masks may overlap.

    Paint without a label, or with one that is none of LABELS, counts as "other".
    """
    found = {}
    for label in LABELS:
        own = [stroke for stroke in strokes if _concerns(stroke, label)]
        if any(not stroke.erase for stroke in own):
            mask = masks.rasterise(own, shape)
            if mask.any():
                found[label] = mask
    return found


def regions(strokes: tuple[Stroke, ...], shape: tuple[int, int]) -> tuple[Region, ...]:
    """The connected pieces of every label's mask."""
    found: list[Region] = []
    for label, mask in label_masks(strokes, shape).items():
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        for piece, (left, top, width, height, pixels) in list(enumerate(stats.tolist()))[1:]:
            box = (left, top, left + width, top + height)
            inside = pieces[top : top + height, left : left + width] == piece
            found.append(Region(len(found) + 1, label, pixels, box, inside))
    return tuple(found)


def from_masks(found: Mapping[str, np.ndarray], source: str = "manual") -> tuple[Stroke, ...]:
    """Polygons whose label masks are exactly these (H, W) bool masks, by keys of LABELS.

    Raises BadMask where their outlines are too long to be kept.
    """
    return tuple(
        replace(outline, label=label, source=source)
        for label, mask in found.items()
        for outline in traced(mask)
    )


def to_json(annotation: Annotation, shape: tuple[int, int], sha256: str) -> str:
    """The annotation of a film of this (height, width) and file hash, as JSON text."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "version": VERSION,
            "comment": annotation.comment,
            "nothing": annotation.nothing,
            "drawing": masks.to_dict(annotation.strokes, shape, sha256),
        },
        allow_nan=False,
    )


def from_json(text: str | bytes) -> Kept:
    """Read what `to_json` wrote, or a drawing that `core.masks.to_json` wrote, which was the schema
    before labels (version 0). Raises BadMask, and nothing else, for any other text."""
    if len(text) > MAX_TEXT:
        raise BadMask("This annotation has more than 16 MB: it is not one that was saved here.")
    try:
        found = json.loads(text.removeprefix("\ufeff") if isinstance(text, str) else text)
        if not isinstance(found, dict):
            raise BadMask(_NOT_ANNOTATION)
        if found.get("schema") == masks.SCHEMA:
            drawn = masks.from_dict(found)
            return Kept(Annotation(drawn.strokes), drawn.shape, drawn.sha256)
        if found.get("schema") != SCHEMA:
            raise BadMask(_NOT_ANNOTATION)
        if found["version"] != VERSION:
            raise BadMask("This annotation was written by another version of Lightbox: update it.")
        comment, nothing = found["comment"], found["nothing"]
        if type(comment) is not str or len(comment) > MAX_COMMENT or type(nothing) is not bool:
            raise BadMask(_NOT_ANNOTATION)
        drawn = masks.from_dict(found["drawing"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        if isinstance(error, BadMask):
            raise
        raise BadMask(_NOT_ANNOTATION) from None
    return Kept(Annotation(drawn.strokes, comment, nothing), drawn.shape, drawn.sha256)


def _concerns(stroke: Stroke, label: str) -> bool:
    if stroke.erase and not stroke.label:
        return True
    return label == (stroke.label if stroke.label in LABELS else "other")


def _told(annotation: Annotation) -> str:
    return to_json(annotation, (1, 1), "0" * 64)
