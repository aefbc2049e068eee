"""Holes of every kind, and the batches a painter learns from."""

import numpy as np
import pytest

from core.phantoms import implants, knee
from trainers import holes
from trainers.fill_scoring import KINDS, own_holes

FILMS = np.stack([knee(seed, seed % 5).pixels for seed in range(6)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_hole_hides_something_and_leaves_more_and_the_seed_repeats_it(kind):
    for seed in range(20):
        mask = KINDS[kind]((224, 224), np.random.default_rng(seed))
        assert mask.dtype == bool and mask.shape == (224, 224)
        assert mask.mean() < 0.5
        assert np.array_equal(mask, KINDS[kind]((224, 224), np.random.default_rng(seed)))


@pytest.mark.parametrize("kind", implants.KINDS)
def test_an_implant_is_bright_where_its_mask_is_and_changes_nothing_else(kind):
    film = knee(3, 0).pixels
    found = implants.implanted(film, 5, kind)
    assert found.kind == kind and found.film.dtype == np.uint8
    assert 0 < found.mask.mean() < 0.4
    # The blur of its rim changes less than the grey level by which a reader could tell.
    assert np.abs(found.film[~found.mask].astype(int) - film[~found.mask]).max() <= 12
    assert found.film[found.mask].mean() > film[found.mask].mean() + 20
    again = implants.implanted(film, 5, kind)
    assert np.array_equal(found.film, again.film) and np.array_equal(found.mask, again.mask)


def test_an_unknown_implant_is_refused():
    with pytest.raises(ValueError, match="screws, plate, wire, nail, prosthesis"):
        implants.silhouette((64, 64), np.random.default_rng(0), "spoon")


@pytest.mark.parametrize("diet", [holes.THIN, holes.WIDE, holes.MIDDLE_ONLY])
def test_a_batch_holds_views_with_spanned_holes_their_truth_and_a_window_on_the_hole(diet):
    batch = holes.HoledFilms(FILMS, (0, 1), 2, diet)[0]
    seen, truth = batch["input"].numpy(), batch["truth"].numpy()
    assert seen.shape == (diet.count, 2, diet.side, diet.side)
    assert truth.shape == (diet.count, 1, diet.side, diet.side)
    film, mask = seen[:, :1], seen[:, 1:] > 0
    assert mask.any((1, 2, 3)).all() and not mask.all((1, 2, 3)).any()
    assert np.array_equal(film[~mask], truth[~mask])
    assert not np.array_equal(film[mask], truth[mask])
    for view, (row, column) in zip(mask[:, 0], batch["corner"].numpy(), strict=True):
        assert view[row : row + 64, column : column + 64].any()
        assert 0 <= row <= diet.side - 64 and 0 <= column <= diet.side - 64


def test_batches_depend_on_seed_and_epoch_alone():
    def batch(epoch: int):
        return holes.HoledFilms(FILMS, (0, epoch), 2, holes.THIN)[1]["input"]

    assert (batch(3) == batch(3)).all() and (batch(3) != batch(4)).any()


def test_a_films_own_holes_are_one_of_each_kind_and_stay_the_same():
    first, again = (dict(own_holes("9001L.jpg", (224, 224))[0]) for _ in range(2))
    assert list(first) == list(KINDS)
    assert all(np.array_equal(first[kind], again[kind]) for kind in KINDS)
    other = dict(own_holes("9002L.jpg", (224, 224))[0])
    assert not np.array_equal(first["strokes"], other["strokes"])
