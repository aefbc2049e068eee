"""The classifier of lesions, by a toy that knows each diagnosis by its colour."""

import numpy as np
import pytest

from core import diagnose
from core.lesions import CODES, pictures
from core.models import find, open_model
from tests import toy_models


def plain(colours) -> np.ndarray:
    """(N, 128, 128, 3) uint8 squares of one colour each, given as RGB in [-1, 1]."""
    filled = np.broadcast_to(np.float32(colours)[:, :, None, None], (len(colours), 3, 128, 128))
    return pictures(filled)


@pytest.fixture
def model(tmp_path):
    toy_models.publish_diagnoser(tmp_path)
    return open_model(find(tmp_path, "lesion", "mobilenetv2"))


def test_each_diagnosis_is_told_in_the_order_of_the_codes(model):
    chances = diagnose.probabilities(model, plain(toy_models.COLOURS))
    assert chances.shape == (7, len(CODES))
    assert chances.argmax(1).tolist() == list(range(7))
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)


def test_many_pictures_are_told_as_one_by_one_and_in_their_order(model, monkeypatch):
    squares = plain(np.random.default_rng(0).uniform(-1, 1, (5, 3)))
    together = diagnose.probabilities(model, squares), diagnose.embeddings(model, squares)
    monkeypatch.setattr(diagnose, "BATCH", 2)
    apart = diagnose.probabilities(model, squares), diagnose.embeddings(model, squares)
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    expected = squares[:, 0, 0] / 127.5 - 1
    np.testing.assert_allclose(together[1], expected, atol=1e-4)


def test_the_cards_temperature_flattens(tmp_path, model):
    calibration = {"temperature": 3.0, "bias": 0.0}
    toy_models.publish_diagnoser(tmp_path, "warm", calibration=calibration)
    warm = open_model(find(tmp_path, "lesion", "warm"))
    squares = plain([[0.6, 0.5, 0.4], [-0.5, -0.2, -0.6]])
    sharp, flat = (diagnose.probabilities(one, squares) for one in (model, warm))
    assert (flat.max(1) < sharp.max(1)).all()
    np.testing.assert_allclose(
        np.log(flat[0, 0] / flat[0, 1]) * 3, np.log(sharp[0, 0] / sharp[0, 1])
    )
