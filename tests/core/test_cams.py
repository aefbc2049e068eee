"""Heatmaps by the library: over the film, each thread its own, and no hook left behind."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest
import torch

from core import cams
from core.cams import METHODS, REFERENCE, TorchCams
from core.classify import grade_knees
from core.models import BadModel, ModelCard, open_model
from core.networks.classifiers import Architecture, input_statistics
from core.preprocess import InputSpec, letterbox_placement
from tests.toy_models import graded_card, publish_graded
from tests.toy_networks import undecided
from trainers.export import export

POOLED = Architecture("mobilenetv2_035", "corn", 96, classes=5)
FLAT = Architecture("plain_cnn", "flatten", 64, classes=5)
SHAPES = [(120, 90), (80, 160), (96, 96)]


def spec_of(architecture: Architecture) -> InputSpec:
    return InputSpec(architecture.size, *input_statistics(architecture))


@pytest.fixture(scope="module", params=[POOLED, FLAT], ids=["pooled", "flat"])
def asked(request):
    made = undecided(request.param)
    return made, TorchCams(made, spec_of(request.param))


def film(shape, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", METHODS | REFERENCE)
def test_heat_covers_the_film(asked, method, shape):
    made, cam = asked
    # A random network may find nothing that speaks for one grade, but not for all five.
    heat = max((cam.heat(film(shape), method, grade) for grade in range(5)), key=np.max)
    place = letterbox_placement(*shape, cam._spec.size)
    assert heat.shape == (place.height, place.width) and heat.dtype == np.float32
    assert heat.min() >= 0 and 0 < heat.max() <= 1
    assert heat.std() > 0.01
    assert not made.last._forward_hooks


def test_methods_differ_and_all_but_one_know_the_grade(asked):
    _, cam = asked
    maps = {
        (method, grade): cam.heat(film((96, 96)), method, grade)
        for method, grade in product(METHODS, (1, 4))
    }
    for method in METHODS:
        same = np.allclose(maps[method, 1], maps[method, 4], atol=1e-3)
        assert same == (method == "EigenCAM"), method
    assert not np.allclose(maps["Grad-CAM++", 1], maps["LayerCAM", 1], atol=1e-3)
    assert not np.allclose(maps["EigenCAM", 1], maps["LayerCAM", 1], atol=1e-3)


@pytest.mark.parametrize("architecture", [POOLED, FLAT], ids=["pooled", "flat"])
def test_hirescam_is_grad_cam_where_features_are_mean_pooled(architecture):
    cam = TorchCams(undecided(architecture), spec_of(architecture))
    fine, usual = (cam.heat(film((96, 96)), name, 1) for name in ("HiResCAM", "Grad-CAM"))
    assert np.allclose(fine, usual, atol=1e-4) == (architecture is POOLED)


def test_c3_four_threads_see_what_one_sees(asked):
    _, cam = asked
    questions = [
        (film(shape, seed), method, grade)
        for seed, (shape, method, grade) in enumerate(product(SHAPES, METHODS, (0, 3)))
    ]
    serial = [cam.heat(*question) for question in questions]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda question: cam.heat(*question), questions))
    for one, other in zip(serial, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_nothing_is_left_behind_on_the_undecided(asked):
    made, cam = asked
    before = {name: value.clone() for name, value in made.state_dict().items()}
    for method in METHODS:
        cam.heat(film((96, 96)), method, 1)
    with pytest.raises(IndexError):
        cam.heat(film((96, 96)), "LayerCAM", 5)
    assert not made.last._forward_hooks
    assert all(parameter.grad is None for parameter in made.parameters())
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())
    assert not made.training


def test_asking_without_gradients_around_works_too(asked):
    _, cam = asked
    expected = cam.heat(film((96, 96)), "LayerCAM", 1)
    with torch.no_grad():
        np.testing.assert_allclose(cam.heat(film((96, 96)), "LayerCAM", 1), expected, atol=1e-5)


def test_unknown_method_is_named(asked):
    with pytest.raises(ValueError, match=r"'GuessCAM'.*Grad-CAM\+\+"):
        asked[1].heat(film((96, 96)), "GuessCAM", 1)


@pytest.mark.parametrize("flips", [False, True], ids=["one view", "flips"])
def test_grad_cam_of_a_published_model_is_our_own(tmp_path, flips):
    folder = tmp_path / "flat"
    spec = spec_of(FLAT)
    sha256 = export(undecided(FLAT), spec, folder / "model.onnx")
    entries = {"input": spec.to_card(), "architecture": FLAT.to_card(), "flips": flips}
    (folder / "card.json").write_text(json.dumps(graded_card("flat", sha256, **entries)))
    card = ModelCard.read(folder)
    cam = TorchCams.of_card(card)
    for shape in SHAPES:
        (grading,) = grade_knees([film(shape)], open_model(card))
        for grade in range(5):
            theirs = cam.heat(film(shape), "Grad-CAM", grade)
            np.testing.assert_allclose(grading.heat(grade), theirs, atol=1e-4)


def test_a_model_that_is_no_torch_network_is_refused(tmp_path):
    with pytest.raises(BadModel, match="only a single network"):
        TorchCams.of_card(ModelCard.read(publish_graded(tmp_path)))


def test_a_missing_library_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(cams, "find_spec", lambda name: None)
    with pytest.raises(BadModel, match="not installed"):
        TorchCams.of_card(ModelCard.read(publish_graded(tmp_path)))
