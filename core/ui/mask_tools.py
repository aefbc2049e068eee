"""Tools beside the canvas: a mask to start from, and what can be done to one. Each is one step."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import inpaint, mask_edits, masks
from core.drawing import Drawing
from core.mask_files import read_mask
from core.masks import BadMask, Stroke
from core.outlines import traced
from core.ui import cached_fills, easel, fill_orders, presses
from core.ui.cached_fills import Method
from core.ui.film import Film
from core.ui.words import plain

ENDINGS = ["png", "tif", "tiff", "bmp", "jpg", "jpeg", "json"]
SPECK = 2e-4  # of the film's area: smaller pieces are specks
STEP = 4e-3  # of the film's longer side: how far a mask grows or shrinks unless told otherwise

Made = np.ndarray | tuple[Stroke, ...]


@dataclass(frozen=True)
class Tool:
    """A button: what it makes of the mask (H, W) bool, and what to say once it has."""

    label: str
    icon: str
    help: str
    make: Callable[[np.ndarray], Made]
    said: str = ""


def tools(
    key: str,
    film: Film,
    inverted: bool,
    drawing: Drawing,
    method: Method,
    truth: np.ndarray | None,
    further: Sequence[Tool] = (),
) -> None:
    """Offer every tool for the drawing on `film` at canvas `key`.

    truth: (H, W) bool, where the hardware of a sample lies; None where that is not known.
    further: masks to start from that the page has of this film.
    """
    st.markdown("**Start from**")
    with st.container(horizontal=True, gap="small"):
        for tool in (*further, *_starts(film, inverted, method, truth)):
            _button(key, film, tool)
        _upload(key, film)
    st.markdown("**Change the mask**")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        px = st.number_input(
            "Pixels of the film",
            1,
            64,
            max(2, round(STEP * max(film.grey.shape))),
            key=f"{key}-px-{film.sha256}",
            persist_state="session",
            width=150,
            help="How far the mask grows or shrinks on every side.",
        )
        for tool in _changes(px):
            _button(key, film, tool, disabled=not drawing.strokes)
    revision, kind, said = st.session_state.get(f"{key}-said-{film.sha256}", (None, None, ""))
    if said and revision == drawing.revision:  # nothing else was drawn since
        kind(said, icon=":material/info:")


def _starts(film: Film, inverted: bool, method: Method, truth: np.ndarray | None) -> Iterator[Tool]:
    yield Tool(
        "Suggest metal",
        ":material/auto_fix_high:",
        "Marks bright, even regions with a sharp edge, for you to correct.",
        lambda mask: _suggested(film, inverted),
        "Check it before you fill: dense bone, a cast or a letter may have been taken for metal. "
        "Then grow it a little: metal glares beyond its edge.",
    )
    if truth is not None:
        yield Tool(
            "Use the true mask",
            ":material/verified:",
            "Where the hardware of this sample was drawn.",
            lambda mask: truth,
        )
    if used := fill_orders.reusable(film.sha256, film.grey.shape):
        yield Tool(
            "Reuse the last mask",
            ":material/content_copy:",
            f"The one on {plain(used.name)}, a film of the same size.",
            lambda mask: used.strokes,
        )
    if method.middle_only:
        yield Tool(
            "Use the middle",
            ":material/crop_din:",
            f"All that {plain(method.title)} ever learned to draw.",
            lambda mask: inpaint.middle(mask.shape),
        )


def _changes(px: int) -> tuple[Tool, ...]:
    specks = f"Takes away pieces smaller than {SPECK:.2%} of the film."
    return (
        Tool("Grow", ":material/zoom_out_map:", "Wider.", lambda mask: mask_edits.grow(mask, px)),
        Tool(
            "Shrink",
            ":material/zoom_in_map:",
            "Narrower.",
            lambda mask: mask_edits.shrink(mask, px),
        ),
        Tool("Fill holes", ":material/circle:", "Adds what it encloses.", mask_edits.fill_holes),
        Tool(
            "Remove specks",
            ":material/grain:",
            specks,
            lambda mask: mask_edits.without_specks(mask, SPECK * mask.size),
        ),
        Tool("Invert", ":material/contrast:", "All that is not in the mask.", mask_edits.invert),
    )


def _button(key: str, film: Film, tool: Tool, disabled: bool = False) -> None:
    st.button(
        tool.label,
        icon=tool.icon,
        help=tool.help,
        key=f"{key}-tool-{tool.label}",
        disabled=disabled,
        on_click=presses.press,
        args=(_asked(key), film.sha256, tool.make, tool.said),
    )


def _suggested(film: Film, inverted: bool) -> np.ndarray:
    found = cached_fills.suggestion(film, inverted)
    if not found.any():
        raise BadMask("Nothing on this film looks like metal: draw over what should go.")
    return found


def _upload(key: str, film: Film) -> None:
    with st.popover("Upload", icon=":material/upload:", help="A mask, or strokes saved here"):
        st.file_uploader(
            "A mask (PNG, TIFF, BMP, JPEG), white where it is, or strokes (JSON)",
            type=ENDINGS,
            key=f"{key}-upload-{film.sha256}",
            on_change=_take_file,
            args=(key, film),
        )


def _take_file(key: str, film: Film) -> None:
    file = st.session_state.get(f"{key}-upload-{film.sha256}")
    if file is not None:
        data, name = file.getvalue(), file.name
        presses.press(_asked(key), film.sha256, lambda mask: read(data, name, film), "")


def read(data: bytes, name: str, film: Film) -> Made:
    """The mask or the strokes in an uploaded file, for this film. Raises BadMask."""
    if not data.lstrip().startswith(b"{"):
        if name.lower().endswith(".json"):
            masks.from_json(data)  # says what is wrong with it
        return read_mask(data, name, film.grey.shape)
    drawn = masks.from_json(data)
    if (drawn.sha256, *drawn.shape) != (film.sha256, *film.grey.shape):
        raise BadMask(
            "These strokes were drawn on another film, whose file differs from this one: open that "
            "film, or upload its mask as a PNG."
        )
    return drawn.strokes


def _asked(key: str) -> str:
    return f"{key}-asked"


def work(key: str, film: Film) -> None:
    """Put what the tools that were pressed make of the mask in its place, or keep the sentence on
    why not; before the canvas is shown."""
    for make, said in presses.waiting(_asked(key), film.sha256):
        before = masks.rasterise(easel.current(key, film.sha256).strokes, film.grey.shape)
        kind, strokes = st.info, None
        with presses.doing(_asked(key), film.sha256):
            try:
                strokes = _strokes(make(before), before.shape)
            except BadMask as error:
                kind, said = st.warning, error.reason
        if strokes is not None:
            easel.replace(key, film.sha256, strokes)
        revision = easel.current(key, film.sha256).revision
        st.session_state[f"{key}-said-{film.sha256}"] = (revision, kind, said)


def _strokes(made: Made, shape: tuple[int, int]) -> tuple[Stroke, ...]:
    """What a tool made, as strokes that leave something of a mask. Raises BadMask."""
    strokes = made if isinstance(made, tuple) else traced(made)
    if not masks.rasterise(strokes, shape).any():
        raise BadMask("Nothing would be left of the mask, so it stays as it was.")
    return strokes
