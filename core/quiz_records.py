"""What a quiz is made of: cases, what models said of them, students, and their answers.

A case asks one question about one picture, or several pictures to choose between. Whoever answers
gives one of the case's `answers`, counted from 0; of a fracture also the place. A student's first
answer is given blind. Where a model read the case, its reading is shown afterwards, and the answer
may be changed: the second answer stands beside the first, which stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Question = Literal["fracture", "grade", "generated", "fill"]
Pace = Literal["led", "own"]  # the teacher leads everybody, or each goes on alone
Phase = Literal["read", "model", "truth"]  # what is open now: blind answers, changes, nothing more
Stage = Literal["blind", "changed"]  # an answer before, or after, the model's was seen

QUESTIONS: Mapping[Question, str] = {
    "fracture": "Is there a fracture, and where?",
    "grade": "Which Kellgren-Lawrence grade is this knee?",
    "generated": "Is this picture real or generated?",
    "fill": "Which filling is nearest to the film as it was?",
}
MAX_CASES = 60
MAX_STUDENTS = 200
MAX_NICKNAME = 24  # characters
MAX_TITLE = 80
MAX_PICTURE = 1400  # px on the longer side of a stored picture


@dataclass(frozen=True)
class Answer:
    """`value` counts the case's answers from 0; of two, 1 is disease, or generated. `place` is
    (x, y) in fractions of the picture's width and height, of a fracture that was pointed at."""

    value: int
    place: tuple[float, float] | None = None


@dataclass(frozen=True)
class ModelReading:
    """What one published model says of a case: worked out when the quiz is made.

    `probabilities` one an answer; `answer` is what it calls, at `threshold` where it has one.
    `heat` is the number of the case's picture that shows its heatmap, or None.
    """

    name: str
    title: str
    answer: Answer
    probabilities: tuple[float, ...]
    threshold: float | None = None
    heat: int | None = None


@dataclass(frozen=True)
class Picture:
    """A picture of a case: `data` is PNG or JPEG, `alt` says what it is without giving the truth
    away."""

    data: bytes
    alt: str


@dataclass(frozen=True)
class Case:
    """One question.

    `answers` are the names of what may be answered, in the order offered: "not fractured",
    "fractured"; "0" to "4"; "real", "generated"; the ways of filling in the order of the
    pictures, which are shown as letters until the truth is. `truth` counts them from 0.
    `pictures` is how many pictures are shown to the reader: the film first, then of "fill" one a
    filling. Heatmaps follow after these. `boxes` are (x0, y0, x1, y1) in fractions of the film,
    around fractures. `readings` are the models': the first one is shown to students. `told` is
    said with the truth: what the picture is and whose, with its licence.
    """

    position: int
    question: Question
    title: str
    answers: tuple[str, ...]
    truth: int
    pictures: int
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    readings: tuple[ModelReading, ...] = ()
    told: str = ""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of this case, in order: "model" only where one read it."""
        return ("read", "model", "truth") if self.readings else ("read", "truth")


@dataclass(frozen=True)
class Quiz:
    """A quiz. `code` is what students type; `key` is the teacher's, and opens all of it.

    `position` and `phase` say where a quiz that is led stands. `version` rises with everything
    that changes what anybody sees: answers and joinings, too.
    """

    id: int
    code: str
    key: str
    title: str
    pace: Pace
    cases: int
    position: int
    phase: Phase
    ended: bool
    version: int
    created_at: datetime


@dataclass(frozen=True)
class Student:
    """Somebody in a quiz under a nickname; `key` lets their browser come back after a reload."""

    id: int
    quiz_id: int
    nickname: str
    key: str
    joined_at: datetime


@dataclass(frozen=True)
class Given:
    """An answer that counts: each student's first one of each case and stage."""

    student_id: int
    position: int
    stage: Stage
    answer: Answer
    at: datetime
