"""Verdicts: a film, a network, and what it says."""

import time
from dataclasses import dataclass

import cv2
import numpy as np

from core.models import Model
from core.preprocess import InputSpec, Placement, network_input


@dataclass(frozen=True)
class Verdict:
    """What one network says of one film.

    `probability` is the calibrated probability of disease. `heat` (h, w) float32 covers the film
    at the network's resolution: probability of disease per place where the card's heatmap is
    "class map", Grad-CAM relative to its peak (0 to 1) otherwise. `embedding` (E,) is for the gate.
    """

    probability: float
    heat: np.ndarray
    embedding: np.ndarray
    seconds: float


def read_film(grey: np.ndarray, model: Model) -> Verdict:
    """Classify a displayed film, (H, W) uint8, with one forward pass (two images with flips)."""
    started = time.perf_counter()
    card = model.card
    batch, place = network_input(grey, card.input)
    if card.flips:
        batch = np.concatenate([batch, batch[..., ::-1]])
    outputs = model.predict(np.ascontiguousarray(batch))
    class_map = outputs.class_map[:, 1]
    if card.flips:
        class_map = np.stack([class_map[0], class_map[1][:, ::-1]])
    heat = scaled(class_map.mean(0), card.heatmap)
    return Verdict(
        calibrated(outputs.logits.mean(0), card.temperature, card.bias),
        over_film(heat, place, card.input),
        outputs.embedding.mean(0),
        time.perf_counter() - started,
    )


def calibrated(logits: np.ndarray, temperature: float, bias: float) -> float:
    """Probability of class 1 from (2,) logits: sigmoid((l1 - l0) / temperature + bias)."""
    score = float(logits[1] - logits[0]) / temperature + bias
    return float(1 / (1 + np.exp(-score)))


def scaled(class_map: np.ndarray, kind: str) -> np.ndarray:
    """A raw (h, w) map as heat in [0, 1].

    "class map": the sigmoid, an absolute scale. "Grad-CAM": the positive part over its maximum,
    all zero where nothing speaks for disease.
    """
    if kind == "class map":
        return (1 / (1 + np.exp(-class_map))).astype(np.float32)
    positive = np.maximum(class_map, 0)
    return (positive / max(float(positive.max()), 1e-9)).astype(np.float32)


def over_film(heat: np.ndarray, place: Placement, spec: InputSpec) -> np.ndarray:
    """A (h, w) map over the letterboxed square → the part over the film, (height, width) of
    `place`, interpolated linearly between the centres of the cells."""
    square = cv2.resize(heat, (spec.size, spec.size), interpolation=cv2.INTER_LINEAR)
    return square[place.top : place.top + place.height, place.left : place.left + place.width]
