"""Batches of real lesions, and of sketches and diagnoses to be painted, for a conditional GAN."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from core.lesions import CODES, network_input
from core.networks.sketch_gan import NOISE
from core.sketch import condition
from trainers.lesions import Squares

UNUSUAL = 0.2  # of the sketches asked for: drawn from all diagnoses and from the unpaired ones
FLIPS = 8  # ways to lay a square: a lesion has no upright


class SketchBatches(Dataset):
    """`steps` batches, each the same whenever it is asked for.

    A batch holds `size` real lesions, balanced by the square root of how frequent their diagnosis
    is: `picture` (N, 3, S, S), `sketch` (N, 2, S, S), `label` (N, 7); what the painter is asked
    for: `asked_sketch`, `asked_label` and `noise` (N, 64). The first `examples` are asked for just
    as they are, the others with another lesion's sketch, or with one of the `unpaired` masks
    (M, S, S) bool, which have no picture.
    """

    def __init__(
        self,
        lesions: Squares,
        unpaired: np.ndarray,
        seed: Sequence[int],
        steps: int,
        size: int,
        examples: int,
    ) -> None:
        self.lesions, self.unpaired, self.seed = lesions, unpaired, tuple(seed)
        self.steps, self.size, self.examples = steps, size, examples
        self.of_class = [np.flatnonzero(lesions.labels == k) for k in range(len(CODES))]
        counts = np.sqrt([len(indices) for indices in self.of_class])
        self.shares = counts / counts.sum()

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> dict[str, Tensor]:
        if step >= self.steps:
            raise IndexError(step)
        rng = np.random.default_rng((*self.seed, step))
        labels = rng.choice(len(CODES), self.size, p=self.shares)
        chosen = [rng.choice(self.of_class[label]) for label in labels]
        ways = rng.integers(FLIPS, size=self.size)
        laid = [
            (_laid(self.lesions.images[i], way), _laid(self.lesions.masks[i], way))
            for i, way in zip(chosen, ways, strict=True)
        ]
        asked_labels = labels.copy()
        asked_masks = [mask for _, mask in laid]
        for i in range(self.examples, self.size):
            asked_labels[i] = rng.choice(len(CODES), p=self.shares)
            asked_masks[i] = _laid(self._mask(asked_labels[i], rng), rng.integers(FLIPS))
        eye = np.eye(len(CODES), dtype=np.float32)
        batch = {
            "picture": network_input(np.stack([picture for picture, _ in laid])),
            "sketch": np.stack([condition(mask) for _, mask in laid]),
            "label": eye[labels],
            "asked_sketch": np.stack([condition(mask) for mask in asked_masks]),
            "asked_label": eye[asked_labels],
            "noise": rng.standard_normal((self.size, NOISE), np.float32),
        }
        return {name: torch.from_numpy(value) for name, value in batch.items()}

    def _mask(self, label: int, rng: np.random.Generator) -> np.ndarray:
        """Mostly a sketch of the diagnosis asked for: shape and diagnosis go together."""
        if rng.random() >= UNUSUAL:
            return self.lesions.masks[rng.choice(self.of_class[label])]
        at = rng.integers(len(self.lesions) + len(self.unpaired))
        paired = at < len(self.lesions)
        return self.lesions.masks[at] if paired else self.unpaired[at - len(self.lesions)]


def _laid(square: np.ndarray, way: int) -> np.ndarray:
    turned = np.rot90(square, way % 4)
    return np.ascontiguousarray(turned[:, ::-1] if way >= 4 else turned)
