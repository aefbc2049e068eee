"""Samples of the inpaint page: phantoms that carry drawn hardware, and the truth beneath it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.phantoms import knee, long_bone
from core.phantoms.implants import implanted
from core.samples import KNEE_SPACING_MM, dicom, png


@dataclass(frozen=True, eq=False)
class Repair:
    """A film that carries hardware, the same film without it, and where the hardware lies.

    film, clean: (H, W) uint8 or uint16, equal outside the mask (H, W) bool but for what is too
    faint to see; the mask is empty on a film without hardware.
    """

    film: np.ndarray
    clean: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True)
class RepairSample:
    """A film of the gallery to fill in, and the file it would be uploaded as."""

    slug: str
    title: str
    description: str
    filename: str
    draw: Callable[[], Repair]
    knee: bool

    def data(self) -> bytes:
        """The bytes of the file: PNG or DICOM, to be given to core.images.decode."""
        film = self.draw().film
        return dicom(film, KNEE_SPACING_MM) if self.filename.endswith(".dcm") else png(film)


def pasted(clean: np.ndarray, seed: int, kind: str) -> Repair:
    """Lay an implant over a clean film (H, W) uint8 or uint16; see `core.phantoms.implants`."""
    found = implanted(clean, seed, kind)
    return Repair(found.film, clean, found.mask)


def _knee(grade: int, seed: int, kind: str) -> Repair:
    return pasted(knee(3, grade).pixels, seed, kind)


def _whole(grade: int) -> Repair:
    film = knee(3, grade).pixels
    return Repair(film, film, np.zeros(film.shape, bool))


# slug, title, description, how it is drawn, whether it shows a knee
_FILMS = (
    (
        "screwed-knee",
        "Screws in a knee",
        "A knee of grade 2 with four screws laid over one side.",
        partial(_knee, 2, 5, "screws"),
        True,
    ),
    (
        "replaced-knee",
        "Prosthesis over a knee",
        "A knee of grade 3 whose joint is hidden by a prosthesis: what lies under it is lost.",
        partial(_knee, 3, 1324, "prosthesis"),
        True,
    ),
    (
        "plated-knee",
        "Plate on a knee",
        "A knee of grade 1 with a plate and its screws along one side.",
        partial(_knee, 1, 5, "plate"),
        True,
    ),
    (
        "wired-knee",
        "Wires in a knee",
        "A knee of grade 0 with two wires and the loops around them.",
        partial(_knee, 0, 7, "wire"),
        True,
    ),
    (
        "nailed-knee",
        "Nail through a knee",
        "A knee of grade 4 with a nail down its middle.",
        partial(_knee, 4, 7, "nail"),
        True,
    ),
    (
        "plated-forearm",
        "Plate on a forearm",
        "A whole forearm with a plate: no network here learned forearms.",
        lambda: pasted(long_bone(18, False).pixels, 8, "plate"),
        False,
    ),
    (
        "dicom-screws",
        "16-bit DICOM with screws",
        "A knee with screws as a DICOM file, 12 bits in 16: it comes back at that depth.",
        lambda: pasted(knee(6, 2, bits=12).pixels, 8, "screws"),
        True,
    ),
    (
        "bare-knee",
        "Worn knee without hardware",
        "A knee of grade 4 to draw on: hide a spur, or the whole joint, and see what is made up.",
        partial(_whole, 4),
        True,
    ),
)


def repair_gallery() -> list[RepairSample]:
    """The samples that the inpaint page offers, in the order it shows them."""
    return [
        RepairSample(
            slug,
            f"{title} (synthetic)",
            description,
            f"{slug}.{'dcm' if slug.startswith('dicom') else 'png'}",
            draw,
            shows_knee,
        )
        for slug, title, description, draw, shows_knee in _FILMS
    ]
