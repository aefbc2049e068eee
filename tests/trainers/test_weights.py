"""Weights from files of whatever origin: cases K1 to K8 and K10 of the reliability plan."""

import argparse
import errno
import os
import pickle
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from core.models import BadModel
from core.settings import CHECKOUT
from trainers import checkpoint
from trainers.start import whole
from trainers.weights import MOST_GROWTH, BadStart, fill, read_weights

ROOMS = ("core", "pages", "trainers", "tests", "benchmarks")


def network(classes: int = 2) -> nn.Module:
    """A small network with batch statistics and weights of its own."""
    torch.manual_seed(classes)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(classes)
    )


@pytest.fixture
def trained():
    made = network()
    made(torch.rand(2, 1, 8, 8))
    return made.eval()


def save(network: nn.Module, path: Path) -> Path:
    if path.suffix.lower() == ".safetensors":
        safetensors.torch.save_file(network.state_dict(), path)
    else:
        torch.save(network.state_dict(), path)
    return path


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors", ".PT", ".SafeTensors"])
def test_k8_what_is_saved_and_read_gives_the_same_outputs_bit_by_bit(tmp_path, trained, suffix):
    state = read_weights(save(trained, tmp_path / f"weights{suffix}"))
    again = network()
    again(torch.zeros(2, 1, 8, 8))
    batch = torch.rand(3, 1, 8, 8)
    assert not torch.equal(again.eval()(batch), trained(batch))
    assert torch.equal(fill(again, state, "It")(batch), trained(batch))


def test_files_in_torchs_older_format_are_read(tmp_path, trained):
    path = tmp_path / "old.pth"
    torch.save(trained.state_dict(), path, _use_new_zipfile_serialization=False)
    assert set(read_weights(path)) == set(trained.state_dict())


class Payload:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("wrapped", [True, False], ids=["among weights", "alone"])
@pytest.mark.parametrize("writer", ["torch", "old torch", "pickle"])
def test_k1_a_payload_is_refused_and_never_runs(tmp_path, wrapped, writer):
    marker, path = tmp_path / "marker", tmp_path / "weights.pt"
    held = {"conv.weight": torch.ones(1), "x": Payload(marker)} if wrapped else Payload(marker)
    if writer == "pickle":
        path.write_bytes(pickle.dumps(held))
    else:
        torch.save(held, path, _use_new_zipfile_serialization=writer == "torch")
    with pytest.raises(BadStart, match=r"no plain weight|no file of weights"):
        read_weights(path)
    assert not marker.exists()


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_k2_a_truncated_file_is_refused(tmp_path, trained, suffix, share):
    path = save(trained, tmp_path / f"weights{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(BadStart, match="is damaged or no file of weights"):
        read_weights(path)


def test_k3_another_network_is_refused_with_the_first_three_mismatches(trained):
    other = network(5)
    other(torch.rand(2, 1, 8, 8))
    before = {name: value.clone() for name, value in other.state_dict().items()}
    state = trained.state_dict()
    del state["0.weight"], state["1.running_var"]
    with pytest.raises(BadStart) as refused:
        fill(other, state, "Weights of two")
    assert str(refused.value).startswith(
        "Weights of two does not fit the network: 0.weight is missing, 1.running_var is missing, "
        "3.weight is 2 by 144 and should be 5 by 144 and 1 more."
    )
    for name, value in other.state_dict().items():
        assert torch.equal(value, before[name]), "nothing was changed"


def test_k3_what_belongs_to_no_part_is_named_where_all_must_fit(trained):
    state = trained.state_dict() | {"head.extra": torch.zeros(3)}
    assert fill(trained, state, "It") is trained
    with pytest.raises(BadStart, match=r"head\.extra belongs to no part of it"):
        fill(trained, state, "It", extra=False)


def test_k4_a_published_model_whose_file_was_changed_is_refused(tmp_path):
    source = CHECKOUT / "checkpoints/sketch/cgan_seed"
    shutil.copytree(source, tmp_path / "sketch" / "cgan_seed")
    with (tmp_path / "sketch/cgan_seed/model.onnx").open("ab") as file:
        file.write(b"\0")
    asked = argparse.Namespace(
        run=tmp_path / "run", checkpoints=tmp_path, from_model="cgan_seed", started_from=None
    )
    with pytest.raises(BadModel, match="its sha256 differs"):
        whole(nn.Linear(1, 1), asked, "sketch")


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        (np.float64(1.0), "numpy"),
        (Path("somewhere"), "pathlib"),
        (argparse.Namespace(rate=1), "argparse.Namespace"),
        (nn.Linear(1, 1), "torch.nn"),
    ],
    ids=["numpy scalar", "path", "namespace", "module"],
)
def test_k5_what_is_no_tensor_is_refused_with_a_hint(tmp_path, trained, extra, named):
    path = tmp_path / "weights.pt"
    torch.save(trained.state_dict() | {"extra": extra}, path)
    with pytest.raises(BadStart) as refused:
        read_weights(path)
    assert named in str(refused.value) and "state_dict() alone" in str(refused.value)


