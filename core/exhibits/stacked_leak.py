"""What a second stage seems to be worth when the first has seen the answers (Wolpert 1992).

A stack learns in two stages, the second from the first's probabilities. Where the first stage was
fitted on all films, test films too, its probabilities hold their labels, and whatever learns from
them is tested on what it was told. The tables are those of `benchmarks.exhibits.stacked_leak`.
"""

from functools import cache

import numpy as np

from core import exhibits, metrics
from core.models import Metric

WAYS = ("all_rows", "training_rows", "out_of_fold")
SECOND_STAGES = ("logistic", "trees", "neighbours")
BINS = 20  # of the histogram, over 0 to 1
THRESHOLD, DRAWS = 0.5, 300


def labels() -> np.ndarray:
    """(N,) of the test films, 1 = fractured."""
    return exhibits.floats("stacked_leak", "label").astype(int)


def said(way: str, stage: str) -> np.ndarray:
    """(N,) probability of a fracture for each test film; `stage` is "stage_one" or one of
    `SECOND_STAGES`."""
    return exhibits.floats("stacked_leak", f"{way}_{stage}")


@cache
def scores(way: str, stage: str) -> dict[str, Metric]:
    """Accuracy and AUROC on the test films, with 95 % intervals by group; fractured is called above
    one half, as scikit-learn calls it."""
    truth, given = labels(), said(way, stage)
    groups = exhibits.table("stacked_leak")["group"]
    measures = {
        "accuracy": lambda at: float(((given[at] > THRESHOLD) == truth[at]).mean()),
        "auroc": lambda at: metrics.auroc(truth[at], given[at]),
    }
    return {
        name: Metric(
            measure(np.arange(len(truth))), *metrics.grouped_bootstrap(groups, measure, DRAWS)
        )
        for name, measure in measures.items()
    }


def tested(way: str) -> np.ndarray:
    """(2, BINS) test films that are not fractured and that are, by the first stage's
    probability."""
    truth, given = labels(), said(way, "stage_one")
    return np.stack([np.histogram(given[truth == k], BINS, (0, 1))[0] for k in (0, 1)])


def learned_from(way: str) -> np.ndarray:
    """(2, BINS) the same of the training films: what the second stage learns from."""
    table = exhibits.table("stacked_leak_training")
    found = np.zeros((2, BINS), int)
    for of_way, label, at, films in zip(*table.values(), strict=True):
        if of_way == way:
            found[int(label), int(at)] = int(films)
    return found
