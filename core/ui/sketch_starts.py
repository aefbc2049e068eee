"""What a sketch may start from: a sample, an outline by chance, a photo, or a saved sketch."""

import secrets
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import streamlit as st

from core.contours import random_contour
from core.images import BadImage, decode
from core.lesions import to_square
from core.masks import Stroke
from core.models import BadModel, ModelCard
from core.outlines import outlines
from core.segment import BadPhoto, contour
from core.sketch import BadSketch, read_sketch
from core.sketch_samples import sketch_samples
from core.ui import cached_sketches, sketch_pad

BY_SLUG = {sample.slug: sample for sample in sketch_samples()}
SAMPLE, PHOTO_FILE, SKETCH_FILE = "sketch-sample", "sketch-photo-file", "sketch-file"
SAID, ASKED = "sketch-said", "sketch-asked"
FINE = 4  # times as fine as a network's mask is its outline
SEEDS = 10_000  # outlines by chance, so that one can be named by its number
CHECK_IT = (
    "The outline is a network's guess: correct it before you go on. The photo lies beneath it "
    "until you take it away."
)
WITHOUT_SEGMENTER = (
    "No network that outlines lesions is published here: restore the folder checkpoints/segment, "
    "or train one with python -m trainers.segment."
)
PRIVACY = (
    "Use a close photo of one lesion, without a face or a name on it. It stays in the memory of "
    "this server until your session ends; nothing is written to disk."
)


def starts(segmenter: ModelCard | None) -> None:
    """Offer all of them; each is one step of the drawing that can be undone."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.menu_button(
            "Samples",
            list(BY_SLUG),
            format_func=lambda slug: BY_SLUG[slug].title,
            icon=":material/category:",
            key=SAMPLE,
            on_click=_take_sample,
        )
        st.button(
            "Random",
            icon=":material/casino:",
            key="sketch-random",
            help="An outline drawn by code, in size, place and shape like those of real lesions.",
            on_click=_take_random,
        )
        with st.popover("Photo", icon=":material/photo_camera:", help="Outlined for you"):
            if segmenter is None:
                st.info(WITHOUT_SEGMENTER)
            else:
                st.file_uploader(
                    "A photo of a skin lesion (PNG, JPEG, TIFF, BMP)",
                    type=["png", "jpg", "jpeg", "tif", "tiff", "bmp"],
                    key=PHOTO_FILE,
                    on_change=_take_photo,
                    args=(segmenter,),
                )
                _said(PHOTO_FILE)
                st.caption(PRIVACY)
        with st.popover("Saved", icon=":material/folder_open:", help="A sketch saved here"):
            st.file_uploader(
                "A saved sketch (JSON)", type=["json"], key=SKETCH_FILE, on_change=_take_file
            )
            _said(SKETCH_FILE)
        if sketch_pad.traced():
            st.toggle("Photo beneath", value=True, key=sketch_pad.BENEATH, persist_state="session")


def _said(source: str) -> None:
    """What is to be said of the last file, where it was offered, until the sketch changes."""
    last, revision, kind, sentence = st.session_state.get(SAID, ("", None, "", ""))
    if sentence and (last, revision) == (source, sketch_pad.current().revision):
        show = st.warning if kind == "warning" else st.info
        show(sentence, icon=f":material/{kind}:")


def ask(slug: str) -> None:
    """Put a sample into the canvas as soon as the browser has told what it kept, so that undoing
    brings that back."""
    st.session_state[ASKED] = slug


def follow() -> None:
    """Take the sample that was asked for. Call it after the canvas; it may run the page again."""
    if ASKED in st.session_state and sketch_pad.ready():
        _take(lambda: BY_SLUG[st.session_state.pop(ASKED)].strokes)
        st.rerun()


def _take_sample() -> None:
    slug = st.session_state[SAMPLE]
    if slug:
        _take(lambda: BY_SLUG[slug].strokes)


def _take_random() -> None:
    _take(lambda: (random_contour(secrets.randbelow(SEEDS)),))


def _take_file() -> None:
    file = st.session_state.get(SKETCH_FILE)
    if file is not None:
        _take(lambda: read_sketch(file.getvalue()), SKETCH_FILE)


def _take_photo(segmenter: ModelCard) -> None:
    file = st.session_state.get(PHOTO_FILE)
    if file is not None:
        _take(lambda: _outlined(segmenter, file.getvalue(), file.name), PHOTO_FILE)


def _outlined(segmenter: ModelCard, data: bytes, name: str) -> tuple[Stroke, ...]:
    """The outline of a lesion on a photo, which is laid beneath the sketch. Raises BadImage,
    BadPhoto and BadModel."""
    pixels = decode(data, name).pixels
    strokes = smooth(contour(cached_sketches.segmenter(segmenter), pixels))
    eight = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    sketch_pad.trace(to_square(eight, sketch_pad.SHEET))
    return strokes


def smooth(mask: np.ndarray) -> tuple[Stroke, ...]:
    """The outlines of a mask (S, S) bool in its own pixels, without the steps between them."""
    fine = cv2.resize(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1), None, fx=FINE, fy=FINE)
    return tuple(
        replace(
            stroke,
            points=cv2.approxPolyDP(stroke.points.astype(np.float32), 1, True)[:, 0] / FINE,
        )
        for stroke in outlines(fine > 0.5)
    )


def _take(make: Callable[[], tuple[Stroke, ...]], source: str = "") -> None:
    """Put what is made, of the file that was offered at `source` if any, in place of the sketch,
    or keep the sentence on why not."""
    kind, sentence = "info", CHECK_IT if source == PHOTO_FILE else ""
    try:
        strokes = make()
        sketch_pad.put(strokes)
    except (BadImage, BadModel, BadPhoto, BadSketch) as error:
        kind, sentence = "warning", error.reason
    else:
        if source != PHOTO_FILE:
            sketch_pad.trace(None)
    st.session_state[SAID] = source, sketch_pad.current().revision, kind, sentence
