"""The exhibits that ask models: what they hide and draw, and how their tables are counted."""

import csv
from itertools import pairwise, product

import numpy as np
import pytest

from core import exhibits, grading, metrics
from core.exhibits import joint_hidden, no_gate, not_films, shortcut
from core.images import decode
from core.joint import find_joint
from core.models import ModelCard, catalogue
from core.packs import hardware_films
from core.phantoms import knee, long_bone
from core.question import joint_mask
from core.settings import CHECKOUT
from tests.toy_models import publish

CARDS = {card.name: card for card in catalogue(CHECKOUT / "checkpoints", "fracture")}


@pytest.fixture
def numbers(tmp_path, monkeypatch):
    """Lay a table in the place of the committed one: `numbers(name, rows)`."""

    def write(name: str, rows: list[dict]) -> None:
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)

    monkeypatch.setattr(exhibits, "NUMBERS", tmp_path)
    exhibits.table.cache_clear()
    yield write
    exhibits.table.cache_clear()


# Metal


def test_the_control_erases_as_much_bone_where_no_metal_is():
    film = np.full((80, 80), 20, np.uint8)
    film[:, 50:70] = 120  # a bone
    film[:, 0:10] = 255  # a white margin
    metal = np.zeros((80, 80), bool)
    metal[10:30, 55:60] = True
    film[metal] = 250
    moved = shortcut.elsewhere(film, metal)
    assert moved.sum() == metal.sum() and not (moved & metal).any()
    assert (film[moved] == 120).all()


@pytest.mark.parametrize(
    ("metal", "least"),
    [
        (np.s_[20:60, 30:50], shortcut.KEPT),  # half way off it, there is more bone to cover
        (np.s_[10:70, 10:70], 0.5),  # too large to be moved off itself
    ],
)
def test_the_control_is_as_large_as_the_metal_where_there_is_room(metal, least):
    film, mask = np.zeros((80, 80), np.uint8), np.zeros((80, 80), bool)
    film[10:70, 20:60] = 120  # a bone
    film[0, 0] = 255
    mask[metal] = True
    moved = shortcut.elsewhere(film, mask)
    assert not (moved & mask).any()
    assert least * mask.sum() <= moved.sum() <= mask.sum()


def test_the_committed_controls_are_as_large_as_the_metal():
    rows = exhibits.table("shortcut")
    shares = {
        (film, how): float(share)
        for film, how, share in zip(rows["film"], rows["treatment"], rows["share"], strict=True)
    }
    erased = {film: share for (film, how), share in shares.items() if how == shortcut.ERASED}
    assert len(erased) == 13
    for film, share in erased.items():
        assert shares[film, shortcut.ELSEWHERE] > shortcut.KEPT * share - 2e-4, film


def test_without_metal_nothing_is_erased():
    film = long_bone(18, False).pixels
    treated = shortcut.erase(film, np.zeros(film.shape, bool), "telea")
    assert treated.grey is film


def test_erased_metal_is_gone_and_the_rest_stays():
    film = long_bone(18, False).pixels
    drawn = shortcut.draw_metal(film, 1, "plate")
    erased = shortcut.erase_metal(drawn.grey, "telea")
    overlap = (erased.mask & drawn.mask).sum() / drawn.mask.sum()
    assert overlap > 0.8
    assert (erased.grey[~erased.mask] == drawn.grey[~erased.mask]).all()
    core = erased.mask & drawn.mask
    far = np.abs(drawn.grey[core].astype(int) - film[core])
    assert np.abs(erased.grey[core].astype(int) - film[core]).mean() < far.mean() / 2


def test_drawn_metal_covers_bone_and_is_the_same_each_time():
    film = np.zeros((200, 200), np.uint8)
    film[:, 60:140] = 110
    film[:2] = 255  # a white margin
    one, same, other = (shortcut.draw_metal(film, seed, "screws") for seed in (1, 1, 2))
    assert (one.grey == same.grey).all() and (one.mask != other.mask).any()
    assert (film[one.mask] == 110).mean() > 0.8


def treated_rows():
    """Two films in one group gain 0.2 and 0.4 by drawn metal, a third gains nothing."""
    gains = [("a", "1", 0.2), ("b", "1", 0.4), ("c", "2", 0.0)]
    return [
        {
            "film": film,
            "group": group,
            "fractured": 0,
            "hardware": int(film == "c"),
            "treatment": how,
            "kind": "",
            "share": 0,
            "toy": 0.5 + gain * (how == shortcut.DRAWN),
        }
        for film, group, gain in gains
        for how in (shortcut.WHOLE, shortcut.DRAWN)
    ]


def test_a_change_is_the_mean_over_the_same_films_by_groups(numbers):
    numbers("shortcut", treated_rows())
    pairs = shortcut.pairs("toy", shortcut.DRAWN)
    assert shortcut.models() == ["toy"] and pairs.groups == ["1", "1", "2"]
    change = pairs.change()
    assert change.value == pytest.approx(0.2)
    assert (change.low, change.high) == pytest.approx((0, 0.3))
    assert not shortcut.pairs("toy", shortcut.ERASED).groups


