"""Random views of a film for training: turned, scaled, mirrored, cropped, exposed differently."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class View:
    """A training crop: (C, C) uint8 square and the boxes (n, 4) xyxy in its pixels."""

    square: np.ndarray
    boxes: np.ndarray


@dataclass(frozen=True)
class Handling:
    """How a film may lie: turned by up to `turn` degrees, scaled by `zoom` (low, high), shifted by
    up to `shift` of the view's side, seldom upside down. Mirrored it always may be."""

    turn: float = 25
    zoom: tuple[float, float] = (0.8, 1.25)
    shift: float = 0.0
    upside_down: float = 1 / 3


LEVELS = np.arange(256) / 255  # a curve through these costs less than one through every pixel
ANY_LIMB = Handling()
UPRIGHT_JOINT = Handling(turn=8, zoom=(0.9, 1.15), shift=0.05, upside_down=0)


def random_view(
    square: np.ndarray,
    boxes: np.ndarray,
    crop: int,
    rng: np.random.Generator,
    handling: Handling = ANY_LIMB,
) -> View:
    """One random view of a letterboxed film.

    Args:
        square: (S, S) uint8 film.
        boxes: (n, 4) xyxy in the pixels of `square`.
        crop: side of the view. Smaller than S, it is centred near a box if there is one, else on
            a random bright place, so that little of the batch is empty background.
        rng: source of all chance.
        handling: how much the view may differ from the film.
    """
    size = square.shape[0]
    turn = rng.uniform(-handling.turn, handling.turn)
    matrix = cv2.getRotationMatrix2D((0, 0), turn, rng.uniform(*handling.zoom))
    upright = 1.0 if rng.random() >= handling.upside_down else -1.0
    linear = matrix[:, :2] @ np.diag([rng.choice([-1.0, 1.0]), upright])
    centre = _centre(square, boxes, crop, rng) if crop < size else np.full(2, size / 2)
    centre = centre + rng.uniform(-handling.shift, handling.shift, 2) * crop
    offset = crop / 2 - linear @ centre
    affine = np.column_stack([linear, offset])
    view = cv2.warpAffine(square, affine, (crop, crop), flags=cv2.INTER_LINEAR)
    return View(_exposure(view, rng), _moved(boxes, affine, crop))


def _centre(
    square: np.ndarray, boxes: np.ndarray, crop: int, rng: np.random.Generator
) -> np.ndarray:
    jitter = rng.uniform(-0.35, 0.35, 2) * crop
    if len(boxes):
        x0, y0, x1, y1 = boxes[rng.integers(len(boxes))]
        return np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + jitter
    bright = np.argwhere(square[::8, ::8] > 40)
    if not len(bright):
        return np.full(2, square.shape[0] / 2)
    y, x = bright[rng.integers(len(bright))] * 8.0
    return np.array([x, y]) + jitter / 2


def _exposure(view: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    curve = np.power(LEVELS, np.exp(rng.normal(0, 0.25))) * np.exp(rng.normal(0, 0.12))
    grey = curve.astype(np.float32)[view]
    if rng.random() < 0.2:
        grey = cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.3:
        grey = grey + rng.normal(0, rng.uniform(0.005, 0.03), grey.shape).astype(np.float32)
    return np.clip(grey * 255, 0, 255).astype(np.uint8)


def _moved(boxes: np.ndarray, affine: np.ndarray, crop: int) -> np.ndarray:
    """Upright boxes around the moved ones; a box less than half inside the view is dropped."""
    kept = []
    for x0, y0, x1, y1 in boxes:
        corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
        moved = corners @ affine[:, :2].T + affine[:, 2]
        centre, sides = moved.mean(0), np.abs(affine[:, :2]) @ [x1 - x0, y1 - y0]
        # The upright hull of a turned box is too large by up to half: keep its area instead.
        shrink = np.sqrt((x1 - x0) * (y1 - y0) * abs(np.linalg.det(affine[:, :2])) / sides.prod())
        low, high = centre - sides * shrink / 2, centre + sides * shrink / 2
        inside = np.clip(high, 0, crop) - np.clip(low, 0, crop)
        if inside.prod() >= 0.5 * (high - low).prod():
            kept.append([*np.clip(low, 0, crop), *np.clip(high, 0, crop)])
    return np.array(kept, np.float32).reshape(-1, 4)
