"""What a quiz comes to: each student, the class and the models, scored in the same way.

Blind answers are scored, the ones given before the model's was seen. 1 is disease, or generated:
sensitivity is the share of fractured films called fractured, or of generated pictures called
generated. Every share is one of the cases that were answered, and says of how many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median_low

from core.quiz_measures import Score, clustered_kappa, clustered_share, share
from core.quiz_records import (
    QUESTIONS,
    Answer,
    Case,
    Given,
    ModelReading,
    Question,
    Stage,
    Student,
)

GRACE = 0.03  # of the picture's width and height, by which a box is grown for a place to lie in it
_Mark = tuple[Case, Answer]


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

    - right: share of the answers that are the truth
    - sensitivity, specificity: of "fracture" and "generated"
    - believed: of "generated", share of the generated pictures called real
    - pointed: of "fracture", share of the places given on fractured films that lie in a box
    - kappa: of "grade", quadratic weighted (Cohen 1968), with a percentile bootstrap over cases
    - tied: cases in which the class had no majority, which are not scored

    What the question has not is None.
    """

    who: str
    right: Score
    sensitivity: Score | None = None
    specificity: Score | None = None
    believed: Score | None = None
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
    - pooled: all students' answers together, and all that they turned; its intervals are a
      percentile bootstrap over cases, since answers to one case go together
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
    """The scores of each question that is asked, in the order of core.quiz_records.QUESTIONS; only
    answers of these students count."""
    asked = {name: [case for case in cases if case.question == name] for name in QUESTIONS}
    return [_scores(name, own, students, given) for name, own in asked.items() if own]


def votes(case: Case, given: Iterable[Given], stage: Stage = "blind") -> tuple[int, ...]:
    """How many gave each of the case's answers."""
    wanted = (case.position, stage)
    counts = Counter(one.answer.value for one in given if (one.position, one.stage) == wanted)
    return tuple(counts[value] for value in range(len(case.answers)))


def verdict(case: Case, counts: Sequence[int]) -> int | None:
    """The answer of a class whose answers were given so often: the most frequent one, None where
    two are or nobody answered; of grades the median, the lower one of two, as models' are called
    (see core.grading.called_grades)."""
    if not any(counts):
        return None
    if case.question == "grade":
        return median_low(Counter(dict(enumerate(counts))).elements())
    most = [value for value, count in enumerate(counts) if count == max(counts)]
    return most[0] if len(most) == 1 else None


def in_box(case: Case, answer: Answer) -> bool | None:
    """Whether the place of an answer lies in one of the case's boxes, grown by GRACE on each side;
    None where there is no box or no place."""
    if answer.place is None or not case.boxes:
        return None
    x, y = answer.place
    return any(
        x0 - GRACE <= x <= x1 + GRACE and y0 - GRACE <= y <= y1 + GRACE
        for x0, y0, x1, y1 in case.boxes
    )


def answer_rows(
    cases: Sequence[Case], students: Sequence[Student], given: Sequence[Given]
) -> list[dict[str, object]]:
    """A row for each answer of these students, and of each model, in words and numbers, for a table
    to download.

    Keys: "reader" ("student" or "model"), "student", "case" (from 1), "title", "question", "stage"
    ("blind" or "after the model"), "answer", "truth", "right" (1 or 0), "x", "y" (0 to 1), "in a
    box" (1 or 0), "model" and "model's answer" (of the reading that was shown, or of this reader),
    "seconds since joining". What there is not is None.
    """
    by_id = {student.id: student for student in students}
    own = [one for one in given if one.student_id in by_id]
    answered = [_row(cases[one.position], by_id[one.student_id], one) for one in own]
    return answered + [_model_row(case, said) for case in cases for said in case.readings]


def _row(case: Case, student: Student, given: Given) -> dict[str, object]:
    stage = "blind" if given.stage == "blind" else "after the model"
    return {
        "reader": "student",
        "student": student.nickname,
        **_answered(case, stage, given.answer, next(iter(case.readings), None)),
        "seconds since joining": round((given.at - student.joined_at).total_seconds(), 1),
    }


def _model_row(case: Case, said: ModelReading) -> dict[str, object]:
    own = _answered(case, None, said.answer, said)
    return {"reader": "model", "student": None, **own, "seconds since joining": None}


