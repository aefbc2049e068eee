"""The front door: what is here, how good it is, what to try first."""

from functools import partial

import streamlit as st

from core.models import catalogue
from core.settings import Settings
from core.ui import cached, choices, gallery, overlay, rooms, sketch_pad, sketch_starts
from core.ui import cards as model_cards

FRACTURE, SEVERITY, INPAINT = "pages/fracture.py", "pages/severity.py", "pages/inpaint.py"
ANNOTATE, COMPARE, QUIZ = "pages/annotate.py", "pages/compare.py", "pages/quiz.py"
PITFALLS, AUDIT = "pages/pitfalls.py", "pages/audit.py"
SKETCH, SAMPLE = "pages/sketch.py", "notched"
FIRST = {
    "broken-forearm": FRACTURE,
    "knee-grade-3": SEVERITY,
    "screwed-knee": INPAINT,
}

rooms.enter()
settings = Settings.from_environment()
exhibits = {
    slug: exhibit
    for of_room in (gallery.fractures, gallery.knees, gallery.repairs)
    for slug, exhibit in of_room(settings.data).items()
}

st.title("Lightbox", anchor=False)
st.markdown(
    """
Read a bone X-ray with a neural network, see where it looked, and judge how far to trust it.

- **Read**: Fracture gives a film its verdict and heatmap; Severity grades the osteoarthritis of a
  knee and lets you question the grade.
- **Draw**: Inpaint fills in what you draw over, a screw or a prosthesis; Annotate stores what one
  or several readers mark on many films; Sketch paints a skin lesion into an outline that you draw.
- **Teach**: Compare sets models against each other; Quiz lets a class read films before it sees
  what a model said; Pitfalls shows how good scores mislead; Audit finds what is wrong with a
  folder of films.
- **Train**: let a network learn from films of your own; Models says of each network what it
  learned from and how often it is right.
"""
)

st.subheader("Try first, on synthetic samples", anchor=False)
with st.grid(4, min_column_width=150):
    for slug, page in FIRST.items():
        exhibit = exhibits[slug]
        film = cached.film(slug, exhibit.filename, partial(gallery.file, slug, exhibit))
        with st.container(border=True, height="stretch"):
            st.image(overlay.square(film), width="stretch", alt=exhibit.description)
            st.page_link(
                page,
                label=exhibit.title.removesuffix(" (synthetic)"),
                icon=":material/arrow_forward:",
                query_params={"sample": slug},
            )
    with st.container(border=True, height="stretch"):
        st.image(
            sketch_pad.preview(sketch_starts.BY_SLUG[SAMPLE].strokes),
            width="stretch",
            alt="The outline of a lesion, with notches",
        )
        st.page_link(
            SKETCH,
            label="Outline of a lesion",
            icon=":material/arrow_forward:",
            query_params={"sample": SAMPLE, "diagnosis": "mel"},
        )
with st.container(horizontal=True):
    for label, page in (
        ("Read a film of your own", FRACTURE),
        ("Grade a knee of your own", SEVERITY),
        ("Draw on a film of your own", INPAINT),
    ):
        if st.button(label, icon=":material/upload_file:"):
            st.session_state["source"] = choices.FILES
            st.switch_page(page)
    if st.button("Annotate many films", icon=":material/edit_note:"):
        st.switch_page(ANNOTATE)
    if st.button("Sketch a lesion of your own", icon=":material/draw:"):
        st.switch_page(SKETCH)
    if st.button("Compare the models", icon=":material/compare:"):
        st.switch_page(COMPARE)
    if st.button("Join or make a quiz", icon=":material/quiz:"):
        st.switch_page(QUIZ)
    if st.button("See how scores mislead", icon=":material/report:"):
        st.switch_page(PITFALLS)
    if st.button("Audit a folder of films", icon=":material/fact_check:"):
        st.switch_page(AUDIT)

st.subheader("Which models are loaded", anchor=False)
cards = catalogue(settings.checkpoints)
if not cards:
    st.info("No model is published here yet: restore the folder checkpoints.")
    st.stop()
for task in ("fracture", "severity", "inpaint", "sketch"):
    if of_task := [card for card in cards if card.task == task]:
        st.markdown(f"**{task.capitalize()}**")
        model_cards.overview(of_task, task)
st.page_link("pages/models.py", label="All about the models", icon=":material/description:")
