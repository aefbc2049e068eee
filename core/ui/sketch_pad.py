"""The square that a lesion is sketched on: skin, or a photo to trace."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from core import sketch
from core.drawing import Drawing
from core.lesions import SIDE, mask_to_square
from core.masks import Stroke, to_json
from core.ui import canvas, canvas_picture, easel, sheet
from core.ui.subject import BRUSH, POLYGON, Subject

KEY = "sketch"  # of the canvas
SHEET = 512  # px of the square that is drawn on: fine enough for a smooth outline
SHAPE = (SHEET, SHEET)
SHA256 = hashlib.sha256(b"lightbox-sketch-square").hexdigest()  # stands for the square's "file"
SKIN = (232, 203, 186)  # RGB, pale and even, so that the blue of the sketch stands out
PHOTO, BENEATH, CLOSED = "sketch-photo", "sketch-beneath", "sketch-closed"


def _closed(strokes: Sequence[Stroke], shape: tuple[int, int]) -> np.ndarray:
    """`core.sketch.closed`, not again for the same strokes: the canvas asks for them, and then the
    pictures beside it."""
    last, mask = st.session_state.get(CLOSED, (None, None))
    if last != (strokes, shape):
        mask = sketch.closed(strokes, shape)
        st.session_state[CLOSED] = (strokes, shape), mask
    return mask


SKETCH = Subject(
    ground="square",
    drawn="sketch",
    picture="A blank square of skin to sketch on",
    hints={
        BRUSH: "Draw round a lesion, by mouse, pen or finger: the outline is closed and filled for "
        "you. Go on to add another lesion.",
        POLYGON: "Click each corner; a click on the first one closes it and fills it in.",
    },
    mask=_closed,
    follows=True,
    looks=False,
    pen=6,
    table=(198, 168, 150),
    kept="its strokes",
)


def pad() -> Drawing:
    """The canvas; what is drawn on it. Call it in a fragment: every stroke is a rerun."""
    return canvas.canvas(_ground(), SHA256, "", KEY, SKETCH)


def ready() -> bool:
    """Whether the browser has told which sketch it kept."""
    return sheet.of(KEY, SHA256).recalled


def current() -> Drawing:
    """What is drawn by now."""
    return easel.current(KEY, SHA256)


def put(strokes: Sequence[Stroke]) -> None:
    """Put strokes in px of the network's square in place of the sketch, as one step."""
    easel.replace(KEY, SHA256, _sized(strokes))


def _sized(strokes: Sequence[Stroke]) -> list[Stroke]:
    scale = SHEET / SIDE
    return [
        replace(stroke, points=stroke.points * scale, width=stroke.width * scale)
        for stroke in strokes
    ]


def trace(photo: np.ndarray | None) -> None:
    """Lay a photo (SHEET, SHEET, 3) uint8 beneath the sketch, or None for skin."""
    st.session_state[PHOTO] = photo


def traced() -> bool:
    """Whether there is a photo to be laid beneath the sketch."""
    return st.session_state.get(PHOTO) is not None


def preview(strokes: Sequence[Stroke]) -> np.ndarray:
    """(SHEET, SHEET, 3) uint8: strokes in px of the network's square, on skin."""
    picture = np.full((SHEET, SHEET, 3), SKIN, np.uint8)
    mask = sketch.closed(_sized(strokes), SHAPE)
    picture[mask] = np.rint(0.7 * picture[mask] + 0.3 * canvas_picture.TINT)
    return picture


def saved(drawing: Drawing) -> bytes:
    """The drawing as a JSON file, which `core.sketch.read_sketch` reads."""
    return to_json(drawing.strokes, SHAPE, SHA256).encode()


def lesion(drawing: Drawing) -> np.ndarray:
    """(128, 128) bool: what the drawing outlines. Raises BadSketch where that is no lesion."""
    mask = mask_to_square(_closed(drawing.strokes, SHAPE))
    sketch.check(mask, drawing.strokes)
    return mask


def _ground() -> np.ndarray:
    photo = st.session_state.get(PHOTO)
    if photo is not None and st.session_state.get(BENEATH, True):
        return photo
    return np.full((SHEET, SHEET, 3), SKIN, np.uint8)
