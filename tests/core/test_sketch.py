"""Sketches: what a hand leaves open is closed; what is no lesion is refused in a sentence."""

import json

import numpy as np
import pytest

from core.contours import outline, random_contour
from core.lesions import SIDE
from core.masks import Stroke, rasterise, to_json
from core.outlines import outlines
from core.sketch import FULLEST, SMALLEST, BadSketch, check, closed, condition, read_sketch

SHA256 = "0" * 64


def arc(turns: float, radius=30.0, centre=(64, 64), tool="brush", **more) -> Stroke:
    """A path round a circle, `turns` times."""
    angles = np.linspace(0, 2 * np.pi * turns, 200)
    points = np.stack([np.cos(angles), np.sin(angles)], 1) * radius + centre
    return Stroke(points, tool=tool, **more)


def drawn(points, **more) -> Stroke:
    return Stroke(np.array(points, float), **more)


DISC, SQUARE = np.pi * 30**2, [(20, 20), (60, 20), (60, 60), (20, 60)]
LINE = [(10, 20), (90, 40)]

CLOSED = {
    "closed": ([arc(1)], DISC),
    "left open": ([arc(0.95)], DISC),
    "half": ([arc(0.5)], DISC / 2),
    "past its start": ([arc(1.2)], DISC),
    "one and a half rounds": ([arc(1.5)], DISC),
    "three rounds": ([arc(3)], DISC),
    "the other way": ([arc(-1.5)], DISC),
    "a wide brush": ([arc(1, width=20.0)], DISC),
    "in two halves": ([arc(0.5), arc(-0.5)], DISC),
    "the same twice": ([arc(1), arc(1)], DISC),
    "two lesions": ([arc(1, 15, (30, 30)), arc(1, 20, (90, 90))], np.pi * (15**2 + 20**2)),
    "by lines": ([drawn(SQUARE, tool="line")], 1600),
    "a figure of eight": ([drawn([(10, 10), (50, 50), (50, 10), (10, 50)])], 800),
    "round twice, the second time within": (
        [drawn([*SQUARE, (20, 20), (30, 30), (30, 50), (50, 50), (50, 30), (30, 30)])],
        1600,
    ),
    "a rectangle": ([drawn([(20, 20), (60, 60)], tool="rectangle")], 1600),
    "a polygon": ([drawn(SQUARE, tool="polygon")], 1600),
    "leaving the square": ([arc(1, 30, (0, 64))], DISC / 2),
    "a line": ([drawn(LINE)], 0),
    "a line there and back": ([drawn([*LINE, LINE[0]], width=9.0)], 0),
    "a dot": ([drawn(LINE[:1], width=30.0)], 0),
    "no point": ([drawn([])], 0),
    "nothing": ([], 0),
}


@pytest.mark.parametrize(("strokes", "area"), CLOSED.values(), ids=CLOSED)
def test_a_stroke_is_closed_and_filled(strokes, area):
    mask = closed(strokes)
    assert mask.shape == (SIDE, SIDE) and mask.dtype == bool
    assert mask.sum() == pytest.approx(area, abs=0.02 * area)


@pytest.mark.parametrize(
    ("eraser", "left"),
    [
        (drawn([(64, 0), (64, 128)], width=10.0, erase=True), DISC - 10 * 60),
        (drawn([(0, 0), (64, 128)], tool="rectangle", erase=True), DISC / 2),
        (arc(1, 10, tool="polygon", erase=True), DISC - np.pi * 100),
        (arc(1, 10, width=4.0, erase=True), DISC - 2 * np.pi * 10 * 4),
        (drawn([(5, 5), (9, 9)], width=3.0, erase=True), DISC),
    ],
    ids=["brush", "rectangle", "polygon", "a ring", "beside it"],
)
def test_what_erases_erases_with_its_own_width_and_in_order(eraser, left):
    assert closed([arc(1), eraser]).sum() == pytest.approx(left, rel=0.03)
    assert closed([eraser, arc(1)]).sum() == pytest.approx(DISC, rel=0.01)
    assert not closed([eraser]).any()


def test_another_square_has_its_own_pixels():
    larger = Stroke(4 * arc(0.9).points)
    mask = closed([larger], (512, 512))
    assert mask.shape == (512, 512) and mask.sum() == pytest.approx(16 * DISC, rel=0.03)


