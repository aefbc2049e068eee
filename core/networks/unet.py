"""The lesion segmenter: a small U-Net (Ronneberger et al. 2015) that works on folded pixels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FOLD = 4  # px: the border of a lesion is smooth, so a cell of 4 x 4 px is the finest it works on
CHANNELS = (48, 80, 128)  # at strides 4, 8 and 16


class UNet(nn.Module):
    """(N, 3, S, S) in [-1, 1] → (N, 1, S, S) logits of "lesion", and an embedding (N, 256) of the
    whole picture, by which a gate can tell skin from anything else; S is a multiple of 16.

    Pixels are folded into channels and back, so that nothing is lost and a picture costs a
    sixteenth of a U-Net at full resolution.
    """

    def __init__(self) -> None:
        super().__init__()
        folded = FOLD * FOLD
        self.down = nn.ModuleList(
            _convolutions(before, after)
            for before, after in zip((3 * folded, *CHANNELS), CHANNELS, strict=False)
        )
        self.up = nn.ModuleList(
            _convolutions(coarse + fine, fine)
            for fine, coarse in zip(CHANNELS[-2::-1], CHANNELS[:0:-1], strict=True)
        )
        self.leave = nn.Conv2d(CHANNELS[0], folded, 1)

    def forward(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        x = F.pixel_unshuffle(batch, FOLD)
        bridges = []
        for stage in self.down:
            x = stage(x if not bridges else F.max_pool2d(x, 2))
            bridges.append(x)
        embedding = torch.cat([bridge.mean((2, 3)) for bridge in bridges], 1)
        bridges.pop()
        for stage in self.up:
            larger = F.interpolate(x, scale_factor=2.0)
            x = stage(torch.cat([larger, bridges.pop()], 1))
        return F.pixel_shuffle(self.leave(x), FOLD), embedding


def _convolutions(before: int, after: int) -> nn.Sequential:
    layers = []
    for width in (before, after):
        layers += [nn.Conv2d(width, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)]
        layers += [nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
