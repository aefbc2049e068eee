"""The sample films of the gallery: phantoms as files, exactly as an upload would bring them.

Every sample is synthetic and says so in its title, and in the file (PNG text or DICOM tag).
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core import png_file
from core.phantoms import HARDWARE, Phantom, hardware, knee, long_bone

KNEE_SEED = 3
KNEE_SPACING_MM = 0.6  # a phantom knee is 224 px wide, a real one's film about 140 mm
SYNTHETIC = "Synthetic radiograph drawn by a program. It shows no patient."


@dataclass(frozen=True)
class Sample:
    """A synthetic film of the gallery, its truth in words, and the file it would be uploaded as."""

    slug: str
    title: str
    description: str
    truth: str
    filename: str
    draw: Callable[[], Phantom]
    spacing_mm: float | None = None  # told by DICOM files alone

    def data(self) -> bytes:
        """The bytes of the file: PNG or DICOM, to be given to core.images.decode."""
        pixels = self.draw().pixels
        return dicom(pixels, self.spacing_mm) if self.filename.endswith(".dcm") else png(pixels)


def negative(phantom: Phantom) -> Phantom:
    """The photographic negative of an 8-bit phantom: bone dark, air bright."""
    return Phantom(255 - phantom.pixels, phantom.boxes_xyxy_relative, phantom.fractured)


def png(pixels: np.ndarray) -> bytes:
    """A PNG of grey pixels (H, W), uint8 or uint16, with a text chunk saying it is synthetic."""
    return png_file.write(pixels, SYNTHETIC)


def dicom(pixels: np.ndarray, spacing_mm: float | None = None) -> bytes:
    """A DICOM file of grey pixels (H, W) uint16 holding 12 bits, with a window and no patient.

    `spacing_mm` is the distance between pixels at the detector; None leaves it out.
    """
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = f"2.25.{zlib.crc32(pixels.tobytes())}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    film.SOPClassUID = meta.MediaStorageSOPClassUID
    film.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    film.Modality, film.PatientName, film.ImageComments = "DX", "Synthetic^Phantom", SYNTHETIC
    film.Rows, film.Columns = pixels.shape
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 16, 12, 11, 0
    if spacing_mm:
        film.ImagerPixelSpacing = [spacing_mm, spacing_mm]
    low, high = np.percentile(pixels, (1, 99.8))
    film.WindowCenter = float(round((low + high) / 2))
    film.WindowWidth = float(round(high - low))
    film.PixelData = pixels.astype("<u2").tobytes()
    file = io.BytesIO()
    film.save_as(file, enforce_file_format=True)
    return file.getvalue()


# slug, title, description, truth, how it is drawn
_FILMS = (
    (
        "broken-forearm",
        "Broken forearm",
        "A forearm with a displaced break of one bone.",
        "fractured",
        lambda: long_bone(18, True),
    ),
    (
        "whole-forearm",
        "Whole forearm",
        "The same forearm on the same film, without the break.",
        "not fractured",
        lambda: long_bone(18, False),
    ),
    (
        "broken-thigh",
        "Broken thigh bone",
        "A dark jagged line crosses the bone just above the knee.",
        "fractured",
        lambda: long_bone(10, True),
    ),
    (
        "broken-finger",
        "Broken finger",
        "A small displaced break in a hand.",
        "fractured",
        lambda: long_bone(3, True),
    ),
    (
        "plated-bone",
        "Plate and screws",
        "A whole bone that carries a metal plate.",
        "not fractured, with hardware",
        lambda: hardware(23, "plate"),
    ),
    (
        "screwed-bone",
        "Screws",
        "A whole shin with two screws across the bone.",
        "not fractured, with hardware",
        lambda: hardware(16, "screws"),
    ),
    (
        "wired-bone",
        "Wires",
        "A whole shin with a wire inside the bone and three loops around it.",
        "not fractured, with hardware",
        lambda: hardware(17, "wire"),
    ),
    (
        "knee-prosthesis",
        "Knee prosthesis",
        "A frontal knee with both joint surfaces replaced by metal.",
        "not fractured, with hardware",
        lambda: hardware(3, "prosthesis"),
    ),
    (
        "healthy-knee",
        "Healthy knee",
        "A frontal knee with a wide joint space.",
        "not fractured, osteoarthritis grade 0",
        lambda: knee(3, 0),
    ),
    (
        "worn-knee",
        "Worn knee",
        "The same knee with a closed joint space, spurs and dense bone along the joint.",
        "not fractured, osteoarthritis grade 4",
        lambda: knee(3, 4),
    ),
    (
        "negative-film",
        "Negative film",
        "A whole forearm on a photographic negative: bone is dark, air is bright.",
        "not fractured, negative film",
        lambda: negative(long_bone(112, False)),
    ),
    (
        "dicom-shin",
        "16-bit DICOM",
        "A shin with a fine oblique break, as a DICOM file: 12 bits in 16, with a window.",
        "fractured",
        lambda: long_bone(4, True, bits=12),
    ),
)


def gallery() -> list[Sample]:
    """The samples that the fracture page offers, in the order it shows them."""
    return [_sample(*film) for film in _FILMS]


def _sample(slug, title, description, truth, draw, spacing_mm=None) -> Sample:
    return Sample(
        slug,
        f"{title} (synthetic)",
        description,
        f"{truth} (synthetic film)",
        f"{slug}.{'dcm' if slug.startswith('dicom') else 'png'}",
        draw,
        spacing_mm,
    )


# slug, title, description, truth, how it is drawn
_KNEES = (
    *(
        (
            f"knee-grade-{grade}",
            f"Knee, grade {grade}",
            description,
            f"grade {grade}",
            partial(knee, KNEE_SEED, grade),
        )
        for grade, description in enumerate(
            (
                "A wide, even joint space.",
                "The same knee: a hint of a spur, the space still wide.",
                "The same knee: small spurs, the space begins to narrow on one side.",
                "The same knee: spurs, a narrow space and denser bone along it.",
                "The same knee: large spurs, a closed space and dense bone along it.",
            )
        )
    ),
    (
        "both-knees",
        "Both knees on one film",
        "A sound knee and a badly worn one, side by side.",
        "grade 0 on the left of the film, grade 4 on the right",
        lambda: side_by_side(knee(3, 0), knee(8, 4)),
    ),
    (
        "negative-knee",
        "Negative film of a knee",
        "A worn knee on a photographic negative: bone is dark, air is bright.",
        "grade 3, negative film",
        lambda: negative(knee(5, 3)),
    ),
    (
        "dicom-knee",
        "16-bit DICOM of a knee",
        "A knee as a DICOM file that states its pixel spacing, so that lengths are in millimetres.",
        "grade 2",
        lambda: knee(6, 2, bits=12),
    ),
)


def knee_gallery() -> list[Sample]:
    """The samples that the severity page offers, in the order it shows them."""
    return [_sample(*film, KNEE_SPACING_MM) for film in _KNEES]


def side_by_side(left: Phantom, right: Phantom) -> Phantom:
    """Two 8-bit phantoms of one size as a film of both legs, with a dark gap and margins."""
    height, width = left.pixels.shape
    gap = width // 6
    pixels = np.zeros((height, 2 * width + 3 * gap), np.uint8)
    pixels[:, gap : gap + width] = left.pixels
    pixels[:, 2 * gap + width : 2 * (gap + width)] = right.pixels
    return Phantom(pixels, (), int(left.fractured or right.fractured))


def training_phantom(seed: int) -> Phantom:
    """One of the mixture that training adds to real film.

    45 % fractured limbs, 35 % intact ones, 10 % intact bones with metal, 10 % knees of any grade.
    """
    rng = np.random.default_rng([seed, 6])
    share = rng.random()
    if share < 0.8:
        return long_bone(seed, fractured=share < 0.45)
    if share < 0.9:
        return hardware(seed, str(rng.choice(HARDWARE)))
    return knee(seed, int(rng.integers(5)))


def graded_phantom(seed: int) -> tuple[Phantom, int]:
    """A synthetic knee of any grade, and the grade."""
    grade = int(np.random.default_rng([seed, 9]).integers(5))
    return knee(seed, grade), grade
