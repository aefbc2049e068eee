"""Heads that know that grades have an order: they score thresholds, "worse than grade k".

Both return the logarithm of every grade's probability as its logit, so that softmax gives the
probabilities back, and a class map that is Grad-CAM (Selvaraju et al. 2017, sec. 3) of these
logits written out: the derivative of a grade's logit by each threshold's score, times that
score's own map.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, logsigmoid


class CornHead(nn.Module):
    """Conditional thresholds (CORN; Shi, Cao & Raschka 2021): score k says "worse than k, given
    at least k". Cross-entropy on its logits is CORN's loss, sample by sample."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(channels, classes - 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(N, F, h, w) features → (N, K) logits, (N, K, h, w) class map."""
        scores = self.classifier(features.mean((2, 3))).float()
        passed = logsigmoid(scores).cumsum(1)
        logits = torch.cat([torch.zeros_like(passed[:, :1]), passed], 1) + torch.cat(
            [logsigmoid(-scores), torch.zeros_like(scores[:, :1])], 1
        )
        maps = conv2d(features, self.classifier.weight[:, :, None, None])
        rising = torch.sigmoid(-scores)[:, :, None, None] * maps
        falling = torch.sigmoid(scores)[:, :, None, None] * maps
        below = torch.cat([torch.zeros_like(maps[:, :1]), rising.cumsum(1)], 1)
        return logits, below - torch.cat([falling, torch.zeros_like(maps[:, :1])], 1)


class CoralHead(nn.Module):
    """One severity and a bias a threshold (CORAL; Cao, Mirjalili & Raschka 2020)."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(channels, 1, bias=False)
        self.bias = nn.Parameter(torch.linspace(1.5, -1.5, classes - 1))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(N, F, h, w) features → (N, K) logits, (N, K, h, w) class map."""
        severity = self.classifier(features.mean((2, 3))).float()
        worse = torch.sigmoid(severity + self.bias)
        one, none = torch.ones_like(severity), torch.zeros_like(severity)
        at_least, above = torch.cat([one, worse], 1), torch.cat([worse, none], 1)
        logits = (at_least - above).clamp(min=1e-6).log()
        severity_map = conv2d(features, self.classifier.weight[:, :, None, None])
        return logits, (1 - at_least - above)[:, :, None, None] * severity_map
