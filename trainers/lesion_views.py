"""The views of skin lesions that an epoch is made of: turned, moved, and lit otherwise."""

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from core.lesions import CODES, SIDE, network_input, to_square
from trainers.lesions import Squares


class Views(Dataset):
    """One epoch of random views of the squares that `order` (M,) indexes, decided by `seed`, with
    sides of `side` px.

    Items: input (3, side, side) float32 in [-1, 1], label, mask (1, S, S) float32 of 0 and 1.
    """

    def __init__(
        self, squares: Squares, order: np.ndarray, seed: tuple[int, int], side: int = SIDE
    ) -> None:
        self.squares, self.order, self.seed, self.side = squares, order, seed, side

    def __len__(self) -> int:
        return len(self.order)

    def look(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """The view's picture (S, S, 3) uint8 and mask (S, S) bool."""
        index = int(self.order[position])
        rng = np.random.default_rng((*self.seed, position))
        return view(self.squares.images[index], self.squares.masks[index], rng)

    def __getitem__(self, position: int) -> dict[str, torch.Tensor]:
        image, mask = self.look(position)
        if self.side != len(image):
            image = to_square(image, self.side)
        return {
            "input": torch.from_numpy(network_input(image[None])[0]),
            "label": torch.tensor(self.squares.labels[self.order[position]]),
            "mask": torch.from_numpy(mask[None].astype(np.float32)),
        }


def view(
    image: np.ndarray, mask: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A picture (S, S, 3) uint8 and its mask (S, S) bool as another look at the same lesion.

    Skin has no upright: any of the eight flips and quarter turns, then a slight turn, scale and
    shift, and a weak change of colour and light.
    """
    quarters, mirrored = int(rng.integers(4)), rng.random() < 0.5
    image, mask = np.rot90(image, quarters), np.rot90(mask, quarters)
    if mirrored:
        image, mask = image[:, ::-1], mask[:, ::-1]
    side = len(image)
    middle = (side - 1) / 2
    affine = cv2.getRotationMatrix2D(
        (middle, middle), rng.uniform(-22, 22), float(np.exp(rng.normal(0, 0.1)))
    )
    affine[:, 2] += rng.normal(0, 0.03 * side, 2)
    moved = [
        cv2.warpAffine(
            np.ascontiguousarray(part),
            affine,
            (side, side),
            flags=way,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        for part, way in ((image, cv2.INTER_LINEAR), (mask.astype(np.uint8), cv2.INTER_NEAREST))
    ]
    tint = np.exp(rng.normal(0, 0.04, 3)) * np.exp(rng.normal(0, 0.08))
    contrast = np.exp(rng.normal(0, 0.08))
    colours = moved[0].astype(np.float32)
    mean = colours.mean((0, 1))
    lit = ((colours - mean) * contrast + mean) * tint
    return np.clip(lit, 0, 255).astype(np.uint8), moved[1].astype(bool)


def prior(labels: np.ndarray, power: float) -> np.ndarray:
    """(7,) shares in which the diagnoses are drawn: frequency to the `power`, so 1 draws them as
    they come and 0 all alike. A diagnosis without pictures gets none."""
    counts = np.bincount(labels, minlength=len(CODES)).astype(float)
    weights = np.where(counts > 0, np.maximum(counts, 1) ** power, 0)
    return weights / weights.sum()


def drawn(labels: np.ndarray, shares: np.ndarray, count: int, seed: tuple[int, int]) -> np.ndarray:
    """`count` indices in which the diagnoses have these `shares`; within one, every picture comes
    equally often."""
    rng = np.random.default_rng(seed)
    whole = np.floor(np.cumsum(shares) * count + 0.5).astype(int)
    chosen = []
    for label, wanted in enumerate(np.diff(whole, prepend=0)):
        pool = np.flatnonzero(labels == label)
        rounds = [rng.permutation(pool) for _ in range(-(-wanted // max(len(pool), 1)))]
        chosen.append(np.concatenate([*rounds, pool[:0]])[:wanted])
    return rng.permutation(np.concatenate(chosen))
