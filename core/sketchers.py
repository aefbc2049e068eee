"""Published generators that turn a sketch, a diagnosis and noise into pictures of a lesion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime

from core.lesions import CODES, pictures
from core.models import BadModel, ModelCard, open_session
from core.sketch import condition

OUTPUT = "image"
NOISE = 64  # numbers that tell one variant from another; a generator that uses none takes them too


class Sketcher:
    """An opened generator. `draw` may be called from any thread.

    `varies`: whether noise changes the picture; a generator without has one for every sketch.
    """

    def __init__(self, card: ModelCard, session: onnxruntime.InferenceSession) -> None:
        self.card, self._session = card, session
        self.varies = int(card.details["noise"]) > 0
        if card.classes != CODES:
            raise ValueError("another kind of generator")

    def draw(self, mask: np.ndarray, labels: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Pictures (N, 128, 128, 3) uint8 of the lesions in `mask`, one (128, 128) bool for all or
        (N, 128, 128) one for each. labels: (N, 7) weights of `core.lesions.CODES` that add up to
        1; noise: (N, 64), by the function of that name."""
        sketches = np.stack([condition(one) for one in mask.reshape(-1, *mask.shape[-2:])])
        given = {
            "sketch": np.broadcast_to(sketches, (len(labels), *sketches.shape[1:])),
            "label": labels.astype(np.float32),
            "noise": noise.astype(np.float32),
        }
        return pictures(self._session.run([OUTPUT], given)[0])


def open_sketcher(card: ModelCard, threads: int = 2) -> Sketcher:
    """Open a generator on the CPU after checking its sha256. Raises BadModel."""
    session = open_session(card, [OUTPUT], threads)
    try:
        return Sketcher(card, session)
    except (KeyError, ValueError, TypeError):
        raise BadModel(
            f"The card of {card.name} is not that of a generator of lesions: restore card.json."
        ) from None


def noise(seeds: Sequence[int], strength: float = 1.0) -> np.ndarray:
    """(N, 64) float32, a row for each seed, always the same for it: normal numbers times
    `strength`. At 0 every seed gives the generator's middle picture; above 1 it goes further than
    it learned."""
    rows = [np.random.default_rng(seed).standard_normal(NOISE) for seed in seeds]
    return (strength * np.reshape(rows, (-1, NOISE))).astype(np.float32)


def one_hot(code: str) -> np.ndarray:
    """(7,) float32: all the weight on one diagnosis. Raises ValueError for a code that is none."""
    label = np.zeros(len(CODES), np.float32)
    label[CODES.index(code)] = 1
    return label


def blend(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Labels `share` of the way, 0 to 1, from one to the other: their weights still add up to 1."""
    return (one + share * (other - one)).astype(np.float32)


def between(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """Noise (64,) `share` of the way, 0 to 1, from one to the other along an arc.

    A straight line would pass near the middle, where the noise is weaker than any that was
    learned; along the arc (spherical interpolation: Shoemake, SIGGRAPH 1985) the length goes
    evenly from that of one to that of the other.
    """
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    length = lengths[0] + share * (lengths[1] - lengths[0])
    angle = np.arccos(np.clip(one @ other / max(lengths[0] * lengths[1], 1e-12), -1, 1))
    if not min(lengths) or np.sin(angle) < 1e-3:  # no angle between them: the straight line
        return (one + share * (other - one)).astype(np.float32)
    way = (
        np.sin((1 - share) * angle) * one / lengths[0] + np.sin(share * angle) * other / lengths[1]
    )
    return (length * way / np.sin(angle)).astype(np.float32)
