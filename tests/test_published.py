"""The models in checkpoints/: whole, true to their cards, at home with the app's own samples."""

import csv

import numpy as np
import pytest

from core import grading, metrics
from core.classify import grade_knees, read_film
from core.images import decode
from core.lesions import CODES
from core.models import catalogue, find, open_model, verify
from core.phantoms import knee, long_bone
from core.preprocess import to_grey
from core.samples import knee_gallery
from core.segment import BadPhoto, contour, open_segmenter
from core.settings import CHECKOUT

ROOT = CHECKOUT / "checkpoints"
FRACTURE = (
    "simple_cnn",
    "mobilenetv2_frozen",
    "moblg",
    "densenet121",
    "mobilenetv2",
    "resnetv2_50",
)
SEVERITY = ("mobilenetv2", "plain_cnn")
FRESH = range(900_000_000, 900_000_200)


def test_the_six_fracture_models_are_there_and_light():
    assert {card.name for card in catalogue(ROOT, "fracture")} == set(FRACTURE)
    assert sum(f.stat().st_size for f in (ROOT / "fracture").rglob("*")) < 60e6


@pytest.mark.parametrize("name", FRACTURE)
def test_a_card_tells_the_truth(name):
    card = find(ROOT, "fracture", name)
    verify(card)
    assert card.classes[1] == "fractured"
    for entry in ("seed", "commit", "date", "weights_started_from", "training_data", "licence"):
        assert card.details[entry] not in (None, "", "unknown"), entry
    rows = list(csv.DictReader(card.predictions.open(encoding="utf-8")))
    labels = [int(row["label"]) for row in rows]
    scores = [float(row["fractured"]) for row in rows]
    assert len(rows) == card.validation["n"]
    assert card.metrics["auroc"].value == pytest.approx(metrics.auroc(labels, scores), abs=1e-3)
    assert card.metrics["auroc"].low < card.metrics["auroc"].value < card.metrics["auroc"].high
    for point in card.operating_points:
        counts = metrics.confusion(labels, scores, point.threshold)
        assert counts.sensitivity == pytest.approx(point.sensitivity, abs=0.01), point.name
        assert counts.specificity == pytest.approx(point.specificity, abs=0.01), point.name


def test_the_graders_are_there_and_light():
    assert {card.name for card in catalogue(ROOT, "severity")} == set(SEVERITY)
    assert sum(f.stat().st_size for f in (ROOT / "severity").rglob("*")) < 20e6


@pytest.mark.parametrize("name", SEVERITY)
def test_a_graders_card_tells_the_truth(name):
    card = find(ROOT, "severity", name)
    verify(card)
    for entry in ("seed", "commit", "date", "weights_started_from", "training_data", "licence"):
        assert card.details[entry] not in (None, "", "unknown"), entry
    rows = list(csv.DictReader(card.predictions.open(encoding="utf-8")))
    truth = [int(row["label"]) for row in rows]
    chances = np.array([[float(row[str(grade)]) for grade in range(5)] for row in rows])
    called = grading.called_grades(chances)
    assert len(rows) == card.validation["n"] == 826
    told = {name: metric.value for name, metric in card.metrics.items()}
    assert told["qwk"] == pytest.approx(grading.quadratic_kappa(truth, called), abs=1e-3)
    assert told["accuracy"] == pytest.approx(grading.accuracy(truth, called), abs=1e-3)
    assert told["mae"] == pytest.approx(grading.mean_absolute_error(truth, called), abs=1e-3)
    for grade, recall in enumerate(grading.recalls(truth, called)):
        assert told[f"recall_{grade}"] == pytest.approx(recall, abs=1e-3)


