import argparse
from pathlib import Path

import pytest
import safetensors.torch
import torch

from core.models import BadModel, find
from core.networks.classifiers import CUT_RESNET, Architecture, build
from core.networks.context_encoder import NETWORKS
from core.networks.published import load, load_state
from core.networks.sketch_gan import SketchGenerator
from core.networks.unet import UNet
from core.options import BadOption
from core.settings import CHECKOUT
from trainers import fracture, inpaint, severity
from trainers.checkpoint import differences
from trainers.options import parse
from trainers.start import load_backbone, load_runs, whole
from trainers.weights import BadStart

ARCHITECTURE = Architecture("mobilenetv2_035", "average", 32)


@pytest.fixture(scope="module")
def trained():
    """A network whose weights are told from fresh ones."""
    network = build(ARCHITECTURE)
    with torch.no_grad():
        for value in network.parameters():
            value.fill_(0.5)
    return network


@pytest.mark.parametrize("whole", [False, True], ids=["backbone", "classifier"])
@pytest.mark.parametrize("head", ["average", "evidence"])
def test_a_file_of_the_backbone_or_of_a_whole_classifier_starts_any_head(
    tmp_path, trained, whole, head
):
    torch.save((trained if whole else trained.backbone).state_dict(), tmp_path / "knees.pt")
    network = build(Architecture("mobilenetv2_035", head, 32))
    assert load_backbone(network, ARCHITECTURE, tmp_path / "knees.pt", False) == "knees"
    assert all((value == 0.5).all() for value in network.backbone.parameters())
    assert not all((value == 0.5).all() for value in network.head.parameters())


def test_without_weights_a_network_starts_from_scratch():
    assert "scratch" in load_backbone(build(ARCHITECTURE), ARCHITECTURE, None, False)


@pytest.mark.parametrize(
    ("state", "architecture", "pretrained", "sentence"),
    [
        (
            {"conv.weight": torch.zeros(1)},
            ARCHITECTURE,
            False,
            "does not fit the network: [a-z_.]+weight is missing, .* and [0-9]+ more",
        ),
        (None, Architecture(CUT_RESNET, "average", 32), True, "The hub has no weights for"),
        (Architecture, ARCHITECTURE, False, "no plain weight"),
    ],
    ids=["another network", "not on the hub", "a pickled class"],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, state, architecture, pretrained, sentence):
    path = tmp_path / "weights.pt" if state else None
    if path:
        torch.save(state, path)
    with pytest.raises(BadStart, match=sentence):
        load_backbone(build(ARCHITECTURE), architecture, path, pretrained)


def test_a_run_of_the_same_kind_starts_the_head_too(tmp_path, trained):
    torch.save(trained.state_dict(), tmp_path / "best.pt")
    network = build(ARCHITECTURE)
    load_runs(network, [tmp_path])
    assert all((value == 0.5).all() for value in network.parameters())
    with pytest.raises(BadStart, match=r"The run .* does not fit the network"):
        load_runs(build(Architecture("mobilenetv2_035", "evidence", 32)), [tmp_path])
    with pytest.raises(BadStart, match=r"best\.pt is missing"):
        load_runs(network, [tmp_path / "nowhere"])


def test_a_safetensors_file_starts_a_backbone(tmp_path, trained):
    path = tmp_path / "knees.safetensors"
    safetensors.torch.save_file(trained.backbone.state_dict(), path)
    network = build(ARCHITECTURE)
    load_backbone(network, ARCHITECTURE, path, False)
    assert all((value == 0.5).all() for value in network.backbone.parameters())


PUBLISHED = CHECKOUT / "checkpoints"


def asked(name: str, run: Path, checkpoints: Path = PUBLISHED) -> argparse.Namespace:
    return argparse.Namespace(checkpoints=checkpoints, from_model=name, started_from=None, run=run)


@pytest.mark.parametrize(
    ("task", "name", "network", "part"),
    [
        ("segment", "unet", UNet, ""),
        ("sketch", "cgan", SketchGenerator, ""),
        ("inpaint", "context_encoder", NETWORKS["thin"], "thin"),
        ("inpaint", "context_encoder", NETWORKS["wide"], "wide"),
        ("inpaint", "context_encoder_classic", NETWORKS["classic"], "classic"),
    ],
)
def test_a_network_goes_on_from_a_published_model(tmp_path, task, name, network, part):
    started, origin = whole(network(), asked(name, tmp_path), task, part)
    assert origin == f"the published {task} model {name}"
    kept = load_state(PUBLISHED / task / name / "model.onnx")
    for key, value in started.named_parameters():
        its = kept[f"{part}.{key}"] if f"{part}.{key}" in kept else kept[key]
        assert torch.equal(value, its), key
        assert value.requires_grad


@pytest.mark.parametrize(
    ("task", "name", "error", "sentence"),
    [
        ("segment", "none", BadModel, "no segment model named none: available are unet"),
        ("inpaint", "context_encoder", BadStart, "does not fit the network"),
    ],
)
def test_a_published_model_that_does_not_fit_is_refused(tmp_path, task, name, error, sentence):
    with pytest.raises(error, match=sentence):
        whole(UNet(), asked(name, tmp_path), task)


