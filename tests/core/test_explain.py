"""Heat over a film: seen where it is, and the film untouched where it is not."""

import numpy as np
import pytest

from core.explain import colours, layer, legend, overlay, peak

FILM = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def test_film_is_untouched_where_there_is_no_heat():
    heat = np.zeros((6, 8), np.float32)
    heat[2, 3] = 1
    blend = overlay(FILM, heat, 0.7)
    assert blend.shape == (6, 8, 3) and blend.dtype == np.uint8
    cold = heat == 0
    np.testing.assert_array_equal(blend[cold], np.repeat(FILM[cold][:, None], 3, axis=1))
    assert (blend[2, 3] != FILM[2, 3]).all()


@pytest.mark.parametrize(
    ("heat", "opacity", "expected"),
    [
        (0.0, 1.0, 100),
        (1.0, 0.0, 100),
        (1.0, 1.0, colours(np.ones((1, 1)))[0, 0]),
        (1.0, 0.5, (100.0 + colours(np.ones((1, 1)))[0, 0]) / 2),
        (0.25, 1.0, (100.0 + colours(np.full((1, 1), 0.25))[0, 0]) / 2),  # root of 0.25 is 0.5
        (7.0, 1.0, colours(np.ones((1, 1)))[0, 0]),
        (-7.0, 1.0, 100),
    ],
    ids=["no heat", "no opacity", "full", "half opacity", "faint", "too hot", "too cold"],
)
def test_blend_by_hand(heat, opacity, expected):
    blend = overlay(np.full((4, 4), 100, np.uint8), np.full((2, 2), heat, np.float32), opacity)
    np.testing.assert_allclose(blend, np.broadcast_to(expected, (4, 4, 3)), atol=1)


@pytest.mark.parametrize("opacity", [0.0, 0.6, 1.0])
def test_a_layer_over_the_film_is_the_overlay(opacity):
    heat = np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8)
    rgba = layer(heat).astype(float)
    weight = opacity * rgba[..., 3:] / 255
    laid = FILM[..., None] * (1 - weight) + rgba[..., :3] * weight
    np.testing.assert_allclose(laid, overlay(FILM, heat, opacity), atol=1.5)


def test_heat_of_any_size_is_stretched_over_the_film():
    blend = overlay(np.zeros((40, 60), np.uint8), np.float32([[0, 0], [0, 1]]), 1.0)
    assert blend.shape == (40, 60, 3)
    assert blend[30:, 45:].min(axis=(0, 1)).max() > 100 and not blend[:10, :15].any()


@pytest.mark.parametrize(
    ("shape", "cell", "expected"),
    [
        ((1, 1), (0, 0), (0.5, 0.5)),
        ((4, 2), (3, 0), (0.25, 0.875)),
        ((2, 4), (0, 3), (0.875, 0.25)),
    ],
)
def test_peak_is_the_centre_of_the_hottest_cell_as_x_and_y(shape, cell, expected):
    heat = np.zeros(shape, np.float32)
    heat[cell] = 1
    assert peak(heat) == expected


def test_colours_grow_brighter_with_heat_and_the_legend_shows_them_all():
    strip = legend(64, 3)
    assert strip.shape == (3, 64, 3) and strip.dtype == np.uint8
    brightness = strip[0].astype(float) @ [0.299, 0.587, 0.114]
    assert (np.diff(brightness) > -1).all() and brightness[-1] - brightness[0] > 200
    np.testing.assert_array_equal(strip[0, -1], colours(np.ones((1, 1)))[0, 0])
    assert strip[0, 20, 0] > strip[0, 20, 1]  # red before green: the order is RGB
