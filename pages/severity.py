"""Grade osteoarthritis on a knee film, and question the grade."""

import streamlit as st

from core.images import BadImage, display_name
from core.models import BadModel, catalogue
from core.settings import Settings
from core.ui import (
    cached,
    cached_knees,
    choices,
    gallery,
    grade_card,
    grade_charts,
    grade_validation,
    knee_batch,
    knee_viewer,
    origin,
    overlay,
    questions,
    rooms,
    source,
    verdict,
)
from core.ui.words import plain

rooms.enter()
settings = Settings.from_environment()
cards = catalogue(settings.checkpoints, "severity")
exhibits = gallery.knees(settings.data)

st.title("Severity", anchor=False)
if not cards:
    st.error(
        "There is no model here that grades knees: restore the folder checkpoints/severity, or "
        "train one with python -m trainers.severity."
    )
    st.page_link("pages/models.py", label="What is wrong with the models")
    st.stop()

choices.say(choices.prepare(cards, exhibits, choices.SEVERITY))

film_choice, model_choice = st.columns([3, 2], gap="medium")
with model_choice:
    card = choices.choose_model(cards, choices.SEVERITY)
with film_choice:
    entries = source.choose(exhibits, choices.SEVERITY)
choices.write_link(card, choices.SEVERITY)

if not entries:
    st.info("Choose one or more knee films above, and the grade appears here.")
    st.stop()

try:
    keeper = cached.gatekeeper(cards)
except BadModel as error:
    keeper = None
    st.warning(f"Whether a film is a knee at all cannot be checked. {error.reason}")
try:
    cached.model(card)
    several = len(entries) > 1
    entry, side = knee_batch.choose(entries, card, keeper) if several else (entries[0], None)
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
    knees = cached_knees.find(film, inverted, keeper)
    if not knees and grade_card.refusal(film):
        knees = cached_knees.find(film, inverted, None)
if not knees:
    with left:
        overlay.plain_film(film, inverted)
    st.stop()

with left:
    chosen = grade_card.choose_knee(film, inverted, knees, card, side)
choices.write_link(card, choices.SEVERITY)
knee = cached_knees.cut(film, chosen)
reading = cached_knees.grading(knee, inverted, card)
joint = cached_knees.joint_of(knee, inverted)
with said:
    grade_card.card(reading, card, joint, entry.truth)
    readings = [(card, reading), *grade_card.compare(cards, card, knee, inverted)]
    grade_charts.bars(grade_card.by_title(readings), "bars")
    grade_card.beside(readings)
    grade_card.criteria(reading.grade)
    grade_card.space(joint, knee, chosen.side)
with left:
    heat = knee_viewer.viewer(knee, inverted, reading, card, joint)

st.subheader("Question it", anchor=False)
questions.ask(knee, inverted, card, reading, joint, heat, knee_viewer.target(reading))

st.subheader("What validation says", anchor=False)
grade_validation.show(card)

st.subheader("What it cannot know", anchor=False)
learned = origin.learned(card) or (
    "It learned from the standing knees of one American study, graded by its own readers, and a "
    "few synthetic ones, so on other machines and positions its probabilities are a guess."
)
st.markdown(
    f"It sees one frontal picture at {card.input.size} pixels: no side view, no pain, no earlier "
    f"film. {learned} Neighbouring grades are a matter of opinion among readers too."
)
