"""Sample pictures of a run, epoch by epoch."""

from __future__ import annotations

import streamlit as st

from core import jobs
from core.jobs import Job

NEWEST = "newest"


def show(job: Job) -> None:
    """The samples of the newest epoch, or of the one that the reader moved the slider to."""
    pictures = dict(jobs.samples(job))
    if not pictures:
        return
    epoch = _epoch(job, list(pictures))
    try:
        picture = pictures[epoch].read_bytes()
        st.image(picture, alt=f"Samples of {job.id} after epoch {epoch}", width=720)
    except OSError:
        st.caption(f"The samples of epoch {epoch} cannot be read.")


def _epoch(job: Job, epochs: list[int]) -> int:
    """The epoch that the slider stands at; its right end is whichever is the newest."""
    chosen = NEWEST
    said = st.empty()
    if len(epochs) > 1:
        # The end has a name of its own, so that following never moves what the reader holds.
        chosen = st.select_slider(
            "Epoch",
            [*epochs[:-1], NEWEST],
            value=NEWEST,
            key=f"train-epoch-{job.id}",
        )
    epoch = chosen if chosen in epochs else epochs[-1]
    said.markdown(f"**Samples** after epoch {epoch}")
    return epoch
