"""Published networks that fill holes, opened for the app."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime

from core.models import BadModel, ModelCard, open_session
from core.preprocess import letterbox_placement

OUTPUT = "filled"


class Painter:
    """An opened network that fills. `paint` may be called from any thread.

    `whole`: it wants the whole film as a square, and fills only its middle; else it takes a hole
    with its surroundings, at most `largest` px a side.
    """

    def __init__(self, card: ModelCard, session: onnxruntime.InferenceSession) -> None:
        self.card, self._session = card, session
        self.whole = card.details["view"] == "whole film"
        self.largest = card.input.size if self.whole else int(card.details["largest_view"])
        self.stride = int(card.details["stride"])

    def paint(self, view: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """A view (H, W) float32, about 0 to 1, whose hole is spanned smoothly → the view with its
        `mask` (H, W) bool painted. Sides are filled up to the stride by reflection."""
        if self.whole:
            return self._paint_square(view, mask)
        height, width = view.shape
        below, right = -height % self.stride, -width % self.stride
        wide = np.pad(
            np.stack([view, mask.astype(np.float32)]), ((0, 0), (0, below), (0, right)), "symmetric"
        )
        return self._run(wide)[:height, :width]

    def _paint_square(self, view: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Letterboxed to the network's square and back."""
        place = letterbox_placement(*view.shape, self.card.input.size)
        square = np.zeros((2, self.card.input.size, self.card.input.size), np.float32)
        part = np.s_[place.top : place.top + place.height, place.left : place.left + place.width]
        way = cv2.INTER_AREA if place.height < view.shape[0] else cv2.INTER_LINEAR
        for layer, values in zip(square, (view, mask.astype(np.float32)), strict=True):
            layer[part] = cv2.resize(values, (place.width, place.height), interpolation=way)
        return cv2.resize(self._run(square)[part], view.shape[::-1], interpolation=cv2.INTER_CUBIC)

    def _run(self, batch: np.ndarray) -> np.ndarray:
        return self._session.run([OUTPUT], {"input": batch[None].astype(np.float32)})[0][0, 0]


def open_painter(card: ModelCard, threads: int = 2) -> Painter:
    """Open a filling network on the CPU after checking its sha256. Raises BadModel."""
    session = open_session(card, [OUTPUT], threads)
    try:
        return Painter(card, session)
    except (KeyError, ValueError, TypeError):
        raise BadModel(
            f"The card of {card.name} does not say how it wants to see a hole: restore card.json."
        ) from None
