"""What the drawing widget tells of a drawing becomes strokes in pixels of the film."""

import json
import math

import numpy as np
import pytest

from core.masks import rasterise
from core.ui import fabric, label_colours
from core.ui.fabric import ERASING, MARGIN, View

# As streamlit-drawable-canvas 0.13.0 told it on a canvas of 400 × 300 px, without what only
# concerns its looks: a stroke from (20, 30) to (100, 60), a line from (200, 40) to (120, 90), a box
# from (300, 250) to (220, 190), an outline clicked at three places; and three slips of the pointer.
LOOKS = {"stroke": "#56B4E9A0", "scaleX": 1, "scaleY": 1, "angle": 0}
CENTRED = {**LOOKS, "originX": "center", "originY": "center"}
CORNERED = {**LOOKS, "originX": "left", "originY": "top"}
STROKE = {
    "type": "Path",
    **CENTRED,
    "left": 60,
    "top": 45,
    "width": 80.032,
    "height": 30.032,
    "fill": None,
    "strokeWidth": 16,
    "path": [
        ["M", 19.984, 29.984],
        ["Q", 20, 30, 33, 35],
        ["Q", 46, 40, 73, 50],
        ["L", 100.016, 60.016],
    ],
}
DOT = STROKE | {"left": 50, "top": 200, "path": [["M", 49.984, 200], ["L", 50.016, 200]]}
LINE = {
    "type": "Line",
    **CENTRED,
    **{"left": 160, "top": 65, "width": 80, "height": 50, "strokeWidth": 16},
    **{"x1": 40, "x2": -40, "y1": -25, "y2": 25},
}
BOX = {
    "type": "Rect",
    **CORNERED,
    **{"left": 220, "top": 190, "width": 80, "height": 60, "strokeWidth": 2},
}
OUTLINE = {
    "type": "Polygon",
    **CENTRED,
    **{"left": 110, "top": 110, "width": 100, "height": 100, "strokeWidth": 2},
    "fill": "#56B4E960",
    "points": [{"x": 60, "y": 60}, {"x": 160, "y": 80}, {"x": 110, "y": 160}],
}
SHORT_LINE = LINE | {"left": 10.5, "top": 10, "x1": -0.5, "x2": 0.5, "y1": 0, "y2": 0}
CLICKED_BOX = BOX | {"left": 200, "top": 200, "width": 4, "height": 4}
TINY_OUTLINE = OUTLINE | {"points": [{"x": 9, "y": 9}, {"x": 12, "y": 9}, {"x": 9, "y": 12}]}

DRAWN = {
    "brush": (STROKE, [(20, 30), (33, 35), (73, 50), (100, 60)]),
    "line": (LINE, [(200, 40), (120, 90)]),
    "rectangle": (BOX, [(220, 190), (300, 250)]),
    "polygon": (OUTLINE, [(60, 60), (160, 80), (110, 160)]),
}
FILM = (300, 400)
AS_DRAWN = View(FILM, 0, 0, 400, 300, 1.0, margin=0)


def only(item: dict, view: View = AS_DRAWN, **changes):
    """The one stroke of a drawing of one item, with some of its entries replaced."""
    (stroke,) = fabric.strokes({"version": "7.4.0", "objects": [item | changes]}, view)
    return stroke


@pytest.mark.parametrize("tool", DRAWN)
def test_every_tool_draws_where_the_pointer_was(tool):
    item, places = DRAWN[tool]
    stroke = only(item)
    np.testing.assert_allclose(stroke.points, places, atol=0.02)
    assert stroke.tool == tool
    assert not stroke.erase
    assert stroke.width == item["strokeWidth"] or tool in ("rectangle", "polygon")


