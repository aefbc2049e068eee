"""Questions to a grade: does it stand when part of the film is hidden, and what does that mean?"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core import membrane
from core.classify import Grading, grade_knees
from core.joint import Joint
from core.models import Model
from core.preprocess import letterbox

FILL_SIDE = 384  # px on the longer side: a fill is smooth, finer detail would be lost on it
SURE = 0.5  # probability of the called grade
CLEAR = 0.1  # a change of a grade's probability that counts
CLEAR_AREA = 0.05  # a difference between erase areas that counts


def hide(grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Replace what lies under `mask` (H, W) bool in a film (H, W) uint8 by a smooth fill.

    A black box would be a shape of its own that no network saw in training. The fill is a
    membrane spanned from the surroundings: it solves Laplace's equation, roughly, from coarse to
    fine, on at most `FILL_SIDE` pixels. Pixels outside the mask stay as they are; where the mask
    leaves none, all become the film's mean. After the linear imputation of Rong et al. 2022
    (ROAD), without their noise, so that the same mask always gives the same film. ValueError when
    the shapes differ.
    """
    if mask.shape != grey.shape:
        raise ValueError(f"the mask has shape {mask.shape}, but the film {grey.shape}")
    if not mask.any():
        return grey.copy()
    if mask.all():
        return np.full_like(grey, round(float(grey.mean())))
    height, width = grey.shape
    scale = min(1.0, FILL_SIDE / max(grey.shape))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    fill = np.rint(membrane.span(*membrane.shrunk(grey.astype(np.float32), ~mask, size))).astype(
        np.uint8
    )
    return np.where(mask, cv2.resize(fill, (width, height), interpolation=cv2.INTER_LINEAR), grey)


