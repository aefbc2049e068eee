"""Skin lesions as every network of ours sees them: the seven diagnoses, and a square picture."""

from dataclasses import dataclass

import cv2
import numpy as np

SIDE = 128  # px of the square that all lesion networks share


@dataclass(frozen=True)
class Diagnosis:
    """A class of HAM10000: its code in the tables, its name, and one sentence for a reader."""

    code: str
    name: str
    sentence: str


DIAGNOSES = (
    Diagnosis(
        "akiec",
        "Actinic keratosis",
        "Rough, scaly patches from years of sun, or a carcinoma that has not left the top layer "
        "of the skin.",
    ),
    Diagnosis(
        "bcc",
        "Basal cell carcinoma",
        "The most common skin cancer: grows slowly, often pearly, with fine branching vessels.",
    ),
    Diagnosis(
        "bkl",
        "Benign keratosis",
        "Harmless thickenings of older skin: seborrhoeic keratoses, sun spots and their like.",
    ),
    Diagnosis(
        "df",
        "Dermatofibroma",
        "A harmless firm nodule, often pale in the middle with a faint brown rim.",
    ),
    Diagnosis(
        "mel", "Melanoma", "A cancer of the pigment cells: often uneven in shape and colour."
    ),
    Diagnosis("nv", "Melanocytic naevus", "A mole: a harmless nest of pigment cells, mostly even."),
    Diagnosis(
        "vasc",
        "Vascular lesion",
        "Blood vessels seen through the skin: red, purple or almost black.",
    ),
)
CODES = tuple(diagnosis.code for diagnosis in DIAGNOSES)


def to_square(pixels: np.ndarray, side: int = SIDE) -> np.ndarray:
    """The middle of a colour picture (H, W, 3) uint8 as (side, side, 3) uint8.

    The middle square, not the whole picture squeezed: a round lesion stays round.
    """
    way = cv2.INTER_AREA if min(pixels.shape[:2]) >= side else cv2.INTER_CUBIC
    return cv2.resize(_middle(pixels), (side, side), interpolation=way)


def mask_to_square(mask: np.ndarray, side: int = SIDE) -> np.ndarray:
    """The middle of a mask (H, W) bool as (side, side) bool, as `to_square` shows its picture."""
    middle = _middle(mask).astype(np.float32)
    return cv2.resize(middle, (side, side), interpolation=cv2.INTER_AREA) >= 0.5


def network_input(squares: np.ndarray) -> np.ndarray:
    """Pictures (N, S, S, 3) uint8 → (N, 3, S, S) float32 in [-1, 1]."""
    scaled = squares.astype(np.float32) / 127.5 - 1
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def pictures(batch: np.ndarray) -> np.ndarray:
    """A network's output (N, 3, S, S) in [-1, 1] → pictures (N, S, S, 3) uint8."""
    grey = np.clip(np.rint((batch + 1) * 127.5), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(grey.transpose(0, 2, 3, 1))


def _middle(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]
