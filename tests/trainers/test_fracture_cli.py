"""One small run from films to a published model that the app's library opens."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from core.classify import read_film
from core.film_packs import BadPack, Pack
from core.metrics import auroc
from core.models import catalogue, faults, find, open_model
from core.phantoms import long_bone
from core.samples import png
from tests.class_folders import write_films
from trainers import fracture
from trainers.options import parse
from trainers.squares import read_grey


def run(*arguments) -> None:
    fracture.main(parse("fracture", [str(each) for each in arguments]))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a whole run: data/, run/ and checkpoints/."""
    root = tmp_path_factory.mktemp("fracture")
    write_films(root / "data")
    run(*options(root))
    return root


def options(root: Path) -> list:
    return [
        *("--data", root / "data", "--run", root / "run", "--checkpoints", root / "checkpoints"),
        *("--backbone", "simple_cnn", "--size", 32, "--epochs", 2, "--batch", 8),
        *("--precision", "32-true", "--publish", "tiny", "--title", "Tiny", "--summary", "A test."),
    ]


def test_published_model_opens_and_reads_a_film(trained):
    root = trained / "checkpoints"
    assert [card.name for card in catalogue(root, "fracture")] == ["tiny"]
    assert faults(root) == []
    card = find(root, "fracture", "tiny")
    assert (card.title, card.summary, card.classes[1]) == ("Tiny", "A test.", "fractured")
    assert card.input.size == 32 and card.validation["n"] == 8
    verdict = read_film(long_bone(3, True).pixels, open_model(card))
    assert 0 <= verdict.probability <= 1 and np.isfinite(verdict.heat).all()


def test_card_can_be_traced_and_holds_json_only(trained):
    text = (trained / "checkpoints/fracture/tiny/card.json").read_text()

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    card = json.loads(text, parse_constant=refuse)
    assert card["architecture"]["backbone"] == "simple_cnn"
    assert card["training_data"]["n"] == 16 and card["training"]["epochs"] == 2
    assert card["weights_started_from"] == "random weights (from scratch)"
    assert {"seed", "commit", "date", "licence", "outputs"} <= set(card)
    assert (card["run"], card["notes"]) == ("run", "")
    check = card["check"]["torch"]
    assert check["n"] == 4 and check["largest_difference"] <= check["tolerance"] == 1e-3
    assert {point["name"] for point in card["operating_points"]} >= {"Youden"}


def test_predictions_are_those_of_the_published_model(trained):
    card = find(trained / "checkpoints", "fracture", "tiny")
    with card.predictions.open() as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    pack, model = Pack(trained / "data"), open_model(card)
    films = pack.split("val")
    assert set(rows) == {film.name for film in films}
    for film, data in pack.read_all(films):
        row = rows[film.name]
        probability = read_film(read_grey(data, film.name), model).probability
        assert float(row["fractured"]) == pytest.approx(probability, abs=1e-5)
        assert float(row["not fractured"]) == pytest.approx(1 - probability, abs=1e-5)
        assert int(row["label"]) == film.label
    labels = [int(row["label"]) for row in rows.values()]
    scores = [float(row["fractured"]) for row in rows.values()]
    assert card.metrics["auroc"].value == pytest.approx(auroc(labels, scores), abs=1e-3)


def test_run_folder_tells_what_happened(trained):
    with (trained / "run/metrics.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    assert json.loads((trained / "run/audit.json").read_text())["films"] == 24


def test_finished_run_can_be_published_again_under_another_name(trained):
    run(*options(trained), "--publish", "again", "--checkpoints", trained / "other")
    first = find(trained / "checkpoints", "fracture", "tiny")
    again = find(trained / "other", "fracture", "again")
    assert again.sha256 == first.sha256
    assert again.predictions.read_text() == first.predictions.read_text()


def test_leak_is_refused_unless_allowed(trained, tmp_path):
    write_films(tmp_path / "data")
    leaked = tmp_path / "data/train/fractured/film1.png"
    (tmp_path / "data/val/fractured/copy.png").write_bytes(leaked.read_bytes())
    with pytest.raises(BadPack, match="leak"):
        run(*options(tmp_path))
    assert (tmp_path / "run/audit.json").exists()
    assert not (tmp_path / "run/last.pt").exists() and not (tmp_path / "checkpoints").exists()
    run(*options(tmp_path), "--allow-leak", "--epochs", 1)
    assert find(tmp_path / "checkpoints", "fracture", "tiny").validation["n"] == 9


@pytest.mark.parametrize(
    ("folders", "reason"),
    [
        ((), "holds no picture"),
        (("train/fractured", "train/normal"), "val split"),
        (("train/fractured", "train/normal", "val/normal"), "one class only"),
    ],
)
def test_a_pack_that_cannot_teach_is_refused(tmp_path, folders, reason):
    (tmp_path / "data").mkdir()
    for seed, folder in enumerate(folders):
        (tmp_path / "data" / folder).mkdir(parents=True)
        (tmp_path / "data" / folder / f"film{seed}.png").write_bytes(
            png(long_bone(seed, False).pixels)
        )
    with pytest.raises(BadPack, match=reason):
        run(*options(tmp_path))
    assert not (tmp_path / "checkpoints").exists()
