"""Eyes: a frozen network by whose features two pictures are compared, not pixel by pixel."""

from collections.abc import Sequence
from pathlib import Path

import timm
import torch
from torch import Tensor, nn

from trainers.start import BadStart, read_weights

BACKBONE = "mobilenetv2_100"
CHANNELS = (16, 24, 32, 96, 320)  # of the levels, strides 2 to 32
NEAR = 4  # levels compared place by place
RIDGE = 1e-3  # keeps a reader from learning few pictures by heart


class Eyes(nn.Module):
    """A MobileNetV2 that learned ImageNet, from a file of weights or (None) from timm's hub.
    Raises BadStart when they do not fit.

    Its features are standardised by those of `pictures` (N, 3, S, S) in [-1, 1]: levels and
    channels are of very different sizes.
    """

    def __init__(self, weights: Path | None, pictures: Tensor) -> None:
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
        with torch.no_grad():
            for i, level in enumerate(self.backbone(pictures)):
                self.register_buffer(f"mean_{i}", level.mean((0, 2, 3), keepdim=True))
                self.register_buffer(f"spread_{i}", level.std((0, 2, 3), keepdim=True) + 1e-3)

    def train(self, mode: bool = True) -> "Eyes":
        """Eyes do not learn."""
        return super().train(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """The levels of pictures (N, 3, S, S) in [-1, 1]: (N, C, S / stride, S / stride)."""
        return [
            (level - getattr(self, f"mean_{i}")) / getattr(self, f"spread_{i}")
            for i, level in enumerate(self.backbone(picture))
        ]


def difference(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """How unlike pictures are, by their levels: the mean absolute difference of the near ones,
    place by place; scalar."""
    pairs = zip(found[:NEAR], wanted[:NEAR], strict=True)
    return sum((a - b).abs().mean() for a, b in pairs) / NEAR


def summary(levels: Sequence[Tensor]) -> Tensor:
    """(N, 416) means of the two deepest levels."""
    return torch.cat([level.float().mean((2, 3)) for level in levels[-2:]], 1)


def learn_to_read(summaries: Tensor, labels: Tensor, classes: int) -> nn.Linear:
    """A logistic regression of diagnoses (N,) on summaries (N, F), every diagnosis weighing the
    same; it learns no further."""
    reader = nn.Linear(summaries.shape[1], classes)
    weight = 1 / torch.bincount(labels, minlength=classes).clamp(min=1).float()
    optimiser = torch.optim.LBFGS(reader.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = nn.functional.cross_entropy(reader(summaries), labels, weight)
        value = value + RIDGE * reader.weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    return reader.requires_grad_(False)
