"""One matrix, read with either class as the positive one."""

from core.metrics import Confusion

# The project's own test, 829 films: 327 of 337 fractured and 491 of 492 others are called right.
PUBLISHED = Confusion(true_positives=327, false_negatives=10, false_positives=1, true_negatives=491)


def swapped(counts: Confusion) -> Confusion:
    """The same outcomes with the other class as the positive one: sensitivity and specificity
    change places."""
    return Confusion(
        counts.true_negatives, counts.false_positives, counts.false_negatives, counts.true_positives
    )
