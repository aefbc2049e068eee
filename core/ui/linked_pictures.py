"""Pictures side by side that are looked at as one: what zooms or moves one moves all of them."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import streamlit as st

from core import explain
from core.ui.pictures import DRAWN, jpeg, scaled

OPACITY = 0.6  # of the heat, until the visitor moves its slider
FINEST = 128  # px on the longer side of heat: it is smooth, and its film lies beneath it whole
FOOT = "Lightbox: for research and teaching. Not for diagnosis."
_HERE = Path(__file__).with_suffix("")
_GRID = st.components.v2.component(
    "lightbox_linked_pictures",
    html="<div class='pictures'></div>",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, eq=False)
class Picture:
    """A film (H, W) or a picture (H, W, 3), uint8, and what is said below it.

    heat: (h, w) in [0, 1] to be laid over it, or None. alt: what it shows, in words. word: set off
    from the `lines`, where there is something to be noticed.
    """

    pixels: np.ndarray
    title: str
    lines: tuple[str, ...]
    alt: str
    heat: np.ndarray | None = None
    word: str = ""


@dataclass(frozen=True, eq=False)
class Row:
    """Pictures that belong together, under a title and a note."""

    title: str
    note: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Legend:
    """What the colours of the heat mean: at both ends of the scale, and in sentences."""

    low: str
    high: str
    lines: tuple[str, ...]


def linked_pictures(rows: Sequence[Row], name: str, legend: Legend | None = None) -> None:
    """Show rows of pictures with one zoom, one opacity of the heat, and files to download.

    The text is shown letter by letter. name: of the files, and of the widget: lower-case words
    joined by hyphens. legend: needed where any picture has heat.
    """
    images: dict[str, int] = {}
    shown = [
        {
            "title": row.title,
            "note": row.note,
            "pictures": [_told(each, images) for each in row.pictures],
        }
        for row in rows
    ]
    data = {
        "name": name,
        "foot": FOOT,
        "opacity": OPACITY,
        "rows": shown,
        "images": list(images),
        "legend": legend and _legend(legend),
    }
    data["version"] = hashlib.sha256(repr(data).encode()).hexdigest()
    _GRID(key=name, data=data, width="stretch", height="content")


def _told(picture: Picture, images: dict[str, int]) -> dict:
    pixels = picture.pixels
    height, width = pixels.shape[:2]
    large = scaled(pixels, min(1.0, DRAWN / max(height, width)))
    rgb = large if large.ndim == 3 else np.repeat(large[..., None], 3, 2)
    return {
        "image": images.setdefault(_address(jpeg(rgb), "jpeg"), len(images)),
        "over": None if picture.heat is None else _layer(picture.heat),
        "width": width,
        "height": height,
        "title": picture.title,
        "lines": list(picture.lines),
        "alt": picture.alt,
        "word": picture.word,
    }


def _layer(heat: np.ndarray) -> str:
    rgba = explain.layer(scaled(heat, min(1.0, FINEST / max(heat.shape))))
    return _address(_png(cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA)), "png")


def _legend(legend: Legend) -> dict:
    strip = _png(cv2.cvtColor(explain.legend(160, 14), cv2.COLOR_RGB2BGR))
    return {
        "image": _address(strip, "png"),
        "alt": "Colour scale from black to pale yellow",
        "low": legend.low,
        "high": legend.high,
        "lines": list(legend.lines),
    }


def _png(bgr: np.ndarray) -> bytes:
    return cv2.imencode(".png", bgr)[1].tobytes()


def _address(picture: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{b64encode(picture).decode()}"
