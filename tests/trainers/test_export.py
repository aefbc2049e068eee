"""A published file answers as its torch network did, and gives the weights back."""

import hashlib

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from core.models import OUTPUTS
from core.networks.classifiers import Architecture, build, input_statistics
from core.networks.published import load_state
from core.networks.sketch_gan import NOISE, SeedGenerator, SketchGenerator
from core.preprocess import InputSpec
from trainers.export import export, export_sketcher

ARCHITECTURES = {
    "average": Architecture("mobilenetv2_035", "average", 64),
    "evidence": Architecture("mobilenetv2_035", "evidence", 64),
    "corn": Architecture("mobilenetv2_035", "corn", 64, classes=5),
    "coral": Architecture("mobilenetv2_035", "coral", 64, classes=5),
    "simple": Architecture("simple_cnn", "flatten", 32),
}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def published(request, tmp_path_factory):
    """(architecture, network, file, its sha256); the network's weights fit in half precision."""
    torch.manual_seed(0)
    architecture = ARCHITECTURES[request.param]
    network = build(architecture).eval()
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("running_var"):
                value.mul_(torch.rand_like(value) + 0.5)
            elif value.ndim > 1:
                value.copy_(value.half())
    path = tmp_path_factory.mktemp(request.param) / "deep" / "model.onnx"
    spec = InputSpec(architecture.size, *input_statistics(architecture))
    return architecture, network, path, export(network, spec, path)


def batch_for(architecture: Architecture, count: int) -> torch.Tensor:
    channels = len(input_statistics(architecture)[0])
    generator = torch.Generator().manual_seed(count)
    return torch.randn(count, channels, *[architecture.size] * 2, generator=generator)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_onnx_runtime_answers_as_torch_does(published, count):
    architecture, network, path, _ = published
    batch = batch_for(architecture, count)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    answers = session.run(list(OUTPUTS), {"input": batch.numpy()})
    with torch.no_grad():
        expected = network(batch)
    for name, ours, theirs in zip(OUTPUTS, answers, expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=2e-4, rtol=1e-3, err_msg=name)


def test_torch_gets_the_weights_back(published):
    architecture, network, path, _ = published
    torch.manual_seed(9)
    again = build(architecture).eval()
    batch = batch_for(architecture, 2)
    with torch.no_grad():
        assert not torch.allclose(again(batch)[3], network(batch)[3])
        state = load_state(path)
        missing, _ = again.load_state_dict(state, strict=False)
        assert [name for name in missing if not name.endswith("num_batches_tracked")] == []
        for ours, theirs in zip(again(batch), network(batch), strict=True):
            torch.testing.assert_close(ours, theirs)


def test_file_keeps_names_and_halves_matrices_only(published):
    _, network, path, sha256 = published
    initialisers = {i.name: i for i in onnx.load(path).graph.initializer}
    for name, value in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        kind = onnx.TensorProto.FLOAT16 if value.ndim > 1 else onnx.TensorProto.FLOAT
        assert initialisers[name].data_type == kind, name
        assert list(initialisers[name].dims) == list(value.shape), name
    weights = sum(value.numel() for value in network.state_dict().values())
    assert path.stat().st_size < 2.5 * weights + 400_000
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    assert [p.name for p in path.parent.iterdir()] == ["model.onnx"]


def test_file_tells_nothing_of_the_machine_it_was_made_on(published):
    content = published[2].read_bytes()
    assert b"site-packages" not in content and b".py" not in content


@pytest.mark.parametrize("network", [SketchGenerator, SeedGenerator])
def test_a_published_generator_draws_as_torch_does_whatever_the_batch(network, tmp_path):
    torch.manual_seed(1)
    generator = network().eval()
    path = tmp_path / "model.onnx"
    sha256 = export_sketcher(generator, path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for count in (1, 3):
        given = {
            "sketch": torch.rand(count, 2, 128, 128),
            "label": torch.rand(count, 7),
            "noise": torch.randn(count, NOISE),
        }
        (image,) = session.run(["image"], {name: value.numpy() for name, value in given.items()})
        with torch.no_grad():
            expected = generator(*given.values()).numpy()
        assert expected.std() > 0.01
        np.testing.assert_allclose(image, expected, atol=1e-3)
