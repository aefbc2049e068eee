"""The numbers of a generator of lesions, and how sure they are.

Distances compare embeddings of generated pictures with those of the real pictures that lent them
sketch and diagnosis; a floor compares real with real. Numbers of another classifier than FIRST end
in its name.
"""

from collections.abc import Callable, Sequence

import numpy as np

from core import grading, metrics
from core.lesions import CODES
from trainers.distance import frechet_distance, jackknife, kernel_distance
from trainers.sketch_scoring import FIRST, SketchReading

Statistic = Callable[[np.ndarray, np.ndarray], float]
Pair = tuple[np.ndarray, np.ndarray, Sequence[str], Sequence[str]]
DISTANCES = {"fid": frechet_distance, "kid": kernel_distance}


def numbers(reading: SketchReading) -> dict[str, float]:
    """All metrics of a reading.

    `fid`, `kid` and their `_floor`; where the floor has fewer pictures than are scored,
    `fid_same_size` is what to compare it with, since a Fréchet distance grows as pictures get
    fewer. `inception_score`, and that of the real pictures. The rates of `rates`. `diversity` and
    `diversity_<code>` are in grey levels, `diversity_real` that of real lesions of one diagnosis.
    """
    found = {
        name: statistic(first, second)
        for name, (statistic, (first, second, *_)) in _of_sets(reading).items()
    }
    found |= rates(reading, np.arange(len(reading.lesions)))
    painted, real = reading.variety["painted"], reading.variety["real"]
    found["diversity"] = float(np.mean([*painted.values()]))
    if real:
        found["diversity_real"] = float(np.mean([*real.values()]))
    return found | {f"diversity_{code}": value for code, value in painted.items()}


def rates(reading: SketchReading, indices: np.ndarray) -> dict[str, float]:
    """What is a mean over pictures: of each classifier `balanced_accuracy` and `recall_<code>`, of
    the segmenter `mask_iou`; the same on the real pictures ends in `_real`, or begins with
    `recall_real`. The recall of a diagnosis that does not occur is left out."""
    truth, kinds = reading.labels[indices], len(CODES)
    found = {}
    for name in reading.painted:
        suffix = _suffix(name)
        for opinions, real in ((reading.painted, ""), (reading.real, "_real")):
            chances = opinions[name].probabilities[indices]
            recalls = grading.recalls(truth, chances.argmax(1), kinds)
            found[f"balanced_accuracy{real}{suffix}"] = float(np.nanmean(recalls))
            for code, recall in zip(CODES, recalls, strict=True):
                found[f"recall{real}_{code}{suffix}"] = float(recall)
    found["mask_iou"] = float(reading.overlaps["painted"][indices].mean())
    found["mask_iou_real"] = float(reading.overlaps["real"][indices].mean())
    return {name: value for name, value in found.items() if np.isfinite(value)}


def inception_score(probabilities: np.ndarray) -> float:
    """exp(mean KL(p(y|x) ‖ p(y))) of probabilities (N, K): 1 where every picture is called alike
    or is a riddle, K where all are sure and every class as frequent (Salimans et al. 2016)."""
    chances = probabilities.clip(1e-12)
    return float(np.exp((chances * np.log(chances / chances.mean(0))).sum(1).mean()))


def intervals(reading: SketchReading, draws: int = 1000) -> dict[str, list[float]]:
    """95 % intervals of `numbers`, apart from `diversity`: rates by drawing whole lesions with all
    their pictures; what is true of a whole set by leaving out some lesions in turn, since to draw
    one picture twice makes a set narrower than it is."""
    found = {}
    for name, (statistic, pair) in _of_sets(reading).items():
        low, high = jackknife(statistic, *pair)
        found[name] = [max(low, 0.0), high] if name.startswith("fid") else [low, high]
    computed: dict[str, list[float]] = {}

    def collect(indices: np.ndarray) -> float:
        for name, value in rates(reading, indices).items():
            computed.setdefault(name, []).append(value)
        return 0.0

    metrics.grouped_bootstrap(reading.groups, collect, draws)
    return found | {
        name: np.quantile(values, [0.025, 0.975]).tolist() for name, values in computed.items()
    }


def _of_sets(reading: SketchReading) -> dict[str, tuple[Statistic, Pair]]:
    """What is no mean over pictures: the name of a number → how to find it, and in which sets."""
    groups, floor = np.array(reading.groups), reading.floor
    others = [lesion.group for lesion in floor.second.lesions]
    found = {}
    for judge, suffix in ((name, _suffix(name)) for name in reading.painted):
        real, painted = reading.real[judge].embeddings, reading.painted[judge].embeddings
        second = reading.floor_embeddings[judge]
        pairs = {
            "": (real, painted, groups, groups),
            "_floor": (real[floor.first], second, groups[floor.first], others),
        }
        for end, pair in pairs.items():
            for name, statistic in DISTANCES.items():
                found[f"{name}{end}{suffix}"] = statistic, pair
        for opinions, end in ((reading.painted, ""), (reading.real, "_real")):
            chances = opinions[judge].probabilities
            pair = (chances, chances, groups, groups)
            found[f"inception_score{end}{suffix}"] = _one_sided, pair
        if len(floor.first) < len(real):
            pair = (second, painted[floor.first], others, groups[floor.first])
            found[f"fid_same_size{suffix}"] = frechet_distance, pair
    return found


def _one_sided(first: np.ndarray, _: np.ndarray) -> float:
    return inception_score(first)


def _suffix(judge: str) -> str:
    return "" if judge == FIRST else f"_{judge}"
