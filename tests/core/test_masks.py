"""Strokes cover what their tools passed over; outlines, text and clean-up lose and add nothing."""

import json
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from core.mask_edits import fill_holes, grow, invert, shrink, without_specks
from core.masks import (
    MAX_POINTS,
    MAX_STROKES,
    MAX_TEXT,
    MAX_WORK,
    BadMask,
    Stroke,
    dice,
    enclosed,
    from_json,
    keepable,
    rasterise,
    to_json,
    work,
)
from core.outlines import outlines

SHAPE = (40, 60)


def mask(*strokes: tuple[list, float], shape=SHAPE) -> np.ndarray:
    found = rasterise([Stroke(np.array(points, float), width) for points, width in strokes], shape)
    assert found.shape == shape and found.dtype == bool
    return found


def distance(points, shape=SHAPE) -> np.ndarray:
    """How far the middle of every pixel lies from the nearest of a path's points or lines."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    middles = np.stack([columns, rows], -1)
    points = np.array(points, float)
    nearest = np.linalg.norm(middles - points[0], axis=-1)
    for start, end in pairwise(points):
        way = end - start
        share = np.clip((middles - start) @ way / max(way @ way, 1e-9), 0, 1)
        nearest = np.minimum(
            nearest, np.linalg.norm(middles - start - share[..., None] * way, axis=-1)
        )
    return nearest


PATHS = {
    "dot": [(30, 20)],
    "dot between pixels": [(30.5, 20.25)],
    "twice the same point": [(30, 20), (30, 20)],
    "level line": [(10, 20), (50, 20)],
    "upright line": [(30, 8), (30, 32)],
    "slanted line": [(12.25, 9.5), (47.75, 30)],
    "corner": [(10, 10), (50, 10), (50, 30)],
    "there and back": [(10, 20), (50, 20), (10, 20)],
    "out on the right": [(30, 20), (90, 20)],
    "out and in again": [(10, 20), (30, -30), (50, 20)],
    "corner of the film": [(0, 0)],
}


@pytest.mark.parametrize("width", [3, 6, 10, 17])
@pytest.mark.parametrize("path", PATHS)
def test_a_stroke_covers_what_lies_within_half_its_width(path, width):
    found, far = mask((PATHS[path], width)), distance(PATHS[path])
    assert found[far < width / 2 - 1].all()
    assert not found[far > width / 2 + 1].any()


@pytest.mark.parametrize(
    ("strokes", "area"),
    [
        ([([(30, 20)], 20)], np.pi * 10**2),
        ([([(30, 20)], 8)], np.pi * 4**2),
        ([([(0, 20)], 20)], np.pi * 10**2 / 2),
        ([([(0, 0)], 20)], np.pi * 10**2 / 4),
        ([([(15, 20), (45, 20)], 10)], 30 * 10 + np.pi * 5**2),
        ([([(30, 10), (30, 30)], 10)], 20 * 10 + np.pi * 5**2),
        ([([(-20, 20), (90, 20)], 10)], 60 * 10),
        ([([(30, -20), (30, 80)], 10)], 40 * 10),
        ([([(15, 20)], 12), ([(45, 20)], 12)], 2 * np.pi * 6**2),
        ([([(30, 20)], 12), ([(30, 20)], 12)], np.pi * 6**2),
        ([([(30, 20)], 500)], 40 * 60),
        ([([(30, 20), (31, 20)], 40_000)], 40 * 60),
    ],
    ids=[
        *("dot", "small dot", "half a dot", "quarter of a dot", "level line", "upright line"),
        *("right across", "from top to bottom", "two dots", "the same dot twice", "everything"),
        "the widest",
    ],
)
def test_areas_by_hand(strokes, area):
    """To half a pixel all along the edge."""
    edge = sum(np.pi * width + 2 * np.ptp(points, 0).sum() for points, width in strokes)
    assert mask(*strokes).sum() == pytest.approx(area, abs=0.5 * min(edge, 200))


@pytest.mark.parametrize(
    "strokes",
    [
        [],
        [([], 10)],
        [([(-20, 20)], 10)],
        [([(20, 60)], 10)],
        [([(-90, -9), (150, -9)], 10)],
        [([(75, -50), (75, 90)], 10)],
    ],
    ids=["no stroke", "no point", "left of it", "below it", "above it", "right of it"],
)
def test_what_stays_off_the_film_hides_nothing(strokes):
    assert not mask(*strokes).any()


@pytest.mark.parametrize("width", [0.0, 0.2, 1.0])
def test_the_thinnest_stroke_still_hides_the_pixel_it_touches(width):
    found = mask(([(7.4, 3.6)], width))
    assert found[3, 7]
    assert found.sum() <= 5


def test_a_stroke_may_lie_between_pixels():
    """On a film far smaller than the canvas a move by less than a pixel counts."""
    left, right = (mask(([(x, 20)], 9)) for x in (20.1, 20.9))
    assert not np.array_equal(left, right)
    columns = [np.nonzero(found)[1].mean() for found in (left, right)]
    assert columns[0] < columns[1]


def test_a_stroke_is_the_same_wherever_its_film_ends():
    path = [(5.25, 7.5), (22.75, 16)]
    small, large = mask((path, 6), shape=(20, 24)), mask((path, 6), shape=(40, 60))
    np.testing.assert_array_equal(small, large[:20, :24])


def test_the_strokes_are_left_as_they_are():
    stroke = Stroke(np.array([[1.5, 2.5], [8.5, 9.5]]), 3.0)
    before = stroke.points.copy()
    rasterise([stroke, stroke], (12, 12))
    np.testing.assert_array_equal(stroke.points, before)


def stroke(points, **rest) -> Stroke:
    return Stroke(np.array(points, float), **rest)


def picture(*rows: str) -> np.ndarray:
    """A mask drawn in text: # is painted."""
    return np.array([[char == "#" for char in row] for row in rows])


