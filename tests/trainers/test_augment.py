"""Random views: the box goes with what it marks, and chance comes from the seed alone."""

import numpy as np
import pytest

from trainers.augment import UPRIGHT_JOINT, random_view

SIZE = 96


def marked(box) -> np.ndarray:
    """A dark film with a bright rectangle, (x0, y0, x1, y1) in pixels."""
    x0, y0, x1, y1 = box
    film = np.full((SIZE, SIZE), 20, np.uint8)
    film[y0:y1, x0:x1] = 255
    return film


def view_of(box, crop: int, seed: int):
    return random_view(marked(box), np.array([box], float), crop, np.random.default_rng(seed))


def bright(square: np.ndarray) -> np.ndarray:
    return square > (int(square.min()) + int(square.max())) / 2


def overlap(mask: np.ndarray, box) -> tuple[float, float]:
    """(share of the mask inside the box, share of the box that the mask fills)."""
    rows, columns = np.indices(mask.shape)
    x0, y0, x1, y1 = box
    inside = (columns >= x0 - 0.5) & (columns < x1 - 0.5) & (rows >= y0 - 0.5) & (rows < y1 - 0.5)
    both = (mask & inside).sum()
    return both / mask.sum(), both / inside.sum()


@pytest.mark.parametrize("seed", range(40))
def test_box_follows_a_square_mark(seed):
    # A box of the same area around a square turned by any angle shares at least 83 % with it.
    view = view_of((30, 56, 54, 80), SIZE, seed)
    (box,) = view.boxes
    inside, filled = overlap(bright(view.square), box)
    assert inside > 0.78 and filled > 0.78


@pytest.mark.parametrize("seed", range(40))
def test_box_follows_a_long_mark_and_its_side_of_the_film(seed):
    view = view_of((20, 40, 60, 56), SIZE, seed)
    (box,) = view.boxes
    rows, columns = np.nonzero(bright(view.square))
    assert columns.mean() == pytest.approx((box[0] + box[2]) / 2, abs=2.5)
    assert rows.mean() == pytest.approx((box[1] + box[3]) / 2, abs=2.5)
    assert overlap(bright(view.square), box)[0] > 0.6
    assert box[2] - box[0] > box[3] - box[1]  # turned by 25 degrees at most


@pytest.mark.parametrize("seed", range(40))
def test_crop_is_centred_near_the_box(seed):
    view = view_of((70, 4, 82, 16), 48, seed)
    assert view.square.shape == (48, 48) and view.square.dtype == np.uint8
    (box,) = view.boxes
    assert 0 <= box[0] < box[2] <= 48 and 0 <= box[1] < box[3] <= 48
    assert overlap(bright(view.square), box)[1] > 0.7


def test_crop_without_a_box_looks_at_the_bright_part():
    film = np.zeros((SIZE, SIZE), np.uint8)
    film[56:, 56:] = 200
    shares = [
        bright(random_view(film, np.zeros((0, 4)), 32, np.random.default_rng(seed)).square).mean()
        for seed in range(40)
    ]
    assert np.mean(shares) > 0.5  # a crop anywhere would show 17 % on average


@pytest.mark.parametrize(
    "boxes",
    [np.zeros((0, 4)), np.array([[2.0, 2, 4, 4]])],
    ids=["no box", "box in a corner"],
)
def test_black_film_and_few_boxes_do_no_harm(boxes):
    for seed in range(10):
        black = np.zeros((SIZE, SIZE), np.uint8)
        view = random_view(black, boxes, 32, np.random.default_rng(seed))
        assert view.square.shape == (32, 32) and view.boxes.shape[1] == 4
        assert len(view.boxes) <= len(boxes)


def test_a_box_mostly_outside_the_view_is_dropped():
    boxes = np.array(
        [[40.0, 40, 56, 56], [0, 0, 6, 6]]
    )  # the second is far from any crop on the first
    film = marked((40, 40, 56, 56))
    kept = [random_view(film, boxes, 24, np.random.default_rng(seed)).boxes for seed in range(60)]
    assert {len(found) for found in kept} <= {0, 1} and sum(map(len, kept)) > 20


@pytest.mark.parametrize("crop", [48, SIZE])
def test_same_seed_same_view_and_other_seed_other_view(crop):
    box = (30, 30, 50, 50)
    first, again, other = view_of(box, crop, 3), view_of(box, crop, 3), view_of(box, crop, 4)
    np.testing.assert_array_equal(first.square, again.square)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert not np.array_equal(first.square, other.square)


def test_film_and_boxes_are_left_alone():
    film, boxes = marked((30, 30, 50, 50)), np.array([[30.0, 30, 50, 50]])
    random_view(film, boxes, SIZE, np.random.default_rng(0))
    np.testing.assert_array_equal(film, marked((30, 30, 50, 50)))
    np.testing.assert_array_equal(boxes, [[30, 30, 50, 50]])


def test_all_four_mirrorings_occur():
    film = np.zeros((SIZE, SIZE), np.uint8)
    film[10:30, 10:30] = 255
    quadrants = set()
    for seed in range(60):
        view = random_view(film, np.zeros((0, 4)), SIZE, np.random.default_rng(seed))
        rows, columns = np.nonzero(bright(view.square))
        quadrants.add((bool(rows.mean() < SIZE / 2), bool(columns.mean() < SIZE / 2)))
    assert len(quadrants) == 4


def test_an_upright_joint_stays_upright_and_near_the_middle():
    views = [
        random_view(
            marked((40, 8, 56, 24)),
            np.array([[40, 8, 56, 24]], float),
            SIZE,
            np.random.default_rng(seed),
            UPRIGHT_JOINT,
        )
        for seed in range(60)
    ]
    middles = np.array([(v.boxes[0, :2] + v.boxes[0, 2:]) / 2 for v in views if len(v.boxes)])
    assert len(middles) > 50
    assert (middles[:, 1] < SIZE / 2).all()  # the mark never leaves the upper half
    assert middles[:, 1].std() > 1 and middles[:, 0].std() > 1
