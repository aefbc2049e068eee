"""Scores of a quiz in words and tables: readers beside each other, each with interval and n."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

import streamlit as st

from core.quiz_records import QUESTIONS, Question
from core.quiz_scores import Score, Scored, Scores, Turned
from core.ui.words import SPACE, percent, plain

NOTHING = "\N{EN DASH}"
_POSITIVE = {"fracture": "fractured", "generated": "generated"}
TITLES = {
    "right": "Right",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "believed": "Taken for real",
    "pointed": "Place found",
    "kappa": "Weighted kappa",
}


def explained(question: Question) -> str:
    """What the columns of a question's table mean."""
    said = (
        "Each share is one of the cases that a reader answered blind, with its 95 % interval: "
        "Wilson's, and for all answers of the class together a bootstrap over cases. "
    )
    if question == "fill":
        return said + (
            "Right is the filling that is nearest to the film as it was; the class together "
            "chooses the one that most chose."
        )
    if question == "grade":
        return said + (
            "Right is the very grade; kappa is quadratic weighted, so that a grade beside the "
            "truth counts for less than one far off (bootstrap over cases). The class together "
            "gives the median of its grades, the lower one of two."
        )
    positive = _POSITIVE[question]
    said += (
        f"Sensitivity is the share of what is {positive} that was called {positive}, specificity "
        "the share of the rest that was not. The class together answers what most did. "
    )
    if question == "fracture":
        return said + "Place found: of the places marked on fractured films, those in a box."
    return said + "Taken for real: of the generated pictures, those that were called real."


def named(found: Scores, students: bool = True) -> list[tuple[str, Scored]]:
    """Every reader and what it is called in a table: the class, the models, and the students."""
    return [
        ("Class, together", found.crowd),
        ("Class, all answers", found.pooled),
        *((f"Model: {one.who}", one) for one in found.models),
        *((one.who, one) for one in found.students * students),
    ]


def columns(scored: Scored) -> dict[str, str]:
    """A reader's row: what was measured of it."""
    return {
        title: told(value, kappa if name == "kappa" else percent)
        for name, title in TITLES.items()
        if (value := getattr(scored, name)) is not None
    }


def told(value: Score, write: Callable[[float], str] = percent) -> str:
    """A score with its 95 % interval and on how many it rests; NOTHING where there is none."""
    if isnan(value.value):
        return NOTHING
    between = ""
    if value.low < value.high:  # not NaN, and not a bootstrap without anything to vary
        low = write(value.low).removesuffix(f"{SPACE}%")
        between = f" ({low} to {write(value.high)})"
    of = f"n = {value.n}" if value.hits is None else f"{value.hits} of {value.n}"
    return f"{write(value.value)}{between}, {of}"


def kappa(value: float) -> str:
    """A kappa, from -1 to 1."""
    return f"{value:.2f}"


def turned(whose: str, found: Turned) -> str:
    """What seeing the model did to answers that were given before and after it, in a sentence."""
    return (
        f"The model's reading turned **{_answers(found.right_to_wrong, 'right')} wrong** and "
        f"**{_answers(found.wrong_to_right, 'wrong')} right**, of {found.n} that {whose} gave "
        f"before and after it; {found.kept_right} stayed right and {found.stayed_wrong} wrong."
    )


def own(found: Scores) -> None:
    """What a student scored in one question, and the models beside."""
    (scored,) = found.students
    st.markdown(f"**{QUESTIONS[found.question]}**")
    if not scored.right.n:
        st.markdown("You answered none of these.")
        return
    st.markdown(
        f"You were right in **{_of(scored)}**"
        + "".join(f", {plain(m.who)} in **{_of(m)}**" for m in found.models[:1])
        + "."
    )
    if scored.turned.n:
        st.markdown(turned("you", scored.turned))
    with st.expander("All measures, and the other models"):
        rows = [("You", scored), *((f"Model: {model.who}", model) for model in found.models)]
        for who, reader in rows:
            measured = ((title.lower(), text) for title, text in columns(reader).items())
            said = " · ".join(f"{title} {text}" for title, text in measured if text != NOTHING)
            st.markdown(f"- {plain(who)}: {said}")


def _of(scored: Scored) -> str:
    return f"{scored.right.hits} of {scored.right.n}"


def _answers(count: int, kind: str) -> str:
    return f"{count} {kind} answer" + "s" * (count != 1)
