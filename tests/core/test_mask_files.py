"""A mask file comes back bit by bit; whatever is none is refused in one sentence."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from core.mask_files import png, read_mask
from core.masks import BadMask

SHAPE = (40, 60)
DISC = cv2.circle(np.zeros(SHAPE, np.uint8), (30, 20), 12, 1, -1).astype(bool)


def saved(pixels: np.ndarray, kind: str = "PNG", **options) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def test_a_mask_is_saved_in_black_and_white():
    with Image.open(BytesIO(png(DISC))) as image:
        assert (image.mode, image.size) == ("L", (60, 40))
        np.testing.assert_array_equal(np.asarray(image), np.where(DISC, 255, 0))


GREY = np.where(DISC, 255, 0).astype(np.uint8)
READ = {
    "our own": png(DISC),
    "bits": saved(DISC),
    "0 and 1": saved(DISC.astype(np.uint8)),
    "two levels of grey": saved(np.where(DISC, 180, 100).astype(np.uint8)),
    "16 bit": saved(np.where(DISC, 65535, 0).astype(np.uint16)),
    "white in three channels": saved(np.dstack([GREY] * 3)),
    "white on nothing": saved(np.dstack([GREY] * 4)),
    "BMP": saved(GREY, "BMP"),
    "TIFF": saved(GREY, "TIFF"),
    "a good JPEG": saved(GREY, "JPEG", quality=90),
    "0 and 2 of 255": saved(np.where(DISC, 2, 0).astype(np.uint8)),
}


@pytest.mark.parametrize("name", READ)
def test_two_levels_are_a_mask(name):
    found = read_mask(READ[name], "mask.png", SHAPE)
    assert found.dtype == bool
    np.testing.assert_array_equal(found, DISC)


RAMP = np.tile(np.linspace(0, 255, 60).astype(np.uint8), (40, 1))
THREE = GREY.copy()
THREE[0, 0] = 128
RED = np.dstack([GREY, 0 * GREY, 0 * GREY])
REFUSED = {
    "another size": (png(DISC[:, :50]), "50 by 40 pixels and the film 60 by 40"),
    "lying on its side": (png(DISC.T), "40 by 60 pixels and the film 60 by 40"),
    "empty": (png(~DISC & DISC), "is empty"),
    "everything": (png(DISC | ~DISC), "covers the whole film"),
    "a grey everything": (saved(np.full(SHAPE, 128, np.uint8)), "covers the whole film"),
    "a film": (saved(RAMP), "more than two grey levels"),
    "three levels": (saved(THREE), "more than two grey levels"),
    "three dark levels": (saved(RAMP // 12), "more than two grey levels"),
    "three bright levels": (saved(255 - RAMP // 12), "more than two grey levels"),
    "red": (saved(RED), "in colour"),
    "no image": (b"not a picture at all", "text file"),
    "nothing": (b"", "empty"),
    "cut short": (png(DISC)[:-30], "cut short"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_whatever_is_no_mask_is_refused(name):
    data, words = REFUSED[name]
    with pytest.raises(BadMask, match=words) as caught:
        read_mask(data, "../my<mask>.png", SHAPE)
    assert caught.value.reason.count(". ") == 0 and caught.value.reason.endswith(".")
    assert "<" not in caught.value.reason and "/" not in caught.value.reason
