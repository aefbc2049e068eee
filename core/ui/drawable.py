"""streamlit-drawable-canvas: the widget that catches a drawing, without its own tool bar.

Its assets are mounted from here, because the package's `st_canvas` keeps every picture in a cache
of the whole server, and its undo knows only what was drawn since the widget appeared.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence

import streamlit as st

# Importing this module works only in a running app, which knows the package's assets.
_WIDGET = st.components.v2.component(
    "streamlit-drawable-canvas.streamlit_drawable_canvas",
    js="index-*.js",
    css="index-*.css",
    html='<div class="canvas-root"></div><style>.dc-toolbar {display: none !important}</style>',
)


def drawable(
    picture: bytes,
    size: tuple[int, int],
    mode: str,
    colour: str,
    fill: str,
    thickness: int,
    key: str,
    start: Sequence[dict] = (),
    changed: Callable[[], None] = lambda: None,
) -> dict | None:
    """A canvas of (width, height) `size` px over a JPEG picture; the JSON of what is drawn on it.

    mode: freedraw, line, rect or polygon. Another `key` begins with a canvas that is empty but for
    `start`, objects of such a JSON; with the same key and start everything else may change and the
    drawing stays, except an outline not yet closed. changed: called before a run in which there is
    something new on the canvas, whatever that run then shows.
    """
    width, height = size
    result = _WIDGET(
        data={
            "drawingMode": mode,
            "strokeColor": colour,
            "strokeWidth": thickness,
            "fillColor": fill,
            "canvasWidth": width,
            "canvasHeight": height,
            "backgroundImageURL": "data:image/jpeg;base64," + b64encode(picture).decode(),
            "backgroundImageFit": "stretch",
            "backgroundColor": "",
            "initialDrawing": {"objects": list(start), "background": ""},
            # An outline is told of when it is closed.
            "realtimeUpdateStreamlit": mode != "polygon",
            "returnImageData": False,
            "displayRadius": 3,
            "disabled": False,
            "maxDisplayHeight": None,
            "fontSize": 20,
            "label": "",
        },
        key=key,
        on_drawing_change=changed,
        on_backgroundFit_change=lambda: None,
        width="content",
        height="content",
    )
    return _raw(result)


def drawn(key: str) -> dict | None:
    """The JSON of what is on the canvas of that key by now, or None where there is no such one."""
    return _raw(st.session_state.get(key))


def _raw(state) -> dict | None:
    raw = ((state or {}).get("drawing") or {}).get("raw")
    return raw if isinstance(raw, dict) else None