def test_hardware_is_counted_by_split(numbers):
    said = [("train", 0, 1, 50), ("train", 1, 0, 3), ("train", 1, 1, 4), ("val", 1, 1, 2)]
    columns = ("split", "hardware", "fractured", "films")
    numbers("shortcut_films", [dict(zip(columns, row, strict=True)) for row in said])
    assert shortcut.hardware("val") == (2, 2)
    assert shortcut.hardware() == (9, 6)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("c,1,.1,.9\nd,1,.2,.8\ne,0,.3,.7\nf,0,.9,.1\ng,1,.6,.4\n", True),
        ("d,1,.2,.8\ne,0,.3,.7\n", False),  # without the film that carries metal
        ("c,1,.1\n", False),
        ("", False),
        (None, False),
    ],
)
def test_scores_with_and_without_metal(numbers, tmp_path, written, found):
    numbers("shortcut", treated_rows())
    folder = publish(tmp_path / "checkpoints")
    if written is not None:
        (folder / "predictions.csv").write_text("image,label,not fractured,fractured\n" + written)
    told = shortcut.apart(ModelCard.read(folder))
    assert (told is not None) == found
    if told:
        assert told.without.value == pytest.approx(3 / 4)
        assert (told.counts.sensitivity, told.counts.specificity) == (pytest.approx(1 / 3), 1)


@pytest.mark.parametrize("name", shortcut.models())
def test_the_table_on_metal_is_of_the_published_models(name):
    """The films as they are were asked about anew, by the path that the page takes."""
    with CARDS[name].predictions.open(newline="") as file:
        known = {row["image"]: float(row["fractured"]) for row in csv.DictReader(file)}
    rows = exhibits.table("shortcut")
    told = zip(rows["film"], rows["treatment"], rows[name], strict=True)
    said = {film: float(p) for film, how, p in told if how == shortcut.WHOLE}
    assert len(said) > 100
    assert np.median([abs(known[film] - p) for film, p in said.items()]) < 0.01


@pytest.mark.parametrize(
    ("name", "task", "models"),
    [
        ("shortcut", "fracture", shortcut.models),
        ("no_gate", "fracture", no_gate.models),
        ("joint_hidden", "severity", joint_hidden.models),
    ],
)
def test_the_committed_tables_are_of_the_published_models(tmp_path, name, task, models):
    """Where this fails, a model was published anew: compute its tables anew."""
    cards = catalogue(CHECKOUT / "checkpoints", task)
    assert {card.name for card in exhibits.measured(name, cards)} == set(models())
    renewed = ModelCard.read(publish(tmp_path, models()[0]))
    assert exhibits.measured(name, [renewed]) == []


def test_what_the_table_on_metal_says():
    assert (shortcut.hardware("val"), shortcut.hardware()) == ((14, 14), (84, 84))
    for name in ("simple_cnn", "densenet121"):
        drawn = shortcut.pairs(name, shortcut.DRAWN).change()
        again = shortcut.pairs(name, shortcut.REMOVED).change()
        assert drawn.low > 0.05 and again.value < drawn.value / 2, name


def test_only_films_of_the_val_split_with_hardware_are_offered(tmp_path):
    pack = tmp_path / "fracture"
    (pack / "images").mkdir(parents=True)
    lines = ["image_id,split,fractured,hardware"]
    for at, (split, metal) in enumerate(product(("train", "val"), "01")):
        (pack / "images" / f"{at}.jpg").write_bytes(b"film")
        lines.append(f"{at}.jpg,{split},1,{metal}")
    (pack / "manifest.csv").write_text("\n".join(lines))
    assert [film.name for film in hardware_films(tmp_path)] == ["3.jpg"]
    assert hardware_films(tmp_path / "nowhere") == []


# The gate


@pytest.mark.parametrize("drawing", not_films.DRAWINGS, ids=lambda drawing: drawing.slug)
def test_every_drawing_is_a_picture_that_says_it_is_drawn(drawing):
    data = drawing.data()
    pixels = decode(data, f"{drawing.slug}.png").pixels
    assert pixels.shape == (not_films.SIDE,) * 2 and np.ptp(pixels) > 100
    assert b"Drawn by a program" in data
    assert data == drawing.data()


def test_the_broken_pipe_differs_from_the_whole_one_only_in_its_gap():
    changed = np.abs(not_films.pipe().astype(int) - not_films.pipe(False)) > 20
    assert 0.001 < changed.mean() < 0.03


def test_what_the_gate_stops_is_not_called(numbers):
    said = [("pipe", 1, 0.9), ("pipe", 5, 0.9), ("pipe", 5, 0.1), (no_gate.FILMS, 3, "")]
    numbers("no_gate", [{"kind": k, "distance": d, "toy": p} for k, d, p in said])
    assert no_gate.models() == ["toy"]
    assert no_gate.pictures("toy", 0.5, 4)["pipe"] == (3, 2, 1)
    assert no_gate.pictures("toy", 0.95, 0)["pipe"] == (3, 3, 0)
    assert no_gate.pictures("toy", 0.5, float("inf"))["pipe"] == (3, 0, 2)
    assert no_gate.stopped(no_gate.FILMS, 2) == (1, 1)
    assert no_gate.stopped(no_gate.FILMS, 3) == (0, 1)


