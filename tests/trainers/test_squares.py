"""What training sees is what the app sees, and an epoch is decided by its seed."""

import numpy as np
import pytest
import torch

from core.film_packs import Film, Pack
from core.phantoms import long_bone
from core.preprocess import InputSpec, Placement, network_input, normalise
from core.quality import is_negative
from core.samples import gallery, png
from trainers.squares import Crops, Squares, box_map, load_squares, place_boxes, read_grey

SPEC = InputSpec(32, (0.5,), (0.5,))


def test_training_and_serving_prepare_a_film_alike(tmp_path):
    for label, folder in enumerate(("normal", "fractured")):
        (tmp_path / "train" / folder).mkdir(parents=True)
        data = png(long_bone(5 + label, bool(label)).pixels)
        (tmp_path / "train" / folder / "film.png").write_bytes(data)
    pack = Pack(tmp_path)
    squares = load_squares(pack, pack.films, SPEC.size)
    assert len(squares.films) == 2 and squares.skipped == []
    for index, (film, data) in enumerate(pack.read_all(pack.films)):
        served, place = network_input(read_grey(data, film.name), SPEC)
        np.testing.assert_array_equal(normalise(squares.squares[index][None], SPEC), served)
        assert squares.places[index] == place


@pytest.mark.parametrize("sample", gallery(), ids=lambda sample: sample.slug)
def test_film_is_read_as_a_positive(sample):
    grey = read_grey(sample.data(), sample.filename)
    assert grey.dtype == np.uint8 and grey.ndim == 2
    assert not is_negative(grey)


def test_negative_film_is_turned_back():
    grey = long_bone(5, False).pixels
    np.testing.assert_array_equal(read_grey(png(255 - grey), "film.png"), grey)


def test_unreadable_film_is_skipped_and_listed(tmp_path):
    for folder, data in (("normal", b"no film"), ("fractured", png(long_bone(5, True).pixels))):
        (tmp_path / "train" / folder).mkdir(parents=True)
        (tmp_path / "train" / folder / f"{folder}.png").write_bytes(data)
    pack = Pack(tmp_path)
    squares = load_squares(pack, pack.films, 32)
    assert [film.name for film in squares.films] == ["fractured.png"]
    assert squares.squares.shape == (1, 32, 32) and len(squares.places) == 1
    ((name, reason),) = squares.skipped
    assert name == "normal.png" and reason
    assert load_squares(pack, [], 32).squares.shape == (0, 32, 32)


@pytest.mark.parametrize(
    ("boxes", "place", "expected"),
    [
        ([(0, 0, 1, 1)], Placement(0, 0, 8, 8), [[0, 0, 8, 8]]),
        ([(0, 0, 1, 1)], Placement(2, 0, 4, 8), [[0, 2, 8, 6]]),
        ([(0.5, 0.25, 1, 0.5)], Placement(0, 2, 8, 4), [[4, 2, 6, 4]]),
        ([], Placement(0, 0, 8, 8), np.zeros((0, 4))),
    ],
    ids=["whole film", "landscape", "portrait", "none"],
)
def test_boxes_go_where_the_film_goes(boxes, place, expected):
    np.testing.assert_array_equal(place_boxes(boxes, place), expected)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([], ["....", "....", "....", "...."]),
        ([(8, 8, 24, 16)], ["????", "?##?", "????", "...."]),
        ([(0, 0, 8, 8)], ["#?..", "??..", "....", "...."]),
        ([(17, 17, 18, 18)], ["....", ".???", ".?#?", ".???"]),  # smaller than a cell
        ([(0, 0, 8, 8), (8, 8, 16, 16)], ["#??.", "?#?.", "???.", "...."]),
        ([(0, 0, 32, 32)], ["####", "####", "####", "####"]),
    ],
    ids=["none", "wide", "corner", "tiny", "one's rim over another", "all"],
)
def test_box_map_marks_fractured_unknown_and_sound_cells(boxes, expected):
    signs = {1: "#", -1: "?", 0: "."}
    found = box_map(np.array(boxes, float).reshape(-1, 4), 32, 8)
    assert found.dtype == np.float32
    assert ["".join(signs[int(cell)] for cell in row) for row in found] == expected


