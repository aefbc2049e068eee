"""The drawing canvas: what a visitor brushes over, in pixels of the film."""

from base64 import b64encode

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from core.masks import Stroke

COLOUR = "#56B4E980"  # lets the film shine through


def brush(picture: bytes, shape: tuple[int, int], width: int, key: str) -> list[Stroke]:
    """A canvas `width` px wide over a JPEG picture of a film of (height, width) `shape`.

    Another `key` begins with an empty canvas.
    """
    scale = width / shape[1]
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
    drawn = st_canvas(
        stroke_width=thickness,
        stroke_color=COLOUR,
        # As a data address: the widget would keep bytes in a cache of the whole server.
        background_image="data:image/jpeg;base64," + b64encode(picture).decode(),
        width=width,
        height=round(shape[0] * scale),
        drawing_mode="freedraw",
        key=key,
    )
    return strokes(drawn.json_data, scale)


def strokes(drawing: dict | None, scale: float) -> list[Stroke]:
    """The strokes of a canvas drawn at `scale` canvas pixels a film pixel."""
    found = []
    for item in (drawing or {}).get("objects", []):
        if str(item.get("type", "")).lower() != "path":
            continue
        # The last two numbers of every command are where it ends: M, L, Q and C alike.
        local = np.array([command[-2:] for command in item["path"] if len(command) > 2], float)
        if len(local):
            found.append(Stroke(_placed(local, item) / scale, item["strokeWidth"] / scale))
    return found


def _placed(local: np.ndarray, item: dict) -> np.ndarray:
    """Points of a path from its own coordinates to the canvas's.

    A path's left and top are the centre of its bounding box; scale and angle turn about it.
    """
    low, high = local.min(0), local.max(0)
    angle = np.deg2rad(item.get("angle", 0))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    sized = (local - (low + high) / 2) * (item.get("scaleX", 1), item.get("scaleY", 1))
    return sized @ turn.T + (item["left"], item["top"])
