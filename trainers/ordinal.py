"""What a network that grades learns by: four losses on the logits of ordered classes."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, cross_entropy

# Name → head of the network that goes with it (see core.networks.classifiers.Architecture).
HEADS = {"softmax": "average", "soft": "average", "corn": "corn", "coral": "coral"}


def objective(name: str, classes: int) -> Callable[[Tensor, Tensor], Tensor]:
    """(N, K) logits, (N,) grades → loss.

    softmax: cross-entropy with label smoothing .05, which knows no order. soft: cross-entropy
    with targets that fall off by distance, proportional to exp(-2 |grade - k|) (Díaz & Marathe
    2019). corn: cross-entropy, for CornHead. coral: the mean of one binary cross-entropy a
    threshold, for CoralHead. ValueError for another name.
    """
    if name == "softmax":
        return lambda logits, grades: cross_entropy(logits.float(), grades, label_smoothing=0.05)
    if name == "soft":
        steps = torch.arange(classes)
        targets = torch.softmax(-2.0 * (steps[:, None] - steps[None]).abs().float(), 1)
        return lambda logits, grades: cross_entropy(
            logits.float(), targets.to(logits.device)[grades]
        )
    if name == "corn":
        return lambda logits, grades: cross_entropy(logits.float(), grades)
    if name == "coral":
        return _coral
    raise ValueError(f"unknown objective {name!r}: choose {', '.join(HEADS)}")


def _coral(logits: Tensor, grades: Tensor) -> Tensor:
    probabilities = torch.softmax(logits.float(), 1)
    worse = probabilities.flip(1).cumsum(1).flip(1)[:, 1:].clamp(1e-6, 1 - 1e-6)
    steps = torch.arange(worse.shape[1], device=grades.device)
    with torch.autocast(logits.device.type, enabled=False):
        return binary_cross_entropy(worse, (grades[:, None] > steps).float())
