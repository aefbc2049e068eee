"""Maps of where readers differ: what is told apart, and that nothing is lost."""

import cv2
import numpy as np
import pytest

from core.ui import reader_maps
from core.ui.reader_maps import Look, count_looks, pair_looks

GREY = np.full((300, 200), 120, np.uint8)


def decoded(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)


@pytest.mark.parametrize("looks", [pair_looks("A", "B"), count_looks(3), count_looks(6)])
def test_every_kind_of_place_has_words_a_colour_and_a_pattern_of_its_own(looks: tuple[Look, ...]):
    assert len({look.words for look in looks}) == len(looks)
    assert len({look.colour for look in looks}) == len(looks)
    assert len({(look.slope, look.cover) for look in looks}) == len(looks)
    assert [look.cover for look in looks].count(1.0) == 1


def test_without_colour_the_kinds_still_differ():
    swatches = [reader_maps.swatch(look).mean(2) for look in pair_looks("A", "B")]
    for at, one in enumerate(swatches):
        for other in swatches[at + 1 :]:
            assert np.abs(one - other).mean() > 5


def test_the_film_shows_as_it_is_where_nobody_marked_anything():
    kinds = np.zeros(GREY.shape, np.uint8)
    kinds[100:150, 50:120] = 3
    shown = decoded(reader_maps.map_picture(GREY, kinds, pair_looks("A", "B")))
    assert shown.shape == (900, 600, 3)
    assert np.abs(shown[:250] - 120).max() < 4
    assert np.abs(shown[330:420, 180:330] - 120).min(2).mean() > 4


def test_the_thinnest_mark_on_a_large_film_is_on_the_map():
    grey, kinds = np.full((3000, 2000), 120, np.uint8), np.zeros((3000, 2000), np.uint8)
    kinds[1500, 400:1600] = 2
    shown = decoded(reader_maps.map_picture(grey, kinds, pair_looks("A", "B")))
    assert np.abs(shown[445:455, 150:450] - 120).max() > 60
