"""Verdicts: a film, a network, and what it says."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.grading import called_grades
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


@dataclass(frozen=True)
class Grading:
    """What one network says of one knee.

    `probabilities` (K,) one a grade, calibrated. `class_map` (K, h, w) float32 over the network's
    square: how much each place speaks for (positive) or against (negative) each grade. `place` is
    where the film lies in that square. `embedding` (E,) is for the gate.
    """

    probabilities: np.ndarray
    class_map: np.ndarray
    place: Placement
    input: InputSpec
    embedding: np.ndarray
    seconds: float

    @property
    def grade(self) -> int:
        """The called grade: the median, from which the truth is expected to be least far."""
        return int(called_grades(self.probabilities[None])[0])

    @property
    def likeliest(self) -> int:
        """The most probable grade; mostly the called one."""
        return int(self.probabilities.argmax())

    @property
    def expected(self) -> float:
        """The mean of the grades, weighted by their probabilities."""
        return float(self.probabilities @ np.arange(len(self.probabilities)))

    @property
    def certainty(self) -> float:
        """1 less the entropy over that of an even spread: 0 knows nothing, 1 knows for sure."""
        p = np.clip(self.probabilities, 1e-12, 1)
        return float(1 + (p * np.log(p)).sum() / np.log(len(p)))

    def heat(self, grade: int) -> np.ndarray:
        """Grad-CAM for a grade over the film, (h, w) float32, 0 to 1 relative to its peak."""
        return over_film(scaled(self.class_map[grade], "Grad-CAM"), self.place, self.input)


def grade_knees(films: Sequence[np.ndarray], model: Model) -> list[Grading]:
    """Grade displayed films of one knee each, (H, W) uint8, in one batch (two with flips).

    `seconds` of each is its share of the time.
    """
    started = time.perf_counter()
    card = model.card
    inputs, places = zip(*(network_input(film, card.input) for film in films), strict=True)
    outputs = [model.predict(np.concatenate(inputs))]
    if card.flips:
        outputs.append(model.predict(np.concatenate(inputs)[..., ::-1].copy()))
    chances = tempered(np.mean([softmax(o.logits) for o in outputs], 0), card.temperature)
    maps = outputs[0].class_map
    if card.flips:
        maps = (maps + outputs[1].class_map[..., ::-1]) / 2
    seconds = (time.perf_counter() - started) / len(films)
    return [
        Grading(chances[i], maps[i], place, card.input, outputs[0].embedding[i], seconds)
        for i, place in enumerate(places)
    ]


def embeddings(films: Sequence[np.ndarray], model: Model) -> np.ndarray:
    """(N, E) embeddings of displayed films, (H, W) uint8, in one pass: those of `grade_knees`."""
    inputs = [network_input(film, model.card.input)[0] for film in films]
    return model.predict(np.concatenate(inputs)).embedding


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """(N, K) probabilities as softmax(log p / temperature): sharper below 1, flatter above."""
    return softmax(np.log(np.maximum(probabilities, 1e-12)) / temperature)


def softmax(logits: np.ndarray) -> np.ndarray:
    """(N, K) logits → (N, K) probabilities."""
    exponents = np.exp(logits - logits.max(1, keepdims=True))
    return exponents / exponents.sum(1, keepdims=True)


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
