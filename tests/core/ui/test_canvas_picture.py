"""The picture under the drawing canvas shows the film where strokes will lie."""

import cv2
import numpy as np
import pytest

from core.ui import canvas_picture, fabric
from core.ui.canvas_picture import Layer, Tag
from core.ui.fabric import MARGIN, View
from core.ui.subject import FILM

NO_MASK = np.zeros((40, 60), bool)


def drawn(grey, mask, view, window=(0, 255)) -> np.ndarray:
    """(H, W, 3) float RGB of the picture."""
    data = np.frombuffer(canvas_picture.picture(grey, mask, view, window), np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(float)


def colour(rgb: np.ndarray) -> np.ndarray:
    """How far each pixel is from grey."""
    return np.ptp(rgb, axis=-1)


@pytest.mark.parametrize("zoom", [1, 2, 4])
@pytest.mark.parametrize("at", [(0, 0), (0.5, 0.5), (1, 1)])
@pytest.mark.parametrize("shape", [(40, 60), (900, 600), (3, 7)])
def test_a_place_of_the_film_is_shown_where_a_stroke_there_is_drawn(shape, zoom, at):
    grey = np.zeros(shape, np.uint8)
    view = fabric.part(shape, zoom, *at, (360, 360))
    x, y = view.left + view.width // 2, view.top + view.height // 2
    reach = max(1, round(4 / view.scale))
    grey[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach] = 255
    rgb = drawn(grey, np.zeros(shape, bool), view)
    assert rgb.shape == (*view.size[::-1], 3)
    inside = rgb[MARGIN:-MARGIN, MARGIN:-MARGIN, 0]
    rows, columns = np.nonzero(inside > 180)
    middle = np.array([[columns.mean() + 0.5, rows.mean() + 0.5]]) + MARGIN
    bright = np.argwhere(grey)
    assert view.to_film(middle)[0] == pytest.approx(
        bright.mean(0)[::-1] + 0.5, abs=max(1 / view.scale, 0.6)
    )


def test_the_film_goes_on_in_the_margin_where_there_is_more_of_it():
    grey = np.full((40, 60), 200, np.uint8)
    middle = drawn(grey, NO_MASK, View((40, 60), 20, 10, 20, 20, 8.0))
    assert middle.min() > 190
    whole = drawn(grey, NO_MASK, View((40, 60), 0, 0, 60, 40, 4.0))
    assert abs(whole[MARGIN // 2, MARGIN // 2] - FILM.table).max() < 4


def test_the_window_is_shown_black_to_white():
    grey = np.repeat(np.arange(0, 240, 4, dtype=np.uint8)[None], 40, 0)
    view = View((40, 60), 0, 0, 60, 40, 4.0, margin=0)
    shown = drawn(grey, NO_MASK, view, (80, 160))[80, 2::4, 0]
    assert shown[:18].max() < 8 and shown[42:].min() > 247
    assert shown[30] == pytest.approx(127, abs=8)
    assert np.isfinite(drawn(grey, NO_MASK, view, (128, 128))).all()


def test_a_mask_is_tinted_and_outlined_on_any_grey():
    for level in (0, 128, 255):
        grey, mask = np.full((40, 60), level, np.uint8), NO_MASK.copy()
        mask[10:30, 20:40] = True
        rgb = drawn(grey, mask, View((40, 60), 0, 0, 60, 40, 4.0, margin=0))
        assert colour(rgb[80:85, 115:125]).min() > 30
        assert colour(rgb[:30]).max() < 12
        edge = rgb[80, 74:88].mean(-1)
        assert edge.min() < 40 and edge.max() > 150


@pytest.mark.parametrize("shape", [(4000, 3000), (40, 60)])
def test_a_single_pixel_of_the_mask_can_be_seen(shape):
    grey, mask = np.full(shape, 90, np.uint8), np.zeros(shape, bool)
    mask[shape[0] // 3, shape[1] // 3] = True
    view = fabric.part(shape, 1, 0.5, 0.5, (360, 360))
    without = drawn(grey, np.zeros(shape, bool), view)
    changed = np.abs(drawn(grey, mask, view) - without)
    assert changed.max() > 40


def test_an_overview_frames_the_part_that_is_shown():
    grey = np.zeros((300, 200), np.uint8)
    view = fabric.part(grey.shape, 2, 1.0, 0.0, (360, 360))
    data = np.frombuffer(canvas_picture.overview(grey, view, 120), np.uint8)
    rgb = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(float)
    assert rgb.shape == (120, 80, 3)
    rows, columns = np.nonzero(rgb.mean(-1) > 100)
    assert (columns.min(), columns.max()) == pytest.approx((40, 79), abs=2)
    assert (rows.min(), rows.max()) == pytest.approx((0, 60), abs=2)


def test_labels_lie_in_their_colours_and_tags_above_their_places():
    grey = np.full((200, 200), 60, np.uint8)
    view = fabric.part(grey.shape, 1, 0.5, 0.5, (432, 432))
    masks = np.zeros((2, 200, 200), bool)
    masks[0, 100:120, 20:60], masks[1, 100:120, 120:160] = True, True
    red, blue = (255, 0, 0), (0, 0, 255)
    layers = [Layer(mask, line, line) for mask, line in zip(masks, (red, blue), strict=True)]
    tags = [Tag("1", (20, 100), red), Tag("2", (1000, 100), blue)]
    bare, tagged = (
        cv2.imdecode(
            np.frombuffer(canvas_picture.layered(grey, layers, these, view), np.uint8), 1
        ).astype(int)
        for these in ((), tags)
    )
    at = {name: (110 * 2 + MARGIN, x * 2 + MARGIN) for name, x in (("red", 40), ("blue", 140))}
    assert bare[at["red"]][2] > bare[at["red"]][0] + 40
    assert bare[at["blue"]][0] > bare[at["blue"]][2] + 40
    rows, columns = np.nonzero(np.abs(tagged - bare).max(-1) > 60)
    # One tag, just above the first region; the second's place is out of sight.
    assert rows.max() <= 200 + MARGIN + 2 and rows.min() > 160 + MARGIN
    assert columns.min() >= 30 + MARGIN and columns.max() < 80 + MARGIN


@pytest.mark.parametrize("at", [(0, 0), (39.9, 0), (0, 39.9), (39.9, 39.9)])
def test_a_tag_in_a_corner_is_written_whole(at):
    grey = np.zeros((40, 40), np.uint8)
    view = fabric.part(grey.shape, 1, 0.5, 0.5, (232, 232))
    data = canvas_picture.layered(grey, (), [Tag("17", at, (0, 255, 0))], view, table=(0, 0, 0))
    rgb = cv2.imdecode(np.frombuffer(data, np.uint8), 1).astype(int)
    framed = rgb[..., 1] - rgb[..., 0] > 60
    rows, columns = np.nonzero(framed)
    box = framed[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert min(box[0].mean(), box[-1].mean(), box[:, 0].mean(), box[:, -1].mean()) > 0.8