def _answered(
    case: Case, stage: str | None, answer: Answer, said: ModelReading | None
) -> dict[str, object]:
    """What a row says of an answer, and of the model's beside it."""
    hit = in_box(case, answer)
    x, y = (None, None) if answer.place is None else (round(at, 4) for at in answer.place)
    return {
        "case": case.position + 1,
        "title": case.title,
        "question": QUESTIONS[case.question],
        "stage": stage,
        "answer": case.answers[answer.value],
        "truth": case.answers[case.truth],
        "right": int(answer.value == case.truth),
        "x": x,
        "y": y,
        "in a box": hit if hit is None else int(hit),
        "model": said and said.title,
        "model's answer": said and case.answers[said.answer.value],
    }


def _scores(
    question: Question,
    cases: Sequence[Case],
    students: Sequence[Student],
    given: Sequence[Given],
) -> Scores:
    by_position = {case.position: case for case in cases}
    blind: dict[int, list[_Mark]] = {student.id: [] for student in students}
    own = [one for one in given if one.position in by_position and one.student_id in blind]
    for one in own:
        if one.stage == "blind":
            blind[one.student_id].append((by_position[one.position], one.answer))
    turned = _turned(by_position, own)
    everything = [mark for marks in blind.values() for mark in marks]
    return Scores(
        question,
        len(cases),
        tuple(
            replace(
                _scored(s.nickname, question, blind[s.id]), turned=Turned(*turned.get(s.id, ()))
            )
            for s in students
        ),
        _crowd(question, cases, own),
        replace(
            _scored("All answers", question, everything, _pooled),
            turned=Turned(*(sum(counts) for counts in zip(*turned.values(), strict=True))),
        ),
        tuple(_models(question, cases)),
        tuple(_chosen(cases, own)) if question == "fill" else (),
    )


def _crowd(question: Question, cases: Sequence[Case], given: Sequence[Given]) -> Scored:
    """The class, as one reader."""
    counts = [votes(case, given) for case in cases]
    called = [(case, verdict(case, found)) for case, found in zip(cases, counts, strict=True)]
    marks = [(case, Answer(value)) for case, value in called if value is not None]
    tied = sum(map(any, counts)) - len(marks)
    return replace(_scored("The class", question, marks), tied=tied)


def _models(question: Question, cases: Sequence[Case]) -> Iterator[Scored]:
    """Each model that read a case, in those that it read."""
    titles = {said.name: said.title for case in cases for said in case.readings}
    for name, title in titles.items():
        marks = [(case, r.answer) for case in cases for r in case.readings if r.name == name]
        yield _scored(title, question, marks)


def _chosen(cases: Sequence[Case], given: Sequence[Given]) -> list[tuple[str, int]]:
    """How often each of the answers was chosen over all cases, by its name."""
    counts = Counter({name: 0 for case in cases for name in case.answers})
    for case in cases:
        counts.update(dict(zip(case.answers, votes(case, given), strict=True)))
    return counts.most_common()


def _turned(cases: Mapping[int, Case], given: Sequence[Given]) -> dict[int, list[int]]:
    """The four counts of Turned for each student."""
    ways = ((True, True), (True, False), (False, True), (False, False))
    said = {(g.student_id, g.position, g.stage): g.answer.value for g in given}
    counts: dict[int, list[int]] = {}
    for (student, position, stage), after in said.items():
        before = said.get((student, position, "blind"))
        if stage == "changed" and before is not None:
            truth = cases[position].truth
            found = counts.setdefault(student, [0] * len(ways))
            found[ways.index((before == truth, after == truth))] += 1
    return counts


def _alone(flags: Sequence[tuple[Case, bool]]) -> Score:
    return share([flag for _, flag in flags])


def _pooled(flags: Sequence[tuple[Case, bool]]) -> Score:
    return clustered_share([flag for _, flag in flags], [case.position for case, _ in flags])


def _scored(
    who: str,
    question: Question,
    marks: Sequence[_Mark],
    measure: Callable[[Sequence[tuple[Case, bool]]], Score] = _alone,
) -> Scored:
    def of(truth: int, called: int) -> Score:
        return measure([(case, a.value == called) for case, a in marks if case.truth == truth])

    found = Scored(who, measure([(case, answer.value == case.truth) for case, answer in marks]))
    if question in ("fracture", "generated"):
        found = replace(found, sensitivity=of(1, 1), specificity=of(0, 0))
    if question == "generated":
        found = replace(found, believed=of(1, 0))
    if question == "fracture":
        hits = [(case, in_box(case, answer)) for case, answer in marks if answer.value == 1]
        found = replace(found, pointed=measure([(c, hit) for c, hit in hits if hit is not None]))
    if question == "grade":
        truth, called = [case.truth for case, _ in marks], [a.value for _, a in marks]
        clusters = [case.position for case, _ in marks]
        found = replace(found, kappa=clustered_kappa(truth, called, clusters))
    return found
