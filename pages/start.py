"""The front door: what is here, how good it is, what to try first."""

from functools import partial

import streamlit as st

from core.models import catalogue
from core.settings import Settings
from core.ui import cached, choices, gallery, overlay, rooms
from core.ui.words import interval, plain

FIRST = ("broken-forearm", "whole-forearm", "negative-film", "dicom-shin")

rooms.enter()
settings = Settings.from_environment()
exhibits = gallery.fractures(settings.data)

st.title("Lightbox", anchor=False)
st.markdown(
    "Read a bone X-ray with a neural network, see where it looked, and judge how far to trust it. "
    "**Fracture** gives a film its verdict and heatmap; **Models** says of each network what it "
    "learned from and how often it is right."
)

st.subheader("Try first, on synthetic films", anchor=False)
with st.grid(4, min_column_width=150):
    for slug in FIRST:
        exhibit = exhibits[slug]
        film = cached.film(slug, exhibit.filename, partial(gallery.file, slug, exhibit))
        with st.container(border=True, height="stretch"):
            st.image(overlay.square(film), width="stretch", alt=exhibit.description)
            st.page_link(
                "pages/fracture.py",
                label=exhibit.title.removesuffix(" (synthetic)"),
                icon=":material/arrow_forward:",
                query_params={"sample": slug},
            )
if st.button("Read a film of your own", icon=":material/upload_file:"):
    st.session_state["source"] = choices.FILES
    st.switch_page("pages/fracture.py")

st.subheader("Which models are loaded", anchor=False)
cards = catalogue(settings.checkpoints)
if not cards:
    st.info("No model is published here yet: restore the folder checkpoints.")
    st.stop()
st.table(
    [
        {
            "Model": plain(card.title),
            "AUROC (95 % interval)": interval(card.metrics.get("auroc")),
            "Validation films": f"{card.validation.get('n', 0):,}",
        }
        for card in cards
    ],
    hide_index=True,
    alt="The published models and how good they are",
)
st.page_link("pages/models.py", label="All about the models", icon=":material/description:")
