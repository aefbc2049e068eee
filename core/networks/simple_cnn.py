"""Small networks of student apps: convolutions, one large linear layer, no pre-training."""

import torch
from torch import Tensor, nn

# simple_cnn: the Streamlit fracture app, at 150 px. plain_cnn: the Flask knee app, at 256 px,
# whose layer sizes were never published.
CHANNELS = {"simple_cnn": (64, 32), "plain_cnn": (16, 32, 64, 64)}


class SimpleCNN(nn.Module):
    """Convolution, ReLU and pooling per entry of `channels`; then linear 64, linear.

    Two classes share one score z, their logits are (0, z); more have one score each. The network
    flattens its features instead of pooling them, so its class map is Grad-CAM written out: with
    one hidden ReLU layer the gradient of a score with respect to the features is
    W1ᵀ(w2 ⊙ [h > 0]), and its mean over space weighs each channel.
    """

    def __init__(self, size: int, channels: tuple[int, ...] = (64, 32), classes: int = 2) -> None:
        super().__init__()
        stages = zip((1, *channels), channels, strict=False)
        self.body = nn.Sequential(
            *(
                layer
                for before, after in stages
                for layer in (nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
            )
        )
        for layer in self.body[::3]:  # without normalisation, torch's own start is too faint
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        self.last = nn.Identity()  # the features pass here: a place for hooks
        self.channels = channels[-1]
        self.side = size // 2 ** len(channels)
        self.hidden = nn.Linear(self.channels * self.side**2, 64)
        self.classifier = nn.Linear(64, 1 if classes == 2 else classes)

    def forward(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        features = self.last(self.body(batch))
        hidden = torch.relu(self.hidden(features.flatten(1)))
        scores = self.classifier(hidden)
        active = (hidden > 0).to(hidden.dtype)[:, None] * self.classifier.weight
        # The mean over space of the gradient needs only the mean over space of W1.
        mean_weight = self.hidden.weight.unflatten(1, (self.channels, -1)).mean(2)
        evidence = torch.einsum("nkf,nfhw->nkhw", active @ mean_weight, features)
        if scores.shape[1] == 1:
            scores = torch.cat([torch.zeros_like(scores), scores], 1)
            evidence = torch.cat([torch.zeros_like(evidence), evidence], 1)
        return scores, features, evidence, features.mean((2, 3))
