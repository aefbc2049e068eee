"""Generated lesions as a reader meets them: what a classifier says of each, and their files."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from core.export import export_name
from core.lesions import CODES
from core.models import BadModel, ModelCard
from core.sketch_export import picture_png, statement
from core.ui import cached_sketches, sketch_orders, sketch_pad, sketch_pictures
from core.ui.sketch_orders import NAMES, Piece
from core.ui.words import duration, percent, plain

OUTLINE = "sketch-outline"
SYNTHETIC = "Synthetic: these pictures show no patient. The files say so in a corner and within."
COLUMNS = {1: 1, 2: 2, 4: 2}  # number of pictures → in a row; else three
NARROWEST = 140  # px of a picture, so that a phone shows two in a row
AGREES, DISAGREES = ":material/check_circle:", ":material/cancel:"


def show(
    pieces: Sequence[Piece], mask: np.ndarray, card: ModelCard, judge: ModelCard | None
) -> None:
    """Draw the pieces into the lesion in `mask`, (128, 128) bool, and show them with what the
    classifier `judge` says of each. Raises BadModel."""
    labels, noise = (
        np.stack(parts) for parts in zip(*((p.label, p.noise) for p in pieces), strict=True)
    )
    drawn = cached_sketches.draw(card, mask, labels, noise)
    said = _judged(judge, drawn.pictures)
    outline = mask if st.session_state.get(OUTLINE) else None
    with _grid(len(pieces)):
        for at, (piece, picture) in enumerate(zip(pieces, drawn.pictures, strict=True)):
            with st.container(gap="xxsmall"):
                if piece.title:
                    st.markdown(f"**{piece.title}**")
                st.image(
                    sketch_pictures.shown(picture, outline),
                    width="stretch",
                    alt=_alt(piece, outline is not None),
                )
                if said is not None:
                    st.caption(verdict(piece.code, said[at]))
                _below(piece, at, picture, mask, card)
    st.caption(
        f"{SYNTHETIC} Drawn in {duration(drawn.seconds)}"
        + (f", {duration(drawn.seconds / len(pieces))} each." if len(pieces) > 1 else ".")
    )
    if said is not None:
        _summary(pieces, said, judge)


def _grid(count: int):
    columns = COLUMNS.get(count, 3)
    if columns == 1:
        return st.container(width=3 * sketch_pad.SHEET // 4)
    return st.grid(columns, min_column_width=NARROWEST)


def _alt(piece: Piece, outlined: bool) -> str:
    what = NAMES[piece.code] if piece.code else "A lesion between two diagnoses"
    return f"Synthetic picture of a skin lesion: {what}, seed {piece.seed}, {piece.title}".rstrip(
        ", "
    ) + (", with the outline of the sketch" if outlined else "")


def _judged(judge: ModelCard | None, pictures: np.ndarray) -> np.ndarray | None:
    if judge is None:
        return None
    try:
        return cached_sketches.judged(judge, pictures)
    except BadModel as error:
        st.warning(f"The pictures are not classified. {error.reason}", icon=":material/error:")
        return None


def verdict(code: str | None, probabilities: np.ndarray) -> str:
    """What a classifier's (7,) probabilities of `core.lesions.CODES` mean for a picture that was
    to show `code`, or a mixture (None)."""
    top = CODES[int(probabilities.argmax())]
    read = f"{NAMES[top].lower()} {percent(probabilities.max())}"
    if code is None:
        return f":material/search: Read as {read}"
    if code == top:
        return f"{AGREES} **Agrees**: {read}"
    own = percent(float(probabilities[CODES.index(code)]))
    return f"{DISAGREES} **Disagrees**: {read}, {NAMES[code].lower()} {own}"


def _below(piece: Piece, at: int, picture: np.ndarray, mask: np.ndarray, card: ModelCard) -> None:
    """The picture's file, and whether its seed is kept."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.download_button(
            "PNG",
            partial(file, piece, picture, mask, card),
            export_name(sketch_pad.SHA256, f"synthetic-{name(piece)}", "png"),
            "image/png",
            key=f"sketch-png-{at}",
            icon=":material/download:",
            help="128 × 128 pixels, marked as synthetic in its corner and in its metadata",
            on_click="ignore",
        )
        if piece.slot is not None and card.details.get("noise"):
            st.checkbox(
                f"Keep seed {piece.seed}",
                value=sketch_orders.is_kept(piece.slot),
                key=f"sketch-keep-{piece.slot}",
                on_change=_keep,
                args=(piece.slot,),
            )


def _keep(slot: int) -> None:
    sketch_orders.keep(slot, st.session_state[f"sketch-keep-{slot}"])


def file(piece: Piece, picture: np.ndarray, mask: np.ndarray, card: ModelCard) -> bytes:
    """The PNG file of a picture (128, 128, 3) uint8, marked in pixels and metadata."""
    said = statement(
        card,
        mask,
        piece.label,
        piece.seed,
        piece.strength,
        other_seed=piece.other_seed,
        share=piece.share,
    )
    return picture_png(picture, said)


def name(piece: Piece) -> str:
    """Words for a file's name: "mel-seed-3"."""
    return f"{piece.code or 'between'}-seed-{piece.seed}"


def _summary(pieces: Sequence[Piece], said: np.ndarray, judge: ModelCard) -> None:
    """How often the classifier agrees, beside how often it is right on real pictures."""
    asked = [CODES.index(p.code) if p.code else -1 for p in pieces]
    agreed = [top == code for top, code in zip(said.argmax(1), asked, strict=True) if code >= 0]
    title = plain(judge.title)
    words = f"The classifier, {title}, agrees with {sum(agreed)} of {len(agreed)}."
    codes = {piece.code for piece in pieces}
    if len(codes) == 1:
        (code,) = codes
        recall = judge.metrics.get(f"recall_{code}")
        where = f"real validation pictures of {NAMES[code].lower()}"
    else:
        recall, where = (
            judge.metrics.get("balanced_accuracy"),
            "real pictures, each diagnosis counted alike,",
        )
    if recall:
        words += f" On {where} it is right in {percent(recall.value)}."
    st.caption(words)
