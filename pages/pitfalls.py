"""Eight ways in which a good score is worth nothing, each to be tried."""

import streamlit as st

from core.settings import Settings
from core.ui import exhibits, rooms

rooms.enter()
settings = Settings.from_environment()

st.title("Pitfalls", anchor=False)
st.markdown(
    "Five projects taught Lightbox what to do, and their numbers what not to believe. Each exhibit "
    "asks about one number: move its control, and see what the number is worth."
)
for sentence in exhibits.follow_link():
    st.warning(sentence, icon=":material/link_off:")
exhibit = exhibits.choose()

st.header(exhibit.TITLE, anchor=False)
st.markdown(f"**{exhibit.QUESTION}**")
exhibit.show(settings)
st.info(exhibit.SO_WHAT, title="So what", icon=":material/lightbulb:")
