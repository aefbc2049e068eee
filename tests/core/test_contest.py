"""Measures under the draws of a bootstrap, and two models against each other."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from core import grading, metrics, resampling
from core.contest import contest, mcnemar
from core.labelled import LabelledSet, ModelReading
from core.models import ModelCard
from core.set_measures import MEASURES, measured, parts
from tests.toy_models import card, graded_card, lesion_card

N = 60
GROUPS = np.random.default_rng(3).integers(0, 12, N)
WEIGHTS = resampling.group_weights(GROUPS, draws=200, seed=0)


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """A card of each task, read from a file as all are."""
    import json

    made = {}
    for task, write in (("fracture", card), ("severity", graded_card), ("lesion", lesion_card)):
        folder = tmp_path_factory.mktemp(task)
        (folder / "card.json").write_text(json.dumps(write("toy", "0") | {"task": task}))
        made[task] = ModelCard.read(folder)
    return made


def readings(cards, task: str, labels: np.ndarray, noises=(0.8, 2.0)) -> LabelledSet:
    """A set on which the first model is nearer to the truth than the second."""
    classes = len(cards[task].classes)
    truth, rng = np.eye(classes)[labels], np.random.default_rng(7)
    found = []
    for noise in noises:
        logits = truth + noise * rng.normal(size=truth.shape)
        chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        found.append(ModelReading(cards[task], np.round(chances, 2)))
    names = tuple(f"{i}.png" for i in range(len(labels)))
    half = np.where(np.arange(len(labels)) % 3, "often", "seldom").astype(object)
    return LabelledSet(task, "toys", names, labels, GROUPS, {"Kind": half}, tuple(found))


def drawn_labels(classes: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, classes, N)


def by_loop(statistic) -> tuple[float, float]:
    return metrics.grouped_bootstrap(GROUPS, statistic, draws=200, seed=0)


def test_all_draws_at_once_give_what_a_loop_over_draws_gives(cards):
    labels = drawn_labels(2)
    labelled = readings(cards, "fracture", labels)
    reading = labelled.readings[1]
    scores, threshold = labelled.scores(reading), reading.threshold

    def rates(i):
        return metrics.confusion(labels[i], scores[i], threshold)

    loops = {
        "auroc": lambda i: metrics.auroc(labels[i], scores[i]),
        "average_precision": lambda i: metrics.average_precision(labels[i], scores[i]),
        "sensitivity": lambda i: rates(i).sensitivity,
        "specificity": lambda i: rates(i).specificity,
        "brier": lambda i: metrics.brier(labels[i], scores[i]),
    }
    found = measured(labelled, reading, WEIGHTS)
    assert set(found) == set(MEASURES["fracture"])
    for name, loop in loops.items():
        assert found[name].value == pytest.approx(loop(np.arange(N)), abs=1e-5), name
        assert (found[name].low, found[name].high) == pytest.approx(by_loop(loop), abs=1e-5), name


@pytest.mark.parametrize("task", ["severity", "lesion"])
def test_numbers_of_several_classes_give_what_a_loop_gives(cards, task):
    classes = len(cards[task].classes)
    labels = drawn_labels(classes - 1)  # one class never occurs
    labelled = readings(cards, task, labels)
    reading = labelled.readings[0]
    called = labelled.called(reading)
    loops = {
        "accuracy": grading.accuracy,
        "balanced_accuracy": grading.balanced_accuracy,
        "kappa": grading.quadratic_kappa,
        "mae": grading.mean_absolute_error,
    }
    found = measured(labelled, reading, WEIGHTS)
    compared = [name for name in loops if name in found]
    assert len(compared) == {"severity": 4, "lesion": 2}[task]
    for name in compared:

        def loop(i, number=loops[name]):
            return number(labels[i], called[i], classes)

        assert found[name].value == pytest.approx(loop(np.arange(N)), abs=1e-5), name
        assert (found[name].low, found[name].high) == pytest.approx(by_loop(loop), abs=1e-5), name


def test_without_films_of_both_classes_there_is_no_auroc():
    nobody = np.zeros(4, bool)
    weights = np.ones((3, 4), np.float32)
    assert np.isnan(resampling.aurocs(weights, nobody, np.arange(4.0))).all()
    assert resampling.metric(float("nan"), np.full(3, np.nan)).low is None


def test_ties_count_half():
    weights = np.ones((1, 4), np.float32)
    positives = np.array([True, True, False, False])
    assert resampling.aurocs(weights, positives, np.array([0.5, 0.5, 0.5, 0.5])) == [0.5]
    assert resampling.aurocs(weights, positives, np.array([0.9, 0.5, 0.5, 0.1])) == [0.875]


@pytest.mark.parametrize(
    ("only_first", "only_second"), [(0, 0), (1, 0), (5, 5), (2, 9), (40, 71), (300, 401)]
)
def test_mcnemar_is_the_exact_binomial_test(only_first, only_second):
    n = only_first + only_second
    exact = binomtest(only_first, n).pvalue if n else 1.0
    assert mcnemar(only_first, only_second) == pytest.approx(exact)
    assert mcnemar(only_second, only_first) == mcnemar(only_first, only_second)


def test_a_model_against_itself_wins_nothing(cards):
    labelled = readings(cards, "fracture", drawn_labels(2))
    first = labelled.readings[0]
    found = contest(labelled, first, first, WEIGHTS)
    assert not found.only_first.any() and not found.only_second.any() and found.p == 1
    for difference in found.differences:
        assert (difference.gap.value, difference.gap.low, difference.gap.high) == (0, 0, 0)
        assert not difference.telling


def test_a_contest_counts_films_and_uses_the_same_draws_for_both(cards):
    labels = drawn_labels(5)
    labelled = readings(cards, "severity", labels, noises=(0.1, 3.0))
    first, second = labelled.readings
    found = contest(labelled, first, second, WEIGHTS)
    right = [labelled.called(reading) == labels for reading in (first, second)]
    assert found.only_first.sum() == (right[0] & ~right[1]).sum() > 10
    assert found.only_second.sum() == (right[1] & ~right[0]).sum()
    assert found.p < 0.05 and found.groups == len(set(GROUPS))
    accuracy = next(d for d in found.differences if d.measure == "accuracy")
    assert accuracy.telling
    low, high = by_loop(lambda i: right[0][i].mean() - right[1][i].mean())
    assert (accuracy.gap.low, accuracy.gap.high) == pytest.approx((low, high), abs=1e-5)


def test_parts_hold_every_film_once_and_say_where_a_number_is_missing(cards):
    labels = np.where(np.arange(N) % 3, drawn_labels(2), 0)  # none fractured of the seldom
    labelled = readings(cards, "fracture", labels)
    often, seldom = parts(labelled, "Kind", WEIGHTS)
    assert (often.value, seldom.value) == ("often", "seldom")
    assert often.n + seldom.n == N and seldom.positives == 0
    assert np.isnan(seldom.measures[0]["auroc"].value) and seldom.measures[0]["auroc"].low is None
    assert 0 < often.measures[0]["auroc"].low < often.measures[0]["auroc"].high <= 1
    assert np.isnan(seldom.measures[0]["balanced_accuracy"].value)  # of one class there is no mean
    assert (often.classes, seldom.classes) == (2, 1)


def test_a_part_that_is_no_class_stands_behind_those_that_are(cards):
    column = np.array(["Unsure", "Melanoma", "Other", "Unsure", "Melanocytic naevus"] * 12, object)
    labelled = replace(readings(cards, "lesion", drawn_labels(7)), attributes={"Second": column})
    found = [(part.value, part.n) for part in parts(labelled, "Second", WEIGHTS)]
    assert found == [("Melanoma", 12), ("Melanocytic naevus", 12), ("Unsure", 24), ("Other", 12)]


def test_all_or_none_right_is_no_certainty(cards):
    labels = np.where(np.arange(N) < 4, 4, 5)  # four melanomas, which are all called so
    found = measured(*surely(cards, "lesion", labels, called=labels), WEIGHTS)
    assert found["sensitivity"].value == 1
    assert found["sensitivity"].low == pytest.approx(0.51, abs=0.001)  # Wilson, 4 of 4
    assert found["accuracy"].low == pytest.approx(0.940, abs=0.001)  # 60 of 60
    assert found["balanced_accuracy"].low is None and found["auroc"].low is None
    missed = measured(*surely(cards, "lesion", labels, called=np.full(N, 5)), WEIGHTS)
    assert (missed["sensitivity"].value, missed["sensitivity"].low) == (0, 0)
    assert missed["sensitivity"].high == pytest.approx(0.49, abs=0.001)


def surely(cards, task: str, labels: np.ndarray, called: np.ndarray):
    """A set and its model, which is sure of what it calls."""
    labelled = readings(cards, task, labels)
    reading = ModelReading(cards[task], np.eye(len(cards[task].classes))[called])
    return labelled, reading
