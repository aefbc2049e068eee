"""Generators are opened and asked; labels and noise are mixed without leaving what was learned."""

import hashlib
import json

import numpy as np
import pytest

from core.lesions import CODES, SIDE
from core.models import BadModel, find
from core.sketchers import NOISE, Sketcher, between, blend, noise, one_hot, open_sketcher
from tests.toy_models import graph, painting_graph, publish_sketcher, sketcher_card

MASK = np.zeros((SIDE, SIDE), bool)
MASK[30:90, 40:100] = True
LABELS = np.stack([one_hot(code) for code in CODES])
NONE = np.zeros((1, NOISE))


def opened(root, **changes) -> Sketcher:
    publish_sketcher(root, **changes)
    return open_sketcher(find(root, "sketch", changes.get("name", "cgan")))


# --- the generator ---


def test_it_draws_a_picture_for_each_label_inside_the_sketch(tmp_path):
    sketcher = opened(tmp_path)
    pictures = sketcher.draw(MASK, LABELS, noise([0] * 7))
    assert pictures.shape == (7, SIDE, SIDE, 3) and pictures.dtype == np.uint8
    assert len({tuple(picture[60, 60]) for picture in pictures}) == 7
    skin = pictures[0, 0, 0]
    assert (pictures[:, ~MASK] == skin).all() and (pictures[:, MASK] != skin).any(-1).all()


def test_every_picture_may_have_a_sketch_of_its_own(tmp_path):
    sketcher = opened(tmp_path)
    masks = np.stack([MASK, MASK.T, ~MASK])
    labels, noises = LABELS[[1, 4, 1]], noise([1, 2, 3])
    together = sketcher.draw(masks, labels, noises)
    for at in range(3):
        alone = sketcher.draw(masks[at], labels[at : at + 1], noises[at : at + 1])
        np.testing.assert_array_equal(together[at : at + 1], alone)


def test_a_mixed_label_gives_something_between(tmp_path):
    sketcher = opened(tmp_path)
    mixed = blend(LABELS[0], LABELS[5], 0.5)
    one, other, middle = sketcher.draw(
        MASK, np.stack([LABELS[0], LABELS[5], mixed]), NONE.repeat(3, 0)
    )[:, 60, 60].astype(int)
    assert np.abs(middle - (one + other) / 2).max() <= 1


@pytest.mark.parametrize(("numbers", "varies"), [(NOISE, True), (0, False)])
def test_noise_tells_variants_apart_where_the_generator_takes_any(tmp_path, numbers, varies):
    sketcher = opened(tmp_path, noise=numbers)
    first, second = sketcher.draw(MASK, LABELS[[4, 4]], noise([1, 2]))
    assert sketcher.varies is varies
    assert np.array_equal(first, second) is not varies


UNUSABLE = {
    "other classes": {"classes": ["nv", "mel"]},
    "classes in another order": {"classes": [*CODES[::-1]]},
    "noise unstated": {"noise": None},
    "noise in words": {"noise": "much"},
}


@pytest.mark.parametrize("changes", UNUSABLE.values(), ids=UNUSABLE)
def test_a_card_of_something_else_is_refused(tmp_path, changes):
    with pytest.raises(BadModel, match=r"card of cgan .*: restore card\.json"):
        opened(tmp_path, **changes)


@pytest.mark.parametrize("data", [graph(), painting_graph(), b"no network"])
def test_another_network_is_refused(tmp_path, data):
    folder = publish_sketcher(tmp_path)
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(BadModel, match="sha256"):
        open_sketcher(find(tmp_path, "sketch", "cgan"))
    entries = sketcher_card("cgan", hashlib.sha256(data).hexdigest())
    (folder / "card.json").write_text(json.dumps(entries))
    with pytest.raises(BadModel, match=r"not one of ours|cannot be opened"):
        open_sketcher(find(tmp_path, "sketch", "cgan"))


def test_a_card_without_noise_is_refused(tmp_path):
    folder = publish_sketcher(tmp_path)
    entries = json.loads((folder / "card.json").read_text())
    del entries["noise"]
    (folder / "card.json").write_text(json.dumps(entries))
    with pytest.raises(BadModel, match=r"restore card\.json"):
        open_sketcher(find(tmp_path, "sketch", "cgan"))


# --- noise and labels ---


def test_noise_is_normal_and_the_same_for_its_seed():
    found = noise(range(200))
    assert found.shape == (200, NOISE) and found.dtype == np.float32
    assert abs(found.mean()) < 0.03 and found.std() == pytest.approx(1, abs=0.03)
    np.testing.assert_array_equal(noise([7, 3, 7]), found[[7, 3, 7]])
    assert len(np.unique(found[:, 0])) == 200
    assert noise([]).shape == (0, NOISE)


@pytest.mark.parametrize("strength", [0, 0.5, 2.0])
def test_strength_scales_noise(strength):
    np.testing.assert_allclose(noise([1, 2], strength), strength * noise([1, 2]), rtol=1e-6)


def test_labels_weigh_one_diagnosis_or_two():
    assert one_hot("bcc").tolist() == [0, 1, 0, 0, 0, 0, 0]
    mixed = blend(one_hot("bcc"), one_hot("nv"), 0.25)
    np.testing.assert_allclose(mixed, [0, 0.75, 0, 0, 0, 0.25, 0])
    for share in np.linspace(0, 1, 7):
        assert blend(one_hot("mel"), one_hot("df"), share).sum() == pytest.approx(1)
    np.testing.assert_array_equal(blend(one_hot("mel"), one_hot("mel"), 0.3), one_hot("mel"))


@pytest.mark.parametrize("code", ["", "NV", "melanoma", None])
def test_a_code_that_is_none_is_an_error(code):
    with pytest.raises(ValueError):
        one_hot(code)


# --- from one seed to another ---

ONE, OTHER = noise([1, 2])
PAIRS = {
    "two seeds": (ONE, OTHER),
    "one stronger": (ONE, 2 * OTHER),
    "almost the same": (ONE, ONE + 1e-5),
    "the same": (ONE, ONE),
    "the same, stronger": (ONE, 3 * ONE),
    "from nothing": (0 * ONE, OTHER),
    "to nothing": (ONE, 0 * OTHER),
    "nothing": (0 * ONE, 0 * ONE),
}


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS)
def test_the_way_between_keeps_its_ends_and_its_length(one, other):
    np.testing.assert_allclose(between(one, other, 0), one, atol=1e-5)
    np.testing.assert_allclose(between(one, other, 1), other, atol=1e-5)
    for share in np.linspace(0, 1, 9):
        way = between(one, other, share)
        length = (1 - share) * np.linalg.norm(one) + share * np.linalg.norm(other)
        assert way.shape == (NOISE,) and way.dtype == np.float32
        assert np.linalg.norm(way) == pytest.approx(length, rel=1e-3, abs=1e-5)


def test_the_way_between_is_even():
    steps = np.diff([between(ONE, OTHER, share) for share in np.linspace(0, 1, 11)], axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    assert np.ptp(lengths) < 0.2 * lengths.mean()


def test_the_way_between_opposites_is_finite():
    assert np.isfinite([between(ONE, -ONE, share) for share in (0, 0.5, 1)]).all()
