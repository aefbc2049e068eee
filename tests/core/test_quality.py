"""Polarity, sharpness, exposure and the gate, each on films with the fault and without it."""

import io

import cv2
import numpy as np
import pytest

from core.phantoms import HARDWARE, hardware, knee, long_bone
from core.quality import Gate, exposure, is_negative, polarity_score, sharpness

PHANTOMS = {
    "limb": lambda seed: long_bone(seed, bool(seed % 2)),
    "knee": lambda seed: knee(seed, seed % 5),
    "hardware": lambda seed: hardware(seed, HARDWARE[seed % len(HARDWARE)]),
}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", PHANTOMS)
def test_negative_is_told_from_positive_and_undone(kind, seed):
    grey = PHANTOMS[kind](seed).pixels
    assert not is_negative(grey)
    assert is_negative(255 - grey)
    assert polarity_score(255 - grey) == pytest.approx(-polarity_score(grey), abs=0.02)
    assert not is_negative(255 - (255 - grey))


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_flat_film_is_left_as_it_is(grey):
    assert not is_negative(np.full((50, 40), grey, np.uint8))


@pytest.mark.parametrize("kind", PHANTOMS)
def test_sharpness_falls_with_blur(kind):
    grey = PHANTOMS[kind](2).pixels
    blurred = [cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (1, 2, 4)]
    measures = [sharpness(film) for film in (grey, *blurred)]
    values = [measure.value for measure in measures]
    assert values[0] > values[1] > values[2]
    assert measures[0].word == "sharp"
    assert measures[2].word == measures[3].word == "blurred"


@pytest.mark.parametrize("scale", [0.25, 0.5])
def test_a_dark_film_is_not_called_blurred(scale):
    grey = PHANTOMS["limb"](5).pixels
    dark = np.rint(grey * scale).astype(np.uint8)
    assert sharpness(dark).word == "sharp"
    assert sharpness(dark).value == pytest.approx(sharpness(grey).value, rel=0.3)


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (900, 2)])
def test_odd_shapes_are_measured(shape):
    assert sharpness(np.full(shape, 99, np.uint8)).value == 0


@pytest.mark.parametrize(
    ("grey", "word", "value"),
    [
        (np.zeros((9, 9), np.uint8), "very dark", 0),
        (np.full((9, 9), 7, np.uint8), "very dark", 100 * 7 / 255),
        (np.full((9, 9), 10, np.uint8), "dark", 100 * 10 / 255),
        (np.full((9, 9), 102, np.uint8), "good", 40),
        (np.full((9, 9), 240, np.uint8), "bright", 100 * 240 / 255),
        (np.full((9, 9), 255, np.uint8), "burnt out", 100),
        (np.repeat(np.uint8([[0, 0, 0, 102]]), 4, 0), "good", 40),  # air does not count
        (np.repeat(np.uint8([[102, 102, 255, 255]]), 4, 0), "burnt out", 70),
        (np.repeat(np.uint8([[102, 102, 102, 255]]), 4, 0), "good", 40),
    ],
    ids=[
        "black",
        "nearly black",
        "dark",
        "good",
        "bright",
        "white",
        "air",
        "half clipped",
        "a quarter clipped",
    ],
)
def test_exposure_words(grey, word, value):
    measure = exposure(grey)
    assert measure.word == word
    assert measure.value == pytest.approx(value)


@pytest.fixture
def training() -> np.ndarray:
    """Features that vary in 3 of 10 directions, and a little in the others."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(3, 10))
    return rng.normal(size=(300, 3)) @ mixing + 0.1 * rng.normal(size=(300, 10)) + 5


@pytest.fixture
def gate(training) -> Gate:
    """A gate fitted as its docstring says."""
    centred = training - training.mean(0)
    _, spread, basis = np.linalg.svd(centred, full_matrices=False)
    basis, deviation = basis[:3], spread[:3] / np.sqrt(len(training))
    rest = np.linalg.norm(centred - centred @ basis.T @ basis, axis=1)
    mean = training.mean(0)
    return Gate(mean[None], basis[None], deviation[None], np.array([rest.mean()]), 4.0)


def test_gate_lets_training_films_pass_and_stops_others(gate, training):
    usual = gate.distance(training)
    assert usual.shape == (300,)
    assert np.mean(usual) == pytest.approx(2, abs=0.3)  # 1 inside the subspace, 1 outside it
    assert (usual < gate.threshold).mean() > 0.98
    inside = training[:5] + 8 * gate.spread[0, 0] * gate.basis[0, 0]
    aside = training[:5] + 3 * np.linalg.svd(gate.basis[0])[2][-1]
    strange = np.zeros((5, 10))
    for far in (inside, aside, strange):
        assert (gate.distance(far) > gate.threshold).all()


def test_gate_measures_from_the_nearest_kind(gate, training):
    away = training + 100
    both = Gate(
        np.concatenate([gate.mean, gate.mean + 100]),
        np.repeat(gate.basis, 2, 0),
        np.repeat(gate.spread, 2, 0),
        np.repeat(gate.residual, 2, 0),
        gate.threshold,
    )
    np.testing.assert_allclose(both.distance(training), gate.distance(training))
    np.testing.assert_allclose(both.distance(away), gate.distance(training), rtol=1e-6)
    assert (gate.distance(away) > gate.threshold).all()


def saved(path, **entries) -> None:
    np.savez(path, **entries)


def test_gate_survives_its_file(gate, training, tmp_path):
    saved(tmp_path / "gate.npz", **vars(gate))
    again = Gate.load(tmp_path / "gate.npz")
    np.testing.assert_allclose(again.distance(training), gate.distance(training), rtol=1e-4)
    assert again.threshold == gate.threshold


def whole_file(gate: Gate) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **vars(gate))
    return file.getvalue()


def flipped(data: bytes) -> bytes:
    """The file with one compressed byte changed."""
    middle = 80
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


def plain_array(_: bytes) -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"not a gate",
        lambda data: data[:100],
        lambda data: data[: len(data) // 2],
        flipped,
        plain_array,
    ],
    ids=["empty", "text", "cut early", "cut late", "flipped byte", "a single array"],
)
def test_damaged_gate_is_refused(gate, tmp_path, damage):
    path = tmp_path / "gate.npz"
    path.write_bytes(damage(whole_file(gate)))
    with pytest.raises((OSError, KeyError, ValueError)):
        Gate.load(path)


def test_missing_gate_and_missing_entry_are_refused(gate, tmp_path):
    with pytest.raises(OSError):
        Gate.load(tmp_path / "gate.npz")
    saved(tmp_path / "gate.npz", mean=gate.mean)
    with pytest.raises(KeyError):
        Gate.load(tmp_path / "gate.npz")


def test_gate_never_unpickles(gate, tmp_path):
    saved(tmp_path / "gate.npz", **{**vars(gate), "mean": np.array([{"a": 1}], object)})
    with pytest.raises(ValueError):
        Gate.load(tmp_path / "gate.npz")
