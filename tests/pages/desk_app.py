"""A page with nothing but the drawing desk, on what the test gives it."""

import hashlib
import json

import streamlit as st

from core.annotations import Reader
from core.artefacts import label_masks
from core.ui import annotate_desk, easel
from tests.frail_store import Given

reader = Reader(st.session_state.get("who", "Anna"), session=st.session_state.get("tab", "tab"))
at = st.session_state.get("film", 0)
film, shown = Given.films[at], Given.shown[at]
if st.session_state.get("room", "desk") == "desk":
    annotate_desk.desk(Given.store, Given.worklist, film, shown, False, reader)
    work = st.session_state[f"annotate-work-{Given.worklist.code}-{film.sha256}-0-{reader.name}"]
    drawn = easel.current(f"annotate-{work.reading.id}", film.sha256).strokes
    masks = label_masks(drawn, film.shape)
    facts = {
        "tools": [stroke.tool + "-" * stroke.erase for stroke in drawn if len(stroke.points)],
        "labels": [stroke.label for stroke in drawn if len(stroke.points)],
        "masks": {
            label: hashlib.sha256(mask.tobytes()).hexdigest() for label, mask in masks.items()
        },
    }
    st.code(json.dumps(facts))
