"""A small run from readers' masks to a published network that finds metal on films."""

import csv
import json

import numpy as np
import pytest

from core.artefacts import Annotation, from_masks
from core.models import ModelCard, catalogue, faults, open_session
from core.phantoms import knee
from core.preprocess import normalise
from core.repair_samples import pasted
from core.samples import png
from core.segment import OUTPUTS
from tests.marked_films import write_pack
from trainers import artefact
from trainers.mask_pack import MaskPack
from trainers.options import parse

SIDE, EPOCHS = 64, 3


def run(*arguments) -> None:
    artefact.main(parse("artefact", [str(each) for each in arguments]))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with pack.zip of knees, most with a plate, a run and what it published."""
    root = tmp_path_factory.mktemp("artefact")
    said = {}
    for seed in range(12):
        clean = knee(seed, seed % 5).pixels
        if seed < 10:
            repair = pasted(clean, seed, "prosthesis")
            drawn = Annotation(from_masks({"prosthesis": repair.mask}))
            said[png(repair.film)] = drawn
        else:
            said[png(clean)] = Annotation(nothing=True)
    write_pack(root / "pack.zip", said)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(artefact, "VIEWS", 32)
        run(
            *("--data", root / "pack.zip", "--run", root / "run", "--side", SIDE),
            *("--checkpoints", root / "checkpoints", "--publish", "tiny", "--epochs", EPOCHS),
            *("--batch", 4, "--precision", "32-true", "--labels", "prosthesis", "screw"),
        )
    return root


def test_the_loss_falls(trained):
    with (trained / "run" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == EPOCHS
    assert float(rows[-1]["train_loss"]) < 0.95 * float(rows[0]["train_loss"])
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def test_the_card_says_from_what_and_how_well(trained):
    root = trained / "checkpoints"
    assert faults(root) == []
    (card,) = catalogue(root, "artefact")
    assert card.details["labels"] == ["prosthesis", "screw"]
    assert card.details["masks"] == {"reading": 12}
    assert card.details["training_data"]["n"] == 9
    assert (card.validation["n"], card.validation["with artefacts"]) == (3, 2)
    assert "one patient may lie on both sides" in card.validation["data"]
    assert "from scratch" in card.details["weights_started_from"]
    assert {"dice", "found", "false_alarms"} == set(card.metrics)
    assert all(metric.low <= metric.value <= metric.high for metric in card.metrics.values())
    assert str(trained) not in json.dumps(card.details)


def test_the_published_file_finds_the_metal_again(trained):
    card = ModelCard.read(trained / "checkpoints" / "artefact" / "tiny")
    pack = MaskPack(trained / "pack.zip")
    _, films = pack.split()
    val = pack.squares(films, SIDE)
    agreements, _ = artefact.measured(card, val)
    shows = val.masks.any((1, 2))
    assert card.metrics["dice"].value == pytest.approx(agreements[shows].mean())
    rows = {row["image"]: row for row in csv.DictReader(card.predictions.open())}
    for film, value in zip(val.films, agreements, strict=True):
        assert float(rows[film.name]["dice"]) == pytest.approx(value, abs=1e-4)
    (mask,) = open_session(card, OUTPUTS).run(
        ["mask"], {"input": normalise(val.squares[shows], card.input)}
    )
    inside, outside = mask[:, 0][val.masks[shows]], mask[:, 0][~val.masks[shows]]
    assert np.median(inside) > np.median(outside)


def test_views_depend_on_the_seed_alone_and_show_every_film_alike_often(trained):
    pack = MaskPack(trained / "pack.zip")
    films = pack.squares(pack.films, SIDE)
    views, again = (artefact.Views(films, (0, 3)) for _ in range(2))
    assert len(views) >= artefact.VIEWS and len(set(np.bincount(views.order))) == 1
    for name, value in views[7].items():
        assert np.array_equal(value, again[7][name])
    assert views[7]["input"].shape == (3, SIDE, SIDE)
    assert set(np.unique(views[7]["mask"])) <= {0.0, 1.0}


def test_a_side_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(artefact.start.BadStart, match="multiple of 16"):
        run("--data", tmp_path, "--run", tmp_path, "--side", 100)
