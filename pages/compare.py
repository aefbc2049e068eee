"""Set models against each other: side by side on films, and counted on a labelled set."""

import streamlit as st

from core.settings import Settings
from core.ui import choices, compare_choices, rooms

rooms.enter()
settings = Settings.from_environment()

st.title("Compare", anchor=False)
st.markdown(
    "Where do models disagree, and is one of them really better? Look at films **side by side**, "
    "then count **on a labelled set**."
)
choices.say(compare_choices.prepare())
desk = compare_choices.choose()
desk.show(settings)
compare_choices.write_link()
