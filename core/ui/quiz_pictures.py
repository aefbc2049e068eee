"""The pictures of a case as students and the class see them, and the names of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

import streamlit as st

from core.kellgren_lawrence import GRADES
from core.quiz_records import QUESTIONS, Answer, Case, Given, ModelReading, Quiz
from core.quizzes import Quizzes
from core.ui import quiz_grid, quiz_kept, quiz_pointer
from core.ui.quiz_bars import Bar
from core.ui.quiz_pointer import Marks
from core.ui.words import percent, plain

HEAT = (
    "Yellow is where the model found most of its evidence, purple little; where the film shows "
    "no colour, none."
)


def named(case: Case, value: int, revealed: bool = False) -> str:
    """An answer as it is offered: fillings are letters until the truth is revealed."""
    name = case.answers[value]
    if case.question == "fill":
        letter = f"Filling {ascii_uppercase[value]}"
        return f"{letter}: {name}" if revealed else letter
    if case.question == "grade":
        return f"Grade {name}: {GRADES[value].name}"
    return name[:1].upper() + name[1:]


def pictures(quizzes: Quizzes, quiz: Quiz, case: Case, revealed: bool) -> None:
    """What the case shows before a model has read it: its film, or of fillings all of them beside
    the film with its hole."""
    found = [
        quiz_kept.picture(quizzes, quiz, case.position, number) for number in range(case.pictures)
    ]
    if case.question != "fill":
        quiz_pointer.show(found[0], f"quiz-film-{case.position}")
        return
    captions = (named(case, value, revealed) for value in range(case.pictures - 1))
    quiz_grid.show(found, ("The film with its hole", *captions), f"quiz-grid-{case.position}")


def solved(
    quizzes: Quizzes, quiz: Quiz, case: Case, own: Answer | None, given: Sequence[Given] = ()
) -> None:
    """The pictures with the truth on them: its boxes, where the model pointed, and a reader (`own`)
    or all who have `given` an answer."""
    if case.question != "fracture":
        pictures(quizzes, quiz, case, True)
        return
    model = case.readings[0].answer.place if case.readings else None
    last = {one.student_id: one.answer for one in given}  # the later one stands
    crowd = [one.place for one in last.values() if one.value == 1 and one.place]
    marks = Marks(own.place if own else None, model, case.boxes, crowd)
    film = quiz_kept.picture(quizzes, quiz, case.position, 0)
    words = legend(marks, changed=bool(case.readings))
    quiz_pointer.show(film, f"quiz-truth-{case.position}", words, marks)


def heat(quizzes: Quizzes, quiz: Quiz, case: Case) -> None:
    """The heatmap of the reading that is shown, and what its colours mean; nothing without one."""
    reading = case.readings[0]
    if reading.heat is None:
        return
    picture = quiz_kept.picture(quizzes, quiz, case.position, reading.heat)
    marks = Marks(model=reading.answer.place)
    quiz_pointer.show(picture, f"quiz-heat-{case.position}", HEAT, marks)


def said(case: Case, reading: ModelReading, revealed: bool = False) -> str:
    """A model's reading in a sentence, in Markdown."""
    value = reading.answer.value
    called = f"**{plain(named(case, value, revealed))}**"
    if case.question == "fill":
        return f"**{plain(reading.title)}** chooses {called}."
    chance = f"{percent(reading.probabilities[value])} probable"
    if reading.threshold is not None:
        positive = named(case, 1).lower()
        chance = (
            f"{positive} is {percent(reading.probabilities[1])} probable, and is called from "
            f"{percent(reading.threshold)} on"
        )
    return f"**{plain(reading.title)}** says: {called} ({chance})."


def legend(marks: Marks, changed: bool = False) -> str:
    """What the shapes on a film mean, of those that are there. changed: the class's places are
    those after it saw the model's reading."""
    words = (
        (marks.reader, "○ where you point"),
        (marks.model, "◇ where the model points"),
        (marks.crowd, "● where the class points" + ", after the model" * changed),
        (marks.boxes, "▭ dashed: where the fracture is"),
    )
    return " · ".join(text for there, text in words if there)


def bars(
    case: Case, given: Sequence[Given], *, changes: bool, revealed: bool, own: Answer | None = None
) -> list[Bar]:
    """How the class answered the case, blind and (where `changes`) after the model's reading: who
    changed nothing yet stands by the first answer. What is true, the model's and one's `own` last
    answer is told in words."""
    first = {one.student_id: one.answer.value for one in given if one.stage == "blind"}
    then = first | {one.student_id: one.answer.value for one in given if one.stage == "changed"}
    found = []
    for value in range(len(case.answers)):
        notes = (
            (revealed and value == case.truth, "✓ true"),
            (changes and value == case.readings[0].answer.value, "◇ the model"),
            (own is not None and value == own.value, "○ you"),
        )
        found.append(
            Bar(
                named(case, value, revealed),
                sum(answer == value for answer in first.values()),
                sum(answer == value for answer in then.values()) if changes else None,
                tuple(words for there, words in notes if there),
            )
        )
    return found


def question(quiz: Quiz, case: Case) -> None:
    """The head of a case: which it is, and what is asked."""
    place = f"case {case.position + 1} of {quiz.cases}"
    st.caption(f"{plain(quiz.title)} · {place} · {plain(case.title)}")
    st.subheader(QUESTIONS[case.question], anchor=False)
