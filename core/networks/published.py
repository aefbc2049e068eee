"""The torch network of a published model, rebuilt from its card and its file."""

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from core.models import BadModel, ModelCard, verify
from core.networks.classifiers import Architecture, build


class LogitsOnly(nn.Module):
    """A network of ours as others expect one: (N, C, S, S) batch → (N, K) logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Tensor) -> Tensor:
        return self.network(batch)[0]


def load(card: ModelCard) -> nn.Module:
    """The network in eval mode, its weights float32 and without gradients.

    Raises BadModel when the file is not the card's, when the card names no architecture (stacked
    models), or when the file does not hold all of the network's weights.
    """
    verify(card)
    network = unfilled(card)
    try:
        missing, _ = network.load_state_dict(load_state(card.weights), strict=False)
    except RuntimeError:
        raise BadModel(
            f"The weights of model {card.name} do not fit the architecture in its card: restore "
            "both files or publish it again."
        ) from None
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing:
        raise BadModel(
            f"The file of model {card.name} lacks weights of its architecture ({missing[0]}): "
            "restore both files or publish it again."
        )
    return network.eval().requires_grad_(False)


def load_state(path: Path) -> dict[str, Tensor]:
    """The float32 weights of a published network, by parameter name.

    Constants that the exporter folded stand among them under names of their own: load with
    `strict=False`.
    """
    graph = onnx.load(path).graph
    return {
        initialiser.name: torch.from_numpy(numpy_helper.to_array(initialiser).copy()).float()
        for initialiser in graph.initializer
    }


def unfilled(card: ModelCard) -> nn.Module:
    """The network as its card describes it, with fresh weights. Raises BadModel when the card names
    no architecture, or none that can be built."""
    try:
        architecture = Architecture(**card.details["architecture"])
    except (KeyError, TypeError):
        raise BadModel(
            f"Model {card.name} cannot be opened in torch: only a single network can, whose card "
            "names its architecture."
        ) from None
    try:
        return build(architecture)
    except ValueError as error:
        raise BadModel(
            f"The architecture in the card of {card.name} cannot be built ({error}): restore "
            "card.json."
        ) from None