MASKS = {
    "two": closed([arc(1, 15, (30, 30)), arc(1, 20, (90, 90))]),
    "with a hole": closed([arc(1), arc(1, 9, tool="polygon", erase=True)]),
    "running out": closed([random_contour(5), arc(1, 30, (0, 0))]),
    "ragged": closed([arc(1)]) & (np.random.default_rng(0).random((SIDE, SIDE)) < 0.9),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_outlines_of_a_mask_close_to_the_same_mask(mask):
    strokes = read_sketch(to_json(outlines(mask), mask.shape, SHA256))
    np.testing.assert_array_equal(closed(strokes), mask)


# --- what can be used ---


def area(count: int, side: int = SIDE) -> np.ndarray:
    return (np.arange(side**2) < count).reshape(side, side)


REFUSED = {
    "nothing": (area(0), "empty"),
    "five pixels": (area(5), "small"),
    "almost a lesion": (area(SMALLEST - 1), "small"),
    "five of many": (area(16 * SMALLEST - 1, 4 * SIDE), "small"),
    "everything": (area(SIDE**2), "everything"),
    "almost everything": (area(int(FULLEST * SIDE**2) + 1), "everything"),
}


@pytest.mark.parametrize(("mask", "word"), REFUSED.values(), ids=REFUSED)
def test_what_no_lesion_could_be_is_refused_in_one_sentence(mask, word):
    with pytest.raises(BadSketch, match=word) as caught:
        check(mask)
    reason = caught.value.reason
    assert reason.endswith(".") and reason.count(". ") == 0 and str(caught.value) == reason


@pytest.mark.parametrize(
    "mask",
    [
        area(SMALLEST),
        area(int(FULLEST * SIDE**2)),
        area(16 * SMALLEST, 4 * SIDE),
        *MASKS.values(),
    ],
)
def test_lesions_pass(mask):
    check(mask)


# --- saved sketches ---


@pytest.mark.parametrize("side", [64, 128, 500, 720])
def test_a_sketch_comes_back_at_the_same_place_from_any_square(side):
    scale = side / SIDE
    there = [
        Stroke(arc(0.9).points * scale, 6 * scale),
        drawn([(0, 0), (64 * scale, 128 * scale)], tool="rectangle", erase=True),
    ]
    back = read_sketch(to_json(there, (side, side), SHA256))
    assert [(stroke.tool, stroke.erase) for stroke in back] == [
        ("brush", False),
        ("rectangle", True),
    ]
    np.testing.assert_allclose(back[0].points, arc(0.9).points)
    assert back[0].width == pytest.approx(6)


def saved(*strokes: Stroke, shape=(SIDE, SIDE), **changes) -> str:
    return json.dumps(json.loads(to_json(strokes, shape, SHA256)) | changes)


def zigzag(points: int) -> Stroke:
    return Stroke(np.stack([np.linspace(0, SIDE, points), np.arange(points) % 2 * SIDE], 1))


WIDE = drawn([(5, 5)], width=300.0, erase=True)
NOT_SKETCHES = {
    "empty": ("", "not a sketch"),
    "text": ("a lesion, please", "not a sketch"),
    "bytes": (b"\x89PNG\r\n\x1a\n\0\xff", "not a sketch"),
    "number": ("7", "not a sketch"),
    "list": ("[]", "not a sketch"),
    "deep": ("[" * 100_000, "not a sketch"),
    "other JSON": ('{"schema": "other"}', "not a sketch"),
    "another version": (saved(arc(1), version=99), "not a sketch"),
    "no strokes": (saved(arc(1), strokes=None), "not a sketch"),
    "no stroke": (saved(), "empty"),
    "endless": (saved(arc(1)).replace("128", "1e999"), "not a sketch"),
    "no number": (saved(arc(1), strokes=[{"tool": "brush"}]), "not a sketch"),
    "no size": (saved(arc(1), width=0, height=0), "not a sketch"),
    "of a film": (saved(arc(1), shape=(400, 300)), "300 by 400"),
    "too small a square": (saved(arc(1, 5, (8, 8)), shape=(15, 15)), "square of 15 px"),
    "a wide eraser of one pixel": (saved(arc(1), WIDE, shape=(1, 1)), "square of 1 px"),
    "too many points": (saved(zigzag(20_001)), "20,001 points"),
    "too many strokes": (saved(*[arc(1)] * 501), "501 strokes"),
    "a dot": (saved(drawn([(9, 9)], width=40.0)), "go round nothing"),
    "a line": (saved(drawn(LINE)), "go round nothing"),
    "a speck": (saved(arc(1, 2)), "small"),
    "a speck of a large square": (saved(arc(1, 10), shape=(1000, 1000)), "small"),
    "all of it": (saved(drawn([(0, 0), (128, 128)], tool="rectangle")), "everything"),
    "erased": (saved(arc(1), drawn([(0, 0), (128, 128)], tool="rectangle", erase=True)), "nothing"),
}


@pytest.mark.parametrize(("text", "words"), NOT_SKETCHES.values(), ids=NOT_SKETCHES)
def test_what_is_no_sketch_is_refused_in_one_sentence(text, words):
    assert len(read_sketch(saved(arc(1)))) == 1
    with pytest.raises(BadSketch, match=words) as caught:
        read_sketch(text)
    reason = caught.value.reason
    assert reason.endswith(".") and ". " not in reason and ": " in reason


def test_damaged_text_is_refused_and_never_an_error():
    whole = saved(arc(1), arc(0.7, 12, (30, 30), width=3.0))
    rng = np.random.default_rng(3)
    refused = 0
    for _ in range(150):
        text = list(whole)
        for at in rng.integers(0, len(text), 3):
            text[at] = chr(rng.integers(32, 127))
        try:
            check(closed(read_sketch("".join(text))))
        except BadSketch:
            refused += 1
    assert refused > 0


# --- as the generators see it ---


def test_the_condition_is_the_mask_and_how_far_its_border_is():
    mask = rasterise([outline((64, 64), 40)], (SIDE, SIDE))
    seen = condition(mask)
    assert seen.shape == (2, SIDE, SIDE) and seen.dtype == np.float32
    np.testing.assert_array_equal(seen[0], mask)
    assert ((seen[1] > 0) == mask).all()
    assert (seen[1, 64, 64], seen[1, 0, 0]) == (1, -1)
    assert seen[1, 64, 64 + 40 - 16] == pytest.approx(0.5, abs=0.05)
    assert seen[1, 64, 64 + 40 + 16] == pytest.approx(-0.5, abs=0.05)
