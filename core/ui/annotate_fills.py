"""Filled films that were given back to a worklist, beside the film that they were made of."""

import hashlib
from functools import partial

import numpy as np
import streamlit as st

from core import export
from core.annotations import Fill, Film, Reader, Store, StoreError, Worklist
from core.images import BadImage, decode
from core.ui import cached_fills, fill_pictures, verdict, worklist_films
from core.ui.curtain import curtain
from core.ui.film import Film as Shown
from core.ui.overlay import TALLEST
from core.ui.words import plain

MIMES = {"png": "image/png", "tiff": "image/tiff", "dicom": "application/dicom"}


def show(
    store: Store, worklist: Worklist, film: Film, shown: Shown, everybodys: bool = False
) -> None:
    """The way to the Inpaint page with this film, and every fill of it beside it, called synthetic,
    with its statement.

    Fills by others show where others marked: they are kept back from who has not submitted a
    reading of the film, unless `everybodys` are asked for. Never raises StoreError: what is wrong
    is said on the page.
    """
    try:
        reader = worklist_films.opened().reader
        others = everybodys or _submitted(store, worklist, film, reader)
        found = store.fills(worklist, film.sha256, reader, looking=others)
        seen = [fill for fill in found if others or fill.made_by == reader]
        _fills(store, worklist, film, shown, found, seen)
    except StoreError as error:
        st.error(error.reason, icon=":material/error:")


def _fills(
    store: Store,
    worklist: Worklist,
    film: Film,
    shown: Shown,
    found: list[Fill],
    seen: list[Fill],
) -> None:
    st.subheader("Filled in", anchor=False)
    if st.button(
        "Fill it in on the Inpaint page",
        icon=":material/healing:",
        key="annotate-fill-in",
        help="The film goes there with your mask, or with the consensus once you have submitted.",
        on_click=worklist_films.bring,
        args=(film.sha256,),
    ):
        st.switch_page("pages/inpaint.py")
    if len(seen) < len(found):
        st.caption(
            f"{len(found) - len(seen)} filled by others, shown once you have submitted your "
            "reading: a fill tells where they marked."
        )
    for number, fill in enumerate(seen, 1):
        with st.expander(f"{number}. {_title(fill)}", expanded=number == len(seen)):
            _one(store, worklist, fill, film, shown)


def _submitted(store: Store, worklist: Worklist, film: Film, reader: Reader) -> bool:
    return any(
        each.status in worklist_films.DONE
        for each in store.readings(worklist)
        if each.sha256 == film.sha256 and each.reader == reader
    )


def _title(fill: Fill) -> str:
    method = fill.statement.get("method", {}).get("title", "an unknown method")
    return f"Synthetic: filled by {plain(str(method))}, {fill.made_at:%Y-%m-%d %H:%M} UTC"


def _one(store: Store, worklist: Worklist, fill: Fill, film: Film, shown: Shown) -> None:
    key = hashlib.sha256(fill.data).hexdigest()
    inverted = verdict.is_inverted(shown.sha256, shown.negative)
    after = _grey(worklist.id, key, store, worklist, fill)
    if after is None:
        st.warning("This filled film cannot be read any more: fill it in again.")
        return
    before, after = shown.shown(inverted), 255 - after if inverted else after
    height, width = before.shape
    curtain(
        fill_pictures.plain(before),
        fill_pictures.plain(after),
        ("Film", "Synthetic"),
        (f"X-ray film {film.name}", f"Synthetic: X-ray film {film.name} with a mask filled in"),
        min(560, round(TALLEST * width / height)),
        f"annotate-fill-{key[:12]}",
    )
    st.caption(
        f"Given back by {plain(fill.made_by.name)}; the mask: {plain(fill.mask_of)}. What is "
        "filled in is invented. Not for diagnosis."
    )
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Filled film",
            fill.data,
            export.export_name(fill.sha256, "filled", export.ENDINGS[fill.kind]),
            MIMES[fill.kind],
            key=f"annotate-fill-file-{key[:12]}",
            icon=":material/download:",
            help="At its own depth; its metadata say that it is synthetic.",
            on_click="ignore",
        )
        st.download_button(
            "What was done",
            partial(export.sidecar, fill.statement),
            export.export_name(fill.sha256, "filled", "json"),
            "application/json",
            key=f"annotate-fill-said-{key[:12]}",
            icon=":material/download:",
            help="JSON: the film, the mask, the method and the model",
            on_click="ignore",
        )


@st.cache_data(max_entries=4, max_size="64MB", scope="session", show_spinner=False)
def _grey(
    worklist: int, sha256: str, _store: Store, _worklist: Worklist, _fill: Fill
) -> np.ndarray | None:
    """(H, W) uint8: the filled film as its film is shown; None where it cannot be read. The key is
    of its bytes. Raises StoreError."""
    image = decode(_store.film_data(_worklist, _fill.sha256), "film")
    try:
        filled = decode(_fill.data, "filled")
    except BadImage:
        return None
    if filled.pixels.shape != image.pixels.shape:
        return None
    return cached_fills.displayed(image, filled.pixels, False)
