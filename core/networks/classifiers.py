"""Film classifiers: a timm backbone, then a head whose class map is its own explanation.

Every network returns `(logits, features, class_map, embedding)` for a (N, C, S, S) batch: logits
(N, K), features (N, F, h, w), class_map (N, K, h, w), the map from which the logits are pooled,
and embedding (N, E), the pooled description of the whole film that the input gate and the stacked
model read. K is 2 for fracture. Verdict and heatmap cost one forward pass and no gradient.
"""

import math
from dataclasses import asdict, dataclass

import timm
import torch
from timm.layers import BatchNormAct2d
from torch import Tensor, nn

from core.networks.ordinal import CoralHead, CornHead
from core.networks.simple_cnn import CHANNELS, SimpleCNN
from core.options import near

CUT_RESNET = "resnetv2_50_cut"


@dataclass(frozen=True)
class Architecture:
    """Everything needed to build a classifier again; stands in its card.

    `backbone` is a timm name, "resnetv2_50_cut" (the first three stages of ResNet-50 v2, stride
    16), or "simple_cnn" or "plain_cnn", whose `head` is their own, "flatten". Else `head` is
    "average" (mean pooling, linear), "corn" or "coral" (mean pooling, ordered thresholds), or
    "evidence" (a feature pyramid down to stride 8, log-sum-exp pooling of one evidence map; two
    classes only). `same_padding` is for weights born in TensorFlow: its padding, its batch-norm
    epsilon of 1e-3. With `wide_embedding` the embedding describes the film from stride 8 to 32, not
    only by what the head reads: a gate on it tells a knee from a hand.
    """

    backbone: str
    head: str
    size: int
    same_padding: bool = False
    classes: int = 2
    wide_embedding: bool = False

    def to_card(self) -> dict:
        """The `architecture` entry of a card."""
        return asdict(self)


class AverageHead(nn.Module):
    """Mean pooling and a linear layer.

    The class map, weights · features, is Grad-CAM at the last feature map up to a positive factor
    (Selvaraju et al. 2017, sec. 3: the gradient of a mean-pooled linear score is its weight).
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(channels, classes)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.classifier(features.mean((2, 3)))
        class_map = nn.functional.conv2d(features, self.classifier.weight[:, :, None, None])
        return logits, class_map


class EvidenceHead(nn.Module):
    """One evidence map, pooled by log-mean-exp (Pinheiro & Collobert 2015, eq. 7).

    A fracture fills a few cells of the map; mean pooling would drown it. Logits are (0, z), so
    that softmax over them is the sigmoid of z. The map starts at -4 (2 % per cell), because nearly
    every cell is sound (the prior of Lin et al. 2017, sec. 4.1).
    """

    sharpness = 5.0

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.classifier = nn.Conv2d(channels, 1, 1)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.constant_(self.classifier.bias, -4.0)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        # Sums of exponentials lose the peak in bfloat16.
        evidence = self.classifier(features).float()
        cells = evidence.shape[2] * evidence.shape[3]
        pooled = torch.logsumexp(self.sharpness * evidence.flatten(2), 2)
        score = (pooled - math.log(cells)) / self.sharpness
        return (
            torch.cat([torch.zeros_like(score), score], 1),
            torch.cat([torch.zeros_like(evidence), evidence], 1),
        )


class Pyramid(nn.Module):
    """Fuse the backbone's strides 8 to 32 into one map of stride 8 (Lin et al. 2017, FPN)."""

    def __init__(self, channels: list[int], width: int = 128) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
            for c in channels
        )
        self.smooth = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False),
            nn.Conv2d(width, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )

    def forward(self, levels: list[Tensor]) -> Tensor:
        """Levels from fine to coarse, each half the size of the one before."""
        laterals = [layer(level) for layer, level in zip(self.lateral, levels, strict=True)]
        fused = laterals.pop()
        for lateral in reversed(laterals):
            fused = lateral + nn.functional.interpolate(fused, size=lateral.shape[2:])
        return self.smooth(fused)


POOLED = {"average": AverageHead, "corn": CornHead, "coral": CoralHead}


