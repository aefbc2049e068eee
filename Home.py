"""The front door: the list of rooms, and what stands on every page."""

import streamlit as st

from core.models import BadModel
from core.settings import Settings
from core.ui import cached, rooms, watch
from core.ui.words import plain

st.set_page_config(page_title="Lightbox", page_icon=":material/radiology:", layout="wide")

room = rooms.navigation()

try:
    settings = Settings.from_environment()
except ValueError as wrong:
    st.error(str(wrong), title="A setting cannot be used")
    st.stop()

with st.sidebar:
    st.caption(":material/info: For research and teaching. Not for diagnosis.")
    st.caption(f":material/health_and_safety: {plain(cached.health(settings))}")

if settings.training and room.url_path != "quiz":  # where forty students wait, little must tick
    watch.catalogue(settings.checkpoints)

st.session_state["entered"] = True
try:
    room.run()
except BadModel as broken:  # a model's file may change while its page is open
    st.error(broken.reason, icon=":material/error:")
