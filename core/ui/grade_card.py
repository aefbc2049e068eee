"""The grade of a knee in words, numbers and bars, and the width of its joint space."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import streamlit as st

from core import joint
from core.classify import Grading
from core.joint import Gap, Joint, NoJoint
from core.kellgren_lawrence import GRADES
from core.knees import Knee
from core.models import ModelCard
from core.ui import cached_knees, overlay
from core.ui.film import Film
from core.ui.words import percent, plain

NOT_KNEE = "This does not look like a knee"
SIDES = {None: "Side not known", "left": "Left knee", "right": "Right knee"}
CRITERIA = {
    "osteophytes": "Osteophytes",
    "joint_space": "Joint space",
    "sclerosis": "Sclerosis",
    "deformity": "Bone ends deformed",
}


def certainty(reading: Grading) -> str:
    """How sure a grading is, in words."""
    if reading.certainty >= 0.7:
        return "sure"
    return "fairly sure" if reading.certainty >= 0.4 else "unsure"


def card(reading: Grading, model: ModelCard, truth: str | None) -> None:
    """The called grade, how sure, and how it came about."""
    grade = GRADES[reading.grade]
    chance = percent(reading.probabilities[reading.grade])
    with st.container(border=True):
        st.subheader(f"Grade {grade.number}, {grade.name} · {chance}", anchor=False)
        osteoarthritis = percent(float(reading.probabilities[2:].sum()))
        st.markdown(
            f"Kellgren-Lawrence grade {grade.number} with a calibrated probability of {chance}. "
            f"The network is **{certainty(reading)}** ({percent(reading.certainty)} on a scale "
            "from knowing nothing to knowing for sure). Expected grade "
            f"**{reading.expected:.1f}**; grade 2 or worse, osteoarthritis by definition: "
            f"**{osteoarthritis}**."
        )
        if truth:
            st.markdown(f"Truth: **{plain(truth)}**.")
        milliseconds = 1000 * reading.seconds
        st.caption(
            f"Read by {plain(model.title)} at {model.input.size} px "
            f"in {milliseconds:.{int(milliseconds < 10)}f} ms."
        )


def criteria(called: int) -> None:
    """What the scale asks for, the called grade first; the others on demand."""
    st.table(
        {
            "": list(CRITERIA.values()),
            f"Grade {called}, {GRADES[called].name}": [
                asdict(GRADES[called])[name] for name in CRITERIA
            ],
        },
        hide_index=True,
        alt=f"Criteria of grade {called}",
    )
    with st.expander("All five grades"):
        rows = [
            {"Grade": f"{grade.number}, {grade.name}"}
            | {title: asdict(grade)[name] for name, title in CRITERIA.items()}
            for grade in GRADES
        ]
        st.table(rows, hide_index=True, alt="Criteria of all Kellgren-Lawrence grades")
        st.caption("Kellgren and Lawrence 1957. The network was not told these criteria.")


def space(found: Joint | NoJoint, knee: Film, film_side: str | None) -> None:
    """The joint space of both compartments, in mm where the film's spacing is known.

    `film_side` is where the knee lies on a film of both.
    """
    st.markdown("**Joint space**")
    if isinstance(found, NoJoint):
        st.info(found.reason, icon=":material/straighten:")
        return
    medial = joint.medial_side(_body_side(knee, film_side))
    with st.container(horizontal=True, gap="large"):
        for place, gap in (("left", found.left), ("right", found.right)):
            st.metric(_compartment(place, medial), _width(gap, knee), width="content")
    for gap in (found.left, found.right):
        if gap.reason:
            st.caption(gap.reason)
    if knee.spacing_mm is None:
        st.caption(
            "In pixels of this film: the file does not tell its pixel spacing, so there are no "
            "millimetres."
        )
    with st.popover("How it was measured", icon=":material/straighten:"):
        st.markdown(joint.METHOD)


def _body_side(knee: Film, film_side: str | None) -> str | None:
    """Which knee of the patient it is: as the visitor says, or as a film of both is shown."""
    default = {"left": "right", "right": "left"}.get(film_side)
    return st.selectbox(
        "Which knee",
        list(SIDES),
        index=list(SIDES).index(default),
        format_func=SIDES.__getitem__,
        key=f"body-side-{knee.sha256}",
        persist_state="session",
        help="Tells the inner (medial) compartment from the outer (lateral) one. On a film of both "
        "knees, shown as usual, the patient's right knee is on the left.",
    )


def _compartment(place: str, medial: str | None) -> str:
    if medial is None:
        return f"{place.capitalize()} of the film"
    return f"{'Medial' if place == medial else 'Lateral'} ({place})"


def _width(gap: Gap, knee: Film) -> str:
    if gap.width_px is None:
        return "not measured"
    mm = joint.millimetres(gap.width_px, knee.spacing_mm)
    return f"{gap.width_px:.1f} px" if mm is None else f"{mm:.1f} mm"


def choose_knee(
    film: Film, inverted: bool, knees: Sequence[Knee], card: ModelCard, side: str | None
) -> Knee:
    """The knee to look at; of a film of both the whole is shown, with what each is called.

    `side` is the one to begin with, where a table's row has chosen it.
    """
    if st.session_state.get("side-of-row") != (film.sha256, side):
        st.session_state["side-of-row"] = (film.sha256, side)
        if side:
            st.session_state["side"] = side
    if len(knees) == 1:
        if knees[0].box != (0, 0, film.grey.shape[1], film.grey.shape[0]):
            _overview(film, inverted, knees, knees[0])
        return knees[0]
    by_side = {knee.side: knee for knee in knees}
    called = {
        name: cached_knees.grading(cached_knees.cut(film, knee), inverted, card).grade
        for name, knee in by_side.items()
    }
    if st.session_state.get("side") not in by_side:
        st.session_state["side"] = "left"
    st.segmented_control(
        "Knee",
        list(by_side),
        format_func=lambda name: f"{name.capitalize()} of the film: grade {called[name]}",
        key="side",
        required=True,
        persist_state="session",
        help="On a film shown as usual, the patient's right knee is on the left.",
    )
    chosen = by_side[st.session_state["side"]]
    _overview(film, inverted, knees, chosen)
    return chosen


def _overview(film: Film, inverted: bool, knees: Sequence[Knee], chosen: Knee) -> None:
    found = "Both knees were found" if len(knees) > 1 else "One knee was found"
    st.image(
        cached_knees.overview(film, inverted, list(knees), chosen),
        width=min(420, overlay.picture_width(film)),
        alt=f"The whole film {film.name} with a frame around each knee",
        caption=f"{found} on this film. The solid frame is the knee below.",
    )


def choose_others(cards: Sequence[ModelCard], card: ModelCard) -> list[ModelCard]:
    """The models to set beside the chosen one."""
    others = {other.name: other for other in cards if other.name != card.name}
    if not others:
        return []
    chosen = st.multiselect(
        "Compare with",
        list(others),
        format_func=lambda name: others[name].title,
        key="compare",
        persist_state="session",
        placeholder="Another model",
    )
    return [others[name] for name in chosen if name in others]


def beside(readings: Mapping[str, Grading]) -> None:
    """One row a model, by title: what each calls this knee."""
    rows = [
        {
            "Model": plain(title),
            "Grade": f"{reading.grade}, {GRADES[reading.grade].name}",
            "Probability": percent(reading.probabilities[reading.grade]),
            "Expected": f"{reading.expected:.1f}",
        }
        for title, reading in readings.items()
    ]
    st.table(rows, hide_index=True, alt="What each model calls this knee")
