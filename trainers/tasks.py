"""The tasks a model can be published for, and what its card says of its validation films.

`measure` is given a way to open the exported graph with changes to its card; it settles test-time
flips and calibration, and returns the card's entries with the calibrated reading.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from core import grading, metrics
from core.classify import tempered
from core.film_packs import Film, Pack
from core.lesions import CODES
from core.models import Model
from trainers import grade_scoring, lesion_scoring, scoring
from trainers.lesions import Lesion, LesionPack

Opened = Callable[..., Model]
Reading = scoring.Reading | grade_scoring.GradeReading | lesion_scoring.LesionReading


@dataclass(frozen=True)
class Task:
    """`name` is the folder of its models, `classes` their columns: index 1 is disease, or all
    are grades or diagnoses. `measure` is given a pack, some of what it holds, and the data's
    name."""

    name: str
    classes: list[str]
    measure: Callable[..., tuple[dict, Reading]]


def measure_fracture(
    opened: Opened, pack: Pack, films: Sequence[Film], data: str
) -> tuple[dict, scoring.Reading]:
    """Flips stay on where they raise the AUROC. Rates and the pointing game are taken at Youden's
    point."""
    raw = {flips: scoring.read_all(opened(flips=flips), pack, films) for flips in (False, True)}
    aurocs = {flips: metrics.auroc(r.labels, r.probabilities) for flips, r in raw.items()}
    flips = aurocs[True] > aurocs[False]
    temperature, bias = platt(raw[flips].labels, raw[flips].scores())
    reading = raw[flips].calibrated(temperature, bias)
    points = metrics.operating_points(reading.labels, reading.probabilities)
    balanced = points[-1]
    numbers = scoring.numbers(reading, balanced.threshold)
    return {
        "flips": flips,
        "calibration": {"temperature": temperature, "bias": bias},
        "operating_points": [asdict(point) for point in points],
        "metrics": with_ranges(numbers, scoring.intervals(reading, balanced.threshold)),
        "subgroups": scoring.subgroups(reading),
        "validation": {
            "n": len(reading.films),
            "fractured": int(reading.labels.sum()),
            "data": f"val split of {data}",
            "threshold": balanced.name,
        },
    }, reading


def measure_severity(
    opened: Opened, pack: Pack, films: Sequence[Film], data: str
) -> tuple[dict, grade_scoring.GradeReading]:
    """Flips stay on where they raise the quadratic kappa."""
    raw = {flips: grade_scoring.read_all(opened(flips=flips), pack, films) for flips in (0, 1)}
    kappas = {f: grading.quadratic_kappa(r.labels, r.called) for f, r in raw.items()}
    flips = kappas[1] > kappas[0]
    temperature = temperature_of(raw[flips].labels, raw[flips].probabilities)
    reading = raw[flips].calibrated(temperature)
    return {
        "flips": bool(flips),
        "calibration": {"temperature": temperature, "bias": 0.0},
        "metrics": with_ranges(grade_scoring.numbers(reading), grade_scoring.intervals(reading)),
        "validation": {"n": len(reading.films), "data": f"val split of {data}"},
    }, reading


def measure_lesion(
    opened: Opened, pack: LesionPack, lesions: Sequence[Lesion], data: str
) -> tuple[dict, lesion_scoring.LesionReading]:
    """Calibrated as if all diagnoses were equally common, which is how the networks learn."""
    raw = lesion_scoring.read_all(opened(), pack.read_squares(lesions))
    counts = np.bincount(raw.labels, minlength=len(CODES))
    temperature = temperature_of(raw.labels, raw.probabilities, 1 / counts[raw.labels])
    reading = raw.calibrated(temperature)
    numbers = lesion_scoring.numbers(reading)
    return {
        "calibration": {"temperature": temperature, "bias": 0.0},
        "metrics": with_ranges(numbers, lesion_scoring.intervals(reading)),
        "validation": {
            "n": len(reading.lesions),
            "lesions": len({lesion.group for lesion in reading.lesions}),
            "diagnoses": dict(zip(CODES, counts.tolist(), strict=True)),
            "data": f"val split of {data}",
            "also used for": "the temperature (one number), and the choice to measure the batch "
            "statistics anew in full precision",
        },
    }, reading


def platt(labels: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """Temperature and bias that minimise the log loss of sigmoid(score / T + b) (Platt 1999).

    The bias undoes the prior of balanced sampling, the temperature the over-confidence.
    """

    def loss(parameters: np.ndarray) -> float:
        margin = scores / np.exp(parameters[0]) + parameters[1]
        return float(np.logaddexp(0, np.where(labels == 1, -margin, margin)).mean())

    log_temperature, bias = minimize(loss, [0.0, 0.0], method="Nelder-Mead").x
    return float(np.exp(log_temperature)), float(bias)


def temperature_of(
    labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Temperature that minimises the log loss of softmax(log p / T) (Guo et al. 2017), each
    picture weighing the same or its entry of `weights` (N,)."""

    def loss(log_temperature: float) -> float:
        chances = tempered(probabilities, np.exp(log_temperature))
        losses = -np.log(chances[np.arange(len(labels)), labels] + 1e-12)
        return float(np.average(losses, weights=weights))

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def with_ranges(numbers: dict[str, float], ranges: dict[str, list[float]]) -> dict[str, dict]:
    """Numbers and their intervals as a card's `metrics`."""
    return {
        name: {"value": value, "low": ranges[name][0], "high": ranges[name][1]}
        for name, value in numbers.items()
    }


FRACTURE = Task("fracture", ["not fractured", "fractured"], measure_fracture)
SEVERITY = Task("severity", ["0", "1", "2", "3", "4"], measure_severity)
LESION = Task("lesion", list(CODES), measure_lesion)