@pytest.mark.parametrize("name", ["mobilenetv2", "resnet18"])
def test_a_card_of_lesions_tells_the_truth(name):
    card = find(ROOT, "lesion", name)
    verify(card)
    for entry in ("seed", "commit", "date", "weights_started_from", "training_data"):
        assert card.details[entry] not in (None, "", "unknown"), entry
    assert "CC BY-NC 4.0 (non-commercial)" in card.details["licence"]
    assert card.classes == CODES
    rows = list(csv.DictReader(card.predictions.open(encoding="utf-8")))
    truth = [CODES.index(row["label"]) for row in rows]
    called = np.array([[float(row[code]) for code in CODES] for row in rows]).argmax(1)
    assert len(rows) == card.validation["n"] == 901
    told = {name: metric.value for name, metric in card.metrics.items()}
    balanced = grading.balanced_accuracy(truth, called, len(CODES))
    assert told["balanced_accuracy"] == pytest.approx(balanced, abs=1e-3)
    for code, recall in zip(CODES, grading.recalls(truth, called, len(CODES)), strict=True):
        assert told[f"recall_{code}"] == pytest.approx(recall, abs=1e-3)


def test_the_outliners_card_tells_the_truth():
    card = find(ROOT, "segment", "unet")
    verify(card)
    assert "CC BY-NC 4.0 (non-commercial)" in card.details["licence"]
    overlaps = [float(row["iou"]) for row in csv.DictReader(card.predictions.open())]
    assert len(overlaps) == card.validation["n"]
    assert card.metrics["iou"].value == pytest.approx(np.mean(overlaps), abs=1e-3)
    assert card.metrics["iou"].value > 0.85
    others = card.details["gate"]["against"].values()
    assert all(kind["refused"] > 0.9 for kind in others)


def test_a_knee_is_no_skin():
    segmenter = open_segmenter(find(ROOT, "segment", "unet"))
    film = np.repeat(knee(3, 2).pixels[..., None], 3, 2)
    with pytest.raises(BadPhoto, match="does not look like skin"):
        contour(segmenter, film)


def test_the_default_grader_is_within_one_grade_of_what_was_drawn():
    """On 100 fresh phantom knees, and on every sample of one knee; the gate lets them pass."""
    model = open_model(find(ROOT, "severity", "mobilenetv2"))
    drawn = [(knee(seed, seed % 5).pixels, seed % 5) for seed in FRESH[:100]]
    found = grade_knees([film for film, _ in drawn], model)
    misses = np.array([abs(g.grade - grade) for g, (_, grade) in zip(found, drawn, strict=True)])
    assert (misses <= 1).mean() >= 0.97 and (misses == 0).mean() >= 0.6
    passed = model.gate.distance(np.stack([g.embedding for g in found])) <= model.gate.threshold
    assert passed.mean() >= 0.95
    for grade in range(5):
        sample = next(s for s in knee_gallery() if s.slug == f"knee-grade-{grade}")
        (reading,) = grade_knees([to_grey(decode(sample.data(), "a.png").pixels)], model)
        assert abs(reading.grade - grade) <= 1


@pytest.mark.parametrize("name", FRACTURE)
def test_a_verdict_is_a_probability_with_a_heatmap_over_the_film(name):
    film = long_bone(3, fractured=True).pixels
    verdict = read_film(film, open_model(find(ROOT, "fracture", name)))
    assert 0 < verdict.probability < 1
    assert ((verdict.heat >= 0) & (verdict.heat <= 1)).all()
    height, width = verdict.heat.shape
    assert width / height == pytest.approx(film.shape[1] / film.shape[0], rel=0.02)


def test_the_default_model_knows_what_to_do_with_samples():
    """On 200 fresh phantoms, half of them fractured; the gate must let them pass as well."""
    model = open_model(find(ROOT, "fracture", "mobilenetv2"))
    threshold = next(p.threshold for p in model.card.operating_points if p.name == "Youden")
    right, passed = [], []
    for index, seed in enumerate(FRESH):
        phantom = long_bone(seed, fractured=index % 2 == 0)
        verdict = read_film(to_grey(phantom.pixels), model)
        right.append((verdict.probability >= threshold) == bool(phantom.fractured))
        passed.append(model.gate.distance(verdict.embedding[None])[0] <= model.gate.threshold)
    assert np.mean(right) >= 0.90
    assert np.mean(passed) >= 0.95


def test_the_stacked_model_shows_its_leak_beside_its_honest_number():
    exhibit = find(ROOT, "fracture", "moblg").details["exhibit"]
    assert exhibit["first_stage_saw_val"]["auroc"] > exhibit["out_of_fold"]["auroc"]
