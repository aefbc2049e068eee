"""Readings of films in: what `core.annotation_export` wrote, and the same formats of other tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.artefacts import Annotation

if TYPE_CHECKING:
    from core.annotations import Film

ENDINGS = ("zip", "json", "csv", "txt", "png", "dcm")  # of files that `read` reads


class BadImport(ValueError):
    """A file that is not taken in; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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

    The file is a zip of `core.annotation_export.export`, or one annotation as JSON, COCO with
    polygons or run lengths, YOLO polygons (its classes are LABELS in their order), the table as
    CSV, one label's mask as PNG or a DICOM segmentation. Files that do not tell their film
    (a mask, a YOLO file) belong to the only one in `films`, unless their name begins with a hash.

    film_data: gives the clean copy of a film by its SHA-256; with it, DICOM segmentations that
        another program made on an exported film are recognised by the instance they refer to.

    Raises BadImport, and nothing else, for a file that is none of these, is damaged or unsafe,
    belongs to another film or to one of another size, or holds a label that is none of LABELS.
    The file is taken in whole or refused whole.
    """
    raise NotImplementedError
