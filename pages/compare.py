"""Compare."""

import streamlit as st

from core.ui import rooms

rooms.enter()

st.title("Compare", anchor=False)
