"""One knee on the lightbox: heat for a grade, by a method, and the joint drawn in."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import explain
from core.cams import METHODS
from core.classify import Grading
from core.joint import Joint, NoJoint
from core.kellgren_lawrence import GRADES
from core.models import BadModel, ModelCard
from core.ui import cached_knees, knee_pictures
from core.ui.film import Film
from core.ui.overlay import controls, picture_width
from core.ui.words import percent

OURS = "Grad-CAM (comes with the grade)"
CALLED = "called"


def target(reading: Grading) -> int:
    """The grade that the heatmap explains: the chosen or the called one."""
    chosen = st.session_state.get("target")
    return reading.grade if chosen in (None, CALLED) else int(chosen)


@dataclass(frozen=True)
class View:
    """How the visitor wants the film shown; `method` is `OURS` or one of the library's."""

    heatmap: bool
    beside: bool
    joint: bool
    opacity: float
    method: str


def viewer(
    knee: Film, inverted: bool, reading: Grading, card: ModelCard, found: Joint | NoJoint
) -> np.ndarray:
    """The knee under its heatmap with the controls for it; returns the heat that is shown."""
    place = st.container()
    view, grade = _controls(), target(reading)
    heat = _heat(knee, inverted, card, reading, view.method, grade)
    drawn = found if view.joint and isinstance(found, Joint) else None
    grey = knee.shown(inverted)
    shown = heat if view.heatmap else None
    picture = knee_pictures.picture(grey, shown, view.opacity, drawn)
    x, y = explain.peak(heat)
    peak = f"{percent(x)} from the left and {percent(y)} from the top"
    alt = f"Knee film {knee.name}" + (f" under a heatmap, hottest {peak}" if view.heatmap else "")
    with place:
        if view.beside:
            left, right = st.columns(2)
            bare = knee_pictures.picture(grey, None, 0.0, None)
            left.image(bare, width="stretch", alt=f"Knee film {knee.name} without heatmap")
            right.image(picture, width="stretch", alt=alt)
        else:
            st.image(picture, width=picture_width(knee), alt=alt)
        if view.heatmap:
            _legend(heat, grade, view.method, peak)
        if drawn:
            st.caption(
                "Frame: the joint. Upper lines (orange): the femur. Lower (yellow): the tibia."
            )
    return heat


def _controls() -> View:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        heatmap, beside, opacity = controls()
        boxed = st.toggle("Joint", value=True, key="joint", persist_state="session")
    which, how = st.columns(2)
    which.selectbox(
        "Explain",
        [CALLED, *(str(grade.number) for grade in GRADES)],
        format_func=lambda k: "The called grade" if k == CALLED else f"Grade {k}",
        key="target",
        persist_state="session",
        help="What on this film speaks for that grade.",
    )
    method = how.selectbox(
        "Method",
        [OURS, *METHODS],
        key="method",
        persist_state="session",
        help="The others need torch, which takes seconds to load and hundreds of MB. Where "
        "features are averaged, as in MobileNetV2, HiResCAM is Grad-CAM itself; EigenCAM knows no "
        "grade.",
    )
    return View(heatmap, beside, boxed, opacity, method)


def _heat(knee, inverted, card, reading, method: str, grade: int) -> np.ndarray:
    if method != OURS:
        try:
            return cached_knees.heat(knee, inverted, card, reading, method, grade)
        except BadModel as error:
            st.warning(f"{error.reason} The model's own Grad-CAM is shown.")
    return cached_knees.heat(knee, inverted, card, reading, None, grade)


def _legend(heat: np.ndarray, grade: int, method: str, peak: str) -> None:
    if not heat.any():
        st.caption(f"Nothing on this film speaks for grade {grade}, so there is no heat.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("cold", width="content")
        st.image(explain.legend(160, 12), width=160, alt="Colour scale from black to pale yellow")
        st.caption("hottest place", width="content")
    name = "Grad-CAM" if method == OURS else method
    of = "" if method == "EigenCAM" else f" for grade {grade}"
    st.caption(f"Colour is {name}{of}, relative to this film's own maximum, which lies {peak}.")
