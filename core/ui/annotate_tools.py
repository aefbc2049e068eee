"""What a reading may start from besides a hand: a suggestion, a file, or nothing to mark."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from core import artefacts
from core.artefacts import LABELS, Annotation, from_masks
from core.mask_files import read_mask
from core.masks import BadMask
from core.ui import annotate_work, cached_fills, presses, sheet
from core.ui.annotate_bench import Bench
from core.ui.annotate_work import NOTHING, Strokes
from core.ui.words import plain

ENDINGS = ["png", "tif", "tiff", "bmp", "jpg", "jpeg", "json"]
METAL = "prosthesis"  # the label of a suggestion
SUGGESTED = (
    "The suggestion was added: correct it, for dense bone, a cast or a letter may have been taken "
    "for metal, and other hardware for a prosthesis."
)


@dataclass(frozen=True)
class Wish:
    """A press: what it makes of the strokes on the desk, and what to say once it has."""

    make: Callable[[Strokes], Strokes | Annotation]
    said: str


def work(bench: Bench) -> None:
    """Do what was pressed, or keep the sentence on why not; before the desk is shown."""
    sha256 = bench.film.sha256
    if not sheet.of(bench.key, sha256).recalled:
        return
    for (wish,) in presses.waiting(_asked(bench), sha256):
        notice = wish.said
        with presses.doing(_asked(bench), sha256):
            try:
                made = wish.make(bench.drawing().strokes)
                if isinstance(made, Annotation):
                    strokes = annotate_work.strokes_of(made)
                    bench.put(strokes, made.comment or None)
                else:
                    bench.put(made)
                bench.save()
            except BadMask as error:
                notice = error.reason
            bench.work.notice = notice


def tools(bench: Bench, label: str) -> None:
    """Offer them all. label: a key of LABELS that an uploaded mask gets."""
    strokes = bench.drawing().strokes
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Suggest metal",
            icon=":material/auto_fix_high:",
            key=f"{bench.key}-suggest",
            help=f"Adds bright, even regions with a sharp edge as “{LABELS[METAL]}”, for you to "
            "correct. It is recorded that a program drew them.",
            on_click=_press,
            args=(bench, Wish(lambda strokes: _suggested(bench, strokes), SUGGESTED)),
        )
        _upload(bench, label)
        _nothing(bench, strokes)


def _press(bench: Bench, wish: Wish) -> None:
    presses.press(_asked(bench), bench.film.sha256, wish)


def _asked(bench: Bench) -> str:
    return f"{bench.key}-asked"


def _drawn(strokes: Strokes) -> Strokes:
    """The strokes, without the statement that there is nothing to mark."""
    return tuple(stroke for stroke in strokes if stroke is not NOTHING)


def _suggested(bench: Bench, strokes: Strokes) -> Strokes:
    found = cached_fills.suggestion(bench.shown, bench.inverted)
    if not found.any():
        raise BadMask("Nothing on this film looks like metal: draw over what is there.")
    return (*_drawn(strokes), *from_masks({METAL: found}, "auto"))


def _upload(bench: Bench, label: str) -> None:
    key = f"{bench.key}-upload"
    with st.popover("Upload", icon=":material/upload:", help="A mask, or an annotation saved here"):
        st.file_uploader(
            f"A mask (PNG, TIFF, BMP, JPEG), white where it is: it is added as “{LABELS[label]}”. "
            "Or an annotation (JSON): it replaces what is drawn.",
            type=ENDINGS,
            key=key,
            on_change=_take_file,
            args=(bench, key, label),
        )


def _take_file(bench: Bench, key: str, label: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    data, name = file.getvalue(), file.name
    said = f"“{plain(name)}” was added."
    _press(bench, Wish(lambda strokes: read(data, name, bench, strokes, label), said))


def read(
    data: bytes, name: str, bench: Bench, strokes: Strokes, label: str
) -> Strokes | Annotation:
    """A mask in an uploaded file on top of the strokes, or the annotation in it. Raises BadMask."""
    shape = bench.film.shape
    if not (data.lstrip().startswith(b"{") or name.lower().endswith(".json")):
        mask = read_mask(data, name, shape)
        return (*_drawn(strokes), *from_masks({label: mask}))
    kept = artefacts.from_json(data)
    if (kept.sha256, *kept.shape) != (bench.film.sha256, *shape):
        raise BadMask(
            "This annotation was drawn on another film, whose file differs from this one: open "
            "that film, or upload its mask as a PNG."
        )
    labelled = (
        stroke if stroke.label or stroke.erase else replace(stroke, label=label)
        for stroke in kept.annotation.strokes
    )
    return replace(kept.annotation, strokes=tuple(labelled))


def _nothing(bench: Bench, strokes: Strokes) -> None:
    """Say that there is no artefact; ask first where that takes marks away."""
    words, icon = "No artefact", ":material/check_circle:"
    if annotate_work.said(strokes, "").nothing:
        st.button(
            "Take back “No artefact”",
            icon=":material/undo:",
            key=f"{bench.key}-something",
            on_click=_press,
            args=(bench, Wish(lambda strokes: (), "")),
        )
        return
    wish = Wish(lambda strokes: (NOTHING,), "")
    if not strokes:
        st.button(
            words,
            icon=icon,
            key=f"{bench.key}-nothing",
            help="Say that this film has none.",
            on_click=_press,
            args=(bench, wish),
        )
        return
    with st.popover(words, icon=icon, help="Say that this film has none."):
        st.markdown("This takes away all that is drawn. Undo brings it back.")
        st.button(
            "Take it away: no artefact",
            key=f"{bench.key}-nothing",
            on_click=_press,
            args=(bench, wish),
        )