def test_a_classifier_goes_on_as_it_was_published(tmp_path):
    words = ["--data", "D", "--run", str(tmp_path), "--checkpoints", str(PUBLISHED)]
    card = find(PUBLISHED, "severity", "mobilenetv2")
    arguments = parse("severity", [*words, "--from-model", "mobilenetv2"])
    network, architecture, spec, origin = severity.start_network(arguments)
    assert architecture.to_card() == card.details["architecture"] and spec == card.input
    assert origin == "the published severity model mobilenetv2"
    batch = torch.rand(1, 3, spec.size, spec.size)
    with torch.inference_mode():
        assert torch.equal(network.eval()(batch)[0], load(card)(batch)[0])
    assert all(value.requires_grad for value in network.parameters())
    arguments.objective = "coral"
    with pytest.raises(BadStart, match="choose --objective softmax or soft"):
        severity.start_network(arguments)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--backbone", "resnet_18"), "did you mean .*resnet18"),
        (("--backbone", "zzz"), "no network named 'zzz': known are simple_cnn, .* and more"),
        (("--backbone", "resnet18", "--same-padding"), "leave --same-padding out, or choose"),
        (("--backbone", "mixer_s16_224"), "mixer_s16_224 cannot learn this .* at 224 px: choose"),
        (("--head", "evidence", "--size", "100"), "multiples of 32"),
        (("--backbone", "simple_cnn", "--freeze"), "simple_cnn has no backbone to freeze"),
    ],
)
def test_a_network_that_cannot_be_built_is_refused(words, sentence):
    asked = parse("fracture", ["--data", "D", "--run", "R", *words])
    asked.crop = asked.size
    with pytest.raises(BadStart, match=sentence):
        fracture.start_network(asked)


def test_a_hub_out_of_reach_is_told_in_a_sentence(monkeypatch):
    def unreachable(*_, **__):
        raise ConnectionError("no route")

    monkeypatch.setattr("timm.create_model", unreachable)
    with pytest.raises(BadStart, match=r"did not give the weights .* check the connection"):
        load_backbone(torch.nn.Identity(), ARCHITECTURE, None, True)


@pytest.mark.parametrize(
    "start", [["--weights", "gone.pt"], ["--from-run", "gone"], ["--pretrained"]]
)
def test_a_run_that_goes_on_needs_no_more_what_it_started_from(tmp_path, monkeypatch, start):
    monkeypatch.setattr("trainers.start._hub", lambda _: pytest.fail("the hub was asked"))
    (tmp_path / "last.pt").touch()
    words = ["--data", "D", "--run", str(tmp_path), "--backbone", "mobilenetv2_035", *start]
    asked = parse("fracture", words)
    *_, origin = fracture.start_network(asked)
    assert origin != "random weights (from scratch)"


def test_a_run_that_goes_on_needs_no_more_the_model_that_it_started_from(tmp_path):
    words = ["--data", "D", "--run", str(tmp_path), "--from-model", "simple_cnn", "--checkpoints"]
    network, *built = fracture.start_network(parse("fracture", [*words, str(PUBLISHED)]))
    with pytest.raises(BadOption, match="no fracture model named simple_cnn"):
        parse("fracture", [*words, "withdrawn"])
    (tmp_path / "last.pt").touch()
    arguments = parse("fracture", [*words, "withdrawn"])
    assert (arguments.backbone, arguments.size) == ("simple_cnn", 150)
    again, *told = fracture.start_network(arguments)
    assert told == built
    assert not differences(network, again.state_dict())
    assert all(value.requires_grad for value in again.parameters())
    with pytest.raises(BadOption, match="no fracture model named mobilenetv2"):
        parse("fracture", ["mobilenetv2" if w == "simple_cnn" else w for w in [*words, "gone"]])


def test_a_whole_network_that_goes_on_needs_no_more_the_model_that_it_started_from(tmp_path):
    _, origin = whole(UNet(), asked("unet", tmp_path), "segment")
    (tmp_path / "last.pt").touch()
    gone = asked("unet", tmp_path, tmp_path / "withdrawn")
    assert whole(UNet(), gone, "segment")[1] == origin


def test_a_painter_that_goes_on_needs_no_more_the_runs_that_it_started_from(tmp_path):
    words = ["--data", "D", "--run", str(tmp_path), "--network", "classic", "--from-run", "gone"]
    with pytest.raises(BadStart, match=r"best\.pt is missing"):
        inpaint.start_painter(parse("inpaint", words))
    (tmp_path / "last.pt").touch()
    assert inpaint.start_painter(parse("inpaint", words))[1] == "the last weights of gone"


def test_a_stack_is_no_network_to_go_on_from():
    words = ["--data", "D", "--run", "R", "--checkpoints", str(PUBLISHED)]
    with pytest.raises(BadModel, match="only a single network can"):
        fracture.start_network(parse("fracture", [*words, "--from-model", "moblg"]))
