"""Finished masks handed to training: a pack to download, and the commands that use it."""

import streamlit as st

from core.annotations import Reader, Store, Worklist
from core.training_pack import pack
from core.ui import annotate_zips
from core.ui.annotate_zips import Made, size

FILE = "lightbox-training-pack.zip"
WHICH = {"accepted": "Accepted readings", "submitted": "All submitted readings"}
COMMANDS = f"""\
# a filler that never learns from a film on which readers marked something
python -m trainers.inpaint --data data/knee --network thin --keep-out {FILE} --run runs/thin
# a network that suggests where artefacts are
python -m trainers.artefact --data {FILE} --run runs/artefact --publish artefacts"""


def show(store: Store, worklist: Worklist, reader: Reader) -> None:
    """Which masks, the pack of them, and what to type."""
    st.subheader("Use these masks for training", anchor=False)
    st.markdown(
        "A pack of the films with their masks, one for each label: the consensus where there is "
        "one, else what more than half of the readers marked. Making it counts as looking at "
        "others' readings, as an export does."
    )
    which = st.segmented_control(
        "Masks of",
        list(WHICH),
        default="accepted",
        required=True,
        format_func=WHICH.get,
        key="annotate-pack-which",
        persist_state="session",
    )

    def make() -> Made:
        data = pack(store, worklist, which, reader)
        return Made(data, f"{WHICH[which]}; {size(data)}. It names no reader.")

    annotate_zips.offer("annotate-pack", worklist.code, (which,), "Make the pack", FILE, make)
    st.code(COMMANDS, language="bash", wrap_lines=True)
