"""Quizzes that are made by one press."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.quiz_cases import Draft
from core.quiz_records import Question
from core.settings import Settings
from core.ui import presses
from core.ui.quiz_make_sources import KNEES, LESIONS, REAL, SAMPLES, drawn, real_lesions, val

_PER_ROW = 3


@dataclass(frozen=True)
class Ready:
    """A quiz of so many cases from each of some sources: (question, where, count). `real` is
    whether it needs films of a pack."""

    title: str
    description: str
    parts: tuple[tuple[Question, str, int], ...]

    @property
    def real(self) -> bool:
        """Whether it needs films or pictures of a pack."""
        return any(where != SAMPLES for _, where, _ in self.parts)


READY = {
    "films": Ready(
        "Ten synthetic films",
        "Is there a fracture, and where? Half of them have one.",
        (("fracture", SAMPLES, 10),),
    ),
    "knees": Ready(
        "Eight synthetic knees",
        "Which Kellgren-Lawrence grade? All five grades occur.",
        (("grade", SAMPLES, 8),),
    ),
    "fills": Ready(
        "Six fillings",
        "Which way of filling a hole comes nearest to the film as it was?",
        (("fill", SAMPLES, 6),),
    ),
    "real-films": Ready(
        "Ten real films",
        "Fractured or not: films of FracAtlas that no model here was trained on.",
        (("fracture", REAL, 10),),
    ),
    "real-knees": Ready(
        "Eight real knees",
        "Films of the OAI with the grades of its readers.",
        (("grade", REAL, 8),),
    ),
    "lesions": Ready(
        "Real or generated",
        "Six skin lesions and six knees: half of each are real.",
        (("generated", LESIONS, 6), ("generated", KNEES, 6)),
    ),
}


def show(settings: Settings, asked: str) -> None:
    """A button for each; a press is kept under the name `asked`, with its key in `READY`."""
    quizzes = list(READY.items())
    for begin in range(0, len(quizzes), _PER_ROW):
        for place, (slug, ready) in zip(
            st.columns(_PER_ROW), quizzes[begin : begin + _PER_ROW], strict=False
        ):
            at_hand = not ready.real or _at_hand(settings, ready)
            with place:
                st.button(
                    ready.title,
                    key=f"quiz-make-ready-{slug}",
                    width="stretch",
                    disabled=not at_hand,
                    on_click=presses.press,
                    args=(asked, "quiz", slug),
                )
                st.caption(ready.description if at_hand else _without(ready))


def drafts(settings: Settings, ready: Ready) -> list[Draft]:
    """The cases of a ready-made quiz. Raises BadCase where its films are not at hand."""
    return [
        draft
        for question, where, count in ready.parts
        for draft in drawn(settings, question, where, count)
    ]


def _at_hand(settings: Settings, ready: Ready) -> bool:
    found = {
        LESIONS: lambda _question: real_lesions(settings.data, settings.checkpoints),
        KNEES: lambda _question: val(settings.data, "grade"),
        REAL: lambda question: val(settings.data, question),
    }
    return all(found[where](question) is not None for question, where, _ in ready.parts)


def _without(ready: Ready) -> str:
    packs = {LESIONS: "lesion", KNEES: "knee"}
    names = [
        packs.get(where, "fracture" if question == "fracture" else "knee")
        for question, where, _ in ready.parts
    ]
    names = list(dict.fromkeys(names))
    if len(names) > 1:
        return f"{ready.description} Needs the packs {' and '.join(names)}: not both are at hand."
    return f"{ready.description} Needs the pack {names[0]}, which is not at hand."
