"""A page with nothing but the form of a new quiz, and what was made."""

import streamlit as st

from core.settings import Settings
from core.ui import quiz_kept, quiz_make

settings = Settings.from_environment()
quiz = quiz_make.show(settings)
if quiz:
    cases = quiz_kept.store(settings).cases(quiz)
    st.session_state["made"] = (quiz, cases)
