"""Question the grade: hide the joint, erase what it looked at, or hide a part by hand."""

import numpy as np
import streamlit as st

from core import question
from core.classify import Grading
from core.joint import Joint, NoJoint
from core.masks import rasterise
from core.models import BadModel, ModelCard
from core.ui import brush, cached_knees, grade_charts, knee_pictures
from core.ui.film import Film
from core.ui.words import percent

JOINT, ERASE, BRUSH = "Hide the joint", "Erase what it looked at", "Hide with a brush"
CANVAS = 360  # px wide: the whole canvas fits a phone


@st.fragment
def ask(
    knee: Film,
    inverted: bool,
    card: ModelCard,
    reading: Grading,
    found: Joint | NoJoint,
    heat: np.ndarray,
    grade: int,
) -> None:
    """The three questions; only the chosen one is worked out."""
    st.segmented_control(
        "Question", [JOINT, ERASE, BRUSH], key="question", default=JOINT, required=True
    )
    chosen = st.session_state["question"]
    try:
        if chosen == ERASE:
            _erase(knee, inverted, card, reading, heat, grade)
        elif chosen == BRUSH:
            _brush(knee, inverted, card, reading)
        else:
            _joint(knee, inverted, card, reading, found)
    except BadModel as error:  # a fragment reruns alone, where Home.py cannot catch it
        st.error(error.reason, icon=":material/error:")


def _joint(knee, inverted, card, reading, found: Joint | NoJoint) -> None:
    st.markdown(
        "A grade of osteoarthritis is read at the joint. With the joint filled in from its "
        "surroundings there is nothing left to grade: an honest reader would become unsure."
    )
    if isinstance(found, NoJoint):
        st.info(f"There is no joint to hide. {found.reason}", icon=":material/straighten:")
        return
    mask = question.joint_mask(knee.grey.shape, found)
    after = cached_knees.without(knee, inverted, mask, card)
    hidden = question.hide(knee.shown(inverted), mask)
    _before_and_after(
        hidden, reading, after, question.trust_without_joint(reading, after), "joint hidden"
    )


def _erase(knee, inverted, card, reading, heat: np.ndarray, grade: int) -> None:
    st.markdown(
        "If the heatmap shows what the grade rests on, erasing the hottest places must cost the "
        "grade more than erasing as much elsewhere. A lower area is a more faithful heatmap."
    )
    if not heat.any():
        st.info(f"The heatmap for grade {grade} is empty: choose another grade or method.")
        return
    curve = cached_knees.erasing(knee, inverted, card, reading, heat, grade)
    chart, said = st.columns([3, 2], gap="medium")
    with chart:
        grade_charts.erasing(curve, grade)
    with said:
        st.markdown(f"**{question.trust_heatmap(curve)}**")
        rows = {
            "Erased": [percent(float(share)) for share in curve.shares],
            "Hottest first": [percent(float(p)) for p in curve.heat],
            "Elsewhere": [percent(float(p)) for p in curve.random.mean(0)],
        }
        st.table(rows, hide_index=True, alt=f"Probability of grade {grade} as the film is erased")
        st.caption(
            f"Area: {curve.heat_area:.2f} for the heatmap, {curve.random_area:.2f} elsewhere: "
            f"the mean of {len(curve.random)} draws, each the same shapes moved to another place. "
            "This film only, n = 1."
        )


def _brush(knee, inverted, card, reading) -> None:
    st.markdown(
        "Brush over anything and watch the bars. What you cover is filled in from its surroundings."
    )
    width = min(CANVAS, round(CANVAS * knee.grey.shape[1] / knee.grey.shape[0]))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        picture = knee_pictures.picture(knee.shown(inverted), None, 0.0, None)
        key = f"brush-{knee.sha256}-{inverted}"
        strokes = brush.brush(picture, knee.grey.shape, width, key)
    mask = rasterise(strokes, knee.grey.shape)
    with right:
        if not mask.any():
            grade_charts.bars({"Whole film": reading.probabilities}, "bars-brush")
            st.caption("Nothing is hidden yet.")
            return
        after = cached_knees.without(knee, inverted, mask, card)
        both = {"Whole film": reading.probabilities, "With your part hidden": after.probabilities}
        grade_charts.bars(both, "bars-brush")
        st.markdown(f"**{question.trust_without_part(reading, after)}**")
        st.caption(f"{percent(float(mask.mean()))} of the film is hidden. This film only, n = 1.")


def _before_and_after(hidden, before: Grading, after: Grading, sentence: str, what: str) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.image(
            knee_pictures.picture(hidden, None, 0.0, None),
            width="stretch",
            alt=f"The film with the {what}",
        )
    with right:
        grade_charts.bars(
            {"Whole film": before.probabilities, what.capitalize(): after.probabilities},
            "bars-hidden",
        )
        st.markdown(f"**{sentence}**")
        st.caption(
            f"Expected grade {before.expected:.1f} before, {after.expected:.1f} after. "
            "This film only, n = 1."
        )
