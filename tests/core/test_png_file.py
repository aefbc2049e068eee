"""Pixels leave as they are, with a comment or with nothing beside them."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from core import png_file

RNG = np.random.default_rng(1)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("comment", ["", "Zoë's\nfilm"])
def test_pixels_and_comment_come_back(shape, dtype, comment):
    pixels = RNG.integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    data = png_file.write(pixels, comment)
    back = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(back[..., ::-1] if back.ndim == 3 else back, pixels)
    with Image.open(io.BytesIO(data)) as image:
        assert image.text == ({"Comment": comment} if comment else {})
