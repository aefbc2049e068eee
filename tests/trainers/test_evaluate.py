"""The evaluation command, on a toy model that calls bright films fractured."""

import csv
import json
import sys

import cv2
import numpy as np
import pytest

from tests import toy_models
from trainers import evaluate


def film(brightness, seed):
    """A dark-bordered film, so that it is no negative."""
    pixels = np.zeros((40, 40), np.uint8)
    grain = np.random.default_rng(seed).integers(0, 40, (20, 20))
    pixels[10:30, 10:30] = np.clip(brightness + grain, 0, 255)
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.fixture
def pack(tmp_path):
    """Six bright fractured and eight darker sound films, one file that is no image."""
    root = tmp_path / "pack" / "test"
    for name, count, brightness in (("fractured", 6, 180), ("not fractured", 8, 60)):
        (root / name).mkdir(parents=True)
        for index in range(count):
            path = root / name / f"{name[0]}{index}.png"
            path.write_bytes(film(brightness + 10 * (index % 3), index))
    (root / "fractured" / "broken.png").write_bytes(b"no image")
    return tmp_path / "pack"


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["evaluate", "fracture", *map(str, arguments)])
    return evaluate.main()


def test_a_report_and_predictions_are_written(tmp_path, pack, monkeypatch, capsys):
    point = {"name": "Youden", "threshold": 0.55, "sensitivity": 1, "specificity": 1}
    toy_models.publish(tmp_path / "models", operating_points=[point | {"ppv": 1, "n": 14}])
    report, predictions = tmp_path / "report.json", tmp_path / "preds.csv"
    code = run(
        monkeypatch,
        "toy",
        *("--data", pack, "--out", report, "--predictions", predictions),
        *("--checkpoints", tmp_path / "models", "--draws", 50),
    )
    assert code == 0
    found = json.loads(report.read_text())
    assert (found["task"], found["model"], found["n"], found["fractured"]) == (
        *("fracture", "toy"),
        *(14, 6),
    )
    assert found["metrics"]["auroc"] == 1.0
    assert "pointing_game" not in found["metrics"]  # the pack has no boxes
    assert found["metrics"].keys() == found["intervals"].keys()
    assert [name for name, _ in found["skipped"]] == ["broken.png"]
    rows = list(csv.DictReader(predictions.open()))
    assert list(rows[0]) == ["image", "label", "not fractured", "fractured"]
    assert len(rows) == 14
    assert "fractured (the positive class)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "data", "split", "sentence"),
    [
        ("nobody", "pack", "all", "There is no fracture model named nobody: available are toy"),
        ("toy", "nowhere", "all", "neither a folder nor a zip"),
        ("toy", "pack", "val", "no films of both classes in its split 'val'"),
    ],
)
def test_what_cannot_be_scored_gets_one_sentence(
    tmp_path, pack, monkeypatch, capsys, model, data, split, sentence
):
    toy_models.publish(tmp_path / "models")
    arguments = ["--data", tmp_path / data, "--split", split]
    code = run(monkeypatch, model, *arguments, "--checkpoints", tmp_path / "models")
    assert code == 2
    assert sentence in capsys.readouterr().err


def test_a_model_can_be_a_folder(tmp_path, pack, monkeypatch):
    folder = toy_models.publish(tmp_path / "elsewhere", "mine")
    assert run(monkeypatch, folder, "--data", pack, "--draws", 20) == 0
