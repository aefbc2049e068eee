import pytest
import torch

from core.networks.classifiers import CUT_RESNET, Architecture, build
from trainers.start import load_backbone, load_runs
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
