"""Grades without the joint: what a network still calls when there is nothing left to grade.

The joint is filled in smoothly from its surroundings (`core.question.hide`), more and more of it;
as much is hidden elsewhere for comparison; or all but the joint.
"""

from typing import NamedTuple

import numpy as np

from core.exhibits import table
from core.joint import Joint
from core.models import Metric
from core.question import SURE, box_mask, joint_mask

AMOUNTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # of the joint's height that are hidden
ELSEWHERE, ONLY = "elsewhere", "only"
CONDITIONS = (*(str(amount) for amount in AMOUNTS), ELSEWHERE, ONLY)


def hidden(shape: tuple[int, int], joint: Joint, amount: float) -> np.ndarray:
    """(H, W) bool: the middle of a joint's box, `amount` of its height; 1 is all of it, and more
    takes the ends of the bones with it. Nothing at 0."""
    if not amount:
        return np.zeros(shape, bool)
    x0, y0, x1, y1 = joint.box
    middle, half = (y0 + y1) / 2, amount * (y1 - y0) / 2
    columns = joint_mask(shape, joint).any(0)
    return box_mask(shape, (x0, middle - half, x1, middle + half)).any(1)[:, None] & columns


def elsewhere(shape: tuple[int, int], joint: Joint) -> np.ndarray:
    """(H, W) bool: a box as large as the joint's, at that end of the film that leaves more room."""
    box = joint_mask(shape, joint)
    (rows,) = np.nonzero(box.any(1))
    height = rows[-1] + 1 - rows[0]
    top = 0 if rows[0] > shape[0] - 1 - rows[-1] else shape[0] - height
    mask = np.zeros(shape, bool)
    mask[top : top + height] = box.any(0)
    return mask & ~box


def masks(shape: tuple[int, int], joint: Joint) -> dict[str, np.ndarray]:
    """What is hidden in each of the `CONDITIONS`: (H, W) bool."""
    found = {str(amount): hidden(shape, joint, amount) for amount in AMOUNTS}
    found[ELSEWHERE] = elsewhere(shape, joint)
    found[ONLY] = ~joint_mask(shape, joint)
    return found


def column(model: str, condition: str) -> str:
    """How the columns of the table begin that hold what a model says in a condition."""
    return f"{model} {condition}"


class Answers(NamedTuple):
    """What a model's grades are worth in a condition, on `n` knees of so many `patients`.

    `kappa` (quadratically weighted) and `accuracy` against the true grades; `stays`: the share of
    knees that keep the grade called with the joint in view; `sure`: the share whose called grade,
    whichever it is, has a probability of at least `core.question.SURE`. With 95 % intervals.
    `called`: how many knees are called each grade, (5,).
    """

    kappa: Metric
    accuracy: Metric
    stays: Metric
    sure: Metric
    called: np.ndarray
    n: int
    patients: int


def models() -> list[str]:
    """The names of the graders in the committed table, best first."""
    end = f" {CONDITIONS[0]} grade"
    return [name.removesuffix(end) for name in table("joint_hidden") if name.endswith(end)]


def films() -> int:
    """How many knees the committed table lists, with those whose joint is not found."""
    return len(table("joint_hidden")["film"])


def answers(model: str, condition: str, draws: int = 1000, seed: int = 0) -> Answers:
    """From the committed table, with intervals by a bootstrap over patients.

    All four are functions of counts, so a draw is a weighted sum of the patients' own counts.
    """
    rows, name = table("joint_hidden"), column(model, condition)
    kept = [at for at, grade in enumerate(rows[f"{name} grade"]) if grade != ""]
    truth, before, called, chance, patients = (
        np.array([rows[title][at] for at in kept])
        for title in (
            "grade",
            f"{column(model, CONDITIONS[0])} grade",
            f"{name} grade",
            f"{name} probability",
            "patient",
        )
    )
    truth, called, same = truth.astype(int), called.astype(int), before == called
    _, patient = np.unique(patients, return_inverse=True)
    counts = np.zeros((patient.max() + 1, 27))
    np.add.at(counts, (patient, 5 * truth + called), 1)
    np.add.at(counts, (patient, 25), same)
    np.add.at(counts, (patient, 26), chance.astype(float) >= SURE)
    drawn = np.random.default_rng(seed).multinomial(
        len(counts), np.full(len(counts), 1 / len(counts)), draws
    )
    values, spread = _measures(counts.sum(0)), _measures(drawn @ counts)
    low, high = np.nanquantile(spread, [0.025, 0.975], axis=1)
    found = (
        Metric(float(v), float(a), float(b)) for v, a, b in zip(values, low, high, strict=True)
    )
    return Answers(*found, np.bincount(called, minlength=5), len(kept), len(counts))


def _measures(counts: np.ndarray) -> np.ndarray:
    """(..., 27) counts, the 5 by 5 confusion first → (4, ...) kappa, accuracy, stays, sure."""
    matrix = counts[..., :25].reshape(*counts.shape[:-1], 5, 5)
    n = matrix.sum((-2, -1))
    expected = matrix.sum(-1)[..., :, None] * matrix.sum(-2)[..., None, :] / n[..., None, None]
    weights = (np.arange(5)[:, None] - np.arange(5)) ** 2
    with np.errstate(invalid="ignore"):
        kappa = 1 - (weights * matrix).sum((-2, -1)) / (weights * expected).sum((-2, -1))
        right = np.trace(matrix, axis1=-2, axis2=-1) / n
        return np.stack([kappa, right, counts[..., 25] / n, counts[..., 26] / n])
