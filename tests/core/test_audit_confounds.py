"""What gives a label away is found where it does, and nothing is found where it is chance."""

import numpy as np
import pytest

from core.audit.association import chance, cramers_v
from core.audit.confounds import auroc_interval, confounds
from core.audit.facts import Entry, Facts
from core.metrics import auroc
from core.quality import Measure

CLASSES = ("not fractured", "fractured")


def fact(at: int, label: str | None, group: str = "", **given) -> Facts:
    """A picture of which only what is given differs from all others."""
    fields = {"size": 9000, "width": 300, "height": 400, "kind": "PNG", "suffix": ".png"}
    fields |= {"bits": 8, "colour": False, "grey": 90.0, "spacing": None, "maker": ""} | given
    entry = Entry(f"{at}.png", f"{at}.png", "", group or str(at), label)
    measure = Measure(20.0, "sharp")
    return Facts(entry, str(at), **fields, negative=False, sharpness=measure, exposure=measure)


def of(count: int, **given) -> list[Facts]:
    """Pictures of both classes in turn; `given` are functions of number and label 0 or 1."""
    return [
        fact(at, CLASSES[at % 2], **{name: make(at, at % 2) for name, make in given.items()})
        for at in range(count)
    ]


def test_nothing_is_asked_where_nothing_differs():
    assert confounds(of(40), CLASSES) == []


@pytest.mark.parametrize(
    ("name", "make", "title", "value"),
    [
        ("width", lambda at, y: 300 + 40 * y + at % 7, "Width", 1.0),
        ("size", lambda at, y: 9000 - 900 * y + at, "File size", 0.0),
        ("spacing", lambda at, y: 0.1 + 0.1 * y, "Pixel spacing", 1.0),
        ("grey", lambda at, y: 90.0 - 5 * y + at % 3, "Mean grey", 0.0),
    ],
)
def test_a_number_that_decides_the_label_is_found(name, make, title, value):
    found = {c.property.title: c for c in confounds(of(60, **{name: make}), CLASSES)}
    assert found[title].value == value and found[title].sure and found[title].strength == 1
    assert found[title].label == "fractured" and found[title].n == (30, 30)
    assert found[title].low <= value <= found[title].high
    assert 0 < found[title].high - found[title].low < 0.2


@pytest.mark.parametrize(
    ("name", "make", "title"),
    [
        ("suffix", lambda at, y: (".png", ".jpg")[y], "File ending"),
        ("maker", lambda at, y: "ABCD"[2 * y + at % 3 % 2], "Machine"),
        ("colour", lambda at, y: bool(y), "Colour or grey"),
        ("bits", lambda at, y: (8, 16)[y], "Bits per value"),
    ],
)
def test_a_kind_that_decides_the_label_is_found(name, make, title):
    (found,) = confounds(of(60, **{name: make}), CLASSES)
    assert (found.property.title, found.measure) == (title, "V")
    assert found.sure and found.value > 0.9 and found.p < 0.001


@pytest.mark.parametrize("seed", range(4))
def test_chance_is_not_called_sure(seed):
    rng = np.random.default_rng(seed)
    facts = of(
        60,
        width=lambda at, y: int(rng.integers(300, 500)),
        size=lambda at, y: int(rng.integers(5000, 9000)),
        grey=lambda at, y: float(rng.normal(90, 9)),
        maker=lambda at, y: "AB"[rng.integers(2)],
    )
    found = confounds(facts, CLASSES)
    assert len(found) >= 6 and not any(c.sure for c in found)


@pytest.mark.parametrize(
    ("count", "exceptions", "sure"),
    [(6, 0, None), (9, 0, None), (12, 4, False), (40, 4, True)],
    ids=["too few to ask", "too few of one class", "few", "enough"],
)
def test_a_few_pictures_prove_nothing_though_they_differ(count, exceptions, sure):
    def width(at, y):
        return 300 + 40 * (y if at >= exceptions else 1 - y)

    found = confounds(of(count, width=width), CLASSES)
    assert [c.sure for c in found if c.property.name == "width"] == [sure] * (sure is not None)


