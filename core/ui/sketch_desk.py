"""Where a lesion is sketched and drawn: the canvas, and the pictures beside it as one draws."""

from functools import partial

import streamlit as st

from core.export import export_name
from core.models import BadModel, ModelCard
from core.sketch import BadSketch
from core.ui import (
    cached_sketches,
    sketch_choices,
    sketch_orders,
    sketch_pad,
    sketch_result,
    sketch_starts,
)

EMPTY = (
    "Draw the outline of a lesion, or start from a sample, and the pictures appear here as you "
    "draw."
)


@st.fragment
def desk(card: ModelCard, judge: ModelCard | None, segmenter: ModelCard | None) -> None:
    """Sketch and pictures; strokes rerun nothing else. judge: the classifier that reads them."""
    sketch_choices.write_link(card)
    left, right = st.columns(2, gap="medium")
    with left:
        sketch_starts.starts(segmenter)
        drawing = sketch_pad.pad()
        st.download_button(
            "Sketch (JSON)",
            partial(sketch_pad.saved, drawing),
            export_name(sketch_pad.SHA256, "sketch", "json"),
            "application/json",
            key="sketch-json",
            icon=":material/download:",
            help="To be opened here again",
            disabled=not drawing.strokes,
            on_click="ignore",
        )
    sketch_starts.follow()
    with right:
        above, place, below = (st.container() for _ in range(3))
        try:
            varies = cached_sketches.sketcher(card).varies
            pieces = sketch_orders.pieces(varies, above, below)
            below.toggle(
                "Show the outline of the sketch", key=sketch_result.OUTLINE, persist_state="session"
            )
            with place:
                if not drawing.strokes:
                    st.info(EMPTY, icon=":material/draw:")
                    return
                mask = sketch_pad.lesion(drawing)
                sketch_result.show(pieces, mask, card, judge)
        except BadSketch as error:
            place.warning(error.reason, icon=":material/draw:")
        except BadModel as error:
            place.error(error.reason, icon=":material/error:")
