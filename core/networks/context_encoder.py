"""The context encoder: what stands in a hole, told from what surrounds it (Pathak et al. 2016).

Not from nothing: it is given a smooth fill of the hole and learns what that lacks.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDE = 32  # the sides of an input are multiples of it
DEEP = 14  # px from the rim: a hole that has such a place is wide
FINE = 0.1  # of a film's spread of grey: about what a smooth fill lacks


class ContextEncoder(nn.Module):
    """(N, 2, H, W) a film in [0, 1] whose hole is spanned smoothly, and its mask (1 = hole) →
    (N, 1, H, W) the film with its hole painted. H and W are multiples of `STRIDE`.

    Two fillers share the work: what a thin hole hides follows from its two banks, what a wide one
    hides from the rest of the film. Each film gets the answer of one, though both are worked out:
    one graph without branches is simpler, and the wide one costs little.
    """

    def __init__(self, thin: Filler, wide: Filler) -> None:
        super().__init__()
        self.thin, self.wide = thin, wide

    def forward(self, batch: Tensor) -> Tensor:
        # Beyond the border nothing is known: a hole there is as deep as if it went on.
        eroded = -F.max_pool2d(-batch[:, 1:], 2 * DEEP + 1, 1, DEEP)
        return torch.where(eroded.amax((2, 3), True) > 0.5, self.wide(batch), self.thin(batch))


def thin_filler() -> Filler:
    """For strokes, screws, plates and wires: fine, and seeing not far."""
    return Filler((32, 64, 96, 160), (2, 2, 3, 3))


def wide_filler() -> Filler:
    """For holes that hide a whole structure: seeing all of a film of 224 px."""
    return Filler((32, 64, 96, 160, 256), (1, 1, 2, 2, 2))


class Filler(nn.Module):
    """(N, 2, H, W) → (N, 1, H, W) as `ContextEncoder`; sides are multiples of 2 to the power of
    the number of `channels`. `blocks` at each resolution.

    An encoder and a decoder with bridges between them (U-Net), at half the film's resolution and
    below: pixels are folded into channels and back, so that nothing is lost and a film costs a
    quarter. The film is standardised inside, since exposures differ widely. What is known passes
    unchanged.
    """

    def __init__(self, channels: tuple[int, ...], blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.enter = nn.Conv2d(8, channels[0], 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for wide, narrow, count in zip(channels[1:], channels, blocks, strict=False):
            self.down.append(nn.Sequential(_blocks(narrow, count), _Shrink(narrow, wide)))
            self.up.append(nn.ModuleList([_Grow(wide, narrow), _blocks(narrow, count)]))
        self.middle = _blocks(channels[-1], blocks[-1])
        self.leave = nn.Conv2d(channels[0], 4, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, batch: Tensor) -> Tensor:
        start, mask = batch[:, :1], batch[:, 1:]
        mean = start.mean((2, 3), keepdim=True)
        spread = (start - mean).square().mean((2, 3), keepdim=True).sqrt() + 0.02
        seen = torch.cat([(start - mean) / spread, mask], 1)
        x = self.enter(F.pixel_unshuffle(seen, 2))
        bridges = []
        for down in self.down:
            blocks, shrink = down
            bridges.append(blocks(x))
            x = shrink(bridges[-1])
        x = self.middle(x)
        for (grow, blocks), bridge in zip(reversed(self.up), reversed(bridges), strict=True):
            x = blocks(grow(x) + bridge)
        return start + F.pixel_shuffle(self.leave(x), 2) * (FINE * spread) * mask


class _Block(nn.Module):
    """Two convolutions and a gate by the mean of the whole field, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.gate = nn.Conv2d(width, width, 1)
        nn.init.normal_(self.second.weight, std=0.5 * (9 * width) ** -0.5)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        change = F.silu(self.first(x))
        gate = torch.sigmoid(self.gate(change.mean((2, 3), keepdim=True)))
        return x + self.second(change * gate)


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(_Block(width) for _ in range(count)))


class _Shrink(nn.Conv2d):
    """To half the resolution."""

    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__(narrow, wide, 2, stride=2)


class _Grow(nn.Module):
    """To twice the resolution."""

    def __init__(self, wide: int, narrow: int) -> None:
        super().__init__()
        self.spread = nn.Conv2d(wide, 4 * narrow, 1)

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(self.spread(x), 2)


class ClassicContextEncoder(nn.Module):
    """The first idea: see a film without its middle, squeeze it, and draw the middle from that.

    (N, 2, 224, 224) a film in [0, 1] and a mask → (N, 1, 224, 224) the film with its middle drawn.
    The mask is not looked at, nor is what stands in the middle: one fixed rectangle of 162 by 112
    px is blackened and drawn, at its own resolution. Everything passes a bottleneck without
    spatial bridges, hence the blur.
    """

    SIDE, TOP, LEFT, HEIGHT, WIDTH = 224, 56, 31, 112, 162

    def __init__(self, bottleneck: int = 512) -> None:
        super().__init__()
        widths = (1, 32, 64, 128, 256, 256)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after)]
            layers.append(nn.LeakyReLU(0.2))
        layers += [nn.Conv2d(widths[-1], bottleneck, 4, bias=False), nn.BatchNorm2d(bottleneck)]
        layers += [nn.ReLU(), nn.ConvTranspose2d(bottleneck, widths[-1], 4, bias=False)]
        for before, after in zip(widths[:1:-1], widths[-2:0:-1], strict=True):
            layers += [nn.BatchNorm2d(before), nn.ReLU()]
            layers.append(nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False))
        layers += [nn.BatchNorm2d(widths[1]), nn.ReLU()]
        layers += [nn.ConvTranspose2d(widths[1], 1, 4, 2, 1), nn.Sigmoid()]
        self.body = nn.Sequential(*layers)
        middle = torch.zeros(1, 1, self.SIDE, self.SIDE)
        middle[..., self.TOP : self.TOP + self.HEIGHT, self.LEFT : self.LEFT + self.WIDTH] = 1
        self.register_buffer("middle", middle, persistent=False)

    def forward(self, batch: Tensor) -> Tensor:
        film = batch[:, :1] * (1 - self.middle)
        return film + self.body(film) * self.middle


NETWORKS = {"thin": thin_filler, "wide": wide_filler, "classic": ClassicContextEncoder}
