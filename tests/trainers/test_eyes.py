import pytest
import torch

from trainers.eyes import CHANNELS, Eyes, difference, learn_to_read, summary
from trainers.start import BadStart


@pytest.fixture(scope="module")
def pictures():
    torch.manual_seed(0)
    return torch.rand(8, 3, 64, 64) * 2 - 1


@pytest.fixture(scope="module")
def eyes(tmp_path_factory, pictures):
    import timm  # only now: trainers mend torchvision first

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("eyes") / "weights.pth"
    torch.save(timm.create_model("mobilenetv2_100").state_dict(), path)
    return Eyes(path, pictures)


def test_the_levels_are_standardised_by_the_pictures_first_shown(eyes, pictures):
    for stride, channels, level in zip((2, 4, 8, 16, 32), CHANNELS, eyes(pictures), strict=True):
        assert level.shape == (8, channels, 64 // stride, 64 // stride)
        assert level.mean((0, 2, 3)).abs().max() < 1e-3
        assert level.std((0, 2, 3)).max() <= 1.001


def test_a_picture_differs_from_another_and_not_from_itself(eyes, pictures):
    levels = eyes(pictures)
    assert difference(levels, levels).item() == 0
    near = difference(eyes(pictures + 0.01), levels)
    assert 0 < near < difference(eyes(-pictures), levels)


def test_eyes_never_learn_but_let_a_painter_learn(eyes, pictures):
    painted = pictures.clone().requires_grad_()
    eyes.train()
    difference(eyes(painted), eyes(-pictures)).backward()
    assert painted.grad.abs().max() > 0
    assert not any(module.training for module in eyes.modules())
    assert not any(parameter.requires_grad for parameter in eyes.parameters())


def test_a_summary_is_one_row_a_picture(eyes, pictures):
    assert summary(eyes(pictures)).shape == (8, 416)


def test_a_reader_learns_every_diagnosis_however_rare_and_then_no_more():
    torch.manual_seed(0)
    labels = torch.tensor([0] * 90 + [1] * 8 + [2] * 2)
    seen = torch.eye(3)[labels] * 3 + torch.randn(100, 3)
    reader = learn_to_read(seen, labels, classes=3)
    assert torch.equal(reader(10 * torch.eye(3)).argmax(1), torch.arange(3))
    assert not any(parameter.requires_grad for parameter in reader.parameters())


def test_weights_of_another_network_are_refused(tmp_path, pictures):
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(BadStart, match="does not hold a mobilenetv2_100"):
        Eyes(tmp_path / "other.pth", pictures)
