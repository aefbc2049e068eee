"""Pitfalls."""

import streamlit as st

from core.ui import rooms

rooms.enter()

st.title("Pitfalls", anchor=False)
