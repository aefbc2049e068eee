"""Image files in: bytes to a MedicalImage, or a BadImage whose reason a radiologist understands.

PNG, JPEG, TIFF, BMP and DICOM, recognised by content and never by name. Limits (64 MB, 16 to 8,192
pixels a side, 40 megapixels) are checked in the header, before pixels are decoded.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from core import containers
from core.intake import (
    BadImage,
    Picture,
    check_length,
    check_size,
    cut_short,
    damaged,
    recognise,
    to_unsigned,
)

__all__ = ["BadImage", "MedicalImage", "decode", "display_name"]

MAX_NAME = 80


@dataclass(frozen=True, eq=False)
class MedicalImage:
    """A decoded picture, in the file's own depth and values.

    pixels: (H, W) grey or (H, W, 3) RGB, uint8 or uint16, C-contiguous, read-only.
    sha256: of the file's bytes, in hexadecimal.
    spacing_mm: millimetres between (rows, columns), or None.
    window: the (low, high) that the file asks to be shown as black and white, in units of
        `pixels`, or None.
    notes: what was done to the picture, in sentences for the user.
    name: of the file, safe to show.
    """

    pixels: np.ndarray
    sha256: str
    spacing_mm: tuple[float, float] | None
    window: tuple[float, float] | None
    notes: tuple[str, ...]
    name: str


def decode(data: bytes, filename: str) -> MedicalImage:
    """Return the picture in a file's bytes.

    Colour that is grey in every pixel becomes grey, transparency is laid on black, the EXIF
    orientation is applied, and all other metadata is dropped. A multi-page or multi-frame file
    gives its first picture, with a note. `filename` serves only as the display name.

    Raises BadImage, and nothing else, for a file that is not a readable picture within the limits.
    """
    check_length(data)
    kind = recognise(data)
    try:
        picture = _read_dicom(data) if kind == "DICOM" else _read_raster(kind, data)
        pixels = _as_stored(picture.pixels)
    except BadImage:
        raise
    except MemoryError:
        raise BadImage("This picture needs more memory than there is: export it smaller.") from None
    except Exception as error:  # decoders raise whatever a broken file makes them stumble over
        truncated = "truncated" in str(error) or isinstance(error, EOFError)
        raise (cut_short(kind) if truncated else damaged(kind)) from error
    return MedicalImage(
        pixels=pixels,
        sha256=hashlib.sha256(data).hexdigest(),
        spacing_mm=picture.spacing_mm,
        window=picture.window,
        notes=picture.notes,
        name=display_name(filename),
    )


def display_name(filename: str) -> str:
    """Return a file name that is safe to show: no folders, no control characters, not long."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", filename)[-1])
    name = "".join(char for char in name if not unicodedata.category(char).startswith("C"))
    name = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*&`]', "_", name)).strip(" .")
    if len(name) > MAX_NAME:
        stem, dot, ending = name.rpartition(".")
        ending = dot + ending if stem and len(ending) <= 5 else ""
        name = name[: MAX_NAME - len(ending) - 1] + "…" + ending
    return name or "image"


def _read_dicom(data: bytes) -> Picture:
    from core import dicom  # pydicom takes long to import, and most films are not DICOM

    return dicom.read(data)


def _read_raster(kind: str, data: bytes) -> Picture:
    """Decode a PNG, JPEG, TIFF or BMP file."""
    strip = {
        "PNG": containers.strip_png,
        "JPEG": containers.strip_jpeg,
        "TIFF": containers.strip_tiff,
        "BMP": containers.strip_bmp,
    }[kind]
    file = strip(data)
    if file.bits == 16 and file.channels > 1:
        pixels, notes = _decode_deep_colour(file.data), ()
    else:
        with Image.open(BytesIO(file.data), formats=[kind]) as image:
            check_size(*image.size)
            image.load()
        pixels, notes = _from_pillow(image, file)
    if pixels.shape[:2] != (file.height, file.width):
        raise damaged(kind)
    if file.orientation != 1:
        pixels = _upright(pixels, file.orientation)
        notes = (*notes, "The picture was turned upright, as the file's orientation mark asks.")
    return Picture(pixels, file.notes + notes)


def _decode_deep_colour(data: bytes) -> np.ndarray:
    """Decode colour, or grey with alpha, of 16 bits: Pillow would keep only the upper 8."""
    import cv2

    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        raise ValueError("not decoded as 16-bit colour")
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else None
    return _on_black(pixels[..., 2::-1], alpha)


def _from_pillow(image: Image.Image, file: containers.Container) -> tuple[np.ndarray, tuple]:
    """Return the pixels of a loaded picture in uint8 or uint16, and notes."""
    if image.mode.startswith(("I", "F")):
        pixels, notes = to_unsigned(np.asarray(image))
        # Pillow turns white-is-zero pictures of up to 8 bits positive, but not these.
        return (np.iinfo(np.uint16).max - pixels if file.white_is_zero else pixels), notes
    if image.mode in ("1", "L") and "transparency" not in image.info:
        return np.asarray(image.convert("L")), ()
    if image.has_transparency_data:
        pixels = np.array(image.convert("RGBA"))
        return _on_black(pixels[..., :3], pixels[..., 3]), ()
    return np.asarray(image.convert("RGB")), ()


def _on_black(colour: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """Lay (H, W, 3) colour of uint8 or uint16 on black: the ground of a radiograph."""
    colour = np.ascontiguousarray(colour)
    top = np.iinfo(colour.dtype).max
    if alpha is not None and (alpha != top).any():
        for channel in range(3):
            product = colour[..., channel].astype(np.uint32) * alpha
            colour[..., channel] = (product + top // 2) // top
    return colour


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Undo an EXIF orientation of 2..8: mirrored where 2, 4, 5 or 7, then turned."""
    if orientation in (2, 4, 5, 7):
        pixels = pixels[:, ::-1]
    quarter_turns = {3: 2, 4: 2, 5: 1, 6: -1, 7: -1, 8: 1}.get(orientation, 0)
    return np.rot90(pixels, quarter_turns)


def _as_stored(pixels: np.ndarray) -> np.ndarray:
    """Return pixels in the form that MedicalImage promises; three equal channels become one."""
    if pixels.ndim == 3 and all(
        np.array_equal(pixels[..., 0], pixels[..., channel]) for channel in (1, 2)
    ):
        pixels = pixels[..., 0]
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels
