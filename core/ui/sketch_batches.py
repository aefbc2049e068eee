"""A zip of many generated lesions with labels and masks, to train on."""

from dataclasses import dataclass

import streamlit as st

from core.export import export_name
from core.lesions import CODES
from core.models import BadModel, ModelCard
from core.sketch import BadSketch
from core.sketch_batch import batch, noise_words
from core.ui import cached_sketches, presses, sketch_pad
from core.ui.words import plain

RANDOM, OWN = "Random outlines", "My sketch"
MOST = 50  # of each diagnosis: some 10 MB, in memory until the session ends
MADE, ASKED, REFUSED = "sketch-batch", "sketch-batch-asked", "sketch-batch-refused"


@dataclass(frozen=True, eq=False)
class Made:
    """A zip file, and what is in it in words."""

    data: bytes
    said: str


@st.fragment
def offer(card: ModelCard) -> None:
    """Choose a batch, have it made, download it."""
    st.markdown(
        "Pictures of each diagnosis with their labels and masks, to train a classifier on beside "
        "real ones: `python -m trainers.lesion --data … --also synthetic.zip`. Train with and "
        "without them, and see whether synthetic data helps on real pictures."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        outlines = st.segmented_control(
            "Drawn into",
            [RANDOM, OWN],
            default=RANDOM,
            required=True,
            key="sketch-batch-outlines",
            persist_state="session",
            help="Random outlines are drawn by code, in size, place and shape like real ones.",
        )
        per_class = st.number_input(
            "Pictures of each diagnosis",
            1,
            MOST,
            10,
            key="sketch-batch-count",
            persist_state="session",
            width=190,
        )
        seed = st.number_input(
            "First seed",
            0,
            999_999,
            1,
            key="sketch-batch-seed",
            persist_state="session",
            width=130,
        )
        st.button(
            "Make the zip",
            icon=":material/folder_zip:",
            key="sketch-batch-make",
            on_click=presses.press,
            args=(ASKED, sketch_pad.SHA256),
        )
    strength = st.session_state.get("sketch-noise", 100) / 100
    order = card, int(per_class), int(seed), strength, outlines == OWN
    for _ in presses.waiting(ASKED, sketch_pad.SHA256):
        with presses.doing(ASKED, sketch_pad.SHA256):
            _make(*order)
    refused, sentence = st.session_state.get(REFUSED, (None, ""))
    if refused == _reasons(*order):
        st.warning(sentence, icon=":material/error:")
    made = st.session_state.get(MADE)
    if made:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.download_button(
                "Download the zip",
                made.data,
                export_name(sketch_pad.SHA256, "synthetic-lesions", "zip"),
                "application/zip",
                key="sketch-batch-zip",
                icon=":material/download:",
                type="primary",
                on_click="ignore",
            )
            st.caption(made.said, width="content")


def _reasons(card: ModelCard, *order: object) -> tuple:
    """All that a batch may be refused for: what is drawn, and what is asked of which model."""
    return sketch_pad.current().revision, card.sha256, *order


def _make(card: ModelCard, per_class: int, seed: int, strength: float, own: bool) -> None:
    """Make a batch in place of the last one; or note why not, and leave that."""
    st.session_state.pop(REFUSED, None)
    bar = st.progress(0.0, "Drawing")
    try:
        masks = [sketch_pad.lesion(sketch_pad.current())] if own else []
        sketcher = cached_sketches.sketcher(card)
        data = batch(
            sketcher,
            per_class,
            seed,
            masks,
            strength,
            lambda done, total: bar.progress(done / total, f"{done} of {total} pictures"),
        )
    except (BadModel, BadSketch) as error:
        reasons = _reasons(card, per_class, seed, strength, own)
        st.session_state[REFUSED] = reasons, error.reason
        return
    finally:
        bar.empty()
    st.session_state[MADE] = Made(
        data,
        f"{per_class * len(CODES):,} pictures by {plain(card.title)}, {per_class} of each "
        f"diagnosis, in {OWN.lower() if own else RANDOM.lower()}, "
        f"noise: {noise_words(sketcher, seed, strength)}; {len(data) / 1e6:.1f} MB.",
    )
