"""How much models disagree on a film."""

import numpy as np
import pytest

from core.disagreement import differing_pairs, mean_gap, of_grades, of_verdicts


@pytest.mark.parametrize(
    ("called", "share"),
    [
        ([0], 0),
        ([1, 1], 0),
        ([0, 1], 1),
        ([0, 0, 1], 2 / 3),
        ([0, 1, 1, 0], 4 / 6),
        ([0, 0, 0, 1], 3 / 6),
        ([0, 1, 2], 1),
        ([False, True, True], 2 / 3),
    ],
)
def test_pairs_that_differ(called, share):
    assert differing_pairs(np.array([called])) == pytest.approx([share])


@pytest.mark.parametrize(
    ("values", "gap"),
    [([3], 0), ([3, 3], 0), ([0, 4], 4), ([0.1, 0.2, 0.4], 0.2), (np.array([250, 5], "u1"), 245)],
)
def test_mean_gap(values, gap):
    assert mean_gap(np.array([values])) == pytest.approx([gap])


def test_split_verdicts_come_before_distant_probabilities():
    thresholds = np.array([0.5, 0.1, 0.5])
    probabilities = np.array(
        [
            [0.6, 0.9, 0.99],  # all fractured
            [0.4, 0.2, 0.4],  # one against two, by its own threshold
            [0.1, 0.05, 0.49],  # none
            [0.9, 0.05, 0.1],  # one against two, further apart
        ]
    )
    found = of_verdicts(probabilities, thresholds)
    assert found.score == pytest.approx([0, 2 / 3, 0, 2 / 3])
    assert list(found.order) == [3, 1, 2, 0]


def test_equal_films_keep_their_order():
    found = of_verdicts(np.full((4, 2), 0.3), np.full(2, 0.5))
    assert list(found.order) == [0, 1, 2, 3]
    assert not found.score.any() and not found.gap.any()


def test_grades_further_apart_disagree_more():
    sure = np.eye(5)
    films = np.array(
        [[sure[2], sure[2]], [sure[2], sure[3]], [sure[0], sure[4]], [sure[2], [0, 0.1, 0.9, 0, 0]]]
    )
    found = of_grades(films)
    assert found.score == pytest.approx([0, 0.25, 1, 0])
    assert found.gap == pytest.approx([0, 1, 4, 0.1])
    assert list(found.order) == [2, 1, 3, 0]
