"""Where a photo shows a skin lesion: a published segmenter, opened for the app."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime

from core.lesions import network_input, to_square
from core.models import BadModel, ModelCard, open_session
from core.quality import Gate

OUTPUTS = ("mask", "embedding")
BATCH = 64  # pictures at a time, so that a thousand need no more memory than these
SMALLEST = 40  # px of a square: a lesion smaller than that is a speck
BESIDE = 0.25  # of the largest lesion's area: what is smaller lies beside it by mistake


class BadPhoto(ValueError):
    """A photo without a lesion to outline; `reason` is one sentence: what is wrong and what to
    do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Segmenter:
    """An opened network that outlines lesions, and its gate. May be asked from any thread."""

    def __init__(self, card: ModelCard, session: onnxruntime.InferenceSession, gate: Gate) -> None:
        self.card, self.gate, self._session = card, gate, session

    def outline(self, squares: np.ndarray) -> np.ndarray:
        """Pictures (N, 128, 128, 3) uint8 → (N, 128, 128) float32 probabilities of "lesion"."""
        return self.read(squares)[0]

    def read(self, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`outline`, and (N,) distances from photos of skin lesions: see `core.quality.Gate`."""
        logits, embeddings = read(self._session, squares)
        return 1 / (1 + np.exp(-logits)), self.gate.distance(embeddings)


def read(
    session: onnxruntime.InferenceSession, squares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, 128, 128, 3) uint8 → logits (N, 128, 128) and embeddings (N, E) float32."""
    found = [
        session.run(OUTPUTS, {"input": network_input(squares[begin : begin + BATCH])})
        for begin in range(0, len(squares), BATCH)
    ]
    logits, embeddings = map(np.concatenate, zip(*found, strict=True))
    return logits[:, 0], embeddings


def open_segmenter(card: ModelCard, threads: int = 2) -> Segmenter:
    """Open a segmenter on the CPU after checking its sha256. Raises BadModel."""
    session = open_session(card, OUTPUTS, threads)
    try:
        gate = Gate.load(card.folder / "gate.npz")
    except (OSError, KeyError, ValueError):
        raise BadModel(
            f"The gate of model {card.name} is missing or damaged: restore gate.npz or publish the "
            "model again."
        ) from None
    return Segmenter(card, session, gate)


def lesion_mask(probability: np.ndarray) -> np.ndarray:
    """Probabilities (S, S) of "lesion" → (S, S) bool: the largest lesion, and others if they are
    at least a quarter as large; without specks, holes filled. All False where there is none."""
    found = (probability >= 0.5).astype(np.uint8)
    outlines, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = [
        cv2.drawContours(np.zeros_like(found), [outline], 0, 1, cv2.FILLED).astype(bool)
        for outline in outlines
    ]
    largest = max((lesion.sum() for lesion in filled), default=0)
    least = max(SMALLEST, BESIDE * largest)
    kept = [lesion for lesion in filled if lesion.sum() >= least]
    return np.any(kept, axis=0) if kept else np.zeros(found.shape, bool)


def contour(segmenter: Segmenter, pixels: np.ndarray) -> np.ndarray:
    """The lesion (128, 128) bool in the middle square of a photo, (H, W, 3) uint8 or uint16 RGB.

    Raises BadPhoto for a picture without colour ((H, W) pixels), one that is not skin, and skin on
    which no lesion is found.
    """
    if pixels.ndim != 3:
        raise BadPhoto("This picture has no colour: choose a colour photo of a skin lesion.")
    eight = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    (probability,), (distance,) = segmenter.read(to_square(eight)[None])
    if distance > segmenter.gate.threshold:
        raise BadPhoto(
            "This does not look like skin seen from near: choose a close photo of one lesion, best "
            "from a dermatoscope."
        )
    mask = lesion_mask(probability)
    if not mask.any():
        raise BadPhoto(
            "No lesion was found in this photo: choose one with the lesion in its middle, or draw "
            "the contour by hand."
        )
    return mask
