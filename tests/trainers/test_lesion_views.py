"""Views of lesions and the shares in which diagnoses are drawn."""

import cv2
import numpy as np
import pytest

from core.lesions import CODES
from trainers.lesion_views import Views, drawn, prior, view
from trainers.lesions import Squares


def lesion(seed: int = 0, side: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """A dark spot off the middle of bright skin, and its mask."""
    x, y = np.random.default_rng(seed).integers(40, 88, 2).tolist()
    mask = cv2.circle(np.zeros((side, side), np.uint8), (x, y), 20, 1, cv2.FILLED) > 0
    image = np.where(mask[..., None], np.uint8([80, 50, 40]), np.uint8([220, 170, 150]))
    return image, mask


@pytest.mark.parametrize("seed", range(8))
def test_mask_and_picture_move_together(seed):
    seen, moved = view(*lesion(seed), np.random.default_rng(seed))
    dark = seen.mean(2) < 120
    assert (dark & moved).sum() / (dark | moved).sum() > 0.93
    assert not np.array_equal(moved, lesion(seed)[1])


def test_views_differ_in_place_and_colour_but_only_a_little():
    image, mask = lesion()
    views = [view(image, mask, np.random.default_rng(seed)) for seed in range(40)]
    areas = np.array([moved.sum() for _, moved in views]) / mask.sum()
    assert 0.4 < areas.min() < 0.95 and 1.05 < areas.max() < 2.2
    skins = np.array([seen[~moved].mean(0) for seen, moved in views])
    assert (skins.std(0) > 5).all() and (np.abs(skins.mean(0) - [220, 170, 150]) < 20).all()
    middles = np.array([np.argwhere(moved).mean(0) for _, moved in views])
    assert (middles.std(0) > 3).all()


@pytest.fixture
def squares():
    images, masks = zip(*(lesion(seed) for seed in range(6)), strict=True)
    return Squares([None] * 6, np.stack(images), np.stack(masks), np.array([5, 5, 5, 4, 4, 0]))


def test_an_epoch_is_decided_by_its_seed_alone(squares):
    order = np.array([3, 1, 5])
    one, same, other = (Views(squares, order, (0, epoch)) for epoch in (1, 1, 2))
    for position in range(3):
        assert (one[position]["input"] == same[position]["input"]).all()
        assert not (one[position]["input"] == other[position]["input"]).all()
        assert one[position]["label"] == squares.labels[order[position]]


@pytest.mark.parametrize("side", [128, 64])
def test_a_view_is_network_input_of_the_side_asked_for(squares, side):
    item = Views(squares, np.arange(6), (0, 0), side)[0]
    assert item["input"].shape == (3, side, side) and item["mask"].shape == (1, 128, 128)
    assert -1 <= item["input"].min() < 0 < item["input"].max() <= 1
    assert item["mask"].unique().tolist() == [0, 1]


LABELS = np.repeat([0, 3, 5], [4, 16, 100])


@pytest.mark.parametrize(
    ("power", "ratio"), [(1, 25), (0.5, 5), (0, 1)], ids=["as they come", "root", "all alike"]
)
def test_shares_follow_the_frequencies_to_a_power(power, ratio):
    shares = prior(LABELS, power)
    assert shares.shape == (len(CODES),) and shares.sum() == pytest.approx(1)
    assert shares[5] / shares[0] == pytest.approx(ratio)
    assert (shares[[1, 2, 4, 6]] == 0).all()


@pytest.mark.parametrize("count", [7, 120, 1001])
def test_diagnoses_are_drawn_in_their_shares_and_pictures_alike(count):
    shares = prior(LABELS, 0.5)
    order = drawn(LABELS, shares, count, (0, 1))
    assert len(order) == count
    found = np.bincount(LABELS[order], minlength=len(CODES))
    assert (np.abs(found - shares * count) <= 1).all()
    for label in (0, 3, 5):
        times = np.bincount(order, minlength=len(LABELS))[label == LABELS]
        assert times.max() - times.min() <= 1
