"""Outcomes for 1,000 people at a threshold and a prevalence."""

import numpy as np
import pytest

from core import resampling
from core.prevalence import per_thousand

POSITIVES = np.array([True] * 10 + [False] * 20)
SCORES = np.r_[np.linspace(0.05, 0.95, 10), np.linspace(0.01, 0.96, 20)]
WEIGHTS = resampling.group_weights(np.arange(30), draws=300)


def at(threshold: float, prevalence: float):
    return per_thousand(POSITIVES, SCORES, threshold, prevalence, WEIGHTS)


def test_counts_follow_from_the_two_rates():
    said = at(0.5, 0.1)
    assert (said.sensitivity.value, said.specificity.value) == (0.5, 0.5)
    counts = [o.count for o in (said.found, said.missed, said.in_vain, said.spared)]
    assert counts == [50, 50, 450, 450]
    assert said.ppv.value == pytest.approx(0.1)
    for outcome in (said.found, said.missed, said.in_vain, said.spared):
        assert 0 <= outcome.low < outcome.count < outcome.high


@pytest.mark.parametrize("threshold", [0, 0.1, 0.33, 0.5, 0.9, 1])
@pytest.mark.parametrize("prevalence", [0, 0.001, 0.18, 0.5, 1])
def test_everybody_is_counted_once(threshold, prevalence):
    said = at(threshold, prevalence)
    assert said.found.count + said.missed.count == round(1000 * prevalence)
    assert said.in_vain.count + said.spared.count == 1000 - round(1000 * prevalence)
    for outcome in (said.found, said.missed, said.in_vain, said.spared):
        assert 0 <= outcome.low <= outcome.count <= outcome.high <= 1000


def test_the_prevalence_changes_whom_a_call_is_right_about_and_no_rate():
    seldom, often = at(0.5, 0.01), at(0.5, 0.5)
    assert seldom.sensitivity == often.sensitivity and seldom.specificity == often.specificity
    assert seldom.ppv.value < 0.02 < often.ppv.value
    assert seldom.in_vain.count > often.in_vain.count


def test_missing_none_of_ten_is_not_missing_none_of_all():
    said = at(0.0, 0.5)
    assert said.missed.count == 0 and said.found.count == 500
    assert said.sensitivity.low == pytest.approx(0.722, abs=0.001)  # Wilson, 10 of 10
    assert said.missed.high == round(500 * (1 - said.sensitivity.low))


def test_that_no_call_was_wrong_on_a_few_films_does_not_make_every_call_right():
    said = at(0.955, 0.05)
    assert said.found.count == 0 and said.in_vain.high < 250  # 1 of 20 is called in vain
    sure = per_thousand(POSITIVES, np.where(POSITIVES, SCORES, 0), 0.5, 0.05, WEIGHTS)
    assert (sure.ppv.value, sure.ppv.high) == (1, 1) and sure.in_vain.count == 0
    right, wrong = sure.sensitivity.low * 0.05, (1 - sure.specificity.low) * 0.95
    assert sure.ppv.low == pytest.approx(right / (right + wrong)) and sure.ppv.low < 0.2
    never = per_thousand(POSITIVES, np.where(POSITIVES, 0, SCORES), 0.5, 0.05, WEIGHTS)
    assert (never.ppv.value, never.ppv.low) == (0, 0) and 0 < never.ppv.high < 0.1


def test_where_nobody_is_called_no_call_is_right():
    said = at(1.1, 0.2)
    assert np.isnan(said.ppv.value) and said.missed.count == 200


@pytest.mark.parametrize("prevalence", [-0.1, 1.01, float("nan")])
def test_a_prevalence_is_a_share(prevalence):
    with pytest.raises(ValueError, match="share from 0 to 1"):
        at(0.5, prevalence)
