"""Where a film comes from: the gallery, or the visitor's own files."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.images import BadImage
from core.ui import cached, gallery
from core.ui.choices import FILES, SAMPLE
from core.ui.film import Film

ENDINGS = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "dcm"]


@dataclass(frozen=True)
class Entry:
    """A file to read: `film` is what is in it, or why nothing is; `truth` is known of samples."""

    key: str
    name: str
    film: Film | BadImage
    truth: str | None = None


def choose(exhibits: Mapping[str, gallery.Exhibit]) -> list[Entry]:
    """Let the visitor pick a sample or upload; several only of their own, none before they do."""
    st.segmented_control(
        "Film",
        [SAMPLE, FILES],
        key="source",
        required=True,
        persist_state="session",
        width="stretch",
    )
    return _sample(exhibits) if st.session_state["source"] == SAMPLE else _uploads()


def _sample(exhibits: Mapping[str, gallery.Exhibit]) -> list[Entry]:
    slug = st.selectbox(
        "Sample",
        list(exhibits),
        format_func=lambda slug: exhibits[slug].title,
        key="sample",
        persist_state="session",
    )
    exhibit = exhibits[slug]
    st.caption(exhibit.description)
    try:
        data = gallery.file(slug, exhibit)
    except OSError:
        gone = BadImage("The data pack that holds this film is gone: choose another film.")
        return [Entry(slug, exhibit.filename, gone)]
    film = cached.film(slug, exhibit.filename, data)
    return [Entry(slug, exhibit.filename, film, exhibit.truth)]


def _uploads() -> list[Entry]:
    files = st.file_uploader(
        "Bone X-rays: PNG, JPEG, TIFF, BMP or DICOM (.dcm), up to 64 MB each",
        type=ENDINGS,
        accept_multiple_files=True,
        key="files",
    )
    st.caption(
        "Remove names and other identifiers first. The pixels stay in the memory of this server "
        "until your session ends; nothing is written to disk."
    )
    return [
        Entry(file.file_id, file.name, cached.film(file.file_id, file.name, file.getvalue()))
        for file in files
    ]