@pytest.mark.parametrize("tool", DRAWN)
@pytest.mark.parametrize(
    ("view", "scale", "begin"),
    [
        (View((1200, 1600), 0, 0, 1600, 1200, 0.25, margin=0), 0.25, (0, 0)),
        (View((75, 100), 0, 0, 100, 75, 4.0, margin=0), 4, (0, 0)),
        (View(FILM, 0, 0, 400, 300, 1.0), 1, (-MARGIN, -MARGIN)),
        (View((900, 900), 300, 200, 200, 150, 2.0), 2, (300 - MARGIN / 2, 200 - MARGIN / 2)),
    ],
    ids=["large film", "small film", "margin", "zoomed in"],
)
def test_strokes_are_in_pixels_of_the_film(tool, view, scale, begin):
    item, places = DRAWN[tool]
    stroke = only(item, view)
    wanted = np.array(places) / scale + begin
    if tool == "rectangle":
        wanted = np.clip(wanted, 0, view.shape[::-1])
    np.testing.assert_allclose(stroke.points, wanted, atol=0.08)
    if tool in ("brush", "line"):
        assert stroke.width == 16 / scale


@pytest.mark.parametrize("tool", DRAWN)
def test_the_reserved_colour_erases_and_no_other(tool):
    item, _ = DRAWN[tool]
    assert only(item, stroke=ERASING).erase
    assert only(item, stroke=ERASING.lower()).erase
    for other in ("#56B4E9A0", "", None, ERASING[:-2]):
        assert not only(item, stroke=other).erase


def test_painting_and_erasing_keep_their_order():
    objects = [BOX, BOX | {"stroke": ERASING, "left": 240}, STROKE]
    strokes = fabric.strokes({"objects": objects}, AS_DRAWN)
    assert [(stroke.tool, stroke.erase) for stroke in strokes] == [
        ("rectangle", False),
        ("rectangle", True),
        ("brush", False),
    ]
    mask = rasterise(strokes, FILM)
    assert mask[200, 230] and not mask[200, 250]


@pytest.mark.parametrize(
    "item", [SHORT_LINE, CLICKED_BOX, BOX | {"height": 4}, TINY_OUTLINE], ids=str
)
def test_a_slip_of_the_pointer_is_no_shape(item):
    assert fabric.strokes({"objects": [item]}, AS_DRAWN) == ()


@pytest.mark.parametrize("scale", [0.25, 4.0])
def test_what_is_a_slip_depends_on_the_canvas_alone(scale):
    view = View(FILM, 0, 0, 400, 300, scale)
    assert fabric.strokes({"objects": [CLICKED_BOX]}, view) == ()
    assert len(fabric.strokes({"objects": [BOX | {"width": 5, "height": 5}]}, view)) == 1


def test_a_dot_is_a_stroke():
    assert rasterise([only(DOT)], FILM).sum() == pytest.approx(math.pi * 8**2, rel=0.1)


def test_a_box_drawn_past_the_border_reaches_it_and_ends_there():
    view = View((60, 80), 0, 0, 80, 60, 1.0)
    stroke = only(BOX, view, left=2, top=3, width=200, height=40)
    np.testing.assert_array_equal(stroke.points, [(0, 0), (80, 27)])
    assert rasterise([stroke], (60, 80)).sum() == 80 * 27


def test_a_quick_curve_is_followed_between_its_points():
    path = [["M", 0, 0], ["Q", 40, 0, 40, 40], ["L", 40, 80]]
    stroke = only(STROKE, path=path, left=20, top=40, strokeWidth=2)
    mask = rasterise([stroke], FILM)
    assert mask[10, 29:31].any()  # the middle of the curve; that of its chord is at (20, 20)
    assert not mask[18:22, 18:22].any()


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"left": 160, "top": 25}, [(120, 10), (133, 15), (173, 30), (200, 40)]),
        ({"scaleX": 2}, [(-20, 30), (6, 35), (86, 50), (140, 60)]),
        ({"scaleY": 0.5}, [(20, 37.5), (33, 40), (73, 47.5), (100, 52.5)]),
        ({"angle": 90}, [(75, 5), (70, 18), (55, 58), (45, 85)]),
        ({"angle": 180}, [(100, 60), (87, 55), (47, 40), (20, 30)]),
        # First sized, then turned: 40 px to either side become 80, then lie above and below.
        ({"scaleX": 2, "angle": 90}, [(75, -35), (70, -9), (55, 71), (45, 125)]),
    ],
    ids=["moved", "wide", "flat", "quarter turn", "half turn", "wide and turned"],
)
def test_a_stroke_follows_what_was_done_to_it(changes, wanted):
    np.testing.assert_allclose(only(STROKE, **changes).points, wanted, atol=0.05)


