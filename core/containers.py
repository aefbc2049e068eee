"""Raster files as bytes: size and orientation from the header, and the file without its metadata.

Only what the pixels need is handed on to a decoder, so that text, thumbnails, colour profiles,
GPS positions and further pages are neither parsed nor kept. Sizes are checked here, before a
decoder sees the file. Layouts: PNG (ISO/IEC 15948), JPEG (ITU-T T.81), TIFF 6.0 and BigTIFF, BMP.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.intake import NEGATIVE, BadImage, check_size, cut_short, damaged

# No honest file comes near these; they bound the time that a hostile one can take.
MAX_CHUNKS = 100_000
MAX_SEGMENTS = 2_000
MAX_SCANS = 100
MAX_TIFF_ENTRIES = 512
MAX_TIFF_NUMBERS = 50_000

FIRST_FRAME = "The file holds an animation: its first frame is shown."
FIRST_PAGE = "The file holds several pages: the first is shown."


@dataclass(frozen=True)
class Container:
    """A file without its metadata. `bits` a channel; `orientation` 1..8 as in EXIF."""

    data: bytes
    width: int
    height: int
    bits: int
    channels: int
    orientation: int = 1
    white_is_zero: bool = False
    notes: tuple[str, ...] = ()


def strip_png(data: bytes) -> Container:
    """Keep the header, palette, transparency and pixels of a PNG file. Raises BadImage."""
    kept = [data[:8]]
    orientation, notes = 1, ()
    for name, chunk in _png_chunks(data):
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            if zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
                raise damaged("PNG")
            kept.append(chunk)
        elif name == b"eXIf":
            orientation = exif_orientation(chunk[8:-4])
        elif name == b"acTL":
            notes = (FIRST_FRAME,)
    if kept[1][4:8] != b"IHDR" or len(kept[1]) != 25:
        raise damaged("PNG")
    width, height, bits, colour = struct.unpack(">IIBB", kept[1][8:18])
    check_size(width, height)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 0)
    return Container(b"".join(kept), width, height, bits, channels, orientation, notes=notes)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, whole chunk) up to and including IEND."""
    at = 8
    for _ in range(MAX_CHUNKS):
        if at + 12 > len(data):
            raise cut_short("PNG")
        length, name = struct.unpack(">I4s", data[at : at + 8])
        if at + 12 + length > len(data):
            raise cut_short("PNG")
        yield name, data[at : at + 12 + length]
        if name == b"IEND":
            return
        at += 12 + length
    raise damaged("PNG")


