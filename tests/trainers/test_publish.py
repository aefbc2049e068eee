"""A model appears whole or not at all, under a name that is free, and answers as torch does."""

import errno
import hashlib
import json
import os
import subprocess

import numpy as np
import pytest
import torch
from torch import nn

from core.jobs.records import hostname
from core.models import BadModel, find
from tests import toy_models
from trainers import publish
from trainers.progress import Stopped
from trainers.publish import Provenance, appearing
from trainers.torch_check import against_torch


class Outliner(nn.Module):
    """What `toy_models.outlining_graph` draws, with a slope of its own."""

    def __init__(self, slope: float):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([[slope]]))

    def forward(self, pictures):
        return self.slope * pictures.mean(1, keepdim=True), pictures.mean((2, 3))


def pictures(count: int) -> dict[str, np.ndarray]:
    return {"input": np.random.default_rng(0).random((count, 3, 128, 128), np.float32)}


@pytest.fixture
def graph(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(toy_models.outlining_graph())  # its slope is -10
    return path


def test_the_file_is_compared_with_the_weights_that_it_stores(graph):
    network = Outliner(-10.001)  # -10 in half precision
    check = against_torch(network, graph, pictures(3), ("mask", "embedding"))["torch"]
    assert check["n"] == 3 and check["largest_difference"] < 1e-5 < check["tolerance"]
    assert network.slope.item() == pytest.approx(-10.001)


@pytest.mark.parametrize(
    ("slope", "count", "reason"),
    [
        (-10.5, 2, "answers otherwise than what was trained"),
        (float("nan"), 2, "answers otherwise than what was trained"),
        (1e6, 2, "answers otherwise than what was trained"),  # more than half precision holds
        (-10.0, 0, "No validation input can be read"),
    ],
)
def test_a_file_that_answers_otherwise_is_refused(graph, slope, count, reason):
    with pytest.raises(BadModel, match=reason):
        against_torch(Outliner(slope), graph, pictures(count), ("mask", "embedding"))


def provenance(root, name="mine", run="r1", replace=False) -> Provenance:
    return Provenance(name, name, "A toy.", root, "scratch", {}, "toys", 4, 0, run, replace)


def fill(folder, told, notes="") -> None:
    """Write a model into a folder that is to appear."""
    data = toy_models.graph(0.5)
    (folder / "model.onnx").write_bytes(data)
    card = toy_models.card(told.name, hashlib.sha256(data).hexdigest(), run=told.run, notes=notes)
    (folder / "card.json").write_text(json.dumps(card))


def appear(told) -> None:
    with appearing("fracture", told) as folder:
        fill(folder, told)


def names(root) -> list[str]:
    return sorted(path.name for path in (root / "fracture").iterdir())


@pytest.fixture
def root(tmp_path):
    """A model of the run r1 with a note, and one that came with Lightbox."""
    toy_models.publish(tmp_path, "mine", run="r1", notes="Keep me.")
    toy_models.publish(tmp_path, "shipped")
    return tmp_path


def test_a_run_replaces_its_own_model_whole_and_keeps_what_was_noted_on_it(root):
    before = find(root, "fracture", "mine")
    (before.folder / "predictions.csv").write_text("old")
    appear(provenance(root))
    card = find(root, "fracture", "mine")
    assert card.sha256 != before.sha256 and card.predictions is None
    assert card.details["notes"] == "Keep me."
    assert names(root) == ["mine", "shipped"]


@pytest.mark.parametrize(
    ("name", "run", "replace", "reason"),
    [
        ("mine", "r2", False, "from the run r1"),
        ("shipped", "r1", False, "another source"),
        ("two words", "r1", False, "letters"),
        ("../up", "r1", True, "letters"),
    ],
)
def test_a_name_of_others_is_refused_before_anything_is_done(root, name, run, replace, reason):
    told = provenance(root, name, run, replace)
    with pytest.raises(BadModel, match=reason), appearing("fracture", told):
        pytest.fail("it began")
    assert names(root) == ["mine", "shipped"]


def test_a_name_that_cannot_be_touches_nothing_elsewhere(root):
    (root / ".up.old").mkdir()
    with (
        pytest.raises(BadModel, match="letters"),
        appearing("fracture", provenance(root, "../up", replace=True)),
    ):
        pytest.fail("it began")
    assert (root / ".up.old").exists() and not (root / "up").exists()


def test_the_command_line_may_replace_what_came_with_lightbox(root):
    appear(provenance(root, "shipped", "r2", replace=True))
    assert find(root, "fracture", "shipped").details["run"] == "r2"
    assert names(root) == ["mine", "shipped"]


@pytest.mark.parametrize(
    "error", [BadModel("No."), Stopped("Asked."), OSError(errno.ENOSPC, "No space left")]
)
def test_k9_of_a_publication_that_fails_nothing_is_left(root, error):
    card = (root / "fracture/mine/card.json").read_bytes()
    with pytest.raises(type(error)), appearing("fracture", provenance(root)) as folder:
        assert folder.name.startswith(".")
        (folder / "model.onnx").write_bytes(b"half")
        raise error
    assert names(root) == ["mine", "shipped"]
    assert (root / "fracture/mine/card.json").read_bytes() == card


def test_a_name_that_was_taken_meanwhile_is_refused(root):
    told = provenance(root, "new")
    with (
        pytest.raises(BadModel, match="from the run r2"),
        appearing("fracture", told) as folder,
    ):
        fill(folder, told)
        toy_models.publish(root, "new", run="r2")
    assert names(root) == ["mine", "new", "shipped"]
    assert find(root, "fracture", "new").details["run"] == "r2"


def test_where_the_exchange_fails_the_old_model_stays(root, monkeypatch):
    rename, calls = os.rename, []

    def second_fails(*paths):
        calls.append(paths)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        rename(*paths)

    before = find(root, "fracture", "mine").sha256
    monkeypatch.setattr(publish.os, "rename", second_fails)
    with pytest.raises(OSError):
        appear(provenance(root))
    assert find(root, "fracture", "mine").sha256 == before
    assert names(root) == ["mine", "shipped"]


def test_what_killed_publications_left_is_cleared_away_by_the_next_on_their_machine(root):
    dead = subprocess.Popen(["true"])
    dead.wait()
    here, alive = f"{hostname()}.{dead.pid}", f"{hostname()}.{os.getppid()}"
    left = [f".mine.{alive}", f".mine.far.example.org.{dead.pid}", f".other.{here}"]
    for name in (f".mine.{here}", *left):
        (root / "fracture" / name).mkdir()
    appear(provenance(root))
    assert names(root) == sorted(["mine", "shipped", *left])


def test_a_model_whose_exchange_was_killed_half_way_is_put_back(root):
    os.rename(root / "fracture/mine", root / "fracture/.mine.old")
    with pytest.raises(BadModel), appearing("fracture", provenance(root)):
        raise BadModel("No.")
    assert find(root, "fracture", "mine").details["notes"] == "Keep me."
    assert names(root) == ["mine", "shipped"]
