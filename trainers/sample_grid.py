"""What a network in training makes of a few validation pictures, always the same, as one picture.

All is told in words and shapes, so that it is read in black and white, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from core import png_file
from core.jobs.records import write_whole

SHOWN, COLUMNS = 8, 4
TILE, LINE = 192, 17  # px: side of a picture, height of a line of text under it
GAP = 3  # px around a tile
LARGEST = 400_000  # bytes of the whole
GREY = 128  # what a map without any differences looks like


def fixed(labels: np.ndarray, count: int = SHOWN) -> np.ndarray:
    """Indices of up to `count` pictures, the first ones of every label in turn."""
    turns = np.zeros(len(labels), int)
    for label in np.unique(labels):
        turns[labels == label] = np.arange((labels == label).sum())
    return np.lexsort((labels, turns))[:count]


@dataclass(frozen=True)
class Called:
    """Shows which class the network calls, how sure it is, and the truth: `Called(...)(network,
    path)` writes a PNG.

    pictures: (N, S, S) or (N, S, S, 3) uint8. batch: (N, C, S, S) float32, the same for the
    network. truth: (N,) indices of `classes`. With `maps` the called class's map stands beside each
    picture, from black (least) to white (most, within this picture).
    """

    pictures: np.ndarray
    batch: np.ndarray
    truth: np.ndarray
    classes: Sequence[str]
    maps: bool = False

    def __call__(self, network: nn.Module, path: Path) -> None:
        logits, _, class_maps, *_ = _outputs(network, self.batch)
        probabilities = np.exp(logits - logits.max(1, keepdims=True))
        probabilities /= probabilities.sum(1, keepdims=True)
        tiles = []
        for at, (picture, truth) in enumerate(zip(self.pictures, self.truth, strict=True)):
            called = int(probabilities[at].argmax())
            shown = [_tile(picture)]
            if self.maps:
                shown.append(_tile(_stretched(class_maps[at, called])))
            words = [
                f"{self.classes[called]}, {probabilities[at, called]:.0%}",
                "right" if called == truth else f"WRONG, it is {self.classes[truth]}",
            ]
            tiles.append(_captioned(np.hstack(shown), words))
        _write(tiles, path)


@dataclass(frozen=True)
class Outlined:
    """Shows where the network outlines something, and where it is: `Outlined(...)(network, path)`
    writes a PNG.

    pictures and batch as in `Called`; masks: (N, S, S) bool, the truth.
    """

    pictures: np.ndarray
    batch: np.ndarray
    masks: np.ndarray

    def __call__(self, network: nn.Module, path: Path) -> None:
        found = _outputs(network, self.batch)[0][:, 0] > 0
        tiles = []
        for picture, mask, truth in zip(self.pictures, found, self.masks, strict=True):
            either = int((mask | truth).sum())
            overlap = (mask & truth).sum() / either if either else 1.0
            tile = _tile(picture)
            _draw(tile, truth, dashed=False)
            _draw(tile, mask, dashed=True)
            words = [f"IoU {overlap:.2f}", "truth: line, found: dashes"]
            tiles.append(_captioned(tile, words))
        _write(tiles, path)


@torch.inference_mode()
def _outputs(network: nn.Module, batch: np.ndarray) -> list[np.ndarray]:
    network.eval()
    device = next(network.parameters()).device
    outputs = network(torch.from_numpy(batch).to(device))
    return [output.float().cpu().numpy() for output in outputs]


def _stretched(values: np.ndarray) -> np.ndarray:
    """A map as grey levels over all of its own range."""
    low, high = values.min(), values.max()
    if not high > low:
        return np.full(values.shape, GREY, np.uint8)
    return np.rint((values - low) / (high - low) * 255).astype(np.uint8)


def _tile(picture: np.ndarray) -> np.ndarray:
    colour = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)
    way = cv2.INTER_AREA if len(picture) > TILE else cv2.INTER_LINEAR
    return cv2.resize(colour, (TILE, TILE), interpolation=way)


def _draw(tile: np.ndarray, mask: np.ndarray, dashed: bool) -> None:
    """Draw a mask's outline: a black line with a white rim, or white dashes with a black one."""
    large = cv2.resize(mask.astype(np.uint8), (TILE, TILE), interpolation=cv2.INTER_NEAREST)
    rings, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not dashed:
        cv2.drawContours(tile, rings, -1, (255, 255, 255), 3)
        cv2.drawContours(tile, rings, -1, (0, 0, 0), 1)
        return
    for ring in rings:
        for begin in range(0, len(ring), 10):
            dash = [ring[begin : begin + 5]]
            cv2.polylines(tile, dash, False, (0, 0, 0), 4)
            cv2.polylines(tile, dash, False, (255, 255, 255), 2)


def _captioned(tile: np.ndarray, words: Sequence[str]) -> np.ndarray:
    """A tile with lines of text under it, each made to fit its width."""
    width = tile.shape[1]
    text = np.zeros((LINE * len(words) + 4, width, 3), np.uint8)
    for row, line in enumerate(words, 1):
        (wide, _), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)
        scale = min(0.45, (width - 8) / wide)
        place = (4, row * LINE - 4)
        cv2.putText(
            text, line, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA
        )
    return np.pad(np.vstack([tile, text]), ((GAP, GAP), (GAP, GAP), (0, 0)))


def _write(tiles: Sequence[np.ndarray], path: Path) -> None:
    """Put tiles into rows and write them, smaller where the file would be too large."""
    blank = np.zeros_like(tiles[0])
    tiles = [*tiles, *[blank] * (-len(tiles) % COLUMNS)]
    sheet = np.vstack([np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)])
    data, factor = png_file.write(sheet), 1.0
    while len(data) > LARGEST:
        factor *= 0.85
        small = cv2.resize(sheet, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        data = png_file.write(small)
    write_whole(path, data)
