"""What may come in: the formats read, the limits of an image, a sentence for all else."""

import struct
from typing import NamedTuple

import numpy as np

MAX_BYTES = 64 * 2**20
MIN_SIDE = 16
MAX_SIDE = 8192
MAX_PIXELS = 40_000_000

CHOOSE = "choose the film as PNG, JPEG, TIFF, BMP or DICOM"


NEGATIVE = "The file stores white as zero: the picture was turned positive."


class BadImage(ValueError):
    """A file that is not opened; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Picture(NamedTuple):
    """What a reader found in a file: see `core.images.MedicalImage` for the units."""

    pixels: np.ndarray
    notes: tuple[str, ...] = ()
    spacing_mm: tuple[float, float] | None = None
    window: tuple[float, float] | None = None


def cut_short(kind: str) -> BadImage:
    """The error for a file of this `kind`, "PNG" say, that ends too early."""
    return BadImage(f"This {kind} file is cut short: copy or export it again.")


def damaged(kind: str) -> BadImage:
    """The error for a file of this `kind` that contradicts itself."""
    return BadImage(f"This {kind} file is damaged and cannot be read: copy or export it again.")


def to_unsigned(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return (H, W) wide integers or floats as uint16, and notes on what was done.

    Whole numbers of 0..65535 stay as they are, others are moved to start at 0, and what needs more
    than 16 bits is stretched over them. Raises BadImage for values that are not finite.
    """
    if not np.isfinite(values).all():
        raise BadImage(
            "This picture holds values that are not numbers (NaN or infinity): "
            "export it as a 16-bit picture without gaps."
        )
    low, high = float(values.min()), float(values.max())
    if high - low <= 65535 and (values == np.rint(values)).all():
        if low >= 0 and high <= 65535:
            return values.astype(np.uint16), ()
        moved = (values.astype(np.float64) - low).astype(np.uint16)
        return moved, (f"Values of {low:g} to {high:g} were moved to start at 0.",)
    scaled = (values.astype(np.float64) - low) * (65535 / (high - low))
    return np.rint(scaled).astype(np.uint16), (
        f"Values of {low:g} to {high:g} were stretched over 16 bits.",
    )


def check_length(data: bytes) -> None:
    """Raise BadImage unless the file has a length that an image can have."""
    if not data:
        raise BadImage("This file is empty: copy or export it again.")
    if len(data) < 8:
        raise BadImage(f"This file is too short for an image ({len(data)} bytes): export it again.")
    if len(data) > MAX_BYTES:
        megabytes = len(data) / 2**20
        raise BadImage(f"This file has {megabytes:,.0f} MB, more than 64 MB: export it smaller.")


def check_size(width: int, height: int) -> None:
    """Raise BadImage unless a picture of this many pixels is within the limits."""
    size = f"This picture is {width:,} by {height:,} pixels"
    if min(width, height) < MIN_SIDE:
        raise BadImage(f"{size}, fewer than {MIN_SIDE} a side: choose the full-size film.")
    if max(width, height) > MAX_SIDE:
        raise BadImage(f"{size}, more than {MAX_SIDE:,} a side: export it smaller.")
    if width * height > MAX_PIXELS:
        raise BadImage(f"{size}, more than 40 megapixels in all: export it smaller.")


def recognise(data: bytes) -> str:
    """Name the format of a file by its content: PNG, JPEG, TIFF, BMP or DICOM.

    Raises BadImage, naming what the file is where that can be told, for everything else.
    """
    for magic, kind in _READ:
        if data.startswith(magic):
            return kind
    if data[128:132] == b"DICM" or _is_bare_dicom(data):
        return "DICOM"
    if data[:2] == b"BM" and struct.unpack("<I", data[14:18].ljust(4, b"\0"))[0] <= 256:
        return "BMP"
    for offset, magic, reason in _REFUSED:
        if data.startswith(magic, offset):
            raise BadImage(reason)
    raise BadImage(_refused_text(data[:4096]))