DISC = cv2.circle(np.zeros((40, 60), np.uint8), (30, 20), 12, 1, -1).astype(bool)
SQUARE = [(10, 5), (30, 5), (30, 25), (10, 25)]


@pytest.mark.parametrize(
    ("drawn", "area"),
    [
        (stroke(SQUARE, tool="polygon"), 400),
        (stroke(SQUARE[::-1], tool="polygon"), 400),
        (stroke([*SQUARE, SQUARE[0]], tool="polygon"), 400),
        (stroke([(10, 5), (30, 5), (10, 25)], tool="polygon"), 200),
        (stroke([(10, 25), (30, 5)], tool="rectangle"), 400),
        (stroke([(-50, -50), (10, 10)], tool="rectangle"), 100),
        (stroke([(-50, -50), (500, 500)], tool="rectangle"), 40 * 60),
        (stroke([(-900, -900), (900, -900), (900, 900), (-900, 900)], tool="polygon"), 40 * 60),
        (stroke([(70, 5), (90, 25)], tool="rectangle"), 0),
        (stroke([(5, -20), (25, -5)], tool="rectangle"), 0),
        (stroke([(10.6, 5.6), (11.4, 6.4)], tool="rectangle"), 0),
        (stroke([(10.4, 5.4), (11.4, 6.4)], tool="rectangle"), 1),
        (stroke([(3, 3), (9, 9)], tool="polygon"), 0),
        (stroke([], tool="polygon"), 0),
        (stroke([], tool="rectangle"), 0),
        (stroke([(15, 20), (45, 20)], width=10, tool="line"), 30 * 10 + np.pi * 5**2),
    ],
)
def test_areas_of_the_other_tools(drawn, area):
    near = 45 if drawn.tool == "line" else 10 if area == 200 else 0
    assert rasterise([drawn], SHAPE).sum() == pytest.approx(area, abs=near)


def test_a_slanted_polygon_takes_the_pixels_whose_middle_it_holds():
    points = np.array([(5.3, 3.1), (52.7, 12.9), (33.2, 37.4), (12.83, 30.61)])
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    inside = np.ones(SHAPE, bool)
    for (x0, y0), (x1, y1) in pairwise([*points, points[0]]):
        inside &= (x1 - x0) * (rows - y0) - (y1 - y0) * (columns - x0) > 0
    np.testing.assert_array_equal(rasterise([stroke(points, tool="polygon")], SHAPE), inside)


def test_a_loop_in_a_polygon_is_left_out():
    twice = [(5, 5), (35, 5), (35, 35), (15, 35), (15, 15), (25, 15), (25, 25), (5, 25)]
    found = rasterise([stroke(twice, tool="polygon")], SHAPE)
    assert found[6, 6] and not found[20, 20] and found[30, 30]


LAPS = np.linspace(0, 2 * np.pi, 99)
ROUND = np.stack([30 + 12 * np.cos(LAPS), 20 + 12 * np.sin(LAPS)], 1)
WITHIN = (ROUND - (30, 20)) / 2 + (30, 20)


@pytest.mark.parametrize(
    ("path", "area"),
    [
        (SQUARE, 400),
        (SQUARE[::-1], 400),
        ([*SQUARE, *SQUARE], 400),
        ([(-50, -50), (110, -50), (110, 90), (-50, 90)], 40 * 60),
        (ROUND, np.pi * 12**2),
        (np.vstack([ROUND] * 5), np.pi * 12**2),
        (np.vstack([ROUND, WITHIN]), np.pi * 12**2),
        (np.vstack([ROUND, WITHIN[::-1]]), np.pi * 12**2),
        (ROUND[:60], None),
        ([(3, 3), (30, 9)], 0),
        ([(3, 3), (30, 9), (3, 3)], 0),
        ([(3, 3)], 0),
        ([], 0),
        ([(70, 3), (90, 3), (90, 30)], 0),
    ],
    ids=[
        *("square", "the other way", "twice", "beyond the film", "round", "five rounds"),
        *("again within", "back within", "left open", "a line", "there and back", "dot", "nothing"),
        "beside the film",
    ],
)
def test_a_path_encloses_all_it_goes_round(path, area):
    if area is None:
        area = rasterise([stroke(path, tool="polygon")], SHAPE).sum()
    assert enclosed(np.array(path, float), SHAPE).sum() == pytest.approx(area, rel=0.02)


def test_strokes_paint_and_erase_in_their_order():
    paint, erase = (stroke(SQUARE, tool="polygon", erase=gone) for gone in (False, True))
    dot = stroke([(20, 15)], width=6, erase=True)
    assert not rasterise([erase], SHAPE).any()
    assert not rasterise([paint, erase], SHAPE).any()
    assert rasterise([erase, paint], SHAPE).sum() == 400
    found = rasterise([paint, dot], SHAPE)
    assert not found[15, 20] and 360 < found.sum() < 385
    assert rasterise([paint, dot, paint], SHAPE).sum() == 400


def test_a_tool_that_there_is_not_is_an_error():
    with pytest.raises(ValueError, match="spray"):
        rasterise([stroke(SQUARE, tool="spray")], SHAPE)


OUTLINED = {
    "nothing": np.zeros((5, 7), bool),
    "everything": np.ones((5, 7), bool),
    "one pixel": picture("....", ".#..", "...."),
    "the whole film is a pixel": picture("#"),
    "a column of a film": picture("#", ".", "#", "#"),
    "corners of the film": picture("#..#", "....", "#..#"),
    "a frame": picture("####", "#..#", "####"),
    "rings in rings": picture(
        "#######", "#.....#", "#.###.#", "#.#.#.#", "#.###.#", "#.....#", "#######"
    ),
    "a pixel in a ring": picture("#####", "#...#", "#.#.#", "#...#", "#####"),
    "chess": picture("#.#.", ".#.#", "#.#.", ".#.#"),
    "the other chess": picture(".#.#", "#.#.", ".#.#", "#.#."),
    "a diamond": picture("..#..", ".#.#.", "#...#", ".#.#.", "..#.."),
    "a diamond with a pixel": picture("..#..", ".#.#.", "#.#.#", ".#.#.", "..#.."),
    "a closed c": picture("####", "#..#", "#.#.", "####"),
    "a hole at the edge": picture("##.##", "##.##", "#####"),
    "a disc": DISC,
}


@pytest.mark.parametrize("name", OUTLINED)
def test_outlines_give_the_mask_back(name):
    traced = outlines(OUTLINED[name])
    assert {drawn.tool for drawn in traced} <= {"polygon"}
    np.testing.assert_array_equal(rasterise(traced, OUTLINED[name].shape), OUTLINED[name])


