"""A new run, read from top to bottom: what to learn, from which data, where it starts, how."""

import streamlit as st

from core.jobs import Launcher
from core.settings import Settings


def show(settings: Settings, launcher: Launcher) -> None:
    """The form of a new run; checked, it goes on to `train_check`."""
    st.info("New runs can be made here soon; until then, start one from a shell.")
