"""The colour of each label, on the film and in the words beside it.

Chosen by search among known palettes, so that any two of them, and the orange of what erases, stay
apart for every eye: CIE76 differences of at least 17, also with protanopia, deuteranopia and
tritanopia as Machado and others (2009) simulate them.
"""

from collections.abc import Mapping

from core.artefacts import LABELS

COLOURS: Mapping[str, str] = dict(
    zip(
        LABELS,
        ("#77AADD", "#F0E442", "#FF5A5A", "#7DF5C0", "#AA4499", "#228833", "#9A6BFF"),
        strict=True,
    )
)
_DRAWN, _FILLED = "B0", "60"  # how much of a stroke, and of an outline's inside, hides the film
_LABEL_OF = {colour + _DRAWN: label for label, colour in COLOURS.items()}


def rgb(label: str) -> tuple[int, int, int]:
    """Red, green and blue of a key of LABELS, each 0 to 255."""
    return tuple(bytes.fromhex(COLOURS[label][1:]))


def drawn(label: str) -> tuple[str, str]:
    """The colours, with their opacity, of the strokes of a label and of what outlines enclose."""
    return COLOURS[label] + _DRAWN, COLOURS[label] + _FILLED


def label(colour: str) -> str:
    """The label whose strokes are drawn in this colour; "" for any other colour."""
    return _LABEL_OF.get(colour.upper(), "")
