"""Random networks that are of two minds: their class maps have both signs, and no score is sure."""

import torch
from torch import Tensor, nn

from core.networks.classifiers import Architecture, build, input_statistics


def undecided(architecture: Architecture) -> nn.Module:
    """A network in eval mode whose scores and class maps lie around zero, at about one.

    Fresh weights give nearly the same features everywhere, and so a map of one sign: the last
    layer is set to see only in what they differ.
    """
    torch.manual_seed(0)
    network = build(architecture).eval()
    last = network.head.classifier if hasattr(network, "head") else network.classifier
    with torch.no_grad():
        nn.init.normal_(last.weight)
        if hasattr(network, "head"):
            seen = network(noise(architecture, 8))[1].transpose(0, 1).flatten(1)
            common = seen.mean(1) / seen.mean(1).norm()
            last.weight -= torch.outer(last.weight @ common, common)
            last.weight /= (last.weight @ seen).std()
        else:
            last.weight *= 10
    return network


def noise(architecture: Architecture, count: int) -> Tensor:
    """(count, C, S, S) network input."""
    channels = len(input_statistics(architecture)[0])
    generator = torch.Generator().manual_seed(count)
    return torch.randn(count, channels, *[architecture.size] * 2, generator=generator)
