"""What a threshold means for 1,000 people of whom a given share has the disease."""

from dataclasses import dataclass

import numpy as np

from core import resampling
from core.models import Metric

PEOPLE = 1000


@dataclass(frozen=True)
class Outcome:
    """How many of 1,000: the number expected, with its 95 % interval."""

    count: int
    low: int
    high: int


@dataclass(frozen=True)
class PerThousand:
    """Of 1,000 people: `found` and `missed` have the disease, `in_vain` and `spared` have not;
    `found` and `in_vain` are called positive. `sensitivity`, `specificity` and `ppv` (the share of
    positive calls that are right, at this prevalence; NaN where nobody is called) with intervals.
    """

    found: Outcome
    missed: Outcome
    in_vain: Outcome
    spared: Outcome
    sensitivity: Metric
    specificity: Metric
    ppv: Metric


def per_thousand(
    positives: np.ndarray,
    scores: np.ndarray,
    threshold: float,
    prevalence: float,
    weights: np.ndarray,
) -> PerThousand:
    """Expected outcomes at a threshold and a prevalence.

    positives: (N,) bool, who of the measured films has the disease; both kinds must occur.
    scores: (N,) probability of disease; positive is called from `threshold` on.
    prevalence: the share of the 1,000 who have the disease, 0 to 1.
    weights: (D, N) draws of `core.resampling`, from which the intervals come; a rate of none or all
    has the interval of Wilson instead, since no draw of such films differs, and the PPV then lies
    between what both rates' lower and what both rates' upper limits make of it.

    The two rates are taken to be the same at any prevalence; what changes is how many of each kind
    there are (Altman & Bland 1994). ValueError when a share is outside 0 to 1.
    """
    if not 0 <= prevalence <= 1:
        raise ValueError("a prevalence is a share from 0 to 1")
    called = scores >= threshold
    sensitivity, drawn_sensitivity = _rate(weights, called, positives)
    specificity, drawn_specificity = _rate(weights, ~called, ~positives)
    diseased = round(PEOPLE * prevalence)
    found = _outcome(diseased, sensitivity)
    spared = _outcome(PEOPLE - diseased, specificity)
    return PerThousand(
        found,
        _rest(diseased, found),
        _rest(PEOPLE - diseased, spared),
        spared,
        sensitivity,
        specificity,
        _calls_right(
            sensitivity,
            specificity,
            prevalence,
            _ppv(drawn_sensitivity, drawn_specificity, prevalence),
        ),
    )


def _rate(weights: np.ndarray, called: np.ndarray, among: np.ndarray) -> tuple[Metric, np.ndarray]:
    drawn = resampling.shares(weights, called, among)
    return resampling.rate(called, among, drawn), drawn


def _calls_right(
    sensitivity: Metric, specificity: Metric, prevalence: float, drawn: np.ndarray
) -> Metric:
    """The PPV. Where no draw moves one of the rates, its limits are those of both rates' limits."""
    value = float(_ppv(sensitivity.value, specificity.value, prevalence))
    if not {sensitivity.value, specificity.value} & {0.0, 1.0}:
        return resampling.metric(value, drawn)
    low = float(_ppv(sensitivity.low, specificity.low, prevalence))
    high = float(_ppv(sensitivity.high, specificity.high, prevalence))
    return (
        Metric(value, low, high)
        if np.isfinite([value, low, high]).all()
        else Metric(value, None, None)
    )


def _ppv(sensitivity, specificity, prevalence: float):
    right = np.asarray(sensitivity) * prevalence
    called = right + (1 - np.asarray(specificity)) * (1 - prevalence)
    with np.errstate(invalid="ignore", divide="ignore"):
        return right / called


def _outcome(people: int, rate: Metric) -> Outcome:
    return Outcome(*(round(people * share) for share in (rate.value, rate.low, rate.high)))


def _rest(people: int, outcome: Outcome) -> Outcome:
    return Outcome(people - outcome.count, people - outcome.high, people - outcome.low)
