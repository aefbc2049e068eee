"""What a quiz comes to: each student, the class and the models, scored in the same way.

Blind answers are scored, the ones given before the model's was seen. 1 is disease, or generated:
sensitivity is the share of fractured films called fractured, or of generated pictures called
generated. Every share is one of the cases that were answered, and says of how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median_low

import numpy as np

from core.metrics import wilson
from core.quiz_records import QUESTIONS, Answer, Case, Given, Question, Stage, Student

GRACE = 0.03  # of the picture's width and height, by which a box is grown for a place to lie in it
DRAWS = 1000  # of the bootstrap
_LEVEL = (0.025, 0.975)


@dataclass(frozen=True)
class Score:
    """`value` of `n` cases or answers, with its 95 % interval; NaN where there is none.

    hits: of a share, how many of the n.
    """

    value: float
    low: float
    high: float
    n: int
    hits: int | None = None


@dataclass(frozen=True)
class Turned:
    """How those who answered twice went from their blind answer to the one after the model's.

    Of an answer that was wrong both times it does not matter whether it was the same.
    """

    kept_right: int = 0
    right_to_wrong: int = 0
    wrong_to_right: int = 0
    stayed_wrong: int = 0

    @property
    def n(self) -> int:
        """All that were answered twice."""
        return self.kept_right + self.right_to_wrong + self.wrong_to_right + self.stayed_wrong


@dataclass(frozen=True)
class Scored:
    """One reader's scores in the cases of one question. who: a nickname, or a model's title.

    right: share of the answers that are the truth. sensitivity, specificity: of "fracture" and
    "generated". pointed: of the places given on fractured films, how many lie in a box. kappa: of
    "grade", quadratic weighted (Cohen 1968), with a percentile bootstrap over cases. tied: cases
    in which the class had no majority, which are not scored. Those that the question has not are
    None.
    """

    who: str
    right: Score
    sensitivity: Score | None = None
    specificity: Score | None = None
    pointed: Score | None = None
    kappa: Score | None = None
    tied: int = 0
    turned: Turned = Turned()


@dataclass(frozen=True)
class Scores:
    """The scores of all cases of one question.

    - students: in the order given; who answered nothing, too
    - crowd: the class as one reader, by `verdict`; its shares have Wilson intervals, as those of
      students and models
    - pooled: all students' answers together; its intervals are a percentile bootstrap over cases,
      since answers to one case go together
    - votes: of "fill", how often each way was chosen, most often first
    """

    question: Question
    cases: int
    students: tuple[Scored, ...]
    crowd: Scored
    pooled: Scored
    models: tuple[Scored, ...]
    votes: tuple[tuple[str, int], ...] = ()


def scores(
    cases: Sequence[Case], students: Sequence[Student], given: Sequence[Given]
) -> list[Scores]:
    """The scores of each question that is asked, in the order of core.quiz_records.QUESTIONS."""
    raise NotImplementedError


def votes(case: Case, given: Iterable[Given], stage: Stage = "blind") -> tuple[int, ...]:
    """How many gave each of the case's answers."""
    raise NotImplementedError


def verdict(case: Case, counts: Sequence[int]) -> int | None:
    """The answer of a class whose answers were given so often: the most frequent one, None where
    two are or nobody answered; of grades the median, the lower one of two, as models' are called
    (see core.grading.called_grades)."""
    raise NotImplementedError


def in_box(case: Case, answer: Answer) -> bool | None:
    """Whether the place of an answer lies in one of the case's boxes, grown by GRACE on each side;
    None where there is no box or no place."""
    raise NotImplementedError


def answer_rows(
    cases: Sequence[Case], students: Sequence[Student], given: Sequence[Given]
) -> list[dict[str, object]]:
    """A row for each answer, in words and numbers, for a table to download.

    Keys: "student", "case" (from 1), "title", "question", "stage" ("blind" or "after the model"),
    "answer", "truth", "right" (1 or 0), "x", "y" (0 to 1), "in a box" (1 or 0), "model",
    "model's answer" (of the reading that was shown), "seconds" since the student joined.
    """
    raise NotImplementedError
