"""What a generator in training is measured by after every epoch, and shown with."""

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from core.lesions import CODES, network_input, pictures
from core.models import Model, catalogue, open_model
from core.networks.sketch_gan import NOISE
from core.sketch import condition
from trainers.distance import kernel_distance
from trainers.eyes import Eyes, summary
from trainers.lesions import Squares

JUDGE = "mobilenetv2"
EACH = 30  # of every diagnosis, or as many as there are


class SketchExam:
    """Fixed sketches of validation lesions with their diagnoses, about as many of each, and fixed
    noise."""

    def __init__(self, lesions: Squares, eyes: Eyes, judge: Model | None) -> None:
        rng = np.random.default_rng(7)
        by_class = [np.flatnonzero(lesions.labels == k) for k in range(len(CODES))]
        chosen = np.concatenate([rng.permutation(indices)[:EACH] for indices in by_class])
        self.lesions = lesions.only(np.isin(np.arange(len(lesions)), chosen))
        self.noise = rng.standard_normal((len(self.lesions), NOISE), np.float32)
        self.eyes, self.judge = eyes, judge
        self.real = summaries(eyes, network_input(self.lesions.images))

    def score(self, generator: nn.Module) -> dict[str, float]:
        """`distance`: the kernel distance from real to painted pictures in the eyes' features.
        `diversity`: the mean absolute difference, in grey levels, of two pictures of one sketch.
        With a published classifier, `balanced_accuracy` of what it says of the pictures."""
        masks, labels = self.lesions.masks, self.lesions.labels
        painted = self.paint(generator, masks, labels, self.noise)
        again = self.paint(generator, masks, labels, self.noise[::-1].copy())
        found = {
            "distance": kernel_distance(self.real, summaries(self.eyes, painted)),
            "diversity": float(np.abs(painted - again).mean() * 127.5),
        }
        if self.judge is None:
            return found
        called = np.concatenate(
            [self.judge.predict(painted[i : i + 32]).logits for i in range(0, len(painted), 32)]
        ).argmax(1)
        recalls = [np.mean(called[labels == k] == k) for k in np.unique(labels)]
        return found | {"balanced_accuracy": float(np.mean(recalls))}

    def show(self, generator: nn.Module, path: Path) -> None:
        """Write a sheet: of each diagnosis two real lesions with their sketches, each painted in
        three styles, then the first sketch of all in every diagnosis."""
        rows = []
        for k in np.unique(self.lesions.labels):
            at = np.flatnonzero(self.lesions.labels == k)[:2]
            row = []
            for i in at:
                mask = self.lesions.masks[i]
                outline = cv2.morphologyEx(
                    mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)
                )
                row.append(np.where(outline[..., None] > 0, 0, self.lesions.images[i]))
                row += list(self._squares(generator, np.stack([mask] * 3), [k] * 3))
            rows.append(np.hstack(row))
        first = np.stack([self.lesions.masks[0]] * len(CODES))
        last = np.hstack(self._squares(generator, first, range(len(CODES))))
        width = max(row.shape[1] for row in [*rows, last])
        sheet = [np.pad(r, ((0, 0), (0, width - r.shape[1]), (0, 0))) for r in [*rows, last]]
        cv2.imwrite(str(path), np.vstack(sheet)[..., ::-1].astype(np.uint8))

    def paint(self, generator: nn.Module, masks, labels, noise: np.ndarray) -> np.ndarray:
        """(N, 3, S, S) in [-1, 1]."""
        generator.eval()
        device = next(generator.parameters()).device
        eye = np.eye(len(CODES), dtype=np.float32)
        parts = []
        with torch.inference_mode():
            for i in range(0, len(masks), 32):
                sketch = np.stack([condition(mask) for mask in masks[i : i + 32]])
                asked = (sketch, eye[np.asarray(labels[i : i + 32])], noise[i : i + 32])
                parts.append(generator(*(torch.from_numpy(x).to(device) for x in asked)).cpu())
        return torch.cat(parts).float().numpy()

    def _squares(self, generator: nn.Module, masks: np.ndarray, labels) -> np.ndarray:
        return pictures(self.paint(generator, masks, list(labels), self.noise[: len(masks)]))


def summaries(eyes: Eyes, batch: np.ndarray) -> np.ndarray:
    """(N, 416) what eyes see of pictures (N, 3, S, S) in [-1, 1]."""
    device = next(eyes.parameters()).device
    with torch.inference_mode():
        parts = [
            summary(eyes(torch.from_numpy(batch[i : i + 32]).to(device))).cpu()
            for i in range(0, len(batch), 32)
        ]
    return torch.cat(parts).numpy()


def published_judge(checkpoints: Path) -> Model | None:
    """The published classifier of lesions, or None where there is none."""
    cards = {card.name: card for card in catalogue(checkpoints, "lesion")}
    return open_model(cards[JUDGE]) if JUDGE in cards else None
