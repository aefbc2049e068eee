"""Questions to a fill: what others make of the hole, how steady it is, what a grader says of it."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core import mask_edits, question
from core.inpaint import BadHole
from core.joint import NoJoint
from core.kellgren_lawrence import GRADES
from core.knees import Box, Knee
from core.models import BadModel, ModelCard
from core.ui import cached, cached_fills, cached_knees, fill_pictures, grade_charts, knee_pictures
from core.ui.cached_fills import Hole, Method
from core.ui.choices import SEVERITY
from core.ui.fill_result import Result, quality
from core.ui.film import Film
from core.ui.words import duration, percent, plain

METHODS, OUTLINE, GRADE = "Every method", "A slightly larger mask", "Severity before and after"
GROWN = (1, 2, 4)  # px
STEADY, LOOSE = 3.0, 10.0  # grey levels: a change that hardly shows, and one that every reader sees


@st.fragment
def ask(
    result: Result, methods: Mapping[str, Method], graders: Sequence[ModelCard], knee: bool | None
) -> None:
    """The three questions; only the chosen one is worked out.

    knee: whether the film is known to show one knee; None where that is to be found out.
    """
    chosen = st.segmented_control(
        "Question",
        [METHODS, OUTLINE, GRADE],
        default=METHODS,
        required=True,
        key="inpaint-question",
        persist_state="session",
        label_visibility="collapsed",
    )
    try:
        if chosen == METHODS:
            _methods(result, methods)
        elif chosen == OUTLINE:
            _outline(result)
        else:
            _grades(result, graders, knee)
    except BadModel as error:  # a fragment reruns alone, where Home.py cannot catch it
        st.error(error.reason, icon=":material/error:")


def _methods(result: Result, methods: Mapping[str, Method]) -> None:
    st.markdown(
        "The same mask, filled by every method, without added grain: a thin hole is easy for all, "
        "and in a wide one you see what each makes up."
    )
    place = fill_pictures.around(result.hole.mask)
    pictures, rows, refused = {"Before": result.before}, [], []
    if result.truth is not None:
        pictures["Truth"] = result.truth
    for method in methods.values():
        try:
            with st.spinner(f"Filling by {method.title}"):
                grey, seconds = _without_grain(result, result.hole, method)
        except (BadHole, BadModel) as error:
            refused.append(f"- **{plain(method.title)}**: {error.reason}")
            continue
        pictures[method.title] = grey
        row = {"Method": plain(method.title), "Time": duration(seconds)}
        if result.truth is not None:
            row |= quality(grey, result.truth, result.hole.mask)
        rows.append(row)
    with st.grid(4, min_column_width=160):
        for name, grey in pictures.items():
            with st.container(gap="xsmall"):
                st.image(
                    fill_pictures.plain(grey[place]),
                    width="stretch",
                    alt=f"The part around the fill: {name}",
                )
                st.caption(plain(name))
    if rows:
        st.table(rows, hide_index=True, alt="Every method on this mask")
    if refused:
        st.markdown("\n".join(refused))
    measured = "" if result.truth is None else "L1, PSNR and SSIM are inside the mask. "
    st.caption(f"{measured}This film only, n = 1; how each does on many is on the Models page.")


def _without_grain(result: Result, hole: Hole, method: Method) -> tuple[np.ndarray, float]:
    """The film as displayed (H, W) uint8 with a hole filled, and the seconds that took."""
    inverted = result.order.inverted
    filled = cached_fills.fill(result.image, hole, method, inverted)
    return cached_fills.displayed(result.image, filled.pixels, inverted), filled.seconds


def _outline(result: Result) -> None:
    st.markdown(
        "A fill that shows what must have been there would not care whether the mask ends a pixel "
        "further out. The mask is grown and filled again, without grain, and compared where both "
        "are filled."
    )
    mask = result.hole.mask
    with st.spinner("Filling again"):
        first, _ = _without_grain(result, result.hole, result.method)
        rows, changes = [], []
        for px in GROWN:
            try:
                again, _ = _without_grain(result, Hole.of(mask_edits.grow(mask, px)), result.method)
            except BadHole as error:
                rows.append({"Mask grown by": f"{px} px", "Mean change": error.reason})
                continue
            changes.append(float(np.abs(again[mask].astype(int) - first[mask]).mean()))
            rows.append(
                {"Mask grown by": f"{px} px", "Mean change": f"{changes[-1]:.1f} grey levels"}
            )
    st.table(rows, hide_index=True, width="content", alt="How much the fill changes with its mask")
    if changes:
        st.markdown(f"**{steadiness(max(changes))}**")
    st.caption("Mean absolute change of grey inside the first mask, of 255. This film only, n = 1.")


def steadiness(change: float) -> str:
    """What the largest mean change of a fill, in grey levels, means."""
    if change <= STEADY:
        return "The fill hardly depends on where exactly the mask ends."
    if change <= LOOSE:
        return (
            "The fill depends somewhat on where the mask ends: its outline is not to be read in "
            "detail."
        )
    return (
        "The fill hangs on where the mask ends: either an edge of the hardware lies outside it, "
        "which Grow mends, or what is filled in is a guess."
    )


def _grades(result: Result, graders: Sequence[ModelCard], knee: bool | None) -> None:
    if not graders:
        st.info(
            "There is no model here that grades knees: restore the folder checkpoints/severity."
        )
        return
    card = next((c for c in graders if c.name == SEVERITY.default_model), graders[0])
    inverted, film = result.order.inverted, result.film
    films = {
        "Before": film,
        "After": cached_fills.filled_film(film, result.after, inverted, result.key),
    }
    if result.truth is not None:
        films["Truth"] = cached_fills.filled_film(film, result.truth, inverted, "truth")
    with st.spinner("Grading before and after"):
        place = _one_knee(films, inverted, graders, knee)
        if isinstance(place, str):
            st.info(place, icon=":material/help:")
            return
        cuts = {name: cached_knees.cut(each, place) for name, each in films.items()}
        readings = {name: cached_knees.grading(cut, inverted, card) for name, cut in cuts.items()}
    pictures, bars = st.columns([3, 2], gap="medium")
    with pictures:
        for column, (name, cut) in zip(st.columns(len(cuts)), cuts.items(), strict=True):
            reading = readings[name]
            column.image(
                knee_pictures.picture(cut.shown(inverted), None, 0.0, None),
                width="stretch",
                alt=f"The knee that is graded: {name.lower()}",
            )
            grade = GRADES[reading.grade]
            chance = percent(reading.probabilities[reading.grade])
            column.markdown(f"**{name}: grade {grade.number}, {grade.name}** · {chance}")
    with bars:
        grade_charts.bars(
            {name: reading.probabilities for name, reading in readings.items()}, "bars-fill"
        )
    st.warning(
        f"{_share_of_joint(result, cuts['After'], place, inverted)}A filled joint is invented: the "
        "grade after is a grade of the fill, not of the knee.",
        icon=":material/warning:",
    )
    st.caption(f"Graded by {plain(card.title)}. This film only, n = 1.")


def _one_knee(
    films: Mapping[str, Film], inverted: bool, graders: Sequence[ModelCard], known: bool | None
) -> Knee | str:
    """The knee on a film, by either picture of it, or one sentence on why it is not graded."""
    height, width = films["Before"].grey.shape
    whole = Knee(None, Box(0, 0, width, height))
    if known is False:
        return "This sample shows no knee, so there is no grade to compare."
    if known:
        return whole
    try:
        keeper = cached.gatekeeper(graders)
    except BadModel:
        keeper = None  # then the whole film counts as one
    found = cached_knees.find(films["Before"], inverted, keeper) or cached_knees.find(
        films["After"], inverted, keeper
    )
    if not found:
        return (
            "Neither before nor after does this film look like a whole knee, so a grade would mean "
            "nothing."
        )
    if len(found) > 1:
        return "This film shows both knees: upload each on its own to compare its grades."
    return found[0]


def _share_of_joint(result: Result, knee: Film, place: Knee, inverted: bool) -> str:
    """How much of the joint is filled in, as a sentence; empty where no joint is found."""
    found = cached_knees.joint_of(knee, inverted)
    if isinstance(found, NoJoint):
        return ""
    joint = place.box.of(result.hole.mask)[question.joint_mask(knee.grey.shape, found)]
    return f"{percent(float(joint.mean()))} of the joint is filled in. "
