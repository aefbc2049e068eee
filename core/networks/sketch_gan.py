"""The conditional GAN: a sketch, a diagnosis and noise become a dermoscopy picture.

`SketchGenerator` is what is published. While it learns, a `StyleEncoder` tells it what style a
real picture has, so that it can be taught by example what a style means: together they are a
conditional variational autoencoder whose decoder also has to please a critic (cVAE-GAN, Bao et
al. 2017).
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

CLASSES, NOISE = 7, 64
STYLE = 128
GAIN = 10  # what each diagnosis looks like is learned as much faster than a network's weights
START = 8  # px: where a picture begins
WIDTHS = (192, 160, 96, 56)  # at 8, 16, 32 and 64 px
GRAINS = (8, 16, 32, 64)  # px
FINEST = 12  # channels at 128 px
HIDDEN = 24


class SketchGenerator(nn.Module):
    """sketch (N, 2, 128, 128) of `core.sketch.condition`, label (N, 7) weights that sum to 1,
    noise (N, 64) → picture (N, 3, 128, 128) in [-1, 1].

    Every diagnosis has styles of its own: the noise picks one out of its normal distribution.
    Sketch and style enter through the scale and shift of every normalised layer (SPADE, Park et
    al. 2019; here by the distance map alone, pixel by pixel). Pixels are folded into channels, so
    that nothing but the last touch is worked out above 64 px.
    """

    def __init__(self) -> None:
        super().__init__()
        self.means = nn.Parameter(torch.zeros(CLASSES, NOISE))
        self.log_spreads = nn.Parameter(torch.zeros(CLASSES, NOISE))
        self.mapping = nn.Sequential(
            nn.Linear(NOISE + CLASSES, STYLE), nn.SiLU(), nn.Linear(STYLE, STYLE), nn.SiLU()
        )
        self.start = nn.Linear(STYLE, WIDTHS[0] * START**2)
        # Every noise brings fine fields of its own, by which nothing has to repeat.
        for side in GRAINS:
            self.register_buffer(f"grain_{side}", torch.randn(NOISE, side**2) / NOISE**0.5)
        self.blocks = nn.ModuleList(
            [_Block(WIDTHS[0], WIDTHS[0], 1)]
            + [_Block(wide, narrow, 2) for wide, narrow in itertools.pairwise(WIDTHS)]
        )
        self.last = _Modulated(WIDTHS[-1])
        self.leave = nn.Conv2d(WIDTHS[-1], 4 * FINEST, 3, padding=1)
        self.smooth = nn.Conv2d(FINEST, 3, 3, padding=1)
        with torch.no_grad():
            # The four pixels of a fold start alike, or their pattern would show for long.
            alike = self.leave.weight[::4].repeat_interleave(4, 0)
            self.leave.weight.copy_(alike)
            nn.init.zeros_(self.leave.bias)

    def forward(self, sketch: Tensor, label: Tensor, noise: Tensor) -> Tensor:
        mean, log_spread = self.styles(label)
        return self.paint(sketch, label, mean + log_spread.exp() * noise, noise)

    def styles(self, label: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log of the spread (N, 64) of a label's styles."""
        return GAIN * label @ self.means, GAIN * label @ self.log_spreads

    def paint(self, sketch: Tensor, label: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        """A picture in a given style (N, 64), its grain by the noise."""
        views = {128 // step: F.avg_pool2d(sketch, step) for step in (2, 4, 8, 16)}
        code = self.mapping(torch.cat([style, label], 1))
        x = self.start(code).unflatten(1, (WIDTHS[0], START, START))
        grains = {
            side: (noise @ getattr(self, f"grain_{side}")).unflatten(1, (1, side, side))
            for side in GRAINS
        }
        for block in self.blocks:
            x = block(x, views, code, grains)
        fine = F.pixel_shuffle(self.leave(self.last(x, views[64], code)), 2)
        return torch.tanh(self.smooth(F.silu(fine)))


class _Modulated(nn.Module):
    """Normalised, then scaled and shifted by style and sketch, then SiLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.by_style = nn.Linear(STYLE, 2 * width + HIDDEN)
        self.enter = nn.Conv2d(2, HIDDEN, 1)
        self.by_place = nn.Conv2d(HIDDEN, 2 * width, 1)
        self.width = width

    def forward(self, x: Tensor, sketch: Tensor, code: Tensor) -> Tensor:
        everywhere, hidden = self.by_style(code)[..., None, None].split([2 * self.width, HIDDEN], 1)
        place = self.by_place(F.silu(self.enter(sketch) + hidden))
        scale, shift = (everywhere + place).chunk(2, 1)
        return F.silu(self.norm(x) * (1 + scale) + shift)


class _Block(nn.Module):
    """A residual block that may enlarge its field; most of the work is done before it does."""

    def __init__(self, before: int, after: int, grow: int) -> None:
        super().__init__()
        self.grow = grow
        self.first, self.second = _Modulated(before), _Modulated(after)
        self.one = nn.Conv2d(before, after, 3, padding=1)
        self.two = nn.Conv2d(after, after, 3, padding=1)
        self.skip = nn.Conv2d(before, after, 1, bias=False)
        self.grain = nn.Parameter(torch.zeros(after, 1, 1))

    def forward(
        self, x: Tensor, views: dict[int, Tensor], code: Tensor, grains: dict[int, Tensor]
    ) -> Tensor:
        change = self._larger(self.one(self.first(x, views[x.shape[-1]], code)))
        change = change + self.grain * grains[change.shape[-1]]
        change = self.two(self.second(change, views[change.shape[-1]], code))
        return self._larger(self.skip(x)) + change

    def _larger(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2.0) if self.grow == 2 else x


class StyleEncoder(nn.Module):
    """Picture (N, 3, 128, 128) in [-1, 1] and its sketch → mean and log of the spread (N, 64) of
    the styles that it may have."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = (5, 32, 64, 128, 160)
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(160 * 16, 2 * NOISE))

    def forward(self, picture: Tensor, sketch: Tensor) -> tuple[Tensor, Tensor]:
        seen = F.avg_pool2d(torch.cat([picture, sketch], 1), 2)
        mean, log_spread = self.body(seen).float().chunk(2, 1)
        return mean, log_spread.clamp(-6, 2)


class SketchPainter(nn.Module):
    """Generator and encoder while they learn: the first part of a batch is painted again in its
    own style, the rest in styles of the diagnoses asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.generator, self.encoder = SketchGenerator(), StyleEncoder()

    def forward(
        self, examples: Tensor, sketch: Tensor, label: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Examples (M, 3, 128, 128), which belong to the first M of the N sketches, labels and
        noises → pictures (N, 3, 128, 128), and how far the examples' styles are from those of
        their diagnoses (Kullback-Leibler divergence, nats a picture, scalar)."""
        m = len(examples)
        mean, log_spread = (part.float() for part in self.generator.styles(label))
        found, found_log_spread = self.encoder(examples, sketch[:m])
        wide = log_spread[:m]
        divergence = (
            wide
            - found_log_spread
            + ((2 * found_log_spread).exp() + (found - mean[:m]).square()) / (2 * (2 * wide).exp())
            - 0.5
        )
        own = found + found_log_spread.exp() * noise[:m]
        style = torch.cat([own, mean[m:] + log_spread[m:].exp() * noise[m:]])
        return self.generator.paint(sketch, label, style, noise), divergence.sum(1).mean()


class SketchCritic(nn.Module):
    """Levels of features of a picture, as frozen eyes see it (each (N, C, h, w), `channels` C of
    them), its sketch (N, 2, 128, 128) and label (N, 7) → one map of scores a level (N, 1, h, w),
    high where the picture looks real, fits the sketch and shows the diagnosis.

    Eyes that have seen the world know sharp from blurred at once: critics of their features need
    a fraction of the steps of one that starts from pixels (projected GAN, Sauer et al. 2021). The
    label enters by projection (Miyato & Koyama 2018).
    """

    def __init__(self, channels: Sequence[int], width: int = 96) -> None:
        super().__init__()
        self.heads = nn.ModuleList(_Head(count, min(width, 2 * count)) for count in channels)

    def forward(
        self, levels: Sequence[Tensor], sketch: Tensor, label: Tensor
    ) -> tuple[Tensor, ...]:
        return tuple(
            head(level, sketch, label) for head, level in zip(self.heads, levels, strict=True)
        )


class _Head(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            spectral_norm(nn.Conv2d(channels + 2, width, 1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(width, width, 3, padding=1)),
            nn.LeakyReLU(0.2),
        )
        self.score = spectral_norm(nn.Conv2d(width, 1, 1))
        self.labels = spectral_norm(nn.Linear(CLASSES, width, bias=False))

    def forward(self, level: Tensor, sketch: Tensor, label: Tensor) -> Tensor:
        sketch = F.adaptive_avg_pool2d(sketch, level.shape[-1])
        x = self.body(torch.cat([level, sketch], 1))
        return self.score(x) + (x * self.labels(label)[..., None, None]).sum(1, keepdim=True)


class SeedGenerator(nn.Module):
    """The first idea: no noise, no bridges, and everything passes 128 x 2 x 2 numbers.

    Inputs and output as `SketchGenerator`; of the sketch the mask alone is seen, thrice as a grey
    picture has three channels, and the noise not at all.
    """

    WIDTHS = (16, 32, 64, 96, 128)

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = (3 + CLASSES, *self.WIDTHS)
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
        back = (*self.WIDTHS[::-1], 3)
        # 2 → 6 → 14 → 30 → 63 → 128 px: the way down loses a pixel at 63 and at 128.
        for before, after, lost in zip(back, back[1:], (0, 0, 0, 1, 0), strict=False):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, output_padding=lost)]
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers[:-2], nn.Tanh())

    def forward(self, sketch: Tensor, label: Tensor, noise: Tensor) -> Tensor:
        planes = label[..., None, None].expand(-1, -1, *sketch.shape[2:])
        # The noise is named so that all generators are asked alike.
        return self.body(torch.cat([sketch[:, :1].repeat(1, 3, 1, 1), planes], 1)) + 0 * noise.sum()


class SeedCritic(nn.Module):
    """Picture (N, 3, 128, 128) and label → one logit (N, 1): nine convolutions that never see the
    sketch."""

    def __init__(self) -> None:
        super().__init__()
        widths, strides = (10, 8, 16, 32, 64, 128, 256, 512, 512), (2, 1, 2, 1, 2, 1, 2, 2)
        layers: list[nn.Module] = []
        for before, after, stride in zip(widths, widths[1:], strides, strict=False):
            convolution = nn.Conv2d(before, after, 4 if stride == 2 else 3, stride, 1, bias=False)
            layers += [convolution, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Conv2d(512, 1, 4))

    def forward(self, picture: Tensor, label: Tensor) -> Tensor:
        planes = label[..., None, None].expand(-1, -1, *picture.shape[2:])
        return self.body(torch.cat([picture, planes], 1)).flatten(1)
