"""A reading on its way out, and what every format tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import NamedTuple

import numpy as np

from core import artefacts
from core.artefacts import LABELS, Annotation, Region
from core.exchange import coco
from core.exchange.items import Item


class Leaving(NamedTuple):
    """A reading on its way out. name: of its files, without ending; film_name: its beginning, which
    tells the film. sources: who drew each label, in the words of Annotation.source."""

    item: Item
    name: str
    film_name: str
    masks: dict[str, np.ndarray]
    regions: tuple[Region, ...]
    sources: dict[str, str]

    @classmethod
    def of(cls, item: Item, film_name: str, reader: str) -> Leaving:
        """What is worked out of a reading once. reader: its part of the files' names."""
        strokes, shape = item.annotation.strokes, item.film.shape
        return cls(
            item,
            f"{film_name}-{reader}",
            film_name,
            artefacts.label_masks(strokes, shape),
            artefacts.regions(strokes, shape),
            _sources(item.annotation),
        )


def facts(item: Item) -> dict:
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


def rows(leaving: Leaving) -> Iterator[dict]:
    """The rows of a reading in the table: one a region, or one that has none."""
    item, (height, width) = leaving.item, leaving.item.film.shape
    row = {
        "film": leaving.film_name,
        "film_sha256": item.film.sha256,
        "width": width,
        "height": height,
        **facts(item),
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
