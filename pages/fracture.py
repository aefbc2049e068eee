"""Read a fracture on a bone X-ray: film, verdict, heatmap, and what the threshold means."""

import streamlit as st

from core.images import BadImage, display_name
from core.models import BadModel, catalogue
from core.settings import Settings
from core.ui import (
    batch,
    cached,
    choices,
    gallery,
    origin,
    overlay,
    rooms,
    source,
    threshold,
    verdict,
)
from core.ui.words import plain

rooms.enter()
settings = Settings.from_environment()
cards = catalogue(settings.checkpoints, "fracture")
exhibits = gallery.fractures(settings.data)

st.title("Fracture", anchor=False)
if not cards:
    st.error(
        "There is no fracture model here: restore the folder checkpoints/fracture, or train one "
        "with python -m trainers.fracture."
    )
    st.page_link("pages/models.py", label="What is wrong with the models")
    st.stop()

choices.say(choices.prepare(cards, exhibits))

film_choice, model_choice = st.columns([3, 2], gap="medium")
with model_choice:
    card = choices.choose_model(cards)
with film_choice:
    entries = source.choose(exhibits)
choices.write_link(card)

if not entries:
    st.info("Choose one or more films above, and the verdict appears here.")
    st.stop()

try:
    keeper = cached.gatekeeper(cards)
except BadModel as error:
    keeper = None
    st.warning(f"Whether a film is a bone X-ray at all cannot be checked. {error.reason}")
at = st.session_state[choices.threshold_key(card)]
try:
    cached.model(card)
    entry = batch.choose(entries, card, keeper, at) if len(entries) > 1 else entries[0]
except BadModel as error:
    st.error(error.reason, icon=":material/error:")
    st.stop()

film = entry.film()
if isinstance(film, BadImage):
    st.error(film.reason, title=plain(display_name(entry.name)), icon=":material/broken_image:")
    st.stop()

left, right = st.columns([3, 2], gap="medium")
with right:
    said = st.container()
    st.markdown("**The film**")
    inverted = verdict.invert(film)
    verdict.film_notes(film, inverted)
with said:
    bone = cached.looks_like_bone(film, inverted, keeper)
    if bone or verdict.refusal(film):
        reading = cached.verdict(film, inverted, card)
        verdict.card(reading, at, card, entry.truth)
        threshold.controls(card)
    else:
        reading = None
with left:
    if reading is None:
        overlay.plain_film(film, inverted)
        st.stop()
    overlay.viewer(film, inverted, reading, card)

st.subheader("What this threshold means", anchor=False)
threshold.meaning(card, cached.validation(card))

st.subheader("What it cannot know", anchor=False)
learned = origin.learned(card) or (
    "It learned from the hands, legs, hips and shoulders of one collection, so on other bones, "
    "children, casts or other machines its probability is a guess."
)
st.markdown(
    f"It sees one picture at {card.input.size} pixels: no patient, no second view, no earlier "
    f"film, and no hairline finer than its pixels. {learned}"
)
