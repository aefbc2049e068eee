"""Pitfall: metal means fracture."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from core import exhibits, samples
from core.exhibits import shortcut
from core.inpaint import BadHole
from core.models import BadModel, ModelCard, catalogue
from core.phantoms import long_bone
from core.settings import Settings
from core.ui import (
    cached,
    cached_fills,
    exhibit_asked,
    exhibit_changes,
    exhibit_shortcut_numbers,
    fill_pictures,
    gallery,
)
from core.ui.film import Film
from core.ui.gallery import Exhibit

TITLE = "The metal that gives the answer away"
QUESTION = (
    "A network finds the fracture on nearly every film with a plate or screws: does it see the "
    "break, or the metal?"
)
SO_WHAT = (
    "Whatever goes along with the label in the training films is learned as the label: look for it "
    "before training, and report every score with and without the films that carry it. Then take "
    "it away and put it in, on films whose truth you know, and watch the probability."
)
ERASE, DRAW = "Erase metal", "Draw metal"
AT, ELSEWHERE = "The metal", "As much elsewhere"
PLACES = 9
LIMBS = {"thigh bone": 10, "forearm": 18, "shin": 4, "hand": 3}  # seeds of phantoms
KIND, PLACE = "screws", 5  # move the models on the first limb about as much as most of them do


class Pair(NamedTuple):
    """A film before and after, and what was done to it in words."""

    before: Film
    after: Film
    done: str


def show(settings: Settings) -> None:
    """What every model says before and after metal is erased or drawn, and what it said of the
    validation films."""
    cards = catalogue(settings.checkpoints, "fracture")
    if cards:
        _live(settings, cards)
    else:
        st.info(
            "No fracture model is published here, so none can be asked: restore the folder "
            "checkpoints/fracture. The numbers below are of those that came with Lightbox."
        )
    st.subheader("On real films", anchor=False)
    exhibit_shortcut_numbers.show(exhibits.measured("shortcut", cards))


def _live(settings: Settings, cards: Sequence[ModelCard]) -> None:
    way = st.segmented_control(
        "What to do",
        [ERASE, DRAW],
        key="shortcut-way",
        default=ERASE,
        required=True,
        help="Take the metal off a film that carries it, or lay some over a bone that does not.",
    )
    left, right = st.columns([2, 3], gap="medium")
    with left:
        pair = _erased(settings) if way == ERASE else _drawn(settings)
        if pair is None:
            return
        inverted = pair.before.negative
        for place, film, alt in zip(
            st.columns(2),
            (pair.before, pair.after),
            ("The film as it is", f"The film {pair.done}"),
            strict=True,
        ):
            picture = fill_pictures.plain(film.shown(inverted))
            place.image(picture, width="stretch", alt=alt, caption=alt)
    with right:
        said = exhibit_asked.every(
            cards,
            lambda card: [cached.verdict(f, inverted, card).probability for f in pair[:2]],
        )
        if said:
            exhibit_changes.pairs(said, "shortcut-pairs")
            st.markdown(exhibit_changes.told(said))
            st.caption(
                "Fractured is called from the threshold of each model on (Youden's on its "
                "validation films), and is the positive class. This film only, n = 1."
            )


def _erased(settings: Settings) -> Pair | None:
    entry = exhibit_asked.choose(
        "Film with metal", gallery.hardware(settings.data), "shortcut-hardware"
    )
    what = st.segmented_control(
        "Erase",
        [AT, ELSEWHERE],
        key="shortcut-what",
        default=AT,
        required=True,
        help="Erasing as much of the bone elsewhere tells the loss of the metal from that of any "
        "part of the film.",
    )
    ways = cached_fills.methods(catalogue(settings.checkpoints, "inpaint"))
    name = st.selectbox(
        "Filled by",
        [name for name, way in ways.items() if not way.middle_only],
        format_func=lambda name: ways[name].title,
        key="shortcut-method",
        help="What draws the bone that is seen instead.",
    )
    film = exhibit_asked.read(entry)
    if film is None:
        return None
    mask = cached_fills.suggestion(film, film.negative)
    if not mask.any():
        st.info("No metal is found on this film: choose another one.", icon=":material/info:")
        return None
    if what == ELSEWHERE:
        mask = shortcut.elsewhere(film.shown(film.negative), mask)
    try:
        after = _filled(entry, film, mask, ways[name])
    except (BadHole, BadModel) as error:
        st.warning(error.reason, icon=":material/warning:")
        return None
    done = "with the metal erased" if what == AT else "with as much erased elsewhere"
    return Pair(film, after, done)


def _filled(entry, film: Film, mask: np.ndarray, method: cached_fills.Method) -> Film:
    """A film with its mask filled. Raises BadHole and BadModel."""
    inverted, hole = film.negative, cached_fills.Hole.of(mask)
    image = cached_fills.image(entry, film.sha256)
    pixels = cached_fills.fill(image, hole, method, inverted).pixels
    grey = cached_fills.displayed(image, pixels, inverted)
    return cached_fills.filled_film(film, grey, inverted, f"{hole.sha256}-{method.name}")


def _drawn(settings: Settings) -> Pair | None:
    entry = exhibit_asked.choose("Sound bone", _sound(settings), "shortcut-sound")
    kind = st.segmented_control(
        "Metal",
        shortcut.KINDS,
        format_func=str.capitalize,
        key="shortcut-kind",
        default=KIND,
        required=True,
    )
    place = st.slider(
        "Another place and form",
        1,
        PLACES,
        PLACE,
        key="shortcut-place",
        help="Each is drawn anew, always the same for the same number, where it covers bone.",
    )
    film = exhibit_asked.read(entry)
    if film is None:
        return None
    grey = shortcut.draw_metal(film.shown(film.negative), place, kind).grey
    after = cached_fills.filled_film(film, grey, film.negative, f"{kind}-{place}")
    return Pair(film, after, f"with drawn metal ({kind})")


def _sound(settings: Settings) -> Mapping[str, Exhibit]:
    """Whole synthetic limbs, and the real films of the gallery that are not fractured."""
    drawn = {
        f"whole-{name}": Exhibit(
            f"whole-{name}",
            f"Whole {name} (synthetic)",
            "A limb without a break, and without metal.",
            "not fractured (synthetic film)",
            f"whole-{name}.png",
            lambda seed=seed: samples.png(long_bone(seed, False).pixels),
        )
        for name, seed in LIMBS.items()
    }
    synthetic = {sample.slug for sample in samples.gallery()}
    metal = gallery.hardware(settings.data)
    real = {
        slug: exhibit
        for slug, exhibit in gallery.fractures(settings.data).items()
        if slug not in synthetic | set(metal) and exhibit.truth.startswith("not fractured")
    }
    return drawn | real