def test_shapes_follow_what_was_done_to_them():
    moved = only(OUTLINE, left=120, top=100)
    np.testing.assert_allclose(moved.points, [(70, 50), (170, 70), (120, 150)])
    turned = only(LINE, angle=180)
    np.testing.assert_allclose(turned.points, [(120, 90), (200, 40)])
    wide = only(BOX, scaleX=0.5)
    np.testing.assert_allclose(wide.points, [(220, 190), (260, 250)])
    # A box turns about the corner where it begins, and is then an outline of four corners.
    box = only(BOX, angle=90)
    assert box.tool == "polygon"
    np.testing.assert_allclose(box.points, [(220, 190), (220, 270), (160, 270), (160, 190)])


@pytest.mark.parametrize("kind", ["path", "Path", "PATH"])
def test_a_path_may_be_called_so_in_any_case(kind):
    assert only(STROKE, type=kind).tool == "brush"


@pytest.mark.parametrize(
    "drawing",
    [
        None,
        {},
        {"objects": []},
        {"objects": None},
        {"objects": 7},
        {"objects": {"type": "path"}},
        ["objects"],
        {"objects": [{"type": "circle", "left": 1, "top": 2, "radius": 3}]},
        {"objects": [{"type": "image"}, {"type": None}, {}, None, "path", 7]},
        {"objects": [STROKE | {"path": []}, STROKE | {"path": [["z"]]}, STROKE | {"path": None}]},
        {"objects": [STROKE | {"path": [["M", "a", 2]]}, STROKE | {"path": [["Q", 1, 2, 3, 4]]}]},
        {"objects": [{"type": "path"}, {"type": "rect"}, {"type": "line"}, {"type": "polygon"}]},
        {"objects": [STROKE | {"left": math.nan}, STROKE | {"strokeWidth": math.inf}]},
        {"objects": [BOX | {"width": "80"}, BOX | {"left": None}]},
        {"objects": [OUTLINE | {"points": OUTLINE["points"][:2]}, OUTLINE | {"points": [1]}]},
        # What an outline looks like before it is closed.
        {"objects": [STROKE | {"fill": "#56B4E960"}]},
    ],
    ids=lambda drawing: json.dumps(drawing)[:50],
)
def test_what_is_no_stroke_is_left_out(drawing):
    assert fabric.strokes(drawing, AS_DRAWN) == ()


def test_a_point_is_never_so_far_away_that_it_cannot_be_drawn():
    stroke = only(STROKE, left=1e300)
    assert np.abs(stroke.points).max() <= 4 * max(FILM)  # no file of strokes may hold more
    assert not rasterise([stroke], FILM).any()


@pytest.mark.parametrize("shape", [(300, 400), (400, 300), (224, 224), (4000, 2500), (3, 5)])
@pytest.mark.parametrize("zoom", [1, 2, 8])
@pytest.mark.parametrize(("across", "down"), [(0, 0), (0.5, 0.25), (1, 1)])
def test_a_part_of_the_film_fits_the_canvas(shape, zoom, across, down):
    view = fabric.part(shape, zoom, across, down, (358, 720))
    width, height = view.size
    assert width <= 358 and height <= 720
    assert width == 358 or height == 720
    assert view.left >= 0 and view.left + view.width <= shape[1]
    assert view.top >= 0 and view.top + view.height <= shape[0]
    assert view.width == max(1, round(shape[1] / zoom))
    # The canvas's corner inside its margin is the part's corner.
    corner = view.to_film(np.array([[MARGIN, MARGIN]], float))
    np.testing.assert_allclose(corner, [(view.left, view.top)])


def test_strokes_get_the_label_of_the_colour_that_they_were_drawn_in():
    colours = [label_colours.drawn("screw")[0], ERASING, label_colours.drawn("cast")[0], "#123"]
    objects = [BOX | {"stroke": colour} for colour in colours]
    found = fabric.strokes({"objects": objects}, AS_DRAWN)
    assert [stroke.label for stroke in found] == ["screw", "", "cast", ""]
    assert [stroke.erase for stroke in found] == [False, True, False, False]
