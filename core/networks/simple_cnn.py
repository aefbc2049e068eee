"""The small network of the Streamlit fracture app: two convolutions and one large linear layer."""

import torch
from torch import Tensor, nn


class SimpleCNN(nn.Module):
    """Conv 64, pool, conv 32, pool, linear 64, linear 1; 2.8 M parameters at 150 x 150 grey.

    Logits are (0, z). The network flattens its features instead of pooling them, so its class map
    is Grad-CAM written out: with one hidden ReLU layer the gradient of z with respect to the
    features is W1ᵀ(w2 ⊙ [h > 0]), and its mean over space weighs each channel.
    """

    def __init__(self, size: int = 150) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 64, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.last = nn.Identity()  # the features pass here: a place for hooks
        self.side = size // 4
        self.hidden = nn.Linear(32 * self.side**2, 64)
        self.classifier = nn.Linear(64, 1)

    def forward(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        features = self.last(self.body(batch))
        hidden = torch.relu(self.hidden(features.flatten(1)))
        score = self.classifier(hidden)
        active = (hidden > 0).to(hidden.dtype) * self.classifier.weight
        # The mean over space of the gradient needs only the mean over space of W1.
        mean_weight = self.hidden.weight.unflatten(1, (32, -1)).mean(2)
        evidence = torch.einsum("nf,nfhw->nhw", active @ mean_weight, features)[:, None]
        return (
            torch.cat([torch.zeros_like(score), score], 1),
            features,
            torch.cat([torch.zeros_like(evidence), evidence], 1),
            features.mean((2, 3)),
        )
