"""Critics: does this look like a film, or like a fill? Only training knows them."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (32, 64, 128, 128)


class Critic(nn.Module):
    """(N, C, H, W) → (N, 1, h, w) scores of overlapping patches, high where they look real.

    Spectral norm keeps it from winning (Miyato et al. 2018); without batch norm, no film's score
    depends on its neighbours.
    """

    def __init__(self, channels: int = 2) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((channels, *WIDTHS), WIDTHS, strict=False):
            convolution = nn.Conv2d(before, after, 4, stride=2, padding=1)
            layers += [spectral_norm(convolution), nn.LeakyReLU(0.2)]
        layers.append(spectral_norm(nn.Conv2d(WIDTHS[-1], 1, 3, padding=1)))
        self.body = nn.Sequential(*layers)

    def forward(self, batch: Tensor) -> Tensor:
        return self.body(batch)


class FillCritics(nn.Module):
    """A global critic of the whole view at half its resolution, and a local one of a window
    around a place in the hole (Iizuka et al. 2017). Both see the mask."""

    def __init__(self, window: int = 64) -> None:
        super().__init__()
        self.window = window
        self.whole, self.local = Critic(), Critic()

    def forward(self, film: Tensor, mask: Tensor, corner: Tensor) -> tuple[Tensor, Tensor]:
        """Film (N, 1, H, W) in [0, 1], mask the same, corner (N, 2) row and column → scores."""
        seen = torch.cat([film * 2 - 1, mask], 1)
        windows = [
            view[:, row : row + self.window, column : column + self.window]
            for view, (row, column) in zip(seen, corner.tolist(), strict=True)
        ]
        whole = nn.functional.avg_pool2d(seen, 2)
        return self.whole(whole), self.local(torch.stack(windows))
