"""Image files made in code: the awkward ones B1 to B29, and the builders that the tests share.

A case whose `reason` is None must be read; any other must be refused with a sentence that holds it.
"""

import io
import pickle
import struct
import zipfile
import zlib
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from tests.dicom_files import HTJ2K, deep_dicom, dicom

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Case(NamedTuple):
    id: str
    filename: str
    data: bytes
    reason: str | None = None


def film(height: int = 40, width: int = 32, top: int = 255) -> np.ndarray:
    """Return (height, width) values 0..top in which no two corners are alike."""
    rows, columns = np.mgrid[:height, :width]
    ramp = (rows * width + columns * 3) % (height * width)
    return (ramp * top // max(height * width - 1, 1)).astype(np.uint8 if top <= 255 else np.uint16)


def encoded(pixels: np.ndarray, kind: str, mode: str | None = None, **options) -> bytes:
    """Return an image file of the pixels, written by Pillow."""
    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def animated(*frames: np.ndarray, kind: str = "PNG") -> bytes:
    """Return an animated PNG or GIF file."""
    first, *rest = (Image.fromarray(frame) for frame in frames)
    buffer = io.BytesIO()
    first.save(buffer, kind, save_all=True, append_images=rest)
    return buffer.getvalue()


def exif(orientation: int | None = None, gps: dict | None = None) -> bytes:
    """Return EXIF data with an orientation, a position, or both."""
    block = Image.Exif()
    if orientation:
        block[0x0112] = orientation
    if gps:
        block[0x8825] = gps
    return block.tobytes()


def png_chunk(name: bytes, body: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + crc


def png_header(width: int, height: int, body: bytes = b"\0") -> bytes:
    """Return an 8-bit grey PNG file of any claimed size around compressed bytes."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return PNG_SIGNATURE + header + png_chunk(b"IDAT", zlib.compress(body, 9)) + END


END = png_chunk(b"IEND", b"")


def resealed(data: bytes) -> bytes:
    """Return a changed PNG file with true checksums, and any other file as it is."""
    if not data.startswith(PNG_SIGNATURE):
        return data
    chunks, at = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        chunks.append(png_chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return b"".join(chunks)


def with_chunk(png: bytes, name: bytes, body: bytes) -> bytes:
    """Return a PNG file with one more chunk after its header."""
    return png[:33] + png_chunk(name, body) + png[33:]


def tiff(pixels: np.ndarray, tags: dict[int, int], extra: bytes = b"", more: int = 0) -> bytes:
    """Return a little-endian TIFF of one raw strip; `tags` override or add LONG entries.

    `extra` bytes (whole entries) go to the end of the directory, `more` is the next page's offset.
    """
    body = np.ascontiguousarray(pixels).tobytes()
    height, width = pixels.shape[:2]
    entries = {
        **{256: width, 257: height, 258: 8 * pixels.itemsize, 259: 1, 262: 1, 273: 8},
        **{277: pixels.size // (height * width), 278: height, 279: len(body)},
        **tags,
    }
    directory = b"".join(struct.pack("<HHII", t, 4, 1, v) for t, v in sorted(entries.items()))
    count = struct.pack("<H", len(entries) + len(extra) // 12)
    head = struct.pack("<2sHI", b"II", 42, 8 + len(body))
    return head + body + count + directory + extra + struct.pack("<I", more)


def blobs(count: int) -> list[bytes]:
    """Return entries of a TIFF directory that each claim the same megabyte."""
    return [struct.pack("<HHII", 40_000 + tag, 7, 10**6, 8) for tag in range(count)]


@cache
def cases() -> tuple[Case, ...]:
    """Return the single-file cases of B1 to B29, good and bad."""
    return (*_broken(), *_sized(), *_foreign(), *_unusual(), *_dicom())


def _broken() -> list[Case]:
    png = encoded(film(), "PNG")
    files = {"PNG": png, "JPEG": encoded(film(), "JPEG"), "TIFF": encoded(film(), "TIFF")}
    files |= {"BMP": encoded(film(), "BMP"), "DICOM": dicom(film())}
    cut = [
        Case(
            f"B{number}-{kind}",
            f"cut.{kind.lower()}",
            data[: len(data) * percent // 100],
            f"{kind} file",
        )
        for number, percent in zip(range(6, 11), (10, 25, 50, 75, 99), strict=True)
        for kind, data in files.items()
    ]
    at = png.index(b"IDAT")
    flipped = png[: at + 20] + bytes([png[at + 20] ^ 1]) + png[at + 21 :]
    return [
        Case("B1", "empty.png", b"", "empty"),
        Case("B2", "byte.png", b"\x89", "too short for an image (1 bytes)"),
        Case("B3", "text.png", b"Fracture of the distal radius.\n" * 9, "text file"),
        Case("B4", "html.png", b"\n<!DOCTYPE html><html><p>Not found</p></html>", "web page"),
        Case("B5", "signature.png", PNG_SIGNATURE, "PNG file is cut short"),
        *cut,
        Case("B11", "crc.png", flipped, "PNG file is damaged"),
    ]


def _sized() -> list[Case]:
    return [
        Case("B12", "bomb.png", png_header(20_000, 20_000), "20,000 by 20,000"),
        Case("B13", "large.png", png_header(8000, 8000, bytes(8000 * 8001)), "40 megapixels"),
        Case("B14", "dot.png", encoded(film(1, 1), "PNG"), "fewer than 16"),
        Case("B15", "line.png", encoded(film(10_000, 1), "PNG"), "fewer than 16"),
    ]


def _foreign() -> list[Case]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as pack:
        pack.writestr("film.png", encoded(film(), "PNG"))
    return [
        Case("B20-gif", "film.png", animated(film(), film()[::-1], kind="GIF"), "GIF picture"),
        Case("B20-apng", "film.png", animated(film(), film()[::-1])),
        Case("B21-eps", "film.png", b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        Case("B21-svg", "film.png", b'<?xml version="1.0"?>\n<svg width="9"/>', "SVG"),
        Case("B21-pdf", "film.png", b"%PDF-1.7\n%\xe2\xe3\n", "PDF document"),
        Case("B22-zip", "film.png", archive.getvalue(), "zip archive, not an image: unpack it"),
        Case("B22-pickle", "film.png", pickle.dumps({"weights": [1.0] * 9}), "pickle"),
        Case("B22-elf", "film.png", b"\x7fELF\x02\x01\x01" + bytes(99), "program"),
    ]


def _unusual() -> list[Case]:
    png = encoded(film(), "PNG")
    position = exif(gps={1: "N", 2: (55.0, 40.0, 0.0)})
    black, white = np.zeros((40, 32), np.uint8), np.full((40, 32), 255, np.uint8)
    gap = film().astype(np.float32)
    gap[3, 4] = np.nan
    palette = encoded(film(), "PNG", mode="P", transparency=bytes(range(256)))
    cmyk = Image.merge("CMYK", [Image.fromarray(film())] * 4)
    buffer = io.BytesIO()
    cmyk.save(buffer, "JPEG")
    return [
        Case("B16", "deep.png", encoded(film(top=65535), "PNG")),
        Case("B17", "palette.png", palette),
        Case("B18", "cmyk.jpg", buffer.getvalue()),
        Case("B23", "text.png", with_chunk(png, b"tEXt", b"Comment\0" + b"x" * 2**20)),
        Case("B24", "gps.jpg", encoded(film(), "JPEG", exif=position)),
        Case("B28-black", "black.png", encoded(black, "PNG")),
        Case("B28-white", "white.png", encoded(white, "PNG")),
        Case("B28-nan", "gap.tif", encoded(gap, "TIFF"), "NaN"),
    ]


def _dicom() -> list[Case]:
    whole = dicom(film())
    return [
        Case("B29-no-preamble", "film.dcm", whole[132:]),
        Case("B29-no-meta", "film.dcm", whole[whole.index(b"\x08\0\x16\0UI") :]),
        Case("B29-no-pixels", "film.dcm", dicom(film(), PixelData=None), "holds no picture"),
        Case("B29-length", "film.dcm", dicom(film(), Rows=41), "as many pixels as its header"),
        Case("B29-negative", "film.dcm", dicom(film(), PhotometricInterpretation="MONOCHROME1")),
        Case("B29-rescale", "film.dcm", dicom(film(), RescaleSlope=2, RescaleIntercept=-1024)),
        Case("B29-nested", "film.dcm", deep_dicom(film(), 300), "DICOM file is damaged"),
        Case("B29-plugin", "film.dcm", dicom(film(), HTJ2K), "compressed in a way"),
    ]
