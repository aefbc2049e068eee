"""Sample pictures of a run, epoch by epoch."""

from __future__ import annotations

import streamlit as st

from core import jobs
from core.jobs import Job

NEWEST = "newest"
PAIRS = (
    "Pictures that it does not learn from. Left of each pair the picture, right of it how much "
    "each part speaks for what the network says, from black to white; all grey where no part does. "
    "Under it {said}, how sure it is of that, and whether that is right."
)
OUTLINES = (
    "Pictures that it does not learn from. A line is the true outline, dashes are what the network "
    "found; IoU is how well the two overlap, 0 to 1."
)
WORDS = {  # what the pictures of each trainer show
    "fracture": PAIRS.format(said="what it says"),
    "severity": PAIRS.format(said="the grade that it says"),
    "lesion": "Lesions that it does not learn from. Under each the diagnosis that the network "
    "says, how sure it is of that, and whether that is right.",
    "segment": OUTLINES,
    "artefact": OUTLINES,
    "inpaint": "A film in each column: on top with its hole, in the middle as the network fills "
    "it, below as it truly is.",
    "sketch": "Two lesions of each diagnosis with their outlines, each beside three paintings of "
    "its outline by the network; in the last row one outline painted as every diagnosis.",
}


def show(job: Job) -> None:
    """The samples of the newest epoch, or of the one that the reader moved the slider to."""
    pictures = dict(jobs.samples(job))
    if not pictures:
        return
    epoch, words = _epoch(job, list(pictures)), WORDS.get(job.trainer, "")
    try:
        picture = pictures[epoch].read_bytes()
        alt = f"Samples of {job.id} after epoch {epoch}. {words}".strip()
        st.image(picture, alt=alt, caption=words or None, width="stretch")
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