def _is_bare_dicom(data: bytes) -> bool:
    """Whether a data set starts without the preamble: with group 2 or 8, in tag order."""
    if data.startswith(b"DICM"):
        return True
    group, element, vr = struct.unpack("<HH2s", data[:6])
    explicit, implicit = vr.isalpha() and vr.isupper(), data[5:8] == b"\0\0\0"
    return group in (2, 8) and element <= 0x70 and (explicit or implicit)


def _refused_text(head: bytes) -> str:
    """Say what a file without a known signature is, looking at its first bytes."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if b"<svg" in text:
        return _drawing("an SVG drawing")
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or b"<html" in text:
        return f"This is a web page, not an image: {CHOOSE}."
    if b"\0" not in head and not any(byte < 9 for byte in head):
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 3:
                return f"This file is not an image that can be read here: {CHOOSE}."
        return f"This is a text file, not an image: {CHOOSE}."
    return f"This file is not an image that can be read here: {CHOOSE}."


def _archive(what: str) -> str:
    return f"This is {what} archive, not an image: unpack it and choose the films."


def _drawing(what: str) -> str:
    return f"This is {what}, not a film: save the film itself as PNG, JPEG, TIFF or DICOM."


def _other_picture(what: str) -> str:
    return f"This is a {what} picture, which is not read here: save it as PNG or JPEG."


def _program(what: str) -> str:
    return f"This is {what}, not an image, and was not opened: {CHOOSE}."


_READ = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)

_REFUSED = (
    (0, b"PK\x03\x04", _archive("a zip")),
    (0, b"PK\x05\x06", _archive("a zip")),
    (0, b"\x1f\x8b", _archive("a gzip")),
    (0, b"BZh", _archive("a bzip2")),
    (0, b"\xfd7zXZ\0", _archive("an xz")),
    (0, b"7z\xbc\xaf\x27\x1c", _archive("a 7z")),
    (0, b"Rar!\x1a\x07", _archive("a rar")),
    (257, b"ustar", _archive("a tar")),
    (0, b"%PDF", _drawing("a PDF document")),
    (0, b"%!PS", _drawing("a PostScript (EPS) document")),
    (0, b"\xc5\xd0\xd3\xc6", _drawing("a PostScript (EPS) document")),
    (0, b"\xd0\xcf\x11\xe0", _drawing("an Office document")),
    (0, b"{\\rtf", _drawing("an RTF document")),
    (0, b"GIF8", _other_picture("GIF")),
    (8, b"WEBP", _other_picture("WebP")),
    (4, b"ftypavif", _other_picture("AVIF")),
    (4, b"ftyphei", _other_picture("HEIC")),
    (4, b"ftypmif1", _other_picture("HEIC")),
    (0, b"\0\0\0\x0cjP  ", _other_picture("JPEG 2000")),
    (0, b"\xff\x4f\xff\x51", _other_picture("JPEG 2000")),
    (0, b"\0\0\0\x0cJXL ", _other_picture("JPEG XL")),
    (0, b"\xff\x0a", _other_picture("JPEG XL")),
    (0, b"8BPS", _other_picture("Photoshop")),
    (0, b"\0\0\x01\0", _other_picture("Windows icon")),
    (4, b"ftyp", f"This is a video, not an image: {CHOOSE}."),
    (8, b"AVI ", f"This is a video, not an image: {CHOOSE}."),
    (344, b"n+1\0", f"This is a NIfTI volume, not a film: {CHOOSE}."),
    (0, b"\x93NUMPY", f"This is a NumPy array, not an image: {CHOOSE}."),
    (0, b"\x89HDF\r\n\x1a\n", f"This is an HDF5 data file, not an image: {CHOOSE}."),
    (0, b"\x7fELF", _program("a program")),
    (0, b"MZ", _program("a program")),
    (0, b"\xcf\xfa\xed\xfe", _program("a program")),
    (0, b"#!", _program("a script")),
    *((0, bytes([0x80, version]), _program("a Python pickle")) for version in range(2, 6)),
)
