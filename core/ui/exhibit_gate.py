"""Pitfall: a classifier without a gate answers whatever it is shown."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core import exhibits
from core.exhibits.not_films import DRAWINGS
from core.models import BadModel, ModelCard, catalogue
from core.settings import Settings
from core.ui import cached, exhibit_asked, exhibit_gate_numbers, fill_pictures, gallery
from core.ui.choices import default_threshold
from core.ui.film import Film
from core.ui.gallery import Exhibit
from core.ui.source import ENDINGS, PRIVACY, Entry
from core.ui.words import percent

TITLE = "The pipe that was fractured"
QUESTION = (
    "A network tells broken bones from whole ones: what does it say of a pipe, a page or a face?"
)
SO_WHAT = (
    "A classifier of two classes has no word for “neither”, and its probability does not sink "
    "because a picture makes no sense. Put a gate before it that knows what the training films "
    "look like, and say how many real films it stops by mistake."
)
DRAWN, OWN = "Drawn picture", "Your own picture"
USUAL = 3.5  # where no gate is published: about that of the one that came with Lightbox
NEAREST, FURTHEST = 1.5, 10.0


def show(settings: Settings) -> None:
    """The gate's switch and distance, what every model and the gate say of a picture, and of the
    pictures and films of the table."""
    cards = catalogue(settings.checkpoints, "fracture")
    keeper = _keeper(cards)
    usual = round(keeper.gate.threshold, 1) if keeper else USUAL
    on, at = _gate(usual)
    if not cards:
        st.info(
            "No fracture model is published here, so none can be asked: restore the folder "
            "checkpoints/fracture. The numbers below are of those that came with Lightbox."
        )
    else:
        _live(settings, cards, keeper, at if on else None)
    st.subheader("On pictures that are no bone, and films that are", anchor=False)
    exhibit_gate_numbers.show(exhibits.measured("no_gate", cards), at if on else None)


def _keeper(cards: Sequence[ModelCard]) -> cached.Gatekeeper | None:
    try:
        return cached.gatekeeper(cards)
    except BadModel:
        return None


def _gate(usual: float) -> tuple[bool, float]:
    """Whether the gate is on, and from which distance on it stops a picture."""
    on = st.toggle(
        "Gate",
        key="gate-on",
        help="Stops a picture that lies too far from all films that the network learned from.",
    )
    at = st.slider(
        "Stops a picture further away than",
        NEAREST,
        FURTHEST,
        min(max(usual, NEAREST), FURTHEST),
        0.1,
        format="%.1f",
        key="gate-distance",
        disabled=not on,
        help=f"Real films lie at about 2. The gate itself stops beyond {usual:.1f}, which lets 99 "
        "of 100 validation films pass.",
    )
    return on, at


def _live(settings, cards: Sequence[ModelCard], keeper, at: float | None) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        film = _picture(settings)
        if film is None:
            return
        shown = film.shown(film.negative)
        st.image(fill_pictures.plain(shown), width="stretch", alt=f"The picture {film.name}")
        if film.negative:
            st.caption("It looks like a negative, so the models are shown it inverted.")
    with right:
        said = exhibit_asked.every(cards, lambda card: cached.verdict(film, film.negative, card))
        stopped = _judge(film, keeper, at)
        rows = []
        for card, verdict in said:
            called = verdict.probability >= default_threshold(card)
            word = "fractured" if called else "not fractured"
            rows.append(
                {
                    "Model": card.title,
                    "Probability": percent(verdict.probability),
                    "From": percent(default_threshold(card), 1),
                    "Verdict": "none: stopped" if stopped else f"**{word}**" if called else word,
                }
            )
        if rows:
            st.table(rows, hide_index=True, alt="What every model says of this picture")
            st.caption(
                "Fractured is called from each model's own threshold on (“From”: Youden's on its "
                "validation films), and is the positive class. This picture only, n = 1."
            )


def _judge(film: Film, keeper: cached.Gatekeeper | None, at: float | None) -> bool:
    """Say what the gate finds; whether it stops the picture."""
    if keeper is None:
        st.warning("No model here carries a gate, so there is none to switch on.")
        return False
    try:
        embedding = cached.verdict(film, film.negative, keeper.card).embedding
    except BadModel as error:
        st.warning(error.reason, icon=":material/warning:")
        return False
    distance = float(keeper.gate.distance(embedding[None])[0])
    if at is None:
        st.info(
            f"The gate is off, and every model answers. The picture's distance is {distance:.1f}.",
            icon=":material/door_open:",
        )
        return False
    if distance > at:
        st.error(
            f"**Stopped.** The distance {distance:.1f} is beyond {at:.1f}: this does not look like "
            "a bone X-ray, so no verdict is given.",
            icon=":material/block:",
        )
        return True
    st.success(
        f"The gate lets it pass: the distance {distance:.1f} is within {at:.1f}.",
        icon=":material/check_circle:",
    )
    return False


def _picture(settings: Settings) -> Film | None:
    source = st.segmented_control(
        "Picture", [DRAWN, OWN], key="gate-source", default=DRAWN, required=True
    )
    if source == DRAWN:
        return exhibit_asked.read(
            exhibit_asked.choose("What to show", _drawn(settings), "gate-what")
        )
    file = st.file_uploader("Picture: PNG, JPEG, TIFF, BMP or DICOM", ENDINGS, key="gate-file")
    st.caption(PRIVACY)
    if file is None:
        st.info("Choose a picture of anything, and the models answer here.")
        return None
    return exhibit_asked.read(Entry(file.file_id, file.name, file.getvalue))


def _drawn(settings: Settings) -> Mapping[str, Exhibit]:
    """Drawn pictures that are no bone, and two films that are."""
    pictures = {
        drawing.slug: Exhibit(
            drawing.slug,
            f"{drawing.title} (drawn)",
            drawing.shows,
            "no bone (drawn by a program)",
            f"{drawing.slug}.png",
            drawing.data,
        )
        for drawing in DRAWINGS
    }
    films = gallery.fractures(settings.data)
    return pictures | {slug: films[slug] for slug in ("broken-forearm", "whole-forearm")}
