"""Draw the outline of a skin lesion, choose a diagnosis, and see it painted by a network."""

import streamlit as st

from core.models import catalogue
from core.settings import Settings
from core.ui import (
    choices,
    origin,
    rooms,
    sketch_batches,
    sketch_choices,
    sketch_desk,
    sketch_quality,
)

rooms.enter()
settings = Settings.from_environment()
cards = catalogue(settings.checkpoints, "sketch")

st.title("Sketch", anchor=False)
st.markdown(
    "Draw the outline of a skin lesion, choose a diagnosis, and a network paints it as a "
    "dermatoscope would see it. The pictures are synthetic: they show no patient."
)
if not cards:
    st.info(
        "No network that paints lesions is published here: restore the folder checkpoints/sketch, "
        "or train one with python -m trainers.sketch.",
        icon=":material/info:",
    )
    st.stop()

judges = {card.name: card for card in catalogue(settings.checkpoints, "lesion")}
judge = judges.get("mobilenetv2") or next(iter(judges.values()), None)
segmenter = next(iter(catalogue(settings.checkpoints, "segment")), None)
choices.say(sketch_choices.prepare(cards))
with st.container():  # takes its place even while it is empty, so that what follows stays
    if judge is None:
        st.info(sketch_choices.WITHOUT_CLASSIFIER, icon=":material/info:")
card = sketch_choices.choose_model(cards)
sketch_desk.desk(card, judge, segmenter)

st.subheader("How good is it?", anchor=False)
sketch_quality.show(cards)

st.subheader("A batch to train on", anchor=False)
sketch_batches.offer(card)

st.subheader("What it cannot know", anchor=False)
learned = origin.learned(card) or (
    "It has seen some thousand photos of lesions, 128 pixels a side, most of light skin."
)
st.markdown(
    f"The network paints what is likely among what it has seen. {learned} What it paints "
    "for a diagnosis is not what that diagnosis looks like on somebody, and a picture that the "
    "classifier recognises shows only that the two networks agree. For teaching and for "
    "questioning networks. Not for diagnosis."
)
