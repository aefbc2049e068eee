"""What the canvas tells of a drawing becomes strokes in pixels of the film."""

import math

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.masks import rasterise

# A stroke as the canvas tells it, without what only concerns its looks.
DRAWN = {
    "type": "Path",
    "version": "6.0.0",
    "originX": "center",
    "originY": "center",
    "left": 60.0,
    "top": 45.0,
    "width": 80.0,
    "height": 30.0,
    "fill": None,
    "stroke": "#56B4E980",
    "strokeWidth": 24,
    "scaleX": 1,
    "scaleY": 1,
    "angle": 0,
    "path": [["M", 20, 30], ["Q", 20, 30, 40, 35], ["Q", 55, 40, 70, 50], ["L", 100, 60]],
}
POINTS = [(20, 30), (40, 35), (70, 50), (100, 60)]
MIDDLE = np.array([60, 45])


@pytest.fixture(scope="module")
def strokes():
    """The function; its module brings the canvas, which only a running app can import."""
    assert not AppTest.from_string("import core.ui.brush").run().exception
    from core.ui import brush

    return brush.strokes


def only(strokes, scale: float = 1.0, **changes):
    """The one stroke of the drawing, with some of its entries replaced."""
    (stroke,) = strokes({"version": "6.0.0", "objects": [DRAWN | changes]}, scale)
    return stroke


def test_a_stroke_lies_where_it_was_drawn(strokes):
    stroke = only(strokes)
    np.testing.assert_allclose(stroke.points, POINTS)
    assert stroke.width == 24


@pytest.mark.parametrize("scale", [0.25, 1.5, 4.0])
def test_strokes_are_in_pixels_of_the_film(strokes, scale):
    stroke = only(strokes, scale)
    np.testing.assert_allclose(stroke.points, np.array(POINTS) / scale)
    assert stroke.width == 24 / scale


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"left": 160, "top": 25}, [(120, 10), (140, 15), (170, 30), (200, 40)]),
        ({"scaleX": 2}, [(-20, 30), (20, 35), (80, 50), (140, 60)]),
        ({"scaleY": 0.5}, [(20, 37.5), (40, 40), (70, 47.5), (100, 52.5)]),
        ({"angle": 90}, [(75, 5), (70, 25), (55, 55), (45, 85)]),
        ({"angle": 180}, [(100, 60), (80, 55), (50, 40), (20, 30)]),
        # First sized, then turned: 40 px to either side become 80, then lie above and below.
        ({"scaleX": 2, "angle": 90}, [(75, -35), (70, 5), (55, 65), (45, 125)]),
        ({"left": 70, "angle": 90, "scaleX": 2}, [(85, -35), (80, 5), (65, 65), (55, 125)]),
    ],
    ids=["moved", "wide", "flat", "quarter turn", "half turn", "wide and turned", "all three"],
)
def test_a_stroke_follows_what_was_done_to_it(strokes, changes, wanted):
    np.testing.assert_allclose(only(strokes, **changes).points, wanted, atol=1e-9)


def test_a_turn_keeps_every_distance_from_the_middle(strokes):
    turned = only(strokes, angle=37).points - MIDDLE
    before = np.array(POINTS) - MIDDLE
    np.testing.assert_allclose(np.hypot(*turned.T), np.hypot(*before.T))
    angles = np.arctan2(*turned.T[::-1]) - np.arctan2(*before.T[::-1])
    np.testing.assert_allclose(np.mod(angles, 2 * math.pi), np.deg2rad(37))


@pytest.mark.parametrize("kind", ["path", "Path", "PATH"])
def test_a_path_may_be_called_so_in_any_case(strokes, kind):
    assert len(strokes({"objects": [DRAWN | {"type": kind}]}, 1)) == 1


def test_a_closed_path_and_one_of_curves_keep_the_ends_of_their_commands(strokes):
    path = [["M", 0, 0], ["C", 1, 9, 9, 9, 10, 0], ["L", 10, 20], ["z"]]
    stroke = only(strokes, path=path, left=5, top=10)
    np.testing.assert_allclose(stroke.points, [(0, 0), (10, 0), (10, 20)])


def test_a_dot_is_a_stroke(strokes):
    stroke = only(strokes, path=[["M", 30, 20], ["L", 30, 20]], left=30, top=20)
    assert rasterise([stroke], (40, 60)).sum() == pytest.approx(math.pi * 12**2, rel=0.1)


@pytest.mark.parametrize(
    "drawing",
    [
        None,
        {},
        {"objects": []},
        {"objects": [{"type": "rect", "left": 1, "top": 2, "width": 3, "height": 4}]},
        {"objects": [{"type": "image"}, {"type": None}, {}]},
        {"objects": [DRAWN | {"path": []}]},
        {"objects": [DRAWN | {"path": [["z"]]}]},
    ],
    ids=["nothing", "empty", "no object", "box", "others", "no command", "only an end"],
)
def test_what_is_no_stroke_is_left_out(strokes, drawing):
    assert strokes(drawing, 1) == []


def test_strokes_keep_their_order_and_their_own_width(strokes):
    box = {"type": "rect", "left": 1, "top": 2, "width": 3, "height": 4}
    objects = [DRAWN, box, DRAWN | {"strokeWidth": 6, "left": 61}]
    first, second = strokes({"objects": objects}, 2)
    assert (first.width, second.width) == (12, 3)
    np.testing.assert_allclose(second.points - first.points, [(0.5, 0)] * 4)
