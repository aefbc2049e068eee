"""The front door: the list of rooms, and what stands on every page."""

import streamlit as st

from core.settings import Settings
from core.ui import cached

st.set_page_config(page_title="Lightbox", page_icon=":material/radiology:", layout="wide")

room = st.navigation(
    {
        "": [st.Page("pages/start.py", title="Start", icon=":material/home:", default=True)],
        "Read": [
            st.Page(
                "pages/fracture.py",
                title="Fracture",
                icon=":material/orthopedics:",
                help="Is there a fracture on this bone X-ray, and where?",
            )
        ],
        "About": [
            st.Page(
                "pages/models.py",
                title="Models",
                icon=":material/description:",
                help="What each network is, what it learned from, and how good it is.",
            )
        ],
    }
)

try:
    settings = Settings.from_environment()
except ValueError as wrong:
    st.error(str(wrong), title="A setting cannot be used")
    st.stop()

with st.sidebar:
    st.caption(":material/info: For research and teaching. Not for diagnosis.")
    st.caption(f":material/health_and_safety: {cached.health(settings)}")

room.run()
