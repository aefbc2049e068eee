import pytest
import torch

from core.networks.sketch_gan import (
    GAIN,
    NOISE,
    SeedCritic,
    SeedGenerator,
    SketchCritic,
    SketchGenerator,
    SketchPainter,
)

N = 2


@pytest.fixture
def asked():
    """Sketches, labels and noise."""
    torch.manual_seed(0)
    sketch = torch.zeros(N, 2, 128, 128)
    sketch[0, :, 30:90, 40:100] = 1
    return sketch, torch.eye(7)[[0, 4]], torch.randn(N, NOISE)


@pytest.mark.parametrize("kind", [SketchGenerator, SeedGenerator])
def test_a_generator_paints_pictures_in_range(kind, asked):
    picture = kind().eval()(*asked)
    assert picture.shape == (N, 3, 128, 128)
    assert picture.abs().max() <= 1


@pytest.mark.parametrize("changed", ["sketch", "label", "noise"])
def test_each_input_of_the_generator_changes_its_picture(changed, asked):
    network = SketchGenerator().eval()
    sketch, label, noise = asked
    others = {"sketch": (1 - sketch, label, noise), "label": (sketch, label.flip(0), noise)}
    others["noise"] = (sketch, label, -noise)
    with torch.inference_mode():
        difference = network(*asked) - network(*others[changed])
    assert difference.abs().max() > 1e-3


def test_the_first_idea_sees_sketch_and_label_and_no_noise(asked):
    network = SeedGenerator().eval()
    sketch, label, noise = asked
    with torch.inference_mode():
        picture = network(*asked)
        assert torch.equal(picture, network(sketch, label, -noise))
        assert not torch.equal(picture, network(1 - sketch, label, noise))
        assert not torch.equal(picture, network(sketch, label.flip(0), noise))


def test_the_first_idea_is_as_large_as_it_was():
    count = sum(parameter.numel() for parameter in SeedGenerator().parameters())
    assert count == pytest.approx(0.68e6, rel=0.01)


def test_styles_of_a_blend_lie_between_those_of_its_diagnoses():
    network = SketchGenerator()
    with torch.no_grad():
        network.means.normal_()
    half = torch.tensor([[0.5, 0, 0, 0, 0.5, 0, 0]])
    (mean,), _ = network.styles(half)
    (first, fifth), _ = network.styles(torch.eye(7)[[0, 4]])
    assert torch.allclose(mean, (first + fifth) / 2, atol=1e-5)


def test_a_style_like_its_diagnosis_costs_nothing(asked):
    sketch, label, noise = asked
    painter = SketchPainter()
    with torch.no_grad():
        for part in painter.encoder.body[-1].parameters():
            part.zero_()  # every picture then has the style N(0, 1), which is the prior at first
    pictures, divergence = painter(torch.rand(1, 3, 128, 128), sketch, label, noise)
    assert pictures.shape == (N, 3, 128, 128)
    assert divergence.item() == pytest.approx(0)
    with torch.no_grad():
        painter.generator.means[0] += 1 / GAIN  # 64 dimensions, half a nat each
    _, divergence = painter(torch.rand(1, 3, 128, 128), sketch, label, noise)
    assert divergence.item() == pytest.approx(NOISE / 2, rel=1e-5)


def test_the_critic_looks_at_features_sketch_and_label(asked):
    sketch, label, _ = asked
    critic = SketchCritic((4, 8)).eval()
    levels = [torch.randn(N, 4, 32, 32), torch.randn(N, 8, 16, 16)]
    with torch.inference_mode():
        scores = critic(levels, sketch, label)
        assert [score.shape for score in scores] == [(N, 1, 32, 32), (N, 1, 16, 16)]
        others = [
            critic([-level for level in levels], sketch, label),
            critic(levels, 1 - sketch, label),
            critic(levels, sketch, label.flip(0)),
        ]
    for other in others:
        for score, changed in zip(scores, other, strict=True):
            assert not torch.allclose(score, changed, atol=1e-5)


def test_the_first_critic_gives_one_logit_by_picture_and_label(asked):
    _, label, _ = asked
    critic = SeedCritic().eval()
    picture = torch.rand(N, 3, 128, 128)
    with torch.inference_mode():
        assert critic(picture, label).shape == (N, 1)
        assert not torch.equal(critic(picture, label), critic(picture, label.flip(0)))
