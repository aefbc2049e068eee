"""A generator becomes a folder of the catalogue, with its numbers where networks can look."""

import argparse
import csv
import json

import numpy as np
import pytest
import torch
from torch import nn

from core.lesions import CODES
from core.models import find
from core.sketchers import noise, one_hot, open_sketcher
from tests import toy_lesions, toy_models
from tests.trainers.test_sketch_scoring import PALETTE, SKIN, write_pack
from trainers.lesions import LesionPack
from trainers.sketch_publish import publish
from trainers.start import BadStart


class Plain(nn.Module):
    """Skin, and in the sketch the diagnosis' colour, a little darker or brighter by the noise."""

    def __init__(self):
        super().__init__()
        self.palette = nn.Parameter(torch.tensor(PALETTE, dtype=torch.float32))

    def forward(self, sketch, label, noise):
        colour = (label @ self.palette + 0.05 * noise[:, :1])[..., None, None]
        return SKIN + sketch[:, :1] * (colour - SKIN)


@pytest.fixture
def arguments(tmp_path):
    """What a trainer's command line gives, and the note of its training."""
    run = tmp_path / "run"
    run.mkdir()
    note = {"training": {"epochs": 3}, "started_from": "random weights", "n_train": 70}
    (run / "training.json").write_text(json.dumps(note))
    return argparse.Namespace(
        run=run,
        publish="plain",
        title="Plain",
        summary="A toy.",
        checkpoints=tmp_path / "checkpoints",
        source=None,
        seed=5,
        replace=False,
    )


@pytest.fixture
def pack(tmp_path):
    return LesionPack(write_pack(tmp_path / "data"))


def test_a_card_tells_what_was_measured_with_the_published_file(arguments, pack):
    toy_lesions.publish_reader(arguments.checkpoints)
    toy_models.publish_outliner(arguments.checkpoints)
    folder = publish(arguments, Plain(), pack, 64)
    assert folder == arguments.checkpoints / "sketch" / "plain"
    card = find(arguments.checkpoints, "sketch", "plain")
    assert card.classes == CODES and card.details["noise"] == 64
    assert card.details["training_data"]["n"] == 70 and card.details["training"] == {"epochs": 3}
    assert "CC BY-NC 4.0" in card.details["licence"]
    assert card.validation["n"] == sum(card.validation["diagnoses"].values()) >= 14
    assert "lesion/mobilenetv2" in card.validation["features"]
    fid, balanced = card.metrics["fid"], card.metrics["balanced_accuracy"]
    assert fid.low <= fid.value <= fid.high and balanced.value > 0.8
    assert card.metrics["diversity"].value > 1 and card.metrics["diversity"].low is None
    rows = list(csv.DictReader((folder / "predictions.csv").open()))
    assert len(rows) == card.validation["n"]
    counts = {code: sum(row["label"] == code for row in rows) for code in CODES}
    assert counts == card.validation["diagnoses"]


def test_without_networks_that_look_the_card_has_no_numbers_and_the_log_says_why(
    arguments, pack, caplog
):
    publish(arguments, Plain(), pack, 0)
    card = find(arguments.checkpoints, "sketch", "plain")
    assert not card.metrics and card.validation["n"] == 0
    assert "no lesion model named mobilenetv2" in caplog.text
    sketcher = open_sketcher(card)
    mask = np.zeros((128, 128), bool)
    mask[40:90, 40:90] = True
    (drawn,) = sketcher.draw(mask, one_hot("mel")[None], 0 * noise([1]))
    colour = np.rint((PALETTE[CODES.index("mel")] + 1) * 127.5)
    assert not sketcher.varies
    np.testing.assert_allclose(drawn[60, 60], colour, atol=1)


def test_a_run_that_never_noted_its_training_is_not_published(arguments, pack):
    (arguments.run / "training.json").unlink()
    with pytest.raises(BadStart, match="how it was trained"):
        publish(arguments, Plain(), pack, 64)
    assert not (arguments.checkpoints / "sketch").exists()