@pytest.mark.parametrize("seed", range(40))
def test_outlines_give_any_mask_back(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(int(side) for side in rng.integers(1, 50, 2))
    field = rng.normal(size=shape)
    if seed % 2:  # blobs; else noise
        field = cv2.GaussianBlur(field, (0, 0), 2)
    found = field > rng.normal(0, 0.5) * field.std()
    drawn = from_json(to_json(outlines(found), shape, "0" * 64))
    np.testing.assert_array_equal(rasterise(drawn.strokes, drawn.shape), found)


@pytest.mark.parametrize(
    ("name", "erasing"),
    [
        ("everything", [False]),
        ("one pixel", [False]),
        ("frame", [False, True]),
        ("rings in rings", [False, True, False, True]),
        ("diamond", [False, True]),
    ],
)
def test_outlines_are_as_few_as_they_can_be(name, erasing):
    """Paint that touches at a corner is one piece."""
    (mask_,) = (OUTLINED[key] for key in OUTLINED if key in (name, f"a {name}"))
    assert [drawn.erase for drawn in outlines(mask_)] == erasing


HASH = "0123456789abcdef" * 4


def text(change: dict | None = None, item: dict | None = None) -> str:
    """A good file of strokes, and what a test would have different."""
    drawn = {"tool": "brush", "points": [[1, 2.5]], "width": 3, "erase": False, "label": "screw"}
    found = {"schema": "lightbox-strokes", "version": 1, "film_sha256": HASH}
    found |= {"height": 40, "width": 60, "strokes": [drawn | (item or {})]}
    return json.dumps(found | (change or {}))


def test_strokes_come_back_from_text_as_they_were():
    strokes = [
        stroke([(1.1, 2.2), (-3.3, 4e3)], width=5.5, label="Schraube, “lang”"),
        stroke([(1, 2), (3, 4)], tool="rectangle", erase=True),
        *outlines(DISC),
        stroke([(1, 2)], source="auto"),
    ]
    drawn = from_json(to_json(strokes, SHAPE, HASH))
    assert (drawn.shape, drawn.sha256) == (SHAPE, HASH)
    for found, given in zip(drawn.strokes, strokes, strict=True):
        np.testing.assert_array_equal(found.points, given.points)
        for part in ("width", "tool", "erase", "label", "source"):
            assert getattr(found, part) == getattr(given, part)
    assert from_json(to_json([], SHAPE, HASH)).strokes == ()
    assert from_json(text()).strokes[0].label == "screw"
    assert from_json(text()).strokes[0].source == "manual"  # the first version knew no sources
    assert from_json(text().encode()).shape == SHAPE


@pytest.mark.parametrize("written", ["\ufeff" + text(), text().encode("utf-8-sig")])
def test_a_byte_order_mark_in_front_is_no_matter(written):
    assert from_json(written).strokes[0].label == "screw"


DOT = stroke([(1, 2)])
LONG = stroke(np.tile([(1.0, 2.0), (3.0, 4.0)], (MAX_POINTS // 2, 1)))


@pytest.mark.parametrize(
    ("strokes", "kept"),
    [
        ([], True),
        ([DOT] * MAX_STROKES, True),
        ([DOT] * (MAX_STROKES + 1), False),
        ([LONG], True),
        ([LONG, DOT], False),
    ],
    ids=["none", "most strokes", "a stroke more", "most points", "a point more"],
)
def test_what_can_be_kept_is_known_before_it_is_written(strokes, kept):
    assert keepable(strokes, SHAPE) is kept
    written = to_json(strokes, SHAPE, HASH)
    if kept:
        assert len(from_json(written).strokes) == len(strokes)
    else:
        with pytest.raises(BadMask, match="more than is drawn"):
            from_json(written)


LARGEST = (6324, 6324)  # 40 megapixels
CORNERS = [(-9, -9), (7000, -9), (7000, 7000), (-9, 7000)]
TALL = np.stack([np.linspace(0, 6000, 40_000), np.tile([-9.0, 7000.0], 20_000)], 1)


def by_hand(strokes: int, points: int, width: float, **more) -> list[Stroke]:
    """Strokes here and there on the largest film, in steps of a hand's."""
    rng = np.random.default_rng(strokes)
    ways = rng.uniform(0, 6000, (strokes, 1, 2)) + rng.normal(0, 12, (strokes, points, 2)).cumsum(1)
    return [Stroke(way, width, **more) for way in ways]


@pytest.mark.parametrize(
    ("strokes", "kept"),
    [
        pytest.param(by_hand(5000, 60, 300), True, id="thousands of wide strokes"),
        pytest.param(by_hand(3000, 60, 40, erase=True), True, id="thousands erased from all"),
        pytest.param([stroke(CORNERS, tool="polygon")] * 90, True, id="the film 90 times"),
        pytest.param([stroke(CORNERS, tool="polygon")] * 110, False, id="the film 110 times"),
        pytest.param([stroke(CORNERS[::2], tool="rectangle")] * 110, False, id="rectangles"),
        pytest.param([stroke(TALL, tool="polygon")], False, id="a fence as high as the film"),
        pytest.param([stroke(TALL, width=9000)], False, id="a pen over all"),
        pytest.param(
            [stroke(CORNERS, tool="polygon", label=name) for name in "abcdefg"] * 15,
            False,
            id="labels",
        ),
    ],
)
def test_u3_strokes_that_would_take_minutes_to_draw_are_not_kept(strokes, kept):
    assert keepable(strokes, LARGEST) is kept
    if not kept:
        with pytest.raises(BadMask, match="cover the film more often than is drawn by hand"):
            from_json(to_json(strokes, LARGEST, HASH))


def test_what_erases_from_every_label_counts_for_each():
    painted = [stroke([(5, 5)], label=label) for label in ("screw", "cast", "plate")]
    erased = stroke([(1, 1), (30, 30)], width=9, erase=True)
    one, three = (work([*painted, replace(erased, label=label)], SHAPE) for label in ("cast", ""))
    alone = work([erased], SHAPE)
    assert three - one == pytest.approx(2 * alone) and 0 < alone < MAX_WORK
    assert work([], SHAPE) == work([stroke([(-900, -900), (-800, -800)])], SHAPE) == 0


HOSTILE = {
    "nothing": "",
    "no JSON": "hello",
    "bytes that are no text": b"\xff\xfe\xfa",
    "a list": "[]",
    "a number": "7",
    "another schema": text({"schema": "other"}),
    "no strokes": text({"strokes": None}),
    "strokes of another kind": text({"strokes": {"points": []}}),
    "a stroke that is a word": text({"strokes": ["brush"]}),
    "a stroke that is a list": text({"strokes": [[1, 2]]}),
    "very deep": "[" * 100_000,
    "very deep points": text(item={"points": "?"}).replace('"?"', "[" * 5000 + "]" * 5000),
    "no version": text().replace('"version"', '"edition"'),
    "a height that is a word": text({"height": "40"}),
    "a height that is true": text({"height": True}),
    "a height of nothing": text({"height": 0}),
    "too high": text({"height": 9000}),
    "too large": text({"height": 8000, "width": 8000}),
    "a broken height": text({"height": 40.5}),
    "no hash": text({"film_sha256": None}),
    "a short hash": text({"film_sha256": "abc"}),
    "a hash that is a list": text({"film_sha256": [["a"]] * 64}),
    "markup for a hash": text({"film_sha256": "<" * 64}),
    "an unknown source": text(item={"source": "oracle"}),
    "a source that is a list": text(item={"source": ["auto"]}),
    "an unknown tool": text(item={"tool": "spray"}),
    "a tool that is a list": text(item={"tool": ["brush"]}),
    "no points": text(item={"points": []}),
    "points that are words": text(item={"points": [["1", "2"]]}),
    "points that are true": text(item={"points": [[True, False]]}),
    "a point of three": text(item={"points": [[1, 2, 3]]}),
    "flat points": text(item={"points": [1, 2]}),
    "a point that is not a number": text(item={"points": [[float("nan"), 2]]}),
    "an endless point": text(item={"points": [[float("inf"), 2]]}),
    "a point too large for a float": text(item={"points": [[10**400, 2]]}),
    "a point with endless digits": text().replace("2.5", "1" * 5000),
    "a point written endless": text().replace("2.5", "1e999"),
    "a point far away": text(item={"points": [[1e6, 2]]}),
    "a polygon of two": text(item={"tool": "polygon", "points": [[1, 2], [3, 4]]}),
    "a rectangle of three": text(item={"tool": "rectangle", "points": [[1, 2]] * 3}),
    "a width below nothing": text(item={"width": -1}),
    "a width that is a word": text(item={"width": "3"}),
    "a width that is not a number": text(item={"width": float("nan")}),
    "a vast width": text(item={"width": 1e9}),
    "erase that is a number": text(item={"erase": 1}),
    "a label that is a number": text(item={"label": 5}),
    "a long label": text(item={"label": "a" * 81}),
    "a label with a line break": text(item={"label": "a\nb"}),
    "one part too many": text(item={"colour": "red"}),
    "one part too few": text().replace('"erase"', '"blur"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_any_other_text_is_refused_in_one_sentence(name):
    with pytest.raises(BadMask) as caught:
        from_json(HOSTILE[name])
    assert caught.value.reason == (
        "This is not a file of strokes saved here: choose the JSON file of a drawing."
    )


@pytest.mark.parametrize(
    ("huge", "words"),
    [
        (" " * (MAX_TEXT + 1), "more than 16 MB"),
        (text({"strokes": [{"points": []}] * (MAX_STROKES + 1)}), "strokes and 0 points"),
        (text(item={"points": [0] * (MAX_POINTS + 1)}), "This file holds 1 strokes and 4"),
        (text({"version": 3}), "another version"),
        (text({"version": "<b>"}), "another version"),
    ],
    ids=["text", "strokes", "points", "next version", "no version"],
)
def test_what_is_too_much_or_too_new_is_told(huge, words):
    with pytest.raises(BadMask, match=words):
        from_json(huge)


def test_growing_and_shrinking_by_hand():
    dot = picture(".......", ".......", ".......", "...#...", ".......", ".......", ".......")
    diamond = picture(".......", ".......", "...#...", "..###..", "...#...", ".......", ".......")
    disc = picture(".......", "...#...", "..###..", ".#####.", "..###..", "...#...", ".......")
    for px, wanted in [(0, dot), (0.9, dot), (1, diamond), (2, disc)]:
        np.testing.assert_array_equal(grow(dot, px), wanted)
        assert shrink(wanted, px)[3, 3]
    np.testing.assert_array_equal(shrink(diamond, 1), dot)
    np.testing.assert_array_equal(shrink(disc, 0), disc)


def test_the_films_edge_is_no_edge_of_the_mask():
    corner = rasterise([stroke([(0, 0), (20, 10)], tool="rectangle")], SHAPE)
    assert shrink(corner, 3)[0, 0] and shrink(corner, 3).sum() == 17 * 7
    assert shrink(np.ones(SHAPE, bool), 30).all()
    assert not grow(np.zeros(SHAPE, bool), 30).any()
    assert not shrink(DISC, 30).any() and grow(DISC, 60).all()


def test_holes_are_filled_and_bays_are_not():
    found = fill_holes(picture("####.", "#..#.", "####.", "##..#", "##.##"))
    wanted = picture("####.", "####.", "####.", "##..#", "##.##")
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(
        fill_holes(picture(".#.", "#.#", ".#.")), picture(".#.", "###", ".#.")
    )


def test_specks_go_by_area_and_pieces_joined_at_a_corner_are_one():
    given = picture("#....##", ".......", "##...#.", "..#...#")
    for least, wanted in [
        (0, given),
        (1, given),
        (2, picture(".....##", ".......", "##...#.", "..#...#")),
        (3, picture(".......", ".......", "##.....", "..#....")),
        (4, np.zeros_like(given)),
    ]:
        np.testing.assert_array_equal(without_specks(given, least), wanted)


def test_inverting_twice_is_nothing():
    assert invert(DISC).sum() == DISC.size - DISC.sum()
    np.testing.assert_array_equal(invert(invert(DISC)), DISC)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("####....", "####....", 1),
        ("####....", "....####", 0),
        ("####....", "..####..", 0.5),
        ("####....", "#.......", 0.4),
        ("........", "........", 1),
        ("........", "#.......", 0),
    ],
)
def test_dice_by_hand(one, other, wanted):
    assert dice(picture(one), picture(other)) == wanted
    assert dice(picture(other), picture(one)) == wanted


@pytest.mark.parametrize("change", [grow, shrink, without_specks])
def test_masks_are_left_as_they_are(change):
    before = DISC.copy()
    found = change(DISC, 2)
    assert found.dtype == bool and found.shape == DISC.shape
    found[:] = True
    np.testing.assert_array_equal(DISC, before)
