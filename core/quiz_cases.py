"""Drafts of cases → the cases of a quiz, with the models' readings and all pictures.

A draft says where a film comes from and what is true of it. Its pixels are read only when the quiz
is made, one film at a time, so that sixty large films need no more memory than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core import explain
from core.classify import grade_knees, read_film
from core.images import BadImage, decode
from core.models import BadModel, Model
from core.preprocess import to_grey
from core.quality import is_negative
from core.quiz_fills import fillings
from core.quiz_networks import Networks
from core.quiz_pictures import fitted, picture, with_hole
from core.quiz_records import MAX_CASES, Answer, Case, ModelReading, Picture, Question

ANSWERS: Mapping[Question, tuple[str, ...]] = {
    "fracture": ("not fractured", "fractured"),
    "grade": ("0", "1", "2", "3", "4"),
    "generated": ("real", "generated"),
}
OPACITY = 0.6  # of the hottest place of a heatmap
HALF = 0.5  # the threshold of a model whose card names none

Made = tuple[Case, list[Picture]]


class BadCase(ValueError):
    """A quiz that cannot be made; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Draft:
    """A case that is to be made.

    `key` tells it from others. `kind` says what is seen without giving the truth away; `name` is
    for the teacher alone. `truth` counts `ANSWERS` of the question from 0; it is None where the
    teacher has yet to say it, and of "fill", where it is measured. `pixels` returns what is shown,
    (H, W) or (H, W, 3) uint8, and raises BadImage, BadModel or OSError. `boxes` are fractions of
    the film, around fractures; `told` is said with the truth.
    """

    key: str
    question: Question
    kind: str
    name: str
    truth: int | None
    pixels: Callable[[Networks], np.ndarray]
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    told: str = ""


def shown_film(data: bytes, name: str) -> np.ndarray:
    """A film's file as it is shown: (H, W) uint8, a photographic negative turned positive. Raises
    BadImage."""
    image = decode(data, name)
    grey = to_grey(image.pixels, image.window)
    return 255 - grey if is_negative(grey) else grey


def make(
    drafts: Sequence[Draft], networks: Networks, shown: Mapping[Question, str | None]
) -> Iterator[Made]:
    """Make the cases of a quiz one by one, in this order.

    Of each film all models of its question are asked. `shown` names for a question the model whose
    reading, with its heatmap, students see; None, or nothing, and they see none.

    Raises BadCase, one sentence, for no draft or too many, a truth that is not said, a film that
    cannot be read, and a model that is not there.
    """
    check(drafts)
    for position, draft in enumerate(drafts):
        try:
            film = draft.pixels(networks)
            if draft.question == "fill":
                yield _fill(draft, position, film, networks)
            else:
                models = _ordered(networks.readers(draft.question), shown.get(draft.question))
                yield _read(draft, position, film, models)
        except (BadImage, BadModel) as error:
            raise BadCase(f"Case {position + 1}, {draft.name}: {error.reason}") from error
        except OSError as error:
            raise BadCase(
                f"Case {position + 1}, {draft.name}, is gone: take it out of the quiz."
            ) from error


def check(drafts: Sequence[Draft]) -> None:
    """Raises BadCase where no quiz can be made of these drafts."""
    if not drafts:
        raise BadCase("This quiz has no case yet: add some, or tick those to ask.")
    if len(drafts) > MAX_CASES:
        raise BadCase(
            f"A quiz holds at most {MAX_CASES} cases, but these are {len(drafts)}: "
            "untick some of them."
        )
    unsaid = [draft.name for draft in drafts if draft.truth is None and draft.question != "fill"]
    if unsaid:
        more = f" and {len(unsaid) - 1} more" if len(unsaid) > 1 else ""
        raise BadCase(
            f"The truth of {unsaid[0]}{more} is not said: choose it in the table, or untick the "
            "case."
        )


def _ordered(models: Sequence[Model], shown: str | None) -> list[Model]:
    """The models, the shown one first; none where students shall see none. Raises BadModel."""
    if shown is None:
        return []
    first = [model for model in models if model.card.name == shown]
    if not first:
        raise BadModel(f"The model {shown} cannot be opened: choose another one.")
    return first + [model for model in models if model.card.name != shown]


def _read(draft: Draft, position: int, film: np.ndarray, models: Sequence[Model]) -> Made:
    """A case about one picture, with what the models say of it."""
    alt = f"{draft.kind} of case {position + 1}"
    pictures, readings = [picture(film, alt)], []
    for model in models:
        reading, heat = _SAID[draft.question](film, model)
        if not readings:
            heated = explain.overlay(fitted(film), heat, OPACITY)
            pictures.append(picture(heated, f"{alt}, with the heatmap of {model.card.title}"))
            reading = replace(reading, heat=1)
        readings.append(reading)
    case = Case(
        position,
        draft.question,
        draft.kind,
        ANSWERS[draft.question],
        int(draft.truth),
        1,
        draft.boxes,
        tuple(readings),
        draft.told,
    )
    return case, pictures


def _fracture(film: np.ndarray, model: Model) -> tuple[ModelReading, np.ndarray]:
    """What a model says of a film (H, W) uint8, and its heatmap (h, w)."""
    said, point = read_film(film, model), model.card.balanced
    threshold = point.threshold if point else HALF
    called = int(said.probability >= threshold)
    place = tuple(map(float, explain.peak(said.heat))) if called else None
    probabilities = (1 - said.probability, said.probability)
    answer = Answer(called, place)
    return _reading(model, answer, probabilities, threshold), said.heat


def _grade(film: np.ndarray, model: Model) -> tuple[ModelReading, np.ndarray]:
    """What a model says of a knee (H, W) uint8, and its heatmap (h, w) for the grade it calls."""
    said = grade_knees([film], model)[0]
    answer, probabilities = Answer(said.grade), tuple(map(float, said.probabilities))
    return _reading(model, answer, probabilities), said.heat(said.grade)


_SAID = {"fracture": _fracture, "grade": _grade}


def _reading(model: Model, answer: Answer, probabilities, threshold=None) -> ModelReading:
    return ModelReading(model.card.name, model.card.title, answer, probabilities, threshold)


def _fill(draft: Draft, position: int, film: np.ndarray, networks: Networks) -> Made:
    """A case about several fillings of one hole: the nearest to the film is the truth."""
    found = fillings(film, draft.key, networks.painters())
    alt = f"{draft.kind} of case {position + 1}"
    pictures = [picture(with_hole(film, found.mask), f"{alt}, the hole chequered", lossless=True)]
    pictures += [
        picture(filled, f"{alt}, filling {letter}", lossless=True)
        for letter, filled in zip("ABCDEFGH", found.pictures, strict=False)
    ]
    told = f"{draft.told} {found.told}".strip()
    case = Case(
        position,
        "fill",
        draft.kind,
        found.titles,
        found.nearest,
        len(pictures),
        told=told,
    )
    return case, pictures