@pytest.mark.parametrize(
    "held", [{"epoch": 3, "network": {}}, [torch.ones(1)], torch.ones(1), {}, "text"]
)
def test_k5_a_checkpoint_of_more_than_weights_is_refused_with_a_hint(tmp_path, held):
    torch.save(held, tmp_path / "last.pt")
    with pytest.raises(BadStart, match=r"state_dict\(\) alone"):
        read_weights(tmp_path / "last.pt")


def test_k6_a_file_that_would_unpack_to_far_more_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", b"\0" * 1000)
    content = path.read_bytes()
    # Where the directory of a zip says how large a member is unpacked.
    at = content.index(b"PK\x01\x02") + 24
    declared = struct.pack("<I", MOST_GROWTH + len(content) + 1)
    path.write_bytes(content[:at] + declared + content[at + 4 :])
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(BadStart, match=r"would unpack to 1\.0 GB"):
        read_weights(path)


def test_k7_a_header_of_impossible_length_is_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", 2**60) + b"{}")
    with pytest.raises(BadStart, match="is damaged or no file of weights"):
        read_weights(path)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("weights.pt", None, r"weights\.pt is missing"),
        ("weights.onnx", b"x", r"give one in \.pt, \.pth, \.safetensors"),
        ("weights", b"x", r"give one in \.pt"),
        ("weights.pt", b"some text", "is damaged"),
        ("weights.pt", b"PK\x05\x06" + bytes(18), "is damaged"),
        ("weights.safetensors", b"", "is damaged"),
        ("weights.safetensors", struct.pack("<Q", 2) + b"{}", "no plain weights"),
    ],
)
def test_what_is_no_file_of_weights_gets_a_sentence(tmp_path, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadStart, match=sentence):
        read_weights(tmp_path / name)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 8 bytes"),
        PermissionError(errno.EACCES, "Permission denied", "last.pt"),
        OSError(errno.EIO, "Input/output error"),
    ],
    ids=["memory", "memory of torch", "forbidden", "disk"],
)
@pytest.mark.parametrize("read", [read_weights, checkpoint.read])
def test_a_machine_that_fails_says_nothing_about_the_file(
    tmp_path, trained, monkeypatch, read, error
):
    def fails(*_, **__):
        raise error

    path = save(trained, tmp_path / "last.pt")
    monkeypatch.setattr(torch, "load", fails)
    with pytest.raises(type(error)) as found:
        read(path)
    assert found.value is error


def test_k10_no_file_of_ours_asks_for_an_unsafe_load():
    # In two parts, so that this file does not hold them.
    unsafe = ["weights_only=" + "False", "allow_pickle=" + "True", "torch.jit." + "load"]
    unsafe += [f"{module}.{word}(" for module in ("pickle", "joblib") for word in ("load", "loads")]
    files = [file for room in ROOMS for file in (CHECKOUT / room).rglob("*.py")]
    assert len(files) > 200
    for file in files:
        text = file.read_text(encoding="utf-8").replace(" ", "")
        assert not [word for word in unsafe if word in text], file