@pytest.mark.parametrize("seed", range(20))
def test_every_box_claims_a_cell(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 62, 2)
    box = (x, y, x + rng.uniform(0.5, 2), y + rng.uniform(0.5, 2))
    found = box_map(np.array([box]), 64, 8)
    assert 1 <= (found == 1).sum() <= 4
    centre = min(int((y + box[3]) / 16), 7), min(int((x + box[2]) / 16), 7)
    assert found[centre] == 1


def squares(count: int = 12, boxes=((0.4, 0.4, 0.6, 0.6),)) -> Squares:
    """Every fourth film is fractured; each has a brightness of its own."""
    rng = np.random.default_rng(0)
    films = [
        Film(f"{i}.png", "", int(i % 4 == 0), "train", str(i), boxes if i % 4 == 0 else ())
        for i in range(count)
    ]
    stack = rng.integers(60, 255, (count, 32, 32), np.uint8)
    return Squares(films, stack, [Placement(0, 0, 32, 32)] * count, [])


def epoch(seed=(0, 0), count=12, crop=32, films=None, **options) -> list[dict]:
    crops = Crops(films or squares(), SPEC, seed, count, crop, **options)
    assert len(crops) == count
    return [crops[i] for i in range(count)]


def same(one: list[dict], other: list[dict]) -> bool:
    return all(torch.equal(a[key], b[key]) for a, b in zip(one, other, strict=True) for key in a)


@pytest.mark.parametrize("options", [{}, {"stride": 8, "crop": 16, "balance": 0.5}])
def test_epoch_is_decided_by_its_seed_and_number(options):
    assert same(epoch((3, 1), **options), epoch((3, 1), **options))
    assert not same(epoch((3, 1), **options), epoch((3, 2), **options))
    assert not same(epoch((3, 1), **options), epoch((4, 1), **options))


def test_every_view_of_one_film_differs():
    alone = squares(count=1)
    views = [item for number in (1, 2) for item in epoch((3, number), count=4, films=alone)]
    assert len({item["input"].numpy().tobytes() for item in views}) == 8


def test_views_do_not_depend_on_the_order_they_are_asked_in():
    crops = Crops(squares(), SPEC, (0, 0), 6, 32)
    backwards = [crops[i] for i in reversed(range(6))]
    assert same(backwards[::-1], epoch(count=6))


def test_every_film_is_shown_once_an_epoch():
    crops = Crops(squares(), SPEC, (0, 0), 24, 32)
    assert sorted(crops.order[:12]) == sorted(crops.order[12:]) == list(range(12))
    assert sum(int(item["label"]) for item in epoch()) == 3


@pytest.mark.parametrize(("balance", "positive"), [(0.0, 0), (0.25, 5), (0.5, 10), (1.0, 20)])
def test_balance_is_the_share_of_fractured_views(balance, positive):
    labels = [int(item["label"]) for item in epoch(count=20, balance=balance)]
    assert sum(labels) == positive


def test_item_shapes_and_values():
    for item in epoch(crop=16, stride=8):
        assert item["input"].shape == (1, 16, 16) and item["input"].dtype == torch.float32
        assert item["input"].min() >= -1 and item["input"].max() <= 1
        assert item["label"].dtype == torch.int64
        assert item["box_map"].shape == (2, 2) and item["box_map"].dtype == torch.float32
    assert "box_map" not in epoch()[0]


def test_map_is_unknown_where_a_film_was_never_annotated():
    for item in epoch(films=squares(boxes=None), stride=8):
        unknown = bool((item["box_map"] == -1).all())
        assert unknown == bool(item["label"])


def test_label_and_map_agree_in_a_view():
    corner = squares(boxes=((0.0, 0.0, 0.1, 0.1),))
    items = epoch(count=60, balance=1.0, films=corner, stride=4)
    for item in items:
        assert bool((item["box_map"] == 1).any()) == bool(item["label"])
    assert {int(item["label"]) for item in items} == {0, 1}  # some views miss the fracture


def test_phantoms_bring_their_own_labels_and_boxes():
    items = epoch(count=20, balance=0.0, phantoms=1.0, stride=8)
    labels = [int(item["label"]) for item in items]
    assert 2 < sum(labels) < 18
    for item in items:
        assert bool((item["box_map"] == 1).any()) == bool(item["label"])
    assert same(items, epoch(count=20, balance=0.0, phantoms=1.0, stride=8))
