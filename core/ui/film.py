"""A film as the pages hold it: displayed grey, and what is to be said of it."""

from dataclasses import dataclass

import numpy as np

from core.images import MedicalImage, decode
from core.preprocess import to_grey
from core.quality import is_negative


@dataclass(frozen=True, eq=False)
class Film:
    """`grey` (H, W) uint8 as the file asks to be shown; `negative` is what it looks like;
    `spacing_mm` between (rows, columns) of pixels, where the file tells it."""

    sha256: str
    name: str
    grey: np.ndarray
    facts: str
    notes: tuple[str, ...]
    negative: bool
    spacing_mm: tuple[float, float] | None = None

    def shown(self, inverted: bool) -> np.ndarray:
        """(H, W) uint8 grey, turned from negative to positive or back when `inverted`."""
        return 255 - self.grey if inverted else self.grey


def read(data: bytes, name: str) -> Film:
    """Decode a file into a film. Raises BadImage."""
    image = decode(data, name)
    grey = to_grey(image.pixels, image.window)
    return Film(
        image.sha256,
        image.name,
        grey,
        _facts(image),
        image.notes,
        is_negative(grey),
        image.spacing_mm,
    )


def _facts(image: MedicalImage) -> str:
    height, width = image.pixels.shape[:2]
    facts = f"{width:,} × {height:,} pixels, {8 * image.pixels.itemsize} bit"
    if image.pixels.ndim == 3:
        facts += ", colour"
    if image.spacing_mm:
        rows, columns = image.spacing_mm
        facts += f", {width * columns:.0f} × {height * rows:.0f} mm"
    return facts
