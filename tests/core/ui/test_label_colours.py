"""Every label has a colour of its own, for every eye."""

from itertools import combinations

import numpy as np
import pytest

from core.artefacts import LABELS
from core.ui import fabric, label_colours

# Of linear RGB, at full severity: Machado, Oliveira and Fernandes 2009.
EYES = {
    "normal": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(rgb, eye) -> np.ndarray:
    """CIELAB of an RGB of 0 to 255, as this eye sees it."""
    share = np.asarray(rgb) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(EYES[eye]) @ linear, 0, 1)
    x, y, z = np.cbrt(TO_XYZ @ seen / (0.9505, 1, 1.089))  # none of them is nearly black
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eye", EYES)
def test_labels_and_what_erases_are_told_apart(eye):
    erasing = tuple(bytes.fromhex(fabric.ERASING[1:7]))
    seen = [lab(rgb, eye) for rgb in (*map(label_colours.rgb, LABELS), erasing)]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 16


@pytest.mark.parametrize("label", LABELS)
def test_the_colour_of_a_stroke_tells_its_label(label):
    colour, _ = label_colours.drawn(label)
    assert label_colours.label(colour) == label_colours.label(colour.lower()) == label


@pytest.mark.parametrize("colour", ["", "None", "#56B4E9A0", fabric.ERASING, "#77AADD"])
def test_other_colours_have_no_label(colour):
    assert label_colours.label(colour) == ""
