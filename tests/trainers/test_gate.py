import json
import sys

import cv2
import numpy as np
import pytest

from core.models import find, open_model
from core.phantoms import long_bone
from core.samples import png
from tests import toy_models
from trainers import gate


def test_a_fitted_gate_measures_in_the_spread_of_the_training_films(monkeypatch):
    rng = np.random.default_rng(0)
    spread = np.array([5.0, 2.0, 1.0, 0.1, 0.1, 0.1])
    films = rng.normal(size=(500, 6)) * spread + 3
    monkeypatch.setattr(gate, "DIMENSIONS", 3)
    fitted = gate.fit([films, films + 1000])
    usual = fitted.distance(films)
    far_inside = fitted.distance(np.array([[3 + 40, 3, 3, 3, 3, 3]]))
    off_plane = fitted.distance(np.array([[3, 3, 3, 3 + 10, 3, 3]]))
    assert np.median(usual) < 3
    assert far_inside[0] > usual.max()
    assert off_plane[0] > usual.max()
    assert fitted.threshold == float("inf")


@pytest.fixture
def packs(tmp_path):
    """Films (train and val, both classes) and another pack of two kinds."""
    for split, count in (("train", 12), ("val", 6)):
        for label in ("fractured", "not fractured"):
            folder = tmp_path / "films" / split / label
            folder.mkdir(parents=True)
            for seed in range(count):
                film = long_bone(1000 * count + seed, fractured=label == "fractured")
                (folder / f"{seed}.png").write_bytes(png(film.pixels))
    rng = np.random.default_rng(0)
    for kind in ("noise", "stripes"):
        folder = tmp_path / "others" / kind
        folder.mkdir(parents=True)
        for index in range(4):
            pixels = rng.integers(0, 256, (64, 64)).astype(np.uint8)
            if kind == "stripes":
                pixels = np.tile(np.uint8([0, 255]), (64, 32))
            (folder / f"{index}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return tmp_path


def test_the_command_writes_a_gate_that_passes_films_and_is_measured_by_kind(packs, monkeypatch):
    toy_models.publish(packs / "models")
    monkeypatch.setattr(gate, "PHANTOMS", 10)
    monkeypatch.setattr(gate, "DIMENSIONS", 4)
    arguments = ["gate", "toy", "--data", packs / "films", "--against", packs / "others"]
    arguments += ["--checkpoints", packs / "models"]
    monkeypatch.setattr(sys, "argv", [str(argument) for argument in arguments])
    gate.main()
    card = find(packs / "models", "fracture", "toy")
    entry = json.loads((card.folder / "card.json").read_text())["gate"]
    assert entry["val films"] == 12
    assert set(entry["against"]) == {"noise", "stripes", "all"}
    assert entry["against"]["all"]["n"] == 8
    assert entry["against"]["stripes"]["auroc"] > 0.95
    model = open_model(card)
    assert model.gate.threshold == pytest.approx(entry["threshold"])