def test_many_pictures_of_few_patients_prove_nothing():
    """Width and machine go along with the label in all patients but two."""
    facts = [
        fact(at, CLASSES[p % 2], f"patient {p}", width=300 + 30 * way, maker="AB"[way])
        for p in range(10)
        for way in [p % 2 if p > 1 else 1 - p % 2]
        for at in range(40 * p, 40 * p + 40)
    ]
    found = confounds(facts, CLASSES)
    assert {c.property.name for c in found} >= {"width", "maker"}
    assert not any(c.sure for c in found)
    assert next(c for c in found if c.property.name == "maker").groups[0] == 10


def test_every_class_is_asked_against_the_rest_where_there_are_more_than_two():
    grades = [f"grade {g}" for g in range(3)]
    facts = [fact(at, grades[at % 3], width=300 + 50 * (at % 3 == 1)) for at in range(90)]
    found = [c for c in confounds(facts, grades) if c.property.name == "width"]
    assert {c.label for c in found} == set(grades)
    assert found[0].label == "grade 1" and found[0].value == 1


def test_a_rare_maker_counts_with_the_others():
    facts = of(60, maker=lambda at, y: "A" if at % 3 else f"only {at}")
    (found,) = confounds(facts, CLASSES)
    assert not found.sure


def test_unlabelled_pictures_and_rare_classes_are_left_out():
    facts = [*of(40, width=lambda at, y: 300 + at), fact(99, None, width=9999)]
    facts += [fact(100 + at, "unsure", width=9000) for at in range(3)]
    for found in confounds(facts, CLASSES):
        assert found.label == "fractured" and sum(found.n) <= 43


@pytest.mark.parametrize(
    ("value", "m", "n"), [(0.5, 10, 10), (0.8, 20, 50), (1.0, 3, 3), (0.0, 9, 4), (0.97, 200, 30)]
)
def test_limits_lie_where_the_equation_holds(value, m, n):
    def spread(theta):
        inner = 1 + ((m + n) / 2 - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return 1.959964 * np.sqrt(theta * (1 - theta) * inner / (m * n))

    low, high = auroc_interval(value, m, n)
    assert 0 <= low <= value <= high <= 1 and low < high
    for limit in (low, high):
        assert limit in (0, 1) or abs(limit - value) == pytest.approx(spread(limit), abs=1e-4)


def test_intervals_hold_the_truth_about_as_often_as_they_claim():
    rng, hits = np.random.default_rng(0), 0
    labels = np.repeat([0, 1], 15)
    for _ in range(300):  # two normal distributions 1.19 apart: the AUROC is .8
        low, high = auroc_interval(auroc(labels, rng.normal(1.1902 * labels)), 15, 15)
        hits += low <= 0.8 <= high
    assert 0.92 <= hits / 300 <= 0.99


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        ([[30, 0], [0, 30]], 1.0),
        ([[15, 15], [15, 15]], 0.0),
        ([[20, 0, 0], [0, 20, 0], [0, 0, 20]], 1.0),
        ([[30, 0], [0, 0]], 0.0),
        # chi² 13.33, phi² .2222, corrected .2053 over 1 - 1/59
        ([[20, 10], [5, 25]], 0.4867),
    ],
)
def test_cramers_v_of_known_tables(counts, value):
    assert cramers_v(np.array(counts)) == pytest.approx(value, abs=0.02)


def test_chance_is_the_share_of_tables_that_differ_as_much():
    """Of five and five pictures all of one kind each: 2 of the 252 ways to deal them out."""
    assert chance(np.array([[5, 0, 0], [0, 5, 0]]), 0.01) == pytest.approx(2 / 252, abs=0.005)
    assert chance(np.array([[5, 5], [5, 5]]), 0.01) == 1
    assert chance(np.array([[5, 5], [0, 0]]), 0.01) == 1


def test_a_kind_that_decides_is_found_among_many_questions():
    """Of 30 classes and four numbers, where one in 3,000 tables is not yet more than chance."""
    labels = [f"class {at}" for at in range(30)]
    rng = np.random.default_rng(0)
    facts = [
        fact(
            at,
            labels[at % 30],
            suffix=(".png", ".jpg")[at % 30 % 2],
            grey=float(rng.random()),
            **dict(zip(("width", "height", "size"), rng.integers(300, 400, 3), strict=True)),
        )
        for at in range(180)
    ]
    (found,) = (c for c in confounds(facts, labels) if c.measure == "V")
    assert found.sure and found.p < 0.001
