"""A brush alone, for what is hidden on a film for a moment: no other tools, and nothing is kept."""

import streamlit as st

from core.masks import Stroke
from core.ui import fabric
from core.ui.drawable import drawable

COLOUR = "#56B4E980"  # lets the film shine through


def brush(picture: bytes, shape: tuple[int, int], width: int, key: str) -> tuple[Stroke, ...]:
    """A canvas `width` px wide over a JPEG picture of a film of (height, width) `shape`.

    Another `key` begins with an empty canvas.
    """
    view = fabric.View(shape, 0, 0, shape[1], shape[0], width / shape[1], margin=0)
    thickness = st.slider(
        "Width of the brush",
        4,
        80,
        24,
        step=2,
        format="%d px",
        key="brush-width",
        persist_state="session",
        width=260,
    )
    drawn = drawable(picture, view.size, "freedraw", COLOUR, COLOUR, thickness, key)
    return fabric.strokes(drawn, view)
