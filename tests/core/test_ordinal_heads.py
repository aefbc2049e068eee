"""Heads for ordered grades: their probabilities done naively, their maps done by autograd."""

import numpy as np
import pytest
import torch
from torch import nn

from core.networks.classifiers import Architecture
from core.networks.ordinal import CoralHead, CornHead
from core.networks.published import LogitsOnly
from tests.toy_networks import noise, undecided

# isort: split
# grad-cam imports torchvision, which core.networks makes importable.
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

GRADES = 5
HEADS = {"corn": CornHead, "coral": CoralHead}
NETWORKS = {
    "average": Architecture("mobilenetv2_035", "average", 96, classes=GRADES),
    "corn": Architecture("mobilenetv2_035", "corn", 96, classes=GRADES),
    "coral": Architecture("mobilenetv2_035", "coral", 96, classes=GRADES),
    "flatten": Architecture("plain_cnn", "flatten", 64, classes=GRADES),
}


def head(name: str) -> nn.Module:
    torch.manual_seed(0)
    made = HEADS[name](16, GRADES)
    nn.init.normal_(made.classifier.weight, std=1.0)
    return made


def features(count: int = 20) -> torch.Tensor:
    return torch.randn(count, 16, 3, 4, generator=torch.Generator().manual_seed(1))


def naive(name: str, made: nn.Module, maps: torch.Tensor) -> np.ndarray:
    """(N, K) probabilities, threshold by threshold, in double precision."""
    pooled = maps.mean((2, 3)).double().numpy()
    weight = made.classifier.weight.detach().double().numpy()
    bias = (made.classifier.bias if name == "corn" else made.bias).detach().double().numpy()
    passed = 1 / (1 + np.exp(-(pooled @ weight.T + bias)))  # coral's one score meets every bias
    above = np.cumprod(passed, 1) if name == "corn" else passed
    ends = np.ones((len(pooled), 1))
    return np.hstack([ends, above]) - np.hstack([above, 0 * ends])


@pytest.mark.parametrize("name", HEADS)
def test_softmax_of_the_logits_gives_the_probabilities(name):
    made, maps = head(name), features()
    with torch.no_grad():
        logits, class_map = made(maps)
        found = logits.softmax(1).numpy()
    assert logits.shape == (20, GRADES) and class_map.shape == (20, GRADES, 3, 4)
    np.testing.assert_allclose(found, naive(name, made, maps), atol=1e-5)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)
    # They are the probabilities' logarithms already: softmax has nothing to divide by.
    np.testing.assert_allclose(logits.exp().sum(1).numpy(), 1, atol=1e-5)
    worse = 1 - found.cumsum(1)
    assert (np.diff(worse, axis=1) <= 1e-6).all()
    assert len(set(found.argmax(1))) > 1  # the films do differ


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("scale", [0, 30, 1000])
def test_probabilities_stay_finite_however_sure(name, scale):
    made = head(name)
    logits, class_map = made(scale * features())
    assert torch.isfinite(logits).all() and torch.isfinite(class_map).all()
    torch.testing.assert_close(logits.softmax(1).sum(1), torch.ones(20))
    logits.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in made.parameters())


def test_coral_starts_with_falling_thresholds():
    bias = CoralHead(16, GRADES).bias.detach()
    assert (bias.diff() < 0).all() and bias.sum().item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("grade", range(GRADES))
def test_class_map_is_gradient_times_features_sign_and_size(name, grade):
    made, maps = head(name), features(4).requires_grad_()
    logits, class_map = made(maps)
    (gradient,) = torch.autograd.grad(logits[:, grade].sum(), maps)
    cells = maps.shape[2] * maps.shape[3]
    expected = (gradient.mean((2, 3), keepdim=True) * cells * maps).sum(1)
    torch.testing.assert_close(class_map[:, grade], expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("architecture", NETWORKS.values(), ids=NETWORKS)
def test_class_maps_equal_the_library_s_grad_cam_for_every_grade(architecture):
    network, batch = undecided(architecture), noise(architecture, 3)
    with torch.no_grad():
        class_maps = np.maximum(network(batch)[2].numpy(), 0)
    assert (class_maps.max(axis=(0, 2, 3)) > 0.05).sum() >= 3
    for grade in range(GRADES):
        with GradCAM(LogitsOnly(network), [network.last]) as grad_cam:
            theirs = grad_cam(batch, [ClassifierOutputTarget(grade)] * len(batch))
        # grad-cam stretches the map to 0 ... 1 before and after enlarging it.
        ours = scale_cam_image(scale_cam_image(class_maps[:, grade], batch.shape[2:]))
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
