"""Drafts of cases → the cases of a quiz, with the models' readings and all pictures.

A draft says where a film comes from and what is true of it. Its pixels are read only when the quiz
is made, one film at a time, so that sixty large films need hardly more memory than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from core import explain
from core.classify import grade_knees, read_film
from core.images import BadImage, decode
from core.models import BadModel, Model
from core.preprocess import to_grey
from core.quality import is_negative
from core.quiz_fills import fillings
from core.quiz_networks import Networks
from core.quiz_pictures import around, enlarged, fitted, picture, with_hole
from core.quiz_records import MAX_CASES, Answer, Case, ModelReading, Picture, Question

ANSWERS: Mapping[Question, tuple[str, ...]] = {
    "fracture": ("not fractured", "fractured"),
    "grade": ("0", "1", "2", "3", "4"),
    "generated": ("real", "generated"),
}
OPACITY = 0.6  # of the hottest place of a heatmap
SMALL = 2**20  # bytes of a film that is kept while one model after the other reads it
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
    the film, around fractures; `told` is said with the truth. `size` is how many bytes of a file
    the draft holds.
    """

    key: str
    question: Question
    kind: str
    name: str
    truth: int | None
    pixels: Callable[[Networks], np.ndarray]
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    told: str = ""
    size: int = 0


def shown_film(data: bytes, name: str) -> np.ndarray:
    """A film's file as it is shown: (H, W) uint8, a photographic negative turned positive. Raises
    BadImage."""
    image = decode(data, name)
    grey = to_grey(image.pixels, image.window)
    return 255 - grey if is_negative(grey) else grey


def make(
    drafts: Sequence[Draft],
    networks: Networks,
    shown: Mapping[Question, str | None],
    progress: Callable[[float], None] = lambda done: None,
) -> list[Made]:
    """The cases of a quiz, in this order. `progress` is told what share is done, 0 to 1.

    Of each film all models of its question are asked, one model after the other, so that one of
    them is in memory at a time. `shown` names for a question the model whose reading, with its
    heatmap, students see; None, or nothing, and no model of that question is asked.

    Raises BadCase, one sentence, for no draft or too many, a truth that is not said, a film that
    cannot be read, and a model that is not there.
    """
    check(drafts)
    questions = dict.fromkeys(draft.question for draft in drafts)
    first = {question: shown.get(question) for question in questions if shown.get(question)}
    reads = sum(len(networks.cards(draft.question)) for draft in drafts if draft.question in first)
    steps = count(1)

    def step() -> None:
        progress(min(1.0, next(steps) / (len(drafts) + reads)))

    films, made = _Films(drafts, networks), []
    for position, draft in enumerate(drafts):
        with _of_case(position, draft):
            film = films.film(position)
            begin = _fill if draft.question == "fill" else _begun
            made.append(begin(draft, position, film, networks))
        step()
    for question, name in first.items():
        try:
            for model in networks.readers(question, name):
                for position, draft in enumerate(drafts):
                    if draft.question == question:
                        with _of_case(position, draft):
                            made[position] = _read(made[position], films.film(position), model)
                        step()
                del model  # before the next one is opened
        except BadModel as error:
            raise BadCase(error.reason) from error
    return made


class _Films:
    """The pixels of drafts. Small ones are kept, large ones are read anew for each model."""

    def __init__(self, drafts: Sequence[Draft], networks: Networks) -> None:
        self._drafts, self._networks = drafts, networks
        self._kept: dict[int, np.ndarray] = {}

    def film(self, position: int) -> np.ndarray:
        """What the draft at `position` shows. Raises what its `pixels` does."""
        if position in self._kept:
            return self._kept[position]
        film = self._drafts[position].pixels(self._networks)
        if film.nbytes <= SMALL:
            self._kept[position] = film
        return film


@contextmanager
def _of_case(position: int, draft: Draft) -> Iterator[None]:
    """Say what goes wrong in this block as a BadCase that names the case."""
    try:
        yield
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


def _begun(draft: Draft, position: int, film: np.ndarray, _networks: Networks) -> Made:
    """A case about one picture, which no model has read yet."""
    case = Case(
        position,
        draft.question,
        draft.kind,
        ANSWERS[draft.question],
        int(draft.truth),
        1,
        draft.boxes,
        told=draft.told,
    )
    return case, [picture(film, f"{draft.kind} of case {position + 1}")]


def _read(made: Made, film: np.ndarray, model: Model) -> Made:
    """The case with what one more model says of it, and with the heatmap of the first."""
    case, pictures = made
    reading, heat = _SAID[case.question](film, model)
    if not case.readings:
        heated = explain.overlay(fitted(film), heat, OPACITY)
        alt = f"{pictures[0].alt}, with the heatmap of {model.card.title}"
        reading = replace(reading, heat=len(pictures))
        pictures = [*pictures, picture(heated, alt)]
    return replace(case, readings=(*case.readings, reading)), pictures


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
    found = fillings(film, draft.key, networks.painters)
    alt = f"{draft.kind} of case {position + 1}"
    part = around(found.mask)  # on a phone, all of the film would hide the hole
    holed = enlarged(with_hole(film, found.mask)[part])
    pictures = [picture(holed, f"{alt}, the hole chequered", lossless=True)]
    pictures += [
        picture(enlarged(filled[part]), f"{alt}, filling {letter}", lossless=True)
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