def box_mask(shape: tuple[int, int], box: Sequence[float]) -> np.ndarray:
    """(H, W) bool: True for every pixel that a box (x0, y0, x1, y1) in pixels touches."""
    x0, y0 = np.maximum(np.floor(box[:2]), 0).astype(int)
    x1, y1 = np.maximum(np.ceil(box[2:]), 0).astype(int)
    mask = np.zeros(shape, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def joint_mask(shape: tuple[int, int], joint: Joint) -> np.ndarray:
    """(H, W) bool: the box of a joint, wider by a tenth on either side, where spurs grow."""
    x0, y0, x1, y1 = joint.box
    rim = 0.1 * (x1 - x0)
    return box_mask(shape, (x0 - rim, y0, x1 + rim, y1))


@dataclass(frozen=True)
class EraseCurve:
    """The probability of a grade as ever more of the film is hidden.

    `shares` (S,) of the film's pixels, from 0; `heat` (S,) when the hottest go first; `random`
    (D, S) when others of the same shape do, once a draw.
    """

    shares: np.ndarray
    heat: np.ndarray
    random: np.ndarray

    @property
    def heat_area(self) -> float:
        """Mean probability over the shares, 0 to 1, when the hottest pixels go first."""
        return float(self._areas(self.heat))

    @property
    def random_areas(self) -> np.ndarray:
        """(D,) the same for each random draw."""
        return self._areas(self.random)

    @property
    def random_area(self) -> float:
        """The mean of the random draws' areas. Lower heat than this is a heatmap that tells."""
        return float(self.random_areas.mean())

    def _areas(self, curves: np.ndarray) -> np.ndarray:
        return np.trapezoid(curves, self.shares) / (self.shares[-1] - self.shares[0])


def erase_curve(
    grey: np.ndarray,
    model: Model,
    grading: Grading,
    heat: np.ndarray,
    grade: int,
    shares: Sequence[float] = (0.05, 0.1, 0.2, 0.4),
    draws: int = 8,
    seed: int = 0,
) -> EraseCurve:
    """Hide the hottest pixels of a film (H, W) uint8, grade what is left, and compare with chance.

    The deletion curve of Petsiuk et al. 2018 (RISE), with `hide` in place of their grey.
    `grading` is the whole film's, `heat` (h, w) covers the film. All is done at the network's
    resolution and graded in one batch.

    Chance must hide pieces of the same size: a network of stride 32 gives smooth heat, and single
    pixels chosen at random would be filled without loss from their neighbours. So each draw hides
    what the same heatmap marks when it is shifted at random, around the film's edges.
    """
    square, place = letterbox(grey, model.card.input.size)
    film = square[place.top : place.top + place.height, place.left : place.left + place.width]
    rank = _ranked(cv2.resize(heat, film.shape[::-1], interpolation=cv2.INTER_LINEAR))
    # By at least a quarter of the film each way: less would hide the same place again.
    shares_moved = np.random.default_rng(seed).uniform(0.25, 0.75, (draws, 2))
    shifts = np.rint(shares_moved * film.shape).astype(int)
    ranks = [rank, *(np.roll(rank, shift, (0, 1)) for shift in shifts)]
    views = [hide(film, _highest(each, share)) for each in ranks for share in shares]
    left = [view.probabilities[grade] for view in grade_knees(views, model)]
    curves = np.reshape(left, (1 + draws, len(shares)))
    curves = np.insert(curves, 0, grading.probabilities[grade], axis=1)
    return EraseCurve(np.array([0.0, *shares]), curves[0], curves[1:])


def _ranked(heat: np.ndarray) -> np.ndarray:
    """Heat, and below zero where there is none: the further from any, the lower."""
    cold = (heat <= 0).astype(np.uint8)
    return np.where(cold, -cv2.distanceTransform(cold, cv2.DIST_L2, 3), heat)


def _highest(rank: np.ndarray, share: float) -> np.ndarray:
    """(h, w) bool: that share of the pixels, those of the highest rank."""
    count = round(share * rank.size)
    mask = np.zeros(rank.size, bool)
    mask[np.argpartition(-rank.ravel(), count - 1)[:count]] = True
    return mask.reshape(rank.shape)


def trust_without_joint(before: Grading, after: Grading) -> str:
    """What it means for trust, in one sentence, that hiding the joint turns one grading into
    the other."""
    grade, other = before.grade, after.likeliest
    left = after.probabilities[grade]
    if other != grade and after.probabilities[other] >= SURE:
        return (
            f"Without the joint it drops grade {grade}, as it should, but is then sure of grade "
            f"{other} where no joint is left to grade: do not take its probability as certainty."
        )
    fell = before.probabilities[grade] - left >= CLEAR
    if not fell and after.grade == grade:
        return (
            f"It gives grade {grade} as much without seeing the joint: the call does not depend on "
            "the joint, so do not trust it on this knee."
        )
    if not fell:
        return (
            f"It was unsure of grade {grade} with the joint in view and is unsure without it: this "
            "test says nothing about the call."
        )
    if left >= SURE:
        return (
            f"Without the joint it is less sure of grade {grade}, but still gives it at least half "
            "of the probability: much of the call comes from elsewhere on the film."
        )
    if after.grade == grade:
        return (
            f"Without the joint it is no longer sure of grade {grade}, as it should be, though it "
            "still calls it: the call depends on the joint, and in part on the rest of the film."
        )
    return (
        f"Without the joint it drops grade {grade} and is unsure, as it should be: on this knee "
        "the call depends on the joint."
    )


def trust_heatmap(curve: EraseCurve) -> str:
    """What an erase curve means for trust in the heatmap, in one sentence.

    A difference counts when it is at least `CLEAR_AREA` and no random draw goes the other way.
    """
    heat, random = curve.heat_area, curve.random_areas
    if curve.heat[0] < 2 * CLEAR_AREA:
        return (
            "This grade has hardly any probability to lose on this film, so the test says nothing "
            "about the heatmap."
        )
    gain = curve.random_area - heat
    if gain >= CLEAR_AREA and (random > heat).all():
        return (
            "Erasing what the heatmap marks costs the grade clearly more than erasing as much "
            "elsewhere: on this film the heatmap shows what the grade depends on, or part of it."
        )
    if gain <= -CLEAR_AREA and (random < heat).all():
        return (
            "Erasing what the heatmap marks costs the grade less than erasing as much elsewhere: "
            "the grade depends on something that this heatmap does not show."
        )
    if min(heat, random.min()) >= curve.heat[0] - CLEAR_AREA:
        return (
            "Erasing hardly costs the grade anything, wherever it is done: the grade depends on no "
            "single place, so this heatmap cannot be its reason."
        )
    return (
        "Erasing what the heatmap marks does not clearly cost the grade more than erasing as much "
        "elsewhere: do not read this heatmap as the reason for the grade."
    )


def trust_without_part(before: Grading, after: Grading) -> str:
    """What it means for trust, in one sentence, that hiding what the reader brushed over turns
    one grading into the other."""
    grade, called = before.grade, after.grade
    change = after.probabilities[grade] - before.probabilities[grade]
    if called != grade and change <= -CLEAR:
        return (
            f"Without what you hid it calls grade {called} instead of {grade}: the call depends "
            "on it, so ask whether it should."
        )
    if called != grade:
        return (
            f"Without what you hid it calls grade {called} instead of {grade}, but the two were "
            "close before: what you hid matters little."
        )
    if change <= -CLEAR:
        return (
            f"Without what you hid it is less sure of grade {grade} but still calls it: what you "
            "hid is part of the reason, not all of it."
        )
    if change >= CLEAR:
        return (
            f"Without what you hid it is surer of grade {grade}: what you hid spoke against the "
            "call, so look there for what it may have missed."
        )
    return f"Hiding this hardly changes grade {grade}: the call depends on other parts of the film."