# Start of frame: all of 0xC0..0xCF but tables and extensions, and JPEG-LS.
_JPEG_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def strip_jpeg(data: bytes) -> Container:
    """Drop the comments and application data of a JPEG file, except what says how its colours are
    coded (JFIF and Adobe). Raises BadImage."""
    kept = [b"\xff\xd8"]
    orientation, frame = 1, None
    for marker, at, segment in _jpeg_segments(data):
        if marker == 0xE1 and segment.startswith(b"Exif\0\0", 4):
            orientation = exif_orientation(segment[10:])
        elif marker in (0xE0, 0xEE) or not 0xE0 <= marker <= 0xFE:
            kept.append(segment)
        if marker in _JPEG_FRAMES:
            frame = struct.unpack(">BHHB", segment[4:10])
        start = at
    if frame is None:
        raise damaged("JPEG")
    bits, height, width, channels = frame
    check_size(width, height)
    if data.count(b"\xff\xda", start) > MAX_SCANS:
        raise BadImage("This JPEG file is stored in far too many passes: save it again as PNG.")
    kept[-1] = data[start:]
    return Container(b"".join(kept), width, height, bits, channels, orientation)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (marker, offset, whole segment) up to and including the first start of scan."""
    at = 2
    for _ in range(MAX_SEGMENTS):
        if at + 4 > len(data):
            raise cut_short("JPEG")
        lead, marker, length = struct.unpack(">BBH", data[at : at + 4])
        if lead == marker == 0xFF:  # a filler byte
            at += 1
            continue
        if lead != 0xFF or length < 2 or marker == 0xD9:
            raise damaged("JPEG")
        if at + 2 + length > len(data):
            raise cut_short("JPEG")
        yield marker, at, data[at : at + 2 + length]
        if marker == 0xDA:
            return
        at += 2 + length
    raise damaged("JPEG")


def strip_bmp(data: bytes) -> Container:
    """Check a BMP file, which holds no metadata to drop, and return it whole. Raises BadImage."""
    if len(data) < 34:
        raise cut_short("BMP")
    if struct.unpack("<I", data[14:18])[0] == 12:
        width, height, _, depth = struct.unpack("<4H", data[18:26])
        compression = 0
    else:
        width, height, _, depth, compression = struct.unpack("<iiHHI", data[18:34])
    height = abs(height)
    check_size(width, height)
    if compression in (0, 3) and width * height * depth // 8 > len(data):
        raise cut_short("BMP")
    return Container(data, width, height, 8, 1 if depth <= 8 else 3)


# TIFF tags that the pixels need: sizes, layout, compression, colour and sample format.
_PIXEL_TAGS = {
    *(256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324),
    *(325, 332, 338, 339, 347, 529, 530, 531, 532),
}
_TIFF_TYPE_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8)
_TIFF_INTEGERS = {3: "u2", 4: "u4", 16: "u8"}


def strip_tiff(data: bytes) -> Container:
    """Keep the first page of a TIFF or BigTIFF file, and of its tags those that the pixels need.

    Raises BadImage.
    """
    directory = Directory(data)
    width, height = directory.number(256), directory.number(257)
    check_size(width, height)
    directory.check_entries()
    bits, channels = directory.number(258, 1), directory.number(277, 1)
    # Chroma subsampling stores at least a third of the samples.
    stored = width * height * bits * channels // 8 // (3 if directory.number(262, 1) == 6 else 1)
    if directory.number(259, 1) == 1 and stored > len(data):
        raise cut_short("TIFF")
    white_is_zero = directory.number(262, 1) == 0
    return Container(
        directory.stripped(),
        width,
        height,
        bits,
        channels,
        directory.orientation(),
        white_is_zero,
        notes=(FIRST_PAGE,) * directory.more_pages + (NEGATIVE,) * white_is_zero,
    )


def exif_orientation(data: bytes) -> int:
    """Return the orientation 1..8 in a block of EXIF, or 1 if it says nothing readable."""
    try:
        return Directory(data).orientation()
    except (ValueError, IndexError, struct.error):
        return 1


class Directory:
    """The first directory of a TIFF file (EXIF is one, too). Raises BadImage if unreadable."""

    def __init__(self, data: bytes):
        self.data = data
        self.order = "<" if data[:2] == b"II" else ">"
        self.big = self._unpack("H", 2) == 43
        self.count_format, self.offset_format = ("Q", "Q") if self.big else ("H", "I")
        start = self._unpack(self.offset_format, 8 if self.big else 4)
        count = self._unpack(self.count_format, start)
        if count > MAX_TIFF_ENTRIES:
            raise damaged("TIFF")
        at, size = start + struct.calcsize(self.count_format), 20 if self.big else 12
        self.entries = {}
        for index in range(count):
            entry = data[at + index * size : at + (index + 1) * size]
            if len(entry) < size:
                raise cut_short("TIFF")
            self.entries[struct.unpack(self.order + "H", entry[:2])[0]] = entry
        end = at + count * size
        self.more_pages = any(data[end : end + struct.calcsize(self.offset_format)])

    def _unpack(self, code: str, at: int) -> int:
        size = struct.calcsize("=" + code)
        if at + size > len(self.data):
            raise cut_short("TIFF")
        return struct.unpack(self.order + code, self.data[at : at + size])[0]

    def _layout(self, tag: int) -> tuple[int, int]:
        """Return (type, how many values) of a tag."""
        return struct.unpack(
            self.order + "HQ" if self.big else self.order + "HI",
            self.entries[tag][2 : 12 if self.big else 8],
        )

    def number(self, tag: int, default: int = 0) -> int:
        """Return the first value of an integer tag."""
        if tag not in self.entries:
            return default
        return int(self._numbers(tag, 1)[0])

    def _numbers(self, tag: int, at_most: int = MAX_TIFF_NUMBERS) -> np.ndarray:
        """Return the values of an integer tag."""
        kind, count = self._layout(tag)
        code = _TIFF_INTEGERS.get(kind)
        if code is None:
            raise damaged("TIFF")
        value = self.entries[tag][12 if self.big else 8 :]
        if int(code[1]) * count > len(value):
            start = struct.unpack(self.order + self.offset_format, value)[0]
            value = self.data[start:]
        return np.frombuffer(value, self.order + code, min(count, at_most))

    def orientation(self) -> int:
        value = self.number(274, 1)
        return value if 1 <= value <= 8 else 1

    def check_entries(self) -> None:
        """Raise BadImage if the values are absurdly many, or point outside the file."""
        for tag in _PIXEL_TAGS & self.entries.keys():
            kind, count = self._layout(tag)
            size = _TIFF_TYPE_SIZES[kind] if kind < len(_TIFF_TYPE_SIZES) else 0
            if size == 0 or count > MAX_TIFF_NUMBERS:
                raise damaged("TIFF")
        for offsets, lengths in ((273, 279), (324, 325)):
            if {offsets, lengths} <= self.entries.keys():
                ends = self._numbers(offsets).astype(float) + self._numbers(lengths)
                if ends.max(initial=0) > len(self.data):
                    raise cut_short("TIFF")

    def stripped(self) -> bytes:
        """Return the file with one directory, at its end, that holds only what the pixels need."""
        kept = [self.entries[tag] for tag in sorted(_PIXEL_TAGS & self.entries.keys())]
        start = struct.pack(self.order + self.offset_format, len(self.data))
        head = self.data[: 8 if self.big else 4] + start
        count = struct.pack(self.order + self.count_format, len(kept))
        last = struct.pack(self.order + self.offset_format, 0)
        return head + self.data[len(head) :] + count + b"".join(kept) + last
