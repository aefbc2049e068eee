"""One small run from knees to a published grader that the app's library opens."""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.classify import grade_knees
from core.film_packs import Pack
from core.models import catalogue, faults, find, open_model
from core.phantoms import knee
from core.samples import png
from trainers import evaluate, gate, grade_scoring, severity
from trainers.options import parse
from trainers.squares import read_grey


def write_knees(root: Path) -> None:
    """30 phantom knees of 15 patients by grade; five patients for validation."""
    for seed in range(30):
        split, grade = ("val", "train", "train")[seed // 2 % 3], seed // 2 % 5
        folder = root / split / str(grade)
        folder.mkdir(parents=True, exist_ok=True)
        small = cv2.resize(knee(seed, grade).pixels, (64, 64), interpolation=cv2.INTER_AREA)
        (folder / f"90{seed // 2:05d}{'LR'[seed % 2]}.png").write_bytes(png(small))


def run(*arguments) -> None:
    severity.main(parse("severity", [str(each) for each in arguments]))


def called(monkeypatch, main, *arguments) -> None:
    monkeypatch.setattr(sys, "argv", ["trainer", *map(str, arguments)])
    assert not main()


def options(root: Path) -> list:
    return [
        *("--data", root / "data", "--run", root / "run", "--checkpoints", root / "checkpoints"),
        *("--backbone", "plain_cnn", "--size", 32, "--epochs", 2, "--batch", 8),
        *("--objective", "softmax", "--precision", "32-true", "--publish", "tiny"),
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a whole run: data/, run/ and checkpoints/."""
    root = tmp_path_factory.mktemp("severity")
    write_knees(root / "data")
    run(*options(root))
    return root


def test_the_published_model_opens_and_grades_a_knee(trained):
    root = trained / "checkpoints"
    assert [card.name for card in catalogue(root, "severity")] == ["tiny"]
    assert faults(root) == []
    card = find(root, "severity", "tiny")
    assert card.classes == ("0", "1", "2", "3", "4") and card.validation["n"] == 10
    assert "OAI" in card.validation["data"] and "CC BY 4.0" in card.details["licence"]
    assert {"qwk", "accuracy", "balanced_accuracy", "mae"} <= set(card.metrics)
    (grading,) = grade_knees([knee(3, 2).pixels], open_model(card))
    assert grading.probabilities.sum() == pytest.approx(1)


def test_predictions_are_those_of_the_published_model(trained):
    card = find(trained / "checkpoints", "severity", "tiny")
    rows = {row["image"]: row for row in csv.DictReader(card.predictions.open())}
    pack, model = Pack(trained / "data"), open_model(card)
    films = pack.split("val")
    assert set(rows) == {film.name for film in films}
    for film, data in pack.read_all(films):
        (grading,) = grade_knees([read_grey(data, film.name)], model)
        row = rows[film.name]
        assert int(row["label"]) == film.label
        found = [float(row[str(grade)]) for grade in range(5)]
        assert found == pytest.approx(grading.probabilities, abs=1e-5)


def test_runs_can_be_averaged_and_published_without_training(trained):
    second = ["--run", trained / "other", "--seed", 1, "--publish", "other"]
    run(*options(trained), *second)
    runs = (trained / "run", trained / "other")
    again = [*options(trained), "--run", trained / "mean", "--epochs", 0, "--publish", "mean"]
    run(*again, "--from-run", *runs)
    first = find(trained / "checkpoints", "severity", "tiny")
    mean = find(trained / "checkpoints", "severity", "mean")
    assert mean.sha256 != first.sha256 and not (trained / "mean/metrics.csv").exists()
    assert mean.details["weights_started_from"] == "the best weights of run, other"
    run(*again, "--publish", "same", "--from-run", runs[0], runs[0])
    same = find(trained / "checkpoints", "severity", "same")
    assert same.predictions.read_text() == first.predictions.read_text()


def test_evaluation_reports_every_number_with_an_interval_over_patients(trained, monkeypatch):
    report = trained / "report.json"
    arguments = ["severity", "tiny", "--data", trained / "data", "--split", "val", "--draws", 50]
    arguments += ["--checkpoints", trained / "checkpoints", "--out", report]
    called(monkeypatch, evaluate.main, *arguments)
    found = json.loads(report.read_text())
    wanted = {"accuracy", "balanced_accuracy", "qwk", "mae"}
    wanted |= {f"recall_{g}" for g, n in enumerate(found["grades"]) if n}
    assert wanted <= set(found["metrics"]) == set(found["intervals"])
    assert found["n"] == 10 == sum(map(sum, found["confusion"])) == sum(found["grades"])


def test_a_gate_is_fitted_for_knees(trained, monkeypatch):
    monkeypatch.setattr(gate, "PHANTOMS", 10)
    monkeypatch.setattr(gate, "DIMENSIONS", 4)
    others = trained / "others" / "noise"
    others.mkdir(parents=True)
    (others / "a.png").write_bytes(png(255 - knee(0, 0).pixels[::-1]))
    arguments = ["tiny", "--task", "severity", "--data", trained / "data"]
    arguments += ["--against", others.parent, "--checkpoints", trained / "checkpoints"]
    called(monkeypatch, gate.main, *arguments)
    card = find(trained / "checkpoints", "severity", "tiny")
    assert card.has_gate and card.details["gate"]["val films"] == 10
    assert card.details["gate"]["against"]["noise"]["n"] == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (("--backbone", "nothing_known"), "no network named"),
        (("--backbone", "mobilnetv2_100"), "did you mean mobilenetv2_100"),
        (("--epochs", 0, "--from-run", "nowhere"), "best.pt is missing"),
    ],
)
def test_what_cannot_start_gets_one_sentence(trained, tmp_path, changes, sentence):
    with pytest.raises(Exception, match=sentence):
        run(*options(trained), "--run", tmp_path / "run", *changes)
    assert not (tmp_path / "run/last.pt").exists()


def test_calibration_is_the_apps_own_with_flips_too(trained):
    card = find(trained / "checkpoints", "severity", "tiny")
    pack = Pack(trained / "data")
    plain = replace(card, flips=True, temperature=1.0)
    sharp = replace(card, flips=True, temperature=0.6)
    raw, told = (
        grade_scoring.read_all(open_model(each), pack, pack.split("val")) for each in (plain, sharp)
    )
    np.testing.assert_allclose(raw.calibrated(0.6).probabilities, told.probabilities, atol=1e-6)
