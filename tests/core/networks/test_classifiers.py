"""The networks: their outputs fit together, and their heatmaps are what Grad-CAM would draw."""

import builtins
import math

import numpy as np
import pytest
import torch
from torch import nn

from core.networks import torchvision_operators
from core.networks.classifiers import CUT_RESNET, Architecture, build, input_statistics

# isort: split
# grad-cam imports torchvision, which core.networks makes importable.
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

SMALL = "mobilenetv2_035"
NETWORKS = {
    "average": Architecture(SMALL, "average", 96),
    "average, five grades": Architecture(SMALL, "average", 96, classes=5),
    "average, padding as in TensorFlow": Architecture(SMALL, "average", 96, False),
    "evidence": Architecture(SMALL, "evidence", 96),
    "cut resnet": Architecture(CUT_RESNET, "average", 64),
    "cut resnet, evidence": Architecture(CUT_RESNET, "evidence", 64),
    "simple": Architecture("simple_cnn", "flatten", 32),
}
CELLS = {"average": 3, "evidence": 12, "cut resnet": 4, "cut resnet, evidence": 8, "simple": 8}


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return build(NETWORKS[name]).eval()


def films(name: str, count: int = 2) -> torch.Tensor:
    architecture = NETWORKS[name]
    channels = len(input_statistics(architecture)[0])
    torch.manual_seed(1)
    return torch.randn(count, channels, architecture.size, architecture.size)


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_have_the_contract_s_shapes(name):
    with torch.inference_mode():
        logits, features, class_map, embedding = network(name)(films(name))
    classes, cells = NETWORKS[name].classes, CELLS[name.partition(", f")[0].partition(", p")[0]]
    assert logits.shape == (2, classes)
    assert features.shape[0] == 2 and features.shape[2:] == (cells, cells)
    assert class_map.shape == (2, classes, cells, cells)
    assert embedding.ndim == 2 and embedding.shape[0] == 2
    assert torch.isfinite(torch.cat([logits, embedding], 1)).all()
    assert not torch.equal(logits[0], logits[1])


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "simple"])
def test_pooled_class_map_gives_the_logits(name):
    with torch.no_grad():
        model = network(name)
        if NETWORKS[name].head == "evidence":
            nn.init.normal_(model.head.classifier.weight, std=0.5)
        logits, _, class_map, _ = model(films(name))
    if NETWORKS[name].head == "average":
        pooled = class_map.mean((2, 3)) + model.head.classifier.bias
    else:
        sharpness = model.head.sharpness
        pooled = (sharpness * class_map).exp().mean((2, 3)).log() / sharpness
        assert not class_map[:, 0].any() and not logits[:, 0].any()
        assert (class_map[:, 1].mean((1, 2)) < logits[:, 1]).all()
        assert (logits[:, 1] < class_map[:, 1].amax((1, 2))).all()
    torch.testing.assert_close(logits, pooled, atol=1e-4, rtol=1e-4)
    assert class_map[:, 1].std() > 1e-4


def test_evidence_head_starts_almost_sure_of_health_and_finds_a_single_cell():
    head = build(NETWORKS["evidence"]).head
    features = torch.zeros(1, 128, 12, 12)
    assert head(features)[0][0, 1].item() == pytest.approx(-4)
    nn.init.ones_(head.classifier.weight)
    features[0, :, 3, 8] = 8 / 128
    alone = head(features)[0][0, 1].item()
    assert alone == pytest.approx(4 - math.log(144) / 5, abs=0.01)


class OnlyLogits(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, batch):
        return self.inner(batch)[0]


@pytest.mark.parametrize(
    ("name", "category"),
    [("average", 0), ("average", 1), ("cut resnet", 0), ("cut resnet", 1), ("simple", 1)],
)
def test_class_map_equals_grad_cam(name, category):
    model, batch = network(name), films(name, count=3)
    last = {"average": "bn2", "cut resnet": "norm"}
    layer = model.body if name == "simple" else getattr(model.backbone, last[name])
    if name == "simple":  # else the evidence of random weights has one sign all over
        nn.init.normal_(model.classifier.weight, std=1.0)
    with GradCAM(OnlyLogits(model), [layer]) as grad_cam:
        theirs = grad_cam(batch, [ClassifierOutputTarget(category)] * 3)
    with torch.no_grad():
        class_map = model(batch)[2][:, category].numpy()
    assert (class_map.max(axis=(1, 2)) > 0).any()
    # grad-cam stretches the map to 0 ... 1 before and after enlarging it.
    ours = scale_cam_image(scale_cam_image(np.maximum(class_map, 0), batch.shape[2:]))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    assert theirs.std() > 0.05


