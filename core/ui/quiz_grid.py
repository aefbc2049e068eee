"""Several pictures of a quiz side by side, two abreast on a phone."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.quiz_records import Picture
from core.ui.quiz_pointer import address

_STYLE = """
.grid { display: grid; gap: 0.75rem; font-family: var(--st-font); color: var(--st-text-color);
  grid-template-columns: repeat(auto-fit, minmax(min(45%, 15rem), 1fr)); }
figure { margin: 0; }
img { width: 100%; height: auto; display: block; border-radius: var(--st-base-radius); }
figcaption { font-size: 0.95rem; margin-top: 0.25rem; }
"""

_SCRIPT = """
export default function ({ data, parentElement }) {
  const drawn = data.pictures.map(({ src, alt, caption }) => {
    const figure = document.createElement("figure"), picture = document.createElement("img")
    const words = document.createElement("figcaption")
    picture.src = src
    picture.alt = alt
    words.textContent = caption
    figure.append(picture, words)
    return figure
  })
  parentElement.querySelector(".grid").replaceChildren(...drawn)
}
"""
_GRID = st.components.v2.component(
    "lightbox_quiz_grid", html="<div class='grid'></div>", css=_STYLE, js=_SCRIPT
)


def show(pictures: Sequence[Picture], captions: Sequence[str], key: str) -> None:
    """The pictures, each with its caption, in their order."""
    _GRID(
        key=key,
        data={
            "pictures": [
                {"src": address(picture, f"{key}-{at}"), "alt": picture.alt, "caption": caption}
                for at, (picture, caption) in enumerate(zip(pictures, captions, strict=True))
            ]
        },
        width="stretch",
        height="content",
    )
