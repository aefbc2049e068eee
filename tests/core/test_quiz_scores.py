"""What a quiz comes to, on answers that can be counted by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.grading import quadratic_kappa
from core.metrics import grouped_bootstrap, wilson
from core.quiz_measures import clustered_kappa, clustered_share, share
from core.quiz_records import Answer, Case, Given, ModelReading, Student
from core.quiz_scores import GRACE, Turned, answer_rows, in_box, scores, verdict, votes

THEN = datetime(2026, 1, 1, tzinfo=UTC)
ADA, BOB, EVE = (
    Student(at, 1, name, f"key {at}", THEN) for at, name in enumerate(("Ada", "Bob", "Eve"))
)


def reading(value, name="cnn", place=None, classes=2):
    chances = tuple(float(at == value) for at in range(classes))
    return ModelReading(name, name.upper(), Answer(value, place), chances)


def film(at, truth, *readings, boxes=()):
    answers = ("not fractured", "fractured")
    return Case(at, "fracture", f"Film {at}", answers, truth, 1, boxes, readings)


def knee(at, truth, *readings):
    return Case(at, "grade", f"Knee {at}", tuple("01234"), truth, 1, (), readings)


def given(student, position, value, stage="blind", place=None):
    return Given(student.id, position, stage, Answer(value, place), THEN + timedelta(seconds=9))


def shares(*found):
    return [one if one is None else (one.hits, one.n) for one in found]


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775328),
        (3, 10, 0.1077913, 0.6032219),
        (10, 10, 0.7224672, 1.0),
        (81, 263, 0.2552885, 0.3662095),  # Newcombe 1998, table I
        (1, 1, 0.2065493, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilsons_interval_of_known_shares(hits, n, low, high):
    assert wilson(hits, n) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize(("hits", "n"), [(-1, 3), (4, 3), (1, 0), (0, -1)])
def test_no_share_is_more_than_all(hits, n):
    with pytest.raises(ValueError, match="at least as many"):
        wilson(hits, n)


def test_a_share_says_of_how_many():
    found = share([True, True, False])
    assert (found.hits, found.n, found.value) == (2, 3, pytest.approx(2 / 3))
    assert (found.low, found.high) == wilson(2, 3)
    none = share([])
    assert none.n == 0 and np.isnan([none.value, none.low, none.high]).all()
    assert clustered_share([], []).n == clustered_kappa([], [], []).n == 0


def test_answers_that_go_together_are_drawn_together():
    rng = np.random.default_rng(1)
    cases = np.repeat(np.arange(20), 10)
    alike = list(np.repeat(rng.random(20) < 0.5, 10))  # all ten answers to a case are the same
    found = clustered_share(alike, cases)
    assert (found.hits, found.n) == (sum(alike), 200)
    low, high = grouped_bootstrap(cases, lambda drawn: np.mean(np.array(alike)[drawn]))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.06)
    independent = share(alike)
    assert found.high - found.low > 2 * (independent.high - independent.low)


def test_kappa_from_sums_is_the_one_of_the_matrix():
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 5, 40)
    called = np.clip(truth + rng.integers(-1, 2, 40), 0, 4)
    found = clustered_kappa(truth, called, range(40))
    assert found.value == pytest.approx(quadratic_kappa(truth, called))
    low, high = grouped_bootstrap(
        range(40), lambda drawn: quadratic_kappa(truth[drawn], called[drawn]), draws=300
    )
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.08)
    assert clustered_kappa([1, 2], [1, 2], [0, 1]).value == 1
    assert np.isnan(clustered_kappa([2, 2], [2, 2], [0, 1]).value), "one grade only"


def test_readers_class_and_models_are_scored_alike():
    cases = [film(0, 1, reading(1)), film(1, 1, reading(0)), film(2, 0, reading(0)), film(3, 0)]
    said = {ADA: (1, 1, 0, 1), BOB: (1, 0, 0, 1), EVE: (0, 0, 1)}
    answers = [given(who, at, value) for who, all_ in said.items() for at, value in enumerate(all_)]
    (found,) = scores(cases, [ADA, BOB, EVE], answers)
    assert (found.question, found.cases, found.votes) == ("fracture", 4, ())
    assert [one.who for one in found.students] == ["Ada", "Bob", "Eve"]
    by_hand = {  # right, sensitivity, specificity
        "Ada": [(3, 4), (2, 2), (1, 2)],
        "Bob": [(2, 4), (1, 2), (1, 2)],
        "Eve": [(0, 3), (0, 2), (0, 1)],
        "The class": [(2, 4), (1, 2), (1, 2)],
        "All answers": [(5, 11), (3, 6), (2, 5)],
        "CNN": [(2, 3), (1, 2), (1, 1)],
    }
    for one in (*found.students, found.crowd, found.pooled, *found.models):
        assert shares(one.right, one.sensitivity, one.specificity) == by_hand.pop(one.who)
        assert one.kappa is one.believed is None and not one.tied
    assert not by_hand
    assert found.students[0].sensitivity.low == wilson(2, 2)[0]
    assert found.pooled.right.low != pytest.approx(wilson(5, 11)[0])


def test_a_tie_is_told_and_not_scored_and_no_answer_is_none():
    cases = [film(0, 1), film(1, 1), film(2, 1)]
    answers = [given(ADA, 0, 1), given(BOB, 0, 0), given(ADA, 1, 1)]
    (found,) = scores(cases, [ADA, BOB, EVE], answers)
    assert (found.crowd.tied, *shares(found.crowd.right)) == (1, (1, 1))
    assert found.students[2].right.n == 0 and np.isnan(found.students[2].right.value)
    assert np.isnan(found.students[0].specificity.value), "no film is sound"


@pytest.mark.parametrize(
    ("case", "counts", "called"),
    [
        (film(0, 1), (2, 3), 1),
        (film(0, 1), (2, 2), None),
        (film(0, 1), (0, 0), None),
        (knee(0, 1), (1, 0, 0, 0, 2), 4),
        (knee(0, 1), (2, 1, 0, 1, 1), 1),  # the most frequent one is 0
        (knee(0, 1), (1, 0, 1, 0, 0), 0),
        (knee(0, 1), (0, 0, 0, 0, 0), None),
    ],
)
def test_the_verdict_of_a_class(case, counts, called):
    assert verdict(case, counts) == called


def test_votes_are_counted_by_stage_and_case():
    case = knee(1, 2)
    answers = [given(ADA, 1, 2), given(BOB, 1, 2), given(EVE, 1, 4), given(ADA, 0, 3)]
    answers.append(given(ADA, 1, 4, "changed"))
    assert votes(case, answers) == (0, 0, 2, 0, 1)
    assert votes(case, answers, "changed") == (0, 0, 0, 0, 1)


@pytest.mark.parametrize(
    ("place", "hit"),
    [
        ((0.5, 0.5), True),
        ((0.4 - GRACE + 1e-9, 0.6 + GRACE - 1e-9), True),
        ((0.4 - GRACE - 1e-3, 0.5), False),
        ((0.5, 0.6 + GRACE + 1e-3), False),
        ((0.95, 0.95), True),
        ((0.5, 0.95), False),
        (None, None),
    ],
)
def test_a_place_lies_in_a_box_or_close_to_it(place, hit):
    case = film(0, 1, boxes=((0.4, 0.4, 0.6, 0.6), (0.9, 0.9, 1.0, 1.0)))
    assert in_box(case, Answer(1, place)) is hit
    assert in_box(replace(case, boxes=()), Answer(1, place)) is None


def test_places_are_scored_on_fractured_films_only():
    box = ((0.4, 0.4, 0.6, 0.6),)
    cases = [film(0, 1, reading(1, place=(0, 0)), boxes=box), film(1, 1, boxes=box), film(2, 0)]
    answers = [
        given(ADA, 0, 1, place=(0.5, 0.5)),
        given(ADA, 1, 1, place=(0.1, 0.5)),
        given(ADA, 2, 1, place=(0.5, 0.5)),  # there is nothing to find
        given(BOB, 0, 1),
        given(BOB, 1, 0, place=(0.5, 0.5)),  # pointed, then thought better of it
    ]
    (found,) = scores(cases, [ADA, BOB], answers)
    assert shares(*(one.pointed for one in found.students)) == [(1, 2), (None, 0)]
    assert shares(found.pooled.pointed, found.models[0].pointed) == [(1, 2), (0, 1)]


def test_grades_have_a_weighted_kappa_and_the_share_of_exact_ones():
    cases = [knee(at, at, reading(min(at + 1, 4), classes=5)) for at in range(5)]
    answers = [given(ADA, at, at) for at in range(5)] + [given(BOB, at, 4 - at) for at in range(5)]
    (found,) = scores(cases, [ADA, BOB], answers)
    ada, bob = found.students
    assert (ada.kappa.value, ada.kappa.n, ada.right.hits) == (1, 5, 5)
    assert (bob.kappa.value, bob.right.hits) == (-1, 1)
    (model,) = found.models
    assert model.kappa.value == pytest.approx(quadratic_kappa(range(5), (1, 2, 3, 4, 4)))
    assert model.kappa.low <= model.kappa.value <= model.kappa.high
    assert found.pooled.kappa.n == 10 and ada.sensitivity is None


def test_generated_pictures_that_were_believed():
    cases = [
        Case(at, "generated", "Picture", ("real", "generated"), truth, 1)
        for at, truth in enumerate((1, 1, 1, 0))
    ]
    answers = [given(ADA, at, value) for at, value in enumerate((1, 0, 0, 0))]
    (found,) = scores(cases, [ADA], answers)
    (ada,) = found.students
    assert shares(ada.right, ada.believed, ada.sensitivity, ada.specificity) == [
        *((2, 4), (2, 3), (1, 3), (1, 1)),
    ]
    assert (ada.right.low, ada.right.high) == wilson(2, 4)
    assert found.models == ()


def test_fills_are_counted_by_their_names():
    cases = [
        Case(0, "fill", "Knee", ("Telea", "U-Net"), 1, 3),
        Case(1, "fill", "Knee", ("U-Net", "Telea", "LaMa"), 0, 4),
    ]
    answers = [given(ADA, 0, 1), given(BOB, 0, 1), given(ADA, 1, 0), given(BOB, 1, 1)]
    (found,) = scores(cases, [ADA, BOB], answers)
    assert found.votes == (("U-Net", 3), ("Telea", 1), ("LaMa", 0))
    assert shares(*(one.right for one in found.students)) == [(2, 2), (1, 2)]


def test_what_the_models_answer_turned():
    cases = [knee(at, 2, reading(2, classes=5)) for at in range(5)]
    ways = {0: (2, 2), 1: (2, 1), 2: (1, 2), 3: (1, 3), 4: (0, 0)}
    answers = [given(ADA, at, before) for at, (before, _) in ways.items()]
    answers += [given(ADA, at, after, "changed") for at, (_, after) in ways.items()]
    answers += [given(BOB, 0, 2), given(BOB, 0, 0, "changed"), given(EVE, 0, 2)]
    (found,) = scores(cases, [ADA, BOB, EVE], answers)
    ada, bob, eve = (one.turned for one in found.students)
    assert ada == Turned(kept_right=1, right_to_wrong=1, wrong_to_right=1, stayed_wrong=2)
    assert (bob, eve) == (Turned(right_to_wrong=1), Turned())
    assert found.pooled.turned == Turned(1, 2, 1, 2) and found.pooled.turned.n == 6
    assert shares(found.students[0].right) == [(2, 5)], "blind answers are scored"


def test_each_question_is_scored_by_itself_and_strangers_are_left_out():
    cases = [knee(0, 1), film(1, 1), knee(2, 3)]
    answers = [given(ADA, at, 1) for at in range(3)] + [given(EVE, 1, 0)]
    films, knees = scores(cases, [ADA], answers)
    assert (films.question, films.cases, knees.question, knees.cases) == ("fracture", 1, "grade", 2)
    assert shares(films.pooled.right, knees.pooled.right) == [(1, 1), (1, 2)]
    rows = answer_rows(cases, [ADA], answers)
    assert sum(row["reader"] == "student" for row in rows) == 3


def test_before_anybody_joins_there_are_scores_of_nothing():
    (found,) = scores([film(0, 1, reading(1))], [], [])
    assert found.students == () and found.pooled.turned.n == 0
    assert shares(found.crowd.right, found.pooled.right) == [(None, 0)] * 2
    assert shares(found.models[0].right) == [(1, 1)]
    assert scores([], [], []) == [] == answer_rows([], [], [])


def test_a_row_an_answer_and_the_models_after_them():
    cases = [film(0, 1, reading(0), boxes=((0.4, 0.4, 0.6, 0.6),)), knee(1, 3)]
    answers = [given(ADA, 0, 1, place=(0.5, 0.25000001)), given(ADA, 0, 0, "changed")]
    answers.append(given(ADA, 1, 3))
    pointed, changed, graded, model = answer_rows(cases, [ADA], answers)
    assert (model["reader"], model["model"], model["answer"], model["right"]) == (
        *("model", "CNN", "not fractured", 0),
    )
    assert model.keys() == pointed.keys() and model["student"] is None
    assert pointed == {
        "reader": "student",
        "student": "Ada",
        "case": 1,
        "title": "Film 0",
        "question": "Is there a fracture, and where?",
        "stage": "blind",
        "answer": "fractured",
        "truth": "fractured",
        "right": 1,
        "x": 0.5,
        "y": 0.25,
        "in a box": 0,
        "model": "CNN",
        "model's answer": "not fractured",
        "seconds since joining": 9.0,
    }
    assert (changed["stage"], changed["answer"], changed["right"], changed["x"]) == (
        *("after the model", "not fractured", 0, None),
    )
    assert (graded["case"], graded["answer"], graded["in a box"], graded["model"]) == (
        *(2, "3", None, None),
    )
