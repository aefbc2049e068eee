"""Sample pictures of a run, epoch by epoch."""

from __future__ import annotations

import streamlit as st

from core import jobs
from core.jobs import Job


def show(job: Job) -> None:
    """The samples of the newest epoch, or of the one that the reader moved the slider to."""
    pictures = dict(jobs.samples(job))
    if not pictures:
        return
    st.markdown("**Samples**")
    epoch = _epoch(job, list(pictures))
    try:
        st.image(
            pictures[epoch].read_bytes(), alt=f"Samples of {job.id} after epoch {epoch}", width=720
        )
    except OSError:
        st.caption(f"The samples of epoch {epoch} cannot be read.")


def _epoch(job: Job, epochs: list[int]) -> int:
    """The slider. It stays where the reader left it, and at the end it follows the newest."""
    if len(epochs) == 1:
        st.caption(f"After epoch {epochs[0]}")
        return epochs[0]
    key, held = f"train-epoch-{job.id}", f"train-epoch-held-{job.id}"
    if st.session_state.get(held) not in epochs:
        st.session_state[held] = None
    st.session_state[key] = st.session_state[held] or epochs[-1]

    def hold() -> None:
        moved = st.session_state[key]
        st.session_state[held] = None if moved == epochs[-1] else moved

    return st.select_slider("After epoch", epochs, key=key, on_change=hold)
