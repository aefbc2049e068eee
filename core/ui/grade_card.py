"""The grade of a knee in words, numbers and bars, and the width of its joint space."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import streamlit as st

from core import joint
from core.classify import Grading
from core.joint import Gap, Joint, NoJoint
from core.kellgren_lawrence import GRADES
from core.knees import Knee
from core.models import BadModel, ModelCard
from core.ui import cached_knees, knee_pictures, overlay, verdict
from core.ui.film import Film
from core.ui.words import percent, plain

NOT_KNEE = "This does not look like a whole knee"
UNLIKE = (
    "Its features lie further from the training films than those of 99 in 100 real knee films, or "
    "no joint is seen where the knee should be, so a grade would mean nothing."
)
TOO_SMALL = "This film is too small to find a knee on"
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


def refusal(film: Film) -> bool:
    """Say that no knee was found, and why, and return whether the visitor insists on a grade."""
    if min(film.grey.shape) < joint.SMALLEST:
        why = f"It is smaller than {joint.SMALLEST} pixels on a side: use the original file."
        return verdict.refusal(film, TOO_SMALL, why, "severity")
    return verdict.refusal(film, NOT_KNEE, UNLIKE, "severity")


def card(reading: Grading, model: ModelCard, found: Joint | NoJoint, truth: str | None) -> None:
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
        if isinstance(found, NoJoint):
            st.warning(f"This grade may mean nothing. {found.reason}", icon=":material/help:")
        if reading.likeliest != reading.grade:
            st.markdown(
                f"Grade {reading.likeliest} alone is likelier "
                f"({percent(reading.probabilities[reading.likeliest])}), but grade {grade.number} "
                "is in the middle: at most half of the probability lies below it, and at most half "
                "above."
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
        st.caption("Not measured: see above.")
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
        st.markdown(
            "On 117 synthetic knees of grades 0 to 2 every width was within 2 of 224 pixels of "
            "what was drawn, about 1 too narrow on average. Of 826 real validation films 15 had "
            "no joint that could be found."
        )


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
        if side:
            st.session_state["side"] = side
        # Last: a run that ends in between does it again.
        st.session_state["side-of-row"] = (film.sha256, side)
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
        knee_pictures.overview(film, inverted, list(knees), chosen),
        width=min(420, overlay.picture_width(film)),
        alt=f"The whole film {film.name} with a frame around each knee",
        caption=f"{found} on this film. The solid frame is the knee below.",
    )


def compare(
    cards: Sequence[ModelCard], card: ModelCard, knee: Film, inverted: bool
) -> list[tuple[ModelCard, Grading]]:
    """What the models say that the visitor sets beside the chosen one; a broken one is named."""
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
    found = []
    for name in chosen:
        try:
            found.append((others[name], cached_knees.grading(knee, inverted, others[name])))
        except BadModel as error:
            st.warning(error.reason)
    return found


def by_title(readings: Sequence[tuple[ModelCard, Grading]]) -> dict[str, np.ndarray]:
    """Grade probabilities by the title of the model; models of one title are told apart by name."""
    titles = [card.title for card, _ in readings]
    return {
        card.title if titles.count(card.title) == 1 else f"{card.title} ({card.name})": (
            reading.probabilities
        )
        for card, reading in readings
    }


def beside(readings: Sequence[tuple[ModelCard, Grading]]) -> None:
    """One row a model, where there are several: what each calls this knee."""
    if len(readings) < 2:
        return
    rows = [
        {
            "Model": plain(card.title),
            "Grade": f"{reading.grade}, {GRADES[reading.grade].name}",
            "Probability": percent(reading.probabilities[reading.grade]),
            "Expected": f"{reading.expected:.1f}",
        }
        for card, reading in readings
    ]
    st.table(rows, hide_index=True, alt="What each model calls this knee")