class Classifier(nn.Module):
    """A timm backbone under one of the heads."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.backbone = _backbone(architecture)
        self.frozen = False
        self.last = nn.Identity()  # the map that the head reads passes here: a place for hooks
        self.neck = None
        info = list(self.backbone.feature_info)
        self.levels = [i for i, level in enumerate(info) if 8 <= level["reduction"] <= 32]
        self.wide_embedding = architecture.wide_embedding
        if architecture.head in POOLED:
            head = POOLED[architecture.head]
            self.head = head(self.backbone.num_features, architecture.classes)
        elif architecture.head == "evidence":
            self.backbone.prune_intermediate_layers(self.levels, prune_norm=True, prune_head=True)
            self.neck = Pyramid([info[i]["num_chs"] for i in self.levels])
            self.head = EvidenceHead(128)
        else:
            known = ", ".join((*POOLED, "evidence"))
            raise ValueError(f"unknown head {architecture.head!r}: choose {known}")

    def freeze(self) -> None:
        """Let only the head learn: the backbone keeps its weights and its batch statistics."""
        self.frozen = True
        self.backbone.requires_grad_(False)

    def train(self, mode: bool = True) -> "Classifier":
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def describe(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """The (N, F, h, w) map that the head reads, and the embedding."""
        if self.neck is None and not self.wide_embedding:
            features = self.backbone.forward_features(batch)
            return features, features.mean((2, 3))
        if self.neck is None:
            features, levels = self.backbone.forward_intermediates(batch, indices=self.levels)
        else:
            levels = self.backbone.forward_intermediates(
                batch, indices=self.levels, intermediates_only=True
            )
            features = self.neck(levels)
        return features, torch.cat([level.mean((2, 3)) for level in (*levels, features)], 1)

    def forward(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        features, embedding = self.describe(batch)
        logits, class_map = self.head(self.last(features))
        return logits, features, class_map, embedding


def build(architecture: Architecture) -> nn.Module:
    """The network with fresh weights. ValueError names an unknown backbone or head."""
    if architecture.backbone in CHANNELS:
        return SimpleCNN(architecture.size, CHANNELS[architecture.backbone], architecture.classes)
    return Classifier(architecture)


def input_statistics(
    architecture: Architecture, from_hub: bool = False
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the grey values in [0, 1] that the network expects.

    Weights of timm's hub bring their own.
    """
    if from_hub and (hub := timm.get_pretrained_cfg(architecture.backbone)):
        return hub.mean, hub.std
    if architecture.backbone == CUT_RESNET:
        return (0.4522, 0.4257, 0.3776), (0.2855, 0.2789, 0.2823)
    if architecture.backbone in CHANNELS:
        return (0.5,), (0.5,)
    return (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)


def _backbone(architecture: Architecture) -> nn.Module:
    if architecture.backbone == CUT_RESNET:
        return _cut_resnet()
    if not timm.is_model(architecture.backbone):
        known = [*CHANNELS, CUT_RESNET, *timm.list_models()]
        nearest = near(architecture.backbone, known)
        raise ValueError(f"timm has no network named {architecture.backbone!r}: {nearest}")
    options = {"pad_type": "same", "bn_eps": 1e-3} if architecture.same_padding else {}
    return timm.create_model(architecture.backbone, num_classes=0, global_pool="", **options)


def _cut_resnet() -> nn.Module:
    """ResNet-50 v2 without its last stage, with the normalised stem of the MXNet Gluon weights."""
    network = timm.create_model("resnetv2_50", num_classes=0, global_pool="")
    network.stem = nn.Sequential()
    whole = timm.create_model("resnetv2_50", num_classes=0, global_pool="").stem
    network.stem.add_module("conv", whole.conv)
    network.stem.add_module("norm", BatchNormAct2d(64))
    network.stem.add_module("pool", whole.pool)
    network.stages = network.stages[:3]
    network.norm = BatchNormAct2d(1024)
    network.num_features = 1024
    network.feature_info = network.feature_info[:4]
    return network
