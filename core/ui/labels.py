"""Labels on the drawing desk: choosing one, its colour, and every marked region with its number."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from core import artefacts
from core.artefacts import LABELS, Region
from core.masks import Stroke
from core.ui import label_colours
from core.ui.canvas_picture import Layer, Tag
from core.ui.subject import FILM

_READ = "annotate-marks"
MOST_ROWS = 6  # of the table, without scrolling
OPACITY, LINE = 0.4, 2  # of what is marked: metal is white, and pale tints would not tell apart


class Marks(NamedTuple):
    """What strokes mark on a film: (H, W) bool for every label, and the regions."""

    masks: dict[str, np.ndarray]
    regions: tuple[Region, ...]


def marks(strokes: Sequence[Stroke], shape: tuple[int, int]) -> Marks:
    """The masks and regions of a drawing, not again for the same strokes: the canvas asks for
    them, and then the table beside it."""
    asked = (tuple(strokes), shape)
    kept = st.session_state.get(_READ, ())
    found = next((marks for key, marks in kept if key == asked), None)
    if found is None:
        found = Marks(
            artefacts.label_masks(asked[0], shape),
            artefacts.regions(asked[0], shape),
        )
        # What lies in the picture, and that with what is live.
        st.session_state[_READ] = ((asked, found), *kept[:1])
    return found


def forget() -> None:
    """Let go of the masks of this run: they are as large as the film."""
    st.session_state.pop(_READ, None)


def layers(masks: dict[str, np.ndarray], line: int = LINE) -> list[Layer]:
    """The masks of labels, each in its colour. line: px of canvas, the width of the outlines."""
    colours = {label: label_colours.rgb(label) for label in masks}
    return [
        Layer(mask, colours[label], colours[label], OPACITY, line) for label, mask in masks.items()
    ]


def tags(regions: Sequence[Region]) -> list[Tag]:
    """The number of every region, at its upper left."""
    return [
        Tag(str(region.number), region.box[:2], label_colours.rgb(region.label))
        for region in regions
    ]


def _mask(strokes: Sequence[Stroke], shape: tuple[int, int]) -> np.ndarray:
    found = marks(strokes, shape).masks
    return np.logical_or.reduce(list(found.values())) if found else np.zeros(shape, bool)


def _shown(
    laid: Sequence[Stroke], strokes: Sequence[Stroke], shape: tuple[int, int]
) -> tuple[list[Layer], list[Tag]]:
    return layers(marks(laid, shape).masks), tags(marks(strokes, shape).regions)


ARTEFACTS = replace(
    FILM, drawn="marked area", mask=_mask, marks=_shown, kept="what is not stored yet"
)


def choose(key: str) -> str:
    """The label that new paint gets: a key of LABELS."""
    return st.pills(
        "Label",
        list(LABELS),
        default=next(iter(LABELS)),
        required=True,
        format_func=lambda label: f"![]({swatch(label)}) {LABELS[label]}",
        key=f"{key}-label",
        wrap=True,
        persist_state="session",
        label_visibility="collapsed",
        help="What you paint next is marked as this. Erasing takes from every label.",
    )


def swatch(label: str) -> str:
    """The address of a small square in the label's colour."""
    colour = label_colours.COLOURS[label].replace("#", "%23")
    square = f"<rect width='16' height='16' rx='3' fill='{colour}' stroke='%23555'/>"
    return (
        "data:image/svg+xml,"
        + f"<svg xmlns='http://www.w3.org/2000/svg' width='16' height='16'>{square}</svg>".replace(
            "<", "%3C"
        )
        .replace(">", "%3E")
        .replace(" ", "%20")
    )


def table(regions: Sequence[Region], spacing_mm: tuple[float, float] | None) -> None:
    """Every region in words: what it is, how large, and where.

    spacing_mm: between (rows, columns) of pixels, where it is known.
    """
    if not regions:
        return
    columns = {
        "No.": [region.number for region in regions],
        "": [swatch(region.label) for region in regions],
        "Label": [LABELS[region.label] for region in regions],
        "Pixels": [region.pixels for region in regions],
    }
    if spacing_mm:
        size = spacing_mm[0] * spacing_mm[1]
        columns["mm²"] = [round(region.pixels * size, 1) for region in regions]
    middles = [((x0 + x1) // 2, (y0 + y1) // 2) for x0, y0, x1, y1 in (r.box for r in regions)]
    columns["Middle"] = [f"{x}, {y}" for x, y in middles]
    st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        height=35 * (1 + min(len(regions), MOST_ROWS)) + 2,
        column_config={
            "No.": st.column_config.NumberColumn(width=40),
            "": st.column_config.ImageColumn(width=30),
            "Pixels": st.column_config.NumberColumn(format="localized"),
            "Middle": st.column_config.TextColumn(
                help="Of its box: pixels of the film to the right and down from its upper left "
                "corner."
            ),
        },
        alt="The marked regions: number, label, size and place",
    )
