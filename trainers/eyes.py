"""Eyes: a frozen network by whose features two pictures are compared, not pixel by pixel."""

from pathlib import Path

import timm
import torch
from torch import Tensor, nn

from trainers.start import BadStart, read_weights

BACKBONE = "mobilenetv2_100"
NEAR = 4  # levels compared place by place: strides 2 to 16


class Eyes(nn.Module):
    """A MobileNetV2 that learned ImageNet, from a file of weights or (None) from timm's hub.
    Raises BadStart when they do not fit."""

    def __init__(self, weights: Path | None) -> None:
        super().__init__()
        self.backbone = timm.create_model(
            BACKBONE,
            features_only=True,
            pretrained=weights is None,
            # The file's weights come from TensorFlow, which pads and normalises its own way.
            **({} if weights is None else {"pad_type": "same", "bn_eps": 1e-3}),
        )
        if weights is not None:
            missing, _ = self.backbone.load_state_dict(read_weights(weights), strict=False)
            if missing:
                raise BadStart(f"{weights} does not hold a {BACKBONE}: {missing[0]} is missing.")
        self.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def train(self, mode: bool = True) -> "Eyes":
        """Eyes do not learn."""
        return super().train(False)

    def difference(self, picture: Tensor, truth: Tensor) -> Tensor:
        """How unlike two batches (N, 3, S, S) in [-1, 1] are: the mean absolute difference of
        their features relative to their size, averaged over levels; scalar."""
        with torch.no_grad():
            wanted = self._levels(truth)
        shares = [
            (found - level).abs().mean() / level.abs().mean()
            for found, level in zip(self._levels(picture), wanted, strict=True)
        ]
        return sum(shares) / len(shares)

    def summary(self, picture: Tensor) -> Tensor:
        """(N, 416) means of the two deepest levels."""
        return torch.cat([level.float().mean((2, 3)) for level in self.backbone(picture)[-2:]], 1)

    def _levels(self, picture: Tensor) -> list[Tensor]:
        return [level.float() for level in self.backbone(picture)[:NEAR]]
