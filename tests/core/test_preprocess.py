"""From film to network input: proportions, grey, and golden values."""

import json

import numpy as np
import pytest

from core.preprocess import (
    InputSpec,
    Placement,
    letterbox,
    letterbox_placement,
    network_input,
    normalise,
    to_grey,
)

IMAGENET = InputSpec(8, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize(
    ("height", "width", "size", "expected"),
    [
        (8, 8, 8, Placement(0, 0, 8, 8)),
        (400, 400, 10, Placement(0, 0, 10, 10)),
        (200, 100, 8, Placement(0, 2, 8, 4)),
        (100, 200, 8, Placement(2, 0, 4, 8)),
        (3, 6, 12, Placement(3, 0, 6, 12)),  # a small film is enlarged
        (7, 5, 7, Placement(0, 1, 7, 5)),
        (101, 67, 15, Placement(0, 2, 15, 10)),
        (1, 1000, 8, Placement(3, 0, 1, 8)),  # a line never vanishes
        (1000, 1, 9, Placement(0, 4, 9, 1)),
        (1, 1, 4, Placement(0, 0, 4, 4)),
    ],
)
def test_placement_is_centred_and_keeps_proportions(height, width, size, expected):
    assert letterbox_placement(height, width, size) == expected


@pytest.mark.parametrize("shape", [(37, 91), (91, 37), (64, 63), (5, 4), (300, 299)])
def test_letterbox_fills_its_place_and_nothing_else(shape):
    square, place = letterbox(np.full(shape, 200, np.uint8), 48)
    inside = np.zeros((48, 48), bool)
    inside[place.top : place.top + place.height, place.left : place.left + place.width] = True
    assert square.shape == (48, 48) and square.dtype == np.uint8
    assert (square[inside] == 200).all() and (square[~inside] == 0).all()
    assert abs(place.height / place.width - shape[0] / shape[1]) < 0.5 / min(
        place.height, place.width
    ) * max(1, shape[0] / shape[1])
    for before, inner in ((place.top, place.height), (place.left, place.width)):
        assert 0 <= (48 - inner) - 2 * before <= 1


def test_shrinking_averages_so_that_a_thin_line_fades_rather_than_vanishes():
    film = np.zeros((64, 64), np.uint8)
    film[:, 37] = 240
    square, _ = letterbox(film, 16)
    np.testing.assert_array_equal(square[:, 37 // 4], 60)
    assert square.sum() == 16 * 60


def test_letterbox_takes_a_read_only_film_and_leaves_it():
    film = np.arange(64, dtype=np.uint8).reshape(8, 8)
    film.flags.writeable = False
    square, _ = letterbox(film, 8)
    np.testing.assert_array_equal(square, film)


DEEP = np.array([[0, 1000], [3000, 65535]], np.uint16)


@pytest.mark.parametrize(
    ("pixels", "window", "expected"),
    [
        (np.array([[0, 7], [128, 255]], np.uint8), None, [[0, 7], [128, 255]]),
        (np.array([[0, 50], [100, 255]], np.uint8), (50, 100), [[0, 0], [255, 255]]),
        (DEEP, (1000, 3000), [[0, 0], [255, 255]]),
        (DEEP, (0, 5000), [[0, 51], [153, 255]]),
        (DEEP, None, [[0, 4], [12, 255]]),
        (np.array([[100, 200, 300]], np.uint16), None, [[0, 128, 255]]),
        (np.full((2, 2), 500, np.uint16), None, [[0, 0], [0, 0]]),  # no contrast to stretch
        (np.full((1, 1), 9, np.uint16), (9, 9), [[0]]),
        (np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8), None, [[76, 150, 29]]),
        (np.array([[[9, 9, 9], [200, 200, 200]]], np.uint8), None, [[9, 200]]),
        (np.array([[[0, 0, 0], [60000] * 3]], np.uint16), (0, 60000), [[0, 255]]),
    ],
    ids=[
        "8 bit unchanged",
        "8 bit with window",
        "window clips",
        "window maps",
        "own range",
        "own range starts at its minimum",
        "flat",
        "empty window",
        "colour weights",
        "grey as colour",
        "deep colour",
    ],
)
def test_grey_as_displayed(pixels, window, expected):
    grey = to_grey(pixels, window)
    assert grey.dtype == np.uint8
    np.testing.assert_array_equal(grey, expected)


@pytest.mark.parametrize(
    ("grey", "expected"),
    [
        (0, [-2.117904, -2.035714, -1.804444]),
        (128, [0.074065, 0.205182, 0.426492]),
        (255, [2.248908, 2.428571, 2.640000]),
    ],
)
def test_normalise_golden_values(grey, expected):
    batch = normalise(np.full((2, 8, 8), grey, np.uint8), IMAGENET)
    assert batch.shape == (2, 3, 8, 8) and batch.dtype == np.float32
    np.testing.assert_allclose(batch[1, :, 3, 5], expected, atol=1e-5)


def test_network_input_is_the_normalised_letterbox():
    film = np.random.default_rng(0).integers(0, 256, (30, 20), np.uint8)
    spec = InputSpec(12, (0.5,), (0.5,))
    batch, place = network_input(film, spec)
    square, expected_place = letterbox(film, 12)
    assert place == expected_place
    np.testing.assert_array_equal(batch, normalise(square[None], spec))
    assert batch.min() >= -1 and batch.max() <= 1
    assert (batch[0, 0, :, : place.left] == -1).all()  # black outside the film


@pytest.mark.parametrize(
    ("spec", "depth"),
    [
        (IMAGENET, "grey in [0, 1]"),
        (InputSpec(150, (0.5,), (0.25,)), "grey in [0, 1]"),
        (InputSpec(128, (0.5,) * 3, (0.5,) * 3, colour=True), "RGB in [0, 1]"),
    ],
)
def test_input_spec_survives_its_card(spec, depth):
    entry = json.loads(json.dumps(spec.to_card()))
    assert InputSpec.from_card(entry) == spec
    assert (entry["channels"], entry["depth"]) == (len(spec.mean), depth)


@pytest.mark.parametrize(
    ("entry", "raises"),
    [
        ({}, KeyError),
        ({"size": 8, "mean": [0.5]}, KeyError),
        ({"size": None, "mean": [0.5], "std": [0.5]}, TypeError),
        ({"size": 8, "mean": 0.5, "std": [0.5]}, TypeError),
        ([], TypeError),
    ],
)
def test_malformed_entry_is_refused(entry, raises):
    with pytest.raises(raises):
        InputSpec.from_card(entry)
