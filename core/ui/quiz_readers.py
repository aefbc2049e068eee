"""Scores of a quiz in words and tables: readers beside each other, each with interval and n."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

import streamlit as st

from core.quiz_records import QUESTIONS, Question
from core.quiz_scores import Score, Scored, Scores, Turned
from core.ui.words import percent, plain

POSITIVE = {"fracture": "fractured", "generated": "generated"}
_TITLES = {
    "right": "Right",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "pointed": "Place found",
    "kappa": "Weighted kappa",
}


def explained(question: Question) -> str:
    """What the columns of a question's table mean."""
    said = "Each share is one of the cases that a reader answered blind, with a 95 % interval"
    if question == "fill":
        return (
            f"{said} (Wilson). Right is the filling that is nearest to the film as it was, by PSNR "
            "in the hole."
        )
    if question == "grade":
        return (
            f"{said} (Wilson). Right is the very grade; kappa is quadratic weighted, so that a "
            "grade beside the truth counts for less than one far off (bootstrap over cases)."
        )
    positive = POSITIVE[question]
    found = (
        f"{said} (Wilson). Sensitivity is the share of what is {positive} that was called "
        f"{positive}, specificity the share of the rest that was not."
    )
    if question == "fracture":
        found += " Place found: of the places marked on fractured films, those in a box."
    return found


def columns(scored: Scored) -> dict[str, str]:
    """A reader's row: what was measured of it."""
    return {
        title: told(value, kappa if name == "kappa" else percent)
        for name, title in _TITLES.items()
        if (value := getattr(scored, name)) is not None
    }


def told(value: Score, write: Callable[[float], str] = percent) -> str:
    """A score with its 95 % interval and on how many it rests; "none" where there is none."""
    if isnan(value.value):
        return "none"
    between = "" if isnan(value.low) else f" ({write(value.low)} to {write(value.high)})"
    return f"{write(value.value)}{between}, n = {value.n}"


def kappa(value: float) -> str:
    """A kappa, from -1 to 1."""
    return f"{value:.2f}"


def turned(who: str, found: Turned) -> str:
    """What seeing the model did to answers, in a sentence."""
    if not found.n:
        return f"{who} answered no case again after the model's reading."
    return (
        f"{who}: of {found.n} answers given before and after the model's reading, it turned "
        f"**{found.right_to_wrong} right {_answer(found.right_to_wrong)} wrong** and "
        f"**{found.wrong_to_right} wrong {_answer(found.wrong_to_right)} right**; "
        f"{found.kept_right} stayed right, {found.stayed_wrong} stayed wrong."
    )


def own(found: Scores) -> None:
    """What a student scored in one question, and the models beside."""
    (scored,) = found.students
    st.markdown(f"**{QUESTIONS[found.question]}**")
    rows = [("You", scored), *((f"{model.who} (model)", model) for model in found.models)]
    for who, reader in rows:
        said = " · ".join(f"{title.lower()} {text}" for title, text in columns(reader).items())
        st.markdown(f"- {plain(who)}: {said}")
    if scored.turned.n:
        st.markdown(turned("You", scored.turned))


def _answer(count: int) -> str:
    return "answer" if count == 1 else "answers"
