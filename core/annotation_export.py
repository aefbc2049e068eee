"""Readings of films out: one zip of masks, tables and annotations in the field's own formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from core.artefacts import Annotation

if TYPE_CHECKING:
    from core.annotations import Film, Reader, Store, Worklist

SENTENCE = "For research and teaching. Not for diagnosis."
FORMATS: Mapping[str, str] = {  # as asked for → as read
    "json": "Annotations as drawn (JSON)",
    "masks": "Masks (PNG)",
    "coco": "COCO, polygons and run lengths (JSON)",
    "csv": "Table of regions (CSV)",
    "yolo": "YOLO polygons (text)",
    "seg": "DICOM segmentations of DICOM films",
}
Which = Literal["accepted", "submitted", "all", "mine"]


@dataclass(frozen=True)
class Item:
    """One reading of one film, or the readers' consensus (whose status is "consensus").

    data: gives the clean copy of the film's file, called when it is needed and not before, since
        a worklist's films are more than memory holds; None where the film is not at hand.
    """

    film: Film
    reader: str
    verified: bool
    status: str
    revision: int
    saved_at: datetime
    blind: bool
    annotation: Annotation
    data: Callable[[], bytes] | None = None


def gather(store: Store, worklist: Worklist, which: Which, reader: Reader) -> list[Item]:
    """The readings of a worklist that are to leave, by film and then by reader.

    which: "accepted" ones, all "submitted" ones (accepted ones too), "all" that have begun, or the
        reader's own, "mine". Consensus readings come with all but the last.

    To take others' readings is to look at them: the store's log says so of each film that `reader`
    has not submitted an own reading of. Raises StoreError.
    """
    raise NotImplementedError


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

    Raises ValueError where there is nothing to export or a format is not known.
    """
    raise NotImplementedError
