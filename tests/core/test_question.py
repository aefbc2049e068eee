"""Hiding leaves no trace of what was there; erasing tells a good heatmap from a bad one."""

import re

import numpy as np
import pytest

from core import question
from core.classify import Grading, grade_knees
from core.models import find, open_model
from core.preprocess import InputSpec, Placement
from core.question import (
    FILL_SIDE,
    EraseCurve,
    box_mask,
    erase_curve,
    hide,
    trust_heatmap,
    trust_without_joint,
    trust_without_part,
)
from tests.toy_models import SIZE, publish_graded

SHAPES = [(1, 7), (2, 3), (64, 64), (97, 51), (FILL_SIDE + 211, FILL_SIDE + 40)]


def noise(shape, low: int = 0, high: int = 256, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, shape).astype(np.uint8)


def blob(shape) -> np.ndarray:
    """The left half's upper part, and a lone pixel in the last corner."""
    mask = box_mask(shape, (0, 0, max(1, shape[1] // 2), max(1, shape[0] // 2)))
    mask[-1, -1] = True
    return mask


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_not_hidden_stays_bit_by_bit(shape):
    film, mask = noise(shape), blob(shape)
    before = film.copy()
    hidden = hide(film, mask)
    assert hidden.shape == shape and hidden.dtype == np.uint8
    np.testing.assert_array_equal(hidden[~mask], film[~mask])
    np.testing.assert_array_equal(film, before)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_shines_through_and_no_new_grey_appears(shape):
    film, mask = noise(shape, 90, 160), blob(shape)
    other = np.where(mask, noise(shape, seed=1), film)
    np.testing.assert_array_equal(hide(film, mask), hide(other, mask))
    hidden = hide(other, mask)[mask]
    assert hidden.min() >= film[~mask].min() and hidden.max() <= film[~mask].max()


@pytest.mark.parametrize("side", [200, 2 * FILL_SIDE])
def test_the_fill_runs_on_from_its_surroundings(side):
    ramp = np.tile(np.linspace(20, 220, side), (side, 1)).astype(np.uint8)
    mask = box_mask(ramp.shape, (0.3 * side, 0.3 * side, 0.7 * side, 0.7 * side))
    dirty = np.where(mask, 0, ramp).astype(np.uint8)
    np.testing.assert_allclose(hide(dirty, mask).astype(int), ramp, atol=3)


def test_empty_mask_gives_an_equal_copy():
    film = noise((20, 30))
    hidden = hide(film, np.zeros((20, 30), bool))
    assert hidden is not film
    np.testing.assert_array_equal(hidden, film)


def test_mask_over_everything_gives_the_mean():
    film = np.repeat(np.uint8([[10, 50]]), 4, axis=0)
    np.testing.assert_array_equal(hide(film, np.ones((4, 2), bool)), np.full((4, 2), 30))


def test_mask_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(4, 5\).*\(5, 4\)"):
        hide(np.zeros((5, 4), np.uint8), np.zeros((4, 5), bool))


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        ((1, 0, 3, 2), (0, 2), (1, 3)),
        ((0.9, 1.2, 2.1, 2.0), (1, 2), (0, 3)),  # whatever it touches
        ((-5, -5, 99, 99), (0, 4), (0, 6)),
        ((-9, -9, -2, -2), (0, 0), (0, 0)),
        ((8, 0, 9, 2), (0, 0), (0, 0)),
    ],
)
def test_box_mask(box, rows, columns):
    expected = np.zeros((4, 6), bool)
    expected[slice(*rows), slice(*columns)] = True
    np.testing.assert_array_equal(box_mask((4, 6), box), expected)


@pytest.fixture
def toy(tmp_path):
    publish_graded(tmp_path)
    return open_model(find(tmp_path, "severity", "toy"))


def part_bright(shape=(96, 96)) -> np.ndarray:
    """Dark but for its left third: grade 2, where the dark alone is 0."""
    film = np.full(shape, 20, np.uint8)
    film[:, : shape[1] // 3] = 255
    return film


def test_heat_that_names_the_reason_costs_more_than_chance_and_its_opposite_does_not(toy):
    film = np.full((96, 96), 20, np.uint8)
    film[28:68, 28:68] = 255
    grading = grade_knees([film], toy)[0]
    heat = grading.heat(2)  # brightness: the square alone keeps this film from grade 0
    good = erase_curve(film, toy, grading, heat, 2, draws=8)
    bad = erase_curve(film, toy, grading, 1 - heat, 2, draws=8)
    assert good.heat_area < 0.6 * good.random_area
    assert "clearly more" in trust_heatmap(good)
    assert bad.heat_area >= bad.random_area
    assert "clearly more" not in trust_heatmap(bad)


@pytest.mark.parametrize("shape", [(96, 96), (120, 60), (40, 131), (20, 20)])
def test_the_curve_begins_with_the_whole_film(toy, shape):
    film = part_bright(shape)
    grading = grade_knees([film], toy)[0]
    curve = erase_curve(film, toy, grading, grading.heat(1), 1, shares=(0.1, 0.3), draws=3)
    np.testing.assert_array_equal(curve.shares, [0, 0.1, 0.3])
    assert curve.heat.shape == (3,) and curve.random.shape == (3, 3)
    assert (curve.random[:, 0] == grading.probabilities[1]).all()
    assert curve.heat[0] == grading.probabilities[1]
    # A share of nothing is the whole film graded again: placing it twice changes no pixel.
    nothing = erase_curve(film, toy, grading, grading.heat(1), 1, shares=(0.0, 0.3), draws=1)
    assert nothing.heat[1] == pytest.approx(nothing.heat[0], abs=1e-6)


@pytest.mark.parametrize("shape", [(96, 96), (120, 60)])
@pytest.mark.parametrize("heat", ["a spot", "none", "even"])
def test_every_view_hides_its_share_of_the_film_and_the_hottest_first(
    toy, monkeypatch, shape, heat
):
    film = part_bright(shape)
    grading = grade_knees([film], toy)[0]
    place = grading.place
    values = np.full((place.height, place.width), float(heat == "even"), np.float32)
    if heat == "a spot":
        values[3:6, 2:7] = np.linspace(0.5, 1, 5)
    masks = []
    monkeypatch.setattr(question, "hide", lambda grey, mask: masks.append(mask) or grey)
    erase_curve(film, toy, grading, values, 1, draws=2)
    pixels = place.height * place.width
    counts = [round(share * pixels) for share in (0.05, 0.1, 0.2, 0.4)]
    assert [int(mask.sum()) for mask in masks] == counts * 3
    assert all(mask.shape == values.shape for mask in masks)
    if heat == "a spot":
        assert masks[0][3:6, 6].all()  # the hottest column
        assert masks[3][3:6, 2:7].all()
        far = (slice(-3, None), slice(-3, None))
        assert not masks[3][far].any()  # beyond the heat, the nearest go first


def test_the_same_seed_gives_the_same_curve(toy):
    film = part_bright((120, 80))
    grading = grade_knees([film], toy)[0]
    one, again, other = (
        erase_curve(film, toy, grading, grading.heat(1), 1, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.random, again.random)
    assert not np.array_equal(one.random, other.random)
    np.testing.assert_array_equal(one.heat, other.heat)


def test_heat_without_any_place_is_like_chance(toy):
    film = part_bright()
    grading = grade_knees([film], toy)[0]
    curve = erase_curve(film, toy, grading, np.zeros((96, 96), np.float32), 1)
    assert curve.heat_area == pytest.approx(curve.random_area)


def curve(heat, *random) -> EraseCurve:
    return EraseCurve(np.array([0, 0.1, 0.4]), np.array(heat), np.array(random))


def test_areas_by_hand():
    found = curve([0.8, 0.4, 0.2], [0.8, 0.8, 0.8], [0.8, 0.6, 0.6])
    assert found.heat_area == pytest.approx((0.1 * 0.6 + 0.3 * 0.3) / 0.4)
    assert found.random_areas == pytest.approx([0.8, (0.1 * 0.7 + 0.3 * 0.6) / 0.4])
    assert found.random_area == pytest.approx((0.8 + 0.625) / 2)


def graded(*probabilities: float) -> Grading:
    spec, place = InputSpec(SIZE, (0.0,), (1.0,)), Placement(0, 0, SIZE, SIZE)
    heat = np.zeros((len(probabilities), 8, 8), np.float32)
    return Grading(np.array(probabilities), heat, place, spec, np.zeros(8), 0.0)


SURE_OF_3 = graded(0.02, 0.03, 0.1, 0.8, 0.05)
UNSURE = graded(0.15, 0.15, 0.15, 0.33, 0.22)


def one_sentence(text: str) -> bool:
    return text.endswith(".") and text.count(".") == 1 and text[0].isupper()


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (SURE_OF_3, SURE_OF_3, "gives grade 3 as much without seeing the joint.*do not trust"),
        (SURE_OF_3, graded(0.1, 0.1, 0.2, 0.55, 0.05), "at least half.*comes from elsewhere"),
        (SURE_OF_3, graded(0.1, 0.1, 0.25, 0.4, 0.15), "no longer sure of grade 3, as it should"),
        (SURE_OF_3, graded(0.9, 0.05, 0.02, 0.02, 0.01), "sure of grade 0 where no joint"),
        (SURE_OF_3, graded(0.3, 0.2, 0.2, 0.2, 0.1), "drops grade 3 and is unsure, as it should"),
        (UNSURE, UNSURE, "gives grade 3 as much without seeing the joint.*do not trust"),
        (UNSURE, graded(0.26, 0.2, 0.1, 0.25, 0.19), "says nothing about the call"),
        (UNSURE, graded(0.6, 0.1, 0.1, 0.1, 0.1), "sure of grade 0 where no joint"),
    ],
)
def test_trust_when_the_joint_is_hidden(before, after, wanted):
    text = trust_without_joint(before, after)
    assert one_sentence(text) and re.search(wanted, text)


@pytest.mark.parametrize(
    ("heat", "random", "wanted"),
    [
        ([0.8, 0.4, 0.2], [[0.8, 0.7, 0.6], [0.8, 0.8, 0.5]], "clearly more.*shows what"),
        # A draw that is no worse than the heat leaves it open.
        ([0.8, 0.4, 0.2], [[0.8, 0.4, 0.2], [0.8, 0.8, 0.8]], "does not clearly cost.*do not read"),
        (
            [0.8, 0.5, 0.3],
            [[0.8, 0.5, 0.34], [0.8, 0.5, 0.32]],
            "does not clearly cost.*do not read",
        ),
        ([0.8, 0.7, 0.6], [[0.8, 0.4, 0.2], [0.8, 0.5, 0.3]], "costs the grade less"),
        ([0.8, 0.8, 0.8], [[0.8, 0.4, 0.2], [0.8, 0.5, 0.3]], "costs the grade less"),
        ([0.8, 0.79, 0.8], [[0.8, 0.8, 0.79], [0.8, 0.8, 0.8]], "no single place"),
        # Most draws cost nothing, one and the heat do.
        ([0.9, 0.7, 0.6], [[0.9, 0.9, 0.9], [0.9, 0.6, 0.6]], "does not clearly cost"),
        ([0.03, 0.02, 0.01], [[0.03, 0.03, 0.03], [0.03, 0.03, 0.02]], "hardly any probability"),
    ],
    ids=[
        "tells",
        "one draw as good",
        "no margin",
        "worse",
        "misses it",
        "nothing matters",
        "one draw costs",
        "nothing to lose",
    ],
)
def test_trust_in_the_heatmap(heat, random, wanted):
    text = trust_heatmap(curve(heat, *random))
    assert one_sentence(text) and re.search(wanted, text)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (SURE_OF_3, graded(0.1, 0.1, 0.6, 0.1, 0.1), "calls grade 2 instead of 3: the call dep"),
        (UNSURE, graded(0.26, 0.2, 0.1, 0.25, 0.19), "close before"),
        (SURE_OF_3, graded(0.1, 0.1, 0.2, 0.5, 0.1), "less sure of grade 3 but still"),
        (graded(0.1, 0.1, 0.2, 0.5, 0.1), SURE_OF_3, "surer of grade 3"),
        (SURE_OF_3, graded(0.02, 0.03, 0.12, 0.78, 0.05), "hardly changes grade 3"),
    ],
)
def test_trust_when_a_part_is_brushed_over(before, after, wanted):
    text = trust_without_part(before, after)
    assert one_sentence(text) and re.search(wanted, text)
