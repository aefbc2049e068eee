"""Numbers about grades: ordered classes 0 to K - 1, where a miss by two is worse than by one."""

import numpy as np


def _checked(truth, called, classes: int) -> tuple[np.ndarray, np.ndarray]:
    truth, called = np.asarray(truth), np.asarray(called)
    if truth.shape != called.shape or truth.ndim != 1 or not len(truth):
        raise ValueError("true and called grades must be two equally long, non-empty lists")
    for grades in (truth, called):
        if not np.isin(grades, range(classes)).all():
            raise ValueError(f"grades must be whole numbers from 0 to {classes - 1}")
    return truth.astype(int), called.astype(int)


def called_grades(probabilities: np.ndarray) -> np.ndarray:
    """(N,) grades called from (N, K) probabilities: the median of each row.

    Half of the probability lies at or below it, which makes the expected distance from the truth
    least; the most probable grade only makes an exact hit likeliest, and passes over a doubtful
    grade between two sure ones.
    """
    worse = np.cumsum(probabilities, axis=1)[:, :-1] < 0.5
    return worse.sum(1)


def confusion_matrix(truth, called, classes: int = 5) -> np.ndarray:
    """(K, K) counts: row = true grade, column = called grade. ValueError on bad input."""
    truth, called = _checked(truth, called, classes)
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (truth, called), 1)
    return matrix


def accuracy(truth, called, classes: int = 5) -> float:
    """Share of films called exactly right."""
    truth, called = _checked(truth, called, classes)
    return float((truth == called).mean())


def mean_absolute_error(truth, called, classes: int = 5) -> float:
    """Mean distance between true and called grade, in grades."""
    truth, called = _checked(truth, called, classes)
    return float(np.abs(truth - called).mean())


def recalls(truth, called, classes: int = 5) -> np.ndarray:
    """(K,) share of each true grade's films that are called so; NaN where there are none."""
    matrix = confusion_matrix(truth, called, classes)
    with np.errstate(invalid="ignore"):
        return np.diag(matrix) / matrix.sum(1)


def balanced_accuracy(truth, called, classes: int = 5) -> float:
    """Mean recall of the grades that occur."""
    return float(np.nanmean(recalls(truth, called, classes)))


def quadratic_kappa(truth, called, classes: int = 5) -> float:
    """Agreement beyond chance, misses weighted by their squared distance (Cohen 1968).

    1 is perfect, 0 is chance; NaN when all films have one grade and are all called so.
    """
    observed = confusion_matrix(truth, called, classes).astype(float)
    expected = np.outer(observed.sum(1), observed.sum(0)) / observed.sum()
    steps = np.arange(classes)
    weights = (steps[:, None] - steps) ** 2
    chance = float((weights * expected).sum())
    return 1 - float((weights * observed).sum()) / chance if chance else float("nan")