def test_what_the_table_of_the_gate_says():
    keeper = next(card for card in CARDS.values() if card.has_gate)
    threshold = keeper.details["gate"]["threshold"]
    kinds = no_gate.pictures(keeper.name, keeper.balanced.threshold, threshold)
    assert sum(kind.n for kind in kinds.values()) == 269
    assert sum(kind.stopped for kind in kinds.values()) >= 260
    films, knees = (no_gate.stopped(kind, threshold) for kind in (no_gate.FILMS, no_gate.KNEES))
    assert (films[1], knees[1]) == (603, 826)
    assert 0 < (films[0] + knees[0]) / (603 + 826) < 0.015
    for name, card in CARDS.items():
        ungated = no_gate.pictures(name, card.balanced.threshold, float("inf")).values()
        assert sum(kind.called for kind in ungated) > 10, name


# The joint


@pytest.fixture(scope="module")
def joint():
    film = knee(3, 1).pixels
    return film.shape, find_joint(film)


def test_ever_more_of_the_joint_is_hidden(joint):
    shape, found = joint
    masks = [joint_hidden.hidden(shape, found, amount) for amount in joint_hidden.AMOUNTS]
    for less, more in pairwise(masks):
        assert (less <= more).all() and less.sum() < more.sum()
    assert not masks[0].any()
    assert (masks[joint_hidden.AMOUNTS.index(1.0)] == joint_mask(shape, found)).all()


def test_the_control_hides_as_much_away_from_the_joint(joint):
    shape, found = joint
    box, control = joint_mask(shape, found), joint_hidden.elsewhere(shape, found)
    assert control.sum() == box.sum() and not (control & box).any()
    masks = joint_hidden.masks(shape, found)
    assert tuple(masks) == joint_hidden.CONDITIONS
    assert (masks[joint_hidden.ONLY] == ~box).all()


def knee_rows():
    """Eight knees of four patients: all right in full view, all called 4 without the joint; and one
    whose joint is not found."""
    grades = [0, 1, 2, 3, 4, 0, 2, 4]
    rows = [
        {
            "film": f"{at}",
            "patient": at // 2,
            "grade": grade,
            "toy 0.0 grade": grade,
            "toy 0.0 probability": 0.9,
            "toy 1.0 grade": 4,
            "toy 1.0 probability": 0.6 if at % 2 else 0.4,
        }
        for at, grade in enumerate(grades)
    ]
    return [*rows, dict.fromkeys(rows[0], "") | {"film": "x", "patient": 9, "grade": 1}]


def test_answers_are_counted_over_knees_and_patients(numbers):
    numbers("joint_hidden", knee_rows())
    assert joint_hidden.models() == ["toy"] and joint_hidden.films() == 9
    seen, gone = (joint_hidden.answers("toy", which) for which in ("0.0", "1.0"))
    assert (seen.n, seen.patients) == (8, 4)
    assert (seen.kappa.value, seen.accuracy.value, seen.stays.value, seen.sure.value) == (1,) * 4
    assert (gone.kappa.value, gone.accuracy.value) == (0, 0.25)
    assert (gone.stays.value, gone.sure.value) == (0.25, 0.5)
    assert gone.called.tolist() == [0, 0, 0, 0, 8]
    assert gone.accuracy.low < 0.25 < gone.accuracy.high


@pytest.mark.parametrize("name", joint_hidden.models())
def test_the_committed_grades_give_the_measures_of_core_grading(name):
    rows, column = exhibits.table("joint_hidden"), f"{name} 1.0 grade"
    told = zip(rows["grade"], rows[column], strict=True)
    truth, called = np.array([(int(t), int(c)) for t, c in told if c != ""]).T
    answer = joint_hidden.answers(name, "1.0")
    assert answer.kappa.value == pytest.approx(grading.quadratic_kappa(truth, called))
    assert answer.accuracy.value == pytest.approx(grading.accuracy(truth, called))
    low, high = metrics.grouped_bootstrap(
        np.array(rows["patient"])[[c != "" for c in rows[column]]],
        lambda drawn: grading.accuracy(truth[drawn], called[drawn]),
        draws=200,
    )
    assert (answer.accuracy.low, answer.accuracy.high) == pytest.approx((low, high), abs=0.02)


def test_what_the_table_of_the_joint_says():
    assert joint_hidden.films() == 826
    seen, gone, elsewhere = (
        joint_hidden.answers("mobilenetv2", which) for which in ("0.0", "1.0", "elsewhere")
    )
    assert 800 < seen.n < 826 and 400 < seen.patients < 826
    assert seen.kappa.value > 0.8 > 0.1 > gone.kappa.value
    assert elsewhere.kappa.value > 0.75 and elsewhere.stays.value > 0.9
    assert gone.sure.value > 0.4
