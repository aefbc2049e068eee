"""A published model opened in torch says what its file says, or why it cannot be opened."""

import json

import numpy as np
import pytest
import torch

from core.models import BadModel, ModelCard, open_model
from core.networks.classifiers import Architecture, build, input_statistics
from core.networks.published import LogitsOnly, load, load_state
from core.preprocess import InputSpec
from tests.toy_models import graded_card, publish_graded
from trainers.export import export

ARCHITECTURE = Architecture("mobilenetv2_035", "corn", 64, classes=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("severity") / "small"
    spec = InputSpec(64, *input_statistics(ARCHITECTURE))
    sha256 = export(build(ARCHITECTURE), spec, folder / "model.onnx")
    entries = {"input": spec.to_card(), "architecture": ARCHITECTURE.to_card()}
    (folder / "card.json").write_text(json.dumps(graded_card("small", sha256, **entries)))
    return folder


def test_torch_says_what_the_file_says(folder):
    card = ModelCard.read(folder)
    batch = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
    outputs = open_model(card).predict(batch)
    network = load(card)
    logits, _, class_map, embedding = network(torch.from_numpy(batch))
    np.testing.assert_allclose(logits.numpy(), outputs.logits, atol=1e-4)
    np.testing.assert_allclose(class_map.numpy(), outputs.class_map, atol=1e-4)
    np.testing.assert_allclose(embedding.numpy(), outputs.embedding, atol=1e-4)
    torch.testing.assert_close(LogitsOnly(network)(torch.from_numpy(batch)), logits)


def test_network_is_for_reading_only(folder):
    network = load(ModelCard.read(folder))
    assert not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert all(value.dtype == torch.float32 for value in load_state(folder / "model.onnx").values())


def changed(folder, tmp_path, **entries) -> ModelCard:
    """The same file under a card with other entries."""
    copy = tmp_path / "small"
    copy.mkdir()
    (copy / "model.onnx").write_bytes((folder / "model.onnx").read_bytes())
    card = json.loads((folder / "card.json").read_text())
    (copy / "card.json").write_text(json.dumps(card | entries))
    return ModelCard.read(copy)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"frozen": "mobilenetv2_frozen", "trees": {}}, "only a single network"),
        (None, "only a single network"),
        (ARCHITECTURE.to_card() | {"classes": 3}, "do not fit the architecture"),
        (ARCHITECTURE.to_card() | {"backbone": "no_such_net"}, "no_such_net"),
        (ARCHITECTURE.to_card() | {"head": "medium"}, "medium"),
    ],
    ids=["stacked", "no architecture", "other size", "unknown backbone", "unknown head"],
)
def test_why_a_card_cannot_be_opened(folder, tmp_path, entry, reason):
    with pytest.raises(BadModel, match=reason) as caught:
        load(changed(folder, tmp_path, architecture=entry))
    assert "small" in caught.value.reason and caught.value.reason.endswith(".")


def test_a_file_without_the_weights_is_refused(tmp_path):
    architecture = Architecture("simple_cnn", "flatten", 32, classes=5)
    folder = publish_graded(tmp_path, architecture=architecture.to_card())
    with pytest.raises(BadModel, match=r"lacks weights .*body\.0\.weight"):
        load(ModelCard.read(folder))


def test_a_file_that_is_not_the_card_s_is_refused(folder, tmp_path):
    with pytest.raises(BadModel, match="sha256"):
        load(changed(folder, tmp_path, sha256="0" * 64))
