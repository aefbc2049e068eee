"""A brush alone, for what is hidden on a film for a moment: no other tools, and nothing is kept."""

import streamlit as st

from core.masks import Stroke
from core.ui import fabric
from core.ui.drawable import drawable, drawn

COLOUR = "#56B4E980"  # lets the film shine through


def brush(picture: bytes, shape: tuple[int, int], width: int, key: str) -> tuple[Stroke, ...]:
    """A canvas `width` px wide over a JPEG picture of a film of (height, width) `shape`.

    Another `key` begins with an empty canvas.
    """
    view = fabric.View(shape, 0, 0, shape[1], shape[0], width / shape[1], margin=0)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
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
        for label, icon, end in (
            ("Undo", ":material/undo:", -1),
            ("Clear", ":material/delete:", 0),
        ):
            st.button(
                label,
                icon=icon,
                key=f"{key}-{label.lower()}",
                disabled=not _objects(key),
                on_click=_cut,
                args=(key, end),
            )
    mount, start = _mounted(key)
    told = drawable(
        picture, view.size, "freedraw", COLOUR, COLOUR, thickness, f"{key}-{mount}", start
    )
    return fabric.strokes({"objects": start} if told is None else told, view)


def _mounted(key: str) -> tuple[int, list]:
    """The widget's number, and the objects that it began with."""
    return st.session_state.get(f"{key}-mounted", (0, []))


def _objects(key: str) -> list:
    """What is on the canvas by now, as its widget tells it."""
    mount, start = _mounted(key)
    told = drawn(f"{key}-{mount}")
    objects = start if told is None else told.get("objects")
    return objects if isinstance(objects, list) else []


def _cut(key: str, end: int) -> None:
    """Begin a new widget with the objects up to `end`: the old one cannot be told to drop any."""
    st.session_state[f"{key}-mounted"] = (_mounted(key)[0] + 1, _objects(key)[:end])
