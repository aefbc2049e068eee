"""What a critic sees is disturbed alike in real and painted pictures, so that it cannot learn the
real ones by heart (DiffAugment, Zhao et al. 2020)."""

import torch
from torch import Tensor

SHIFT = 1 / 8  # of the side
CUT = 1 / 3
BRIGHTNESS = 0.1  # of 2, the range: colour is diagnostic, so it is disturbed weakly


def disturbed(picture: Tensor, sketch: Tensor) -> tuple[Tensor, Tensor]:
    """Pictures (N, 3, S, S) in [-1, 1] and their sketches (N, 2, S, S), each pair brightened,
    shifted, and half of them with a square cut out, by chance and differentiably."""
    n, _, side, _ = picture.shape
    brighter = (torch.rand(n, 1, 1, 1, device=picture.device) - 0.5) * 2 * BRIGHTNESS
    seen = torch.cat([picture + brighter, sketch], 1)
    most, cut = round(side * SHIFT), round(side * CUT)
    padded = torch.nn.functional.pad(seen, [most] * 4)
    corners = torch.randint(0, 2 * most + 1, (n, 2)).tolist()
    seen = torch.stack(
        [
            view[:, top : top + side, left : left + side]
            for view, (top, left) in zip(padded, corners, strict=True)
        ]
    )
    keep = torch.ones(n, 1, side, side, device=picture.device)
    places = torch.randint(-cut // 2, side - cut // 2, (n, 2)).clamp(min=0).tolist()
    for whole, (top, left) in zip(keep[::2], places[::2], strict=True):
        whole[:, top : top + cut, left : left + cut] = 0
    seen = seen * keep
    return seen[:, :3], seen[:, 3:]
