"""Quizzes, cases, students and answers as the rows of the database hold them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Row

from core.annotation_records import Refused, plain_line
from core.quiz_records import (
    MAX_CASES,
    MAX_TITLE,
    QUESTIONS,
    Answer,
    Case,
    Given,
    ModelReading,
    Picture,
    Quiz,
    Student,
)

MAX_BYTES = 256 * 2**20  # of a quiz's pictures together
MAX_TOTAL = 4 * 2**30  # bytes of the pictures of all quizzes together


def checked(title: str, cases: Sequence[tuple[Case, Sequence[Picture]]]) -> str:
    """The title as a plain line. Raises what core.quizzes.Quizzes.create does."""
    title = plain_line(title)
    if not title:
        raise Refused("Give the quiz a title.")
    if len(title) > MAX_TITLE:
        raise Refused(f"A title has at most {MAX_TITLE} characters: shorten it.")
    if not cases:
        raise Refused("A quiz needs at least one case: choose a film.")
    if len(cases) > MAX_CASES:
        raise Refused(f"A quiz has at most {MAX_CASES} cases: choose fewer films.")
    if size(cases) > MAX_BYTES:
        raise Refused(
            f"The pictures of a quiz take at most {MAX_BYTES // 2**20} MB: choose fewer films."
        )
    for at, (one, pictures) in enumerate(cases):
        _check(one, at, len(pictures))
    return title


def size(cases: Sequence[tuple[Case, Sequence[Picture]]]) -> int:
    """The bytes of all pictures of these cases."""
    return sum(len(picture.data) for _, pictures in cases for picture in pictures)


def _check(case: Case, at: int, pictures: int) -> None:
    answers, heats = range(len(case.answers)), range(case.pictures, pictures)
    if case.position != at:
        raise ValueError(f"the case at {at} says that it is at {case.position}")
    if case.question not in QUESTIONS:
        raise ValueError(f"{case.question!r} is no question")
    if len(answers) < 2 or case.truth not in answers:
        raise ValueError(f"the case at {at} has no two answers, or its truth is none of them")
    if not 1 <= case.pictures <= pictures:
        raise ValueError(f"the case at {at} has {pictures} pictures and shows {case.pictures}")
    for said in case.readings:
        if said.answer.value not in answers or len(said.probabilities) != len(answers):
            raise ValueError(f"{said.name!r} does not say one of the answers of the case at {at}")
        if said.heat is not None and said.heat not in heats:
            raise ValueError(f"the heatmap of {said.name!r} is no picture of the case at {at}")


def of_case(quiz: int, case: Case) -> dict:
    """The row of a case."""
    content = json.dumps(asdict(case), allow_nan=False)
    return {"quiz_id": quiz, "position": case.position, "content": content}


def case(content: str) -> Case:
    """The case in a row's content."""
    told = json.loads(content)
    told["answers"] = tuple(told["answers"])
    told["boxes"] = tuple(tuple(box) for box in told["boxes"])
    told["readings"] = tuple(_reading(**reading) for reading in told["readings"])
    return Case(**told)


def _reading(answer: dict, probabilities: list[float], **rest: object) -> ModelReading:
    given = _answer(answer["value"], answer["place"] or (None, None))
    return ModelReading(answer=given, probabilities=tuple(probabilities), **rest)


def of_picture(quiz: int, position: int, number: int, picture: Picture) -> dict:
    """The row of a picture."""
    where = {"quiz_id": quiz, "position": position, "number": number}
    return {**where, "alt": plain_line(picture.alt), "data": picture.data}


def quiz(row: Row) -> Quiz:
    """The quiz in a row."""
    return Quiz(
        row.id,
        row.code,
        row.key,
        row.title,
        row.pace,
        row.cases,
        row.position,
        row.phase,
        row.ended,
        row.version,
        row.created_at,
    )


def student(row: Row) -> Student:
    """The student in a row."""
    return Student(row.id, row.quiz_id, row.nickname, row.key, row.joined_at)


def of_given(given: Given) -> dict:
    """The row of an answer."""
    x, y = given.answer.place or (None, None)
    return {
        "student_id": given.student_id,
        "position": given.position,
        "stage": given.stage,
        "value": int(given.answer.value),
        "x": None if x is None else float(x),
        "y": None if y is None else float(y),
        "at": given.at,
    }


def given(row: Row) -> Given:
    """The answer in a row."""
    said = _answer(row.value, (row.x, row.y))
    return Given(row.student_id, row.position, row.stage, said, row.at)


def _answer(value: int, place: Sequence[float | None]) -> Answer:
    x, y = place
    return Answer(value, None if x is None or y is None else (x, y))
