"""Filling: nothing outside the mask changes, whatever the film's depth, size or polarity."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from core import inpaint
from core.fidelity import PERFECT, fidelity
from core.inpaint import BadHole, fill, holes, middle
from core.membrane import span
from core.painters import Painter
from core.phantoms import knee


class Session:
    """Stands for an opened network: `answer` (batch) → what it paints."""

    def __init__(self, answer) -> None:
        self.answer, self.seen = answer, []

    def run(self, _names, feeds):
        self.seen.append(feeds["input"])
        return [self.answer(feeds["input"])]


def painter(answer=lambda batch: batch[:, :1], whole=False, stride=16, largest=64) -> Painter:
    card = SimpleNamespace(
        title="Toy",
        input=SimpleNamespace(size=32),
        details={
            "view": "whole film" if whole else "hole and surroundings",
            "largest_view": largest,
            "stride": stride,
        },
    )
    return Painter(card, Session(answer))


def film(depth: str = "8 bit", shape: tuple[int, int] = (60, 50)) -> np.ndarray:
    """A smooth slope with a little grain."""
    rng = np.random.default_rng(1)
    slope = np.add.outer(np.linspace(0.2, 0.7, shape[0]), np.linspace(0, 0.2, shape[1]))
    values = slope + 0.01 * rng.standard_normal(shape)
    if depth == "8 bit":
        return (values * 255).astype(np.uint8)
    return (values * (4095 if depth == "12 bit" else 65535)).astype(np.uint16)


def spot(shape=(60, 50), at=(30, 25), radius=5) -> np.ndarray:
    return cv2.circle(np.zeros(shape, np.uint8), at[::-1], radius, 1, -1).astype(bool)


METHODS = {**{name: name for name in inpaint.CLASSICAL}, "network": painter()}


@pytest.mark.parametrize("grain", [False, True])
@pytest.mark.parametrize("depth", ["8 bit", "12 bit", "16 bit"])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_outside_the_mask_every_bit_is_the_films_and_inside_it_fits(method, depth, grain):
    pixels, mask = film(depth), spot()
    spoiled = pixels.copy()
    spoiled[mask] = np.iinfo(pixels.dtype).max
    filled = fill(spoiled, mask, method, grain=grain).pixels
    assert filled.dtype == pixels.dtype and filled.shape == pixels.shape
    assert np.array_equal(filled[~mask], spoiled[~mask])
    error = np.abs(filled[mask].astype(float) - pixels[mask]).mean()
    assert error < 0.03 * (255 if depth == "8 bit" else pixels.max())


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_what_lies_under_the_mask_is_not_looked_at(method):
    mask, one, other = spot(), film(), film()
    one[mask], other[mask] = 0, 255
    assert np.array_equal(fill(one, mask, method).pixels, fill(other, mask, method).pixels)


def test_a_deep_film_is_not_filled_in_steps_of_8_bits():
    pixels, mask = film("16 bit"), spot(radius=8)
    filled = fill(pixels, mask, "biharmonic").pixels
    assert len(np.unique(filled[mask] % 256)) > 50


def test_colour_is_filled_channel_by_channel():
    pixels, mask = np.stack([film(), film() // 2, 255 - film()], 2), spot()
    filled = fill(pixels, mask, "ns").pixels
    assert np.array_equal(filled[~mask], pixels[~mask])
    assert np.abs(filled[mask].astype(float) - pixels[mask]).mean() < 8


def test_a_network_is_shown_a_positive_in_the_range_of_0_to_1_whatever_the_film():
    pixels, mask = film("12 bit"), spot()
    for given, negative in ((pixels, False), (4095 - pixels, True)):
        method = painter()
        filled = fill(given, mask, method, window=(0, 4095), negative=negative).pixels
        (seen,) = method._session.seen
        assert seen.shape[0:2] == (1, 2) and seen.shape[2] % 16 == seen.shape[3] % 16 == 0
        assert abs(seen[0, 0].mean() - pixels.mean() / 4095) < 0.1
        assert np.array_equal(filled[~mask], given[~mask])


def test_a_large_hole_is_shrunk_for_the_network_and_keeps_the_level_of_its_rim():
    pixels = film(shape=(300, 260))
    mask = spot((300, 260), (150, 130), 90)
    method = painter(lambda batch: batch[:, :1] + 0.3 * batch[:, 1:], largest=64)
    filled = fill(pixels, mask, method)
    assert 0 < filled.scale < 0.3 and max(method._session.seen[0].shape[2:]) <= 64
    assert np.array_equal(filled.pixels[~mask], pixels[~mask])
    inside = filled.pixels[mask].astype(float) - pixels[mask]
    assert inside.mean() > 40, "what the network painted is not lost"


def test_a_thin_hole_in_a_large_film_is_painted_at_the_films_own_size_piece_by_piece():
    pixels = film(shape=(500, 400))
    mask = cv2.line(np.zeros((500, 400), np.uint8), (20, 30), (370, 460), 1, 7).astype(bool)
    method = painter(lambda batch: batch[:, :1] + 0.1 * batch[:, 1:], largest=64)
    filled = fill(pixels, mask, method)
    seen = method._session.seen
    assert filled.scale == 1 and len(seen) > 5
    assert all(max(batch.shape[2:]) <= 64 and batch[0, 1].any() for batch in seen)
    change = filled.pixels[mask].astype(float) - pixels[mask]
    assert abs(change.mean() - 0.1 * 255) < 4 and np.abs(change - change.mean()).max() < 20
    assert np.array_equal(filled.pixels[~mask], pixels[~mask])


def test_a_long_hole_that_is_not_thin_is_shrunk_until_it_is_and_no_further():
    mask = np.zeros((600, 300), bool)
    mask[30:570, 130:170] = True
    method = painter(largest=64)
    filled = fill(film(shape=(600, 300)), mask, method)
    assert 0.5 < filled.scale < 0.7
    assert all(batch[0, 1].any() for batch in method._session.seen)


def test_hundreds_of_specks_are_cut_out_small():
    mask = np.zeros((1200, 1000), bool)
    mask[30::80, 30::80] = True
    found = holes(mask)
    assert len(found) == mask.sum() > 150
    assert all(hole.size < 120 * 120 for _, hole in found)


@pytest.mark.parametrize("method", inpaint.CLASSICAL)
def test_a_film_far_longer_than_wide_is_filled(method):
    pixels = film(shape=(16, 3000))
    mask = np.zeros(pixels.shape, bool)
    mask[:, 600:2000] = True
    filled = fill(pixels, mask, method).pixels
    assert np.array_equal(filled[~mask], pixels[~mask])
    assert np.abs(filled[mask].astype(float) - pixels[mask]).mean() < 60


def test_far_apart_holes_are_filled_one_by_one_and_near_ones_together():
    mask = spot((200, 200), (30, 30)) | spot((200, 200), (160, 160)) | spot((200, 200), (160, 174))
    found = holes(mask)
    assert len(found) == 2
    together = np.zeros_like(mask)
    for view, hole in found:
        assert 0 < hole.sum() < hole.size and hole.shape == together[view].shape
        together[view] |= hole
    assert np.array_equal(together, mask)
    assert fill(film(shape=(200, 200)), mask, "ns").holes == 2


def test_a_hole_in_the_corner_is_filled():
    pixels, mask = film(), np.zeros((60, 50), bool)
    mask[:12, :12] = True
    for method in METHODS.values():
        assert (
            np.abs(fill(pixels, mask, method).pixels[mask] - pixels[mask].astype(float)).max() < 90
        )


def test_grain_lifts_a_smooth_fill_to_its_surroundings_and_the_seed_repeats_it():
    rng = np.random.default_rng(0)
    pixels = np.clip(120 + 6 * rng.standard_normal((80, 80)), 0, 255).astype(np.uint8)
    mask = spot((80, 80), (40, 40), 14)
    smooth = fill(pixels, mask, "ns").pixels[mask].astype(float).std()
    grainy = fill(pixels, mask, "ns", grain=True, seed=3).pixels
    assert smooth < 4 < grainy[mask].astype(float).std() < 9
    assert np.array_equal(grainy, fill(pixels, mask, "ns", grain=True, seed=3).pixels)
    assert not np.array_equal(grainy, fill(pixels, mask, "ns", grain=True, seed=4).pixels)


def test_a_classic_network_fills_the_middle_and_refuses_the_rest():
    pixels = film(shape=(96, 96))
    classic = painter(lambda batch: np.full_like(batch[:, :1], 0.9), whole=True)
    mask = middle(pixels.shape)
    filled = fill(pixels, mask, classic).pixels
    assert classic._session.seen[0].shape == (1, 2, 32, 32)
    assert np.array_equal(filled[~mask], pixels[~mask])
    assert abs(int(filled[48, 48]) - 0.9 * 255) < 1
    with pytest.raises(BadHole, match="middle of a knee film"):
        fill(pixels, spot((96, 96), (10, 10)), classic)


def test_the_middle_is_that_of_the_first_context_encoder():
    mask = middle((224, 224))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) == (56, 168, 31, 193)


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.zeros((60, 50), bool), "The mask is empty"),
        (np.ones((60, 50), bool), "covers all of the film"),
        (np.ones((50, 60), bool), "60 by 50 pixels, but the film 50 by 60"),
    ],
    ids=["empty", "everything", "another size"],
)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_mask_that_cannot_be_filled_is_told_in_a_sentence(method, mask, reason):
    with pytest.raises(BadHole, match=reason) as refusal:
        fill(film(), mask, method)
    assert refusal.value.reason.endswith(".")


def test_a_flat_film_and_a_film_of_16_px_are_filled():
    flat, mask = np.full((16, 16), 900, np.uint16), spot((16, 16), (8, 8), 2)
    for method in METHODS.values():
        assert np.array_equal(fill(flat, mask, method, grain=True).pixels, flat)


def test_a_membrane_spans_a_slope_exactly_enough_and_keeps_what_is_known():
    slope = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
    mask = spot((64, 64), (32, 32), 12)
    filled = span(np.where(mask, 0, slope), ~mask)
    assert np.array_equal(filled[~mask], slope[~mask])
    assert np.abs(filled - slope)[mask].max() < 0.05


def test_fidelity_is_perfect_for_the_truth_and_falls_with_the_error():
    truth = knee(3, 0).pixels
    mask = spot(truth.shape, (112, 112), 20)
    same = fidelity(truth, truth, mask)
    assert same == {"l1": 0.0, "psnr": PERFECT, "ssim": pytest.approx(1.0)}
    brighter = np.where(mask, truth - 10, truth).astype(np.uint8)
    found = fidelity(brighter, truth, mask)
    assert found["l1"] == pytest.approx(10) and found["psnr"] == pytest.approx(28.13, abs=0.01)
    elsewhere = np.where(mask, truth, 0).astype(np.uint8)
    assert fidelity(elsewhere, truth, mask)["l1"] == 0
    with pytest.raises(ValueError, match="no hole"):
        fidelity(truth, truth, np.zeros_like(mask))