@pytest.mark.parametrize("name", ["average", "evidence", "cut resnet"])
def test_freeze_keeps_weights_and_batch_statistics_of_the_backbone(name):
    model, batch = network(name), films(name)

    def state(part: nn.Module) -> dict[str, torch.Tensor]:
        return {key: value.clone() for key, value in part.state_dict().items()}

    def step() -> None:
        model.train()
        trained = [p for p in model.parameters() if p.requires_grad]
        optimiser = torch.optim.SGD(trained, 0.1)
        model(batch)[0][:, 1].sum().backward()
        optimiser.step()

    model.freeze()
    backbone, head = state(model.backbone), state(model.head)
    step()
    for key, value in model.backbone.state_dict().items():
        assert torch.equal(value, backbone[key]), key
    assert any(not torch.equal(v, head[k]) for k, v in model.head.state_dict().items())
    free = network(name)
    backbone, model = state(free.backbone), free
    step()
    changed = {k for k, v in free.backbone.state_dict().items() if not torch.equal(v, backbone[k])}
    assert any("running_mean" in key for key in changed)
    assert any(key.endswith("weight") for key in changed)


@pytest.mark.parametrize(
    ("architecture", "reason"),
    [
        (Architecture("no_such_net", "average", 64), "no_such_net"),
        (Architecture(SMALL, "medium", 64), "average, corn, coral, evidence"),
    ],
)
def test_unknown_parts_are_named(architecture, reason):
    with pytest.raises(ValueError, match=reason):
        build(architecture)


@pytest.mark.parametrize("name", NETWORKS)
def test_input_statistics_fit_the_network(name):
    mean, std = input_statistics(NETWORKS[name])
    assert len(mean) == len(std) == (1 if name == "simple" else 3)
    assert all(0 < value < 1 for value in (*mean, *std))


def test_architecture_survives_its_card():
    for architecture in NETWORKS.values():
        assert Architecture(**architecture.to_card()) == architecture


class Recorder:
    """Stands for torch.library.Library, which refuses to declare an operator twice."""

    def __init__(self, namespace: str, kind: str) -> None:
        self.opened, self.defined = (namespace, kind), []

    def define(self, schema: str) -> None:
        self.defined.append(schema)


def importing(outcome: BaseException | None):
    """An import statement under which torchvision fails as given, or succeeds."""
    original = builtins.__import__

    def importer(name, *rest, **more):
        if name != "torchvision":
            return original(name, *rest, **more)
        if outcome:
            raise outcome
        return None

    return importer


MISSING = RuntimeError("operator torchvision::nms does not exist")


@pytest.mark.parametrize(
    ("outcome", "declared"),
    [(None, 0), (ImportError("no torchvision"), 0), (MISSING, 1)],
    ids=["sound install", "no torchvision", "missing operators"],
)
def test_operators_are_declared_only_when_missing(monkeypatch, outcome, declared):
    monkeypatch.setattr(torch.library, "Library", Recorder)
    monkeypatch.setattr(builtins, "__import__", importing(outcome))
    found = torchvision_operators.declare_missing_operators()
    monkeypatch.undo()
    assert len(found) == declared
    for library in found:
        assert library.opened == ("torchvision", "FRAGMENT")
        signature = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        assert library.defined == [f"nms{signature}", f"qnms{signature}"]


def test_another_fault_of_torchvision_is_not_hidden(monkeypatch):
    monkeypatch.setattr(builtins, "__import__", importing(RuntimeError("out of memory")))
    with pytest.raises(RuntimeError, match="out of memory"):
        torchvision_operators.declare_missing_operators()
