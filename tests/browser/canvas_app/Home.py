"""A page with nothing but the drawing canvas, and one beside it, for the browser tests."""

import hashlib
import json

import numpy as np
import streamlit as st

from core.masks import Stroke, rasterise
from core.ui import canvas, easel

# Two films of one name, and one of another name and size.
FILMS = {"first": ("film.png", 0), "namesake": ("film.png", 40), "wide": ("wide.png", 0)}


def film(slug: str) -> tuple[np.ndarray, str]:
    """(H, W) uint8 and the hash of a file that would hold it."""
    across, down = np.meshgrid(np.arange(600 if slug == "wide" else 200), np.arange(300))
    grey = ((across + down + FILMS[slug][1]) % 200).astype(np.uint8)
    return grey, hashlib.sha256(slug.encode()).hexdigest()


@st.fragment
def drawing() -> None:
    grey, sha256 = film(slug := st.query_params.get("film", "first"))
    drawn = canvas.canvas(grey, sha256, FILMS[slug][0], "page")
    box = (Stroke(np.array([(20.0, 30.0), (60.0, 80.0)]), tool="rectangle"),)
    st.button("Suggest", on_click=easel.replace, args=("page", sha256, box))
    many = (Stroke(np.tile([(20.123, 30.123), (60.123, 80.123)], (60_000, 1))),)
    st.button("Suggest many", on_click=easel.replace, args=("page", sha256, many))
    mask = rasterise(drawn.strokes, grey.shape)
    rows, columns = np.nonzero(mask)
    facts = {
        "digest": hashlib.sha256(mask.tobytes()).hexdigest()[:12],
        "pixels": int(mask.sum()),
        "tools": [stroke.tool + "-" * stroke.erase for stroke in drawn.strokes],
        "box": [int(f(axis)) for axis in (columns, rows) for f in (min, max)] if len(rows) else [],
    }
    st.code(json.dumps(facts))


def page() -> None:
    st.title("Canvas")
    drawing()


def other() -> None:
    st.title("Other")


st.set_page_config(layout="wide")
st.navigation([st.Page(page, default=True), st.Page(other)]).run()
