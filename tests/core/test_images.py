"""Files in, pictures out: the cases B1 to B29, good beside bad, and what a picture must keep."""

import dataclasses
import hashlib
import io
import struct
import subprocess
import sys
import time
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from core import images
from core.images import BadImage, MedicalImage, decode
from tests import bad_files
from tests.bad_files import Case, encoded, film, tiff
from tests.dicom_files import deep_dicom

FILM, DEEP = film(), film(top=4095)
COLOUR = np.dstack([FILM, FILM[::-1], FILM[:, ::-1]])
MIDDLE = COLOUR.astype(np.uint16) * 257 ^ 0x55  # needs all its 16 bits


def ids(cases):
    return [case.id for case in cases]


REFUSED = [case for case in bad_files.cases() if case.reason is not None]
READ = [case for case in bad_files.cases() if case.reason is None]


@pytest.mark.parametrize("case", REFUSED, ids=ids(REFUSED))
def test_bad_file_is_refused_with_one_sentence(case: Case):
    with pytest.raises(BadImage) as refusal:
        decode(case.data, case.filename)
    reason = refusal.value.reason
    assert case.reason in reason
    assert reason == str(refusal.value)
    assert reason.endswith(".") and ". " not in reason and "\n" not in reason
    assert len(reason) < 200


@pytest.mark.parametrize("case", READ, ids=ids(READ))
def test_unusual_file_is_read(case: Case):
    image = decode(case.data, case.filename)
    assert image.pixels.shape[:2] == (40, 32)
    assert image.sha256 == hashlib.sha256(case.data).hexdigest()
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        image.name = "other"


def cv2_encoded(pixels: np.ndarray, ending: str) -> bytes:
    order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}[pixels.shape[2]]
    return cv2.imencode(ending, pixels[..., order])[1].tobytes()


def with_alpha(pixels: np.ndarray, alpha: int) -> np.ndarray:
    return np.dstack([pixels, np.full(pixels.shape[:2], alpha, pixels.dtype)])


def pages(*arrays: np.ndarray) -> bytes:
    first, *rest = (Image.fromarray(array) for array in arrays)
    buffer = io.BytesIO()
    first.save(buffer, "TIFF", save_all=True, append_images=rest)
    return buffer.getvalue()


def saved(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


# (id, file, pixels, part of the only note or None)
RASTER = [
    ("png", encoded(FILM, "PNG"), FILM, None),
    ("B16-png-16-bit", encoded(film(top=65535), "PNG"), film(top=65535), None),
    ("png-colour", encoded(COLOUR, "PNG"), COLOUR, None),
    ("png-colour-16-bit", cv2_encoded(MIDDLE, ".png"), MIDDLE, None),
    ("png-colour-16-bit-opaque", cv2_encoded(with_alpha(MIDDLE, 65535), ".png"), MIDDLE, None),
    ("png-three-equal-channels", encoded(np.dstack([FILM] * 3), "PNG"), FILM, None),
    ("png-three-equal-16-bit", cv2_encoded(np.dstack([DEEP] * 3), ".png"), DEEP, None),
    ("png-1-bit", encoded((FILM > 99) * np.uint8(255), "PNG", "1"), (FILM > 99) * 255, None),
    ("B17-png-palette", encoded(FILM, "PNG", "P"), FILM, None),
    ("B17-png-alpha-opaque", encoded(with_alpha(COLOUR, 255), "PNG"), COLOUR, None),
    ("B17-png-alpha-clear", encoded(with_alpha(COLOUR, 0), "PNG"), COLOUR[..., 0] * 0, None),
    ("png-grey-alpha", encoded(with_alpha(np.dstack([FILM] * 3), 255), "PNG", "LA"), FILM, None),
    ("B20-apng", bad_files.animated(FILM, FILM[::-1]), FILM, "first frame"),
    ("bmp", encoded(FILM, "BMP"), FILM, None),
    ("bmp-colour", encoded(COLOUR, "BMP"), COLOUR, None),
    ("tiff", encoded(FILM, "TIFF"), FILM, None),
    ("tiff-16-bit-lzw", encoded(DEEP, "TIFF", compression="tiff_lzw"), DEEP, None),
    ("tiff-colour-16-bit", cv2_encoded(MIDDLE, ".tif"), MIDDLE, None),
    ("tiff-big", encoded(DEEP, "TIFF", big_tiff=True), DEEP, None),
    ("tiff-pages", pages(FILM, FILM[::-1], FILM), FILM, "several pages"),
    ("tiff-white-is-zero", tiff(255 - FILM, {262: 0}), FILM, "turned positive"),
    ("tiff-white-is-zero-16", tiff(65535 - DEEP, {262: 0}), DEEP, "turned positive"),
    ("tiff-signed", tiff(DEEP.astype(np.int16) - 2048, {339: 2}), DEEP, "moved to start at 0"),
    ("tiff-whole-float", encoded(DEEP.astype(np.float32), "TIFF"), DEEP, None),
    ("B28-float", encoded(FILM / np.float32(255), "TIFF"), FILM.astype(int) * 257, "stretched"),
    ("jpeg-cmyk", saved(Image.new("CMYK", (32, 40)), "JPEG"), np.full((40, 32), 255), None),
]


@pytest.mark.parametrize(
    ("data", "pixels", "note"), [r[1:] for r in RASTER], ids=[r[0] for r in RASTER]
)
def test_raster_pixels_are_kept(data, pixels, note):
    check(decode(data, "film"), pixels, note)


def check(image: MedicalImage, pixels: np.ndarray, note: str | None = None) -> None:
    """Compare a picture with the pixels expected and the only note expected."""
    assert image.pixels.flags.c_contiguous
    assert image.pixels.dtype in (np.uint8, np.uint16)
    np.testing.assert_array_equal(image.pixels, pixels)
    assert len(image.notes) == (note is not None)
    assert note is None or note in image.notes[0]


def test_jpeg_pixels_are_those_of_the_library():
    data = encoded(FILM, "JPEG", quality=95)
    check(decode(data, "film.jpg"), np.asarray(Image.open(io.BytesIO(data))))


def test_half_transparent_pixels_are_laid_on_black():
    half = decode(encoded(with_alpha(COLOUR, 51), "PNG"), "film.png").pixels
    np.testing.assert_array_equal(half, np.rint(COLOUR / 5))
    deep = decode(cv2_encoded(with_alpha(MIDDLE, 13107), ".png"), "film.png").pixels
    np.testing.assert_array_equal(deep, np.rint(MIDDLE / 5))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_b19_orientation_is_honoured(kind, orientation):
    data = encoded(COLOUR, kind, exif=bad_files.exif(orientation))
    with Image.open(io.BytesIO(data)) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    check(decode(data, "film"), upright, None if orientation == 1 else "turned upright")


def test_unreadable_exif_is_passed_over():
    data = bad_files.with_chunk(encoded(FILM, "PNG"), b"eXIf", b"II*\0\xff\xff\xff\xff")
    check(decode(data, "film.png"), FILM)


def test_b24_position_does_not_come_out():
    (case,) = (case for case in READ if case.id == "B24")
    assert b"GPS" not in repr(decode(case.data, case.filename)).encode()


def test_limits_are_checked_before_pixels_are_decoded(monkeypatch):
    monkeypatch.setattr(images.Image, "open", lambda *_, **__: pytest.fail("opened"))
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    for data in (
        bad_files.png_header(8000, 8000, bytes(8000 * 8001)),
        bad_files.png_header(16, 8193),
        encoded(film(10, 40), "JPEG"),
        tiff(FILM, {256: 20_000}),
        encoded(film(10, 40), "BMP"),
    ):
        with pytest.raises(BadImage, match="pixels"):
            decode(data, "film")


@pytest.mark.parametrize("size", [(16, 16), (16, 8192), (8192, 16), (8192, 4882)])
def test_sizes_at_the_limits_are_read(size):
    width, height = size
    image = decode(bad_files.png_header(width, height, bytes((width + 1) * height)), "film.png")
    assert image.pixels.shape == (height, width)


def test_a_file_over_64_megabytes_is_refused():
    with pytest.raises(BadImage, match="more than 64 MB"):
        decode(encoded(FILM, "PNG") + bytes(64 * 2**20), "film.png")


NAMES = [
    ("film.png", "film.png"),
    ("../../etc/passwd.png", "passwd.png"),
    ("C:\\Users\\Petra\\film.png", "film.png"),
    ("wrist\x00\x1b[31m\u202e.png", "wrist[31m.png"),
    ("<script>alert(1)<b>.png", "_script_alert(1)_b_.png"),
    ("Knöchel 左.png", "Knöchel 左.png"),
    ("a \n\t b.png", "a b.png"),
    ("x" * 300 + ".png", "x" * 75 + "….png"),
    ("x" * 300, "x" * 79 + "…"),
    ("", "image"),
    ("..", "image"),
    ("folder/", "image"),
]


@pytest.mark.parametrize(("given", "shown"), NAMES)
def test_b25_name_is_safe_to_show(given, shown):
    assert decode(encoded(FILM, "PNG"), given).name == shown


def test_b26_same_name_different_pixels_are_two_images():
    first, second = (decode(encoded(array, "PNG"), "film.png") for array in (FILM, FILM[::-1]))
    assert first.name == second.name and first.sha256 != second.sha256


def test_b27_same_file_under_another_name_is_the_same_image():
    first, second = (decode(encoded(FILM, "PNG"), name) for name in ("a.png", "b.png"))
    assert first.name != second.name and first.sha256 == second.sha256


FOREIGN = [
    (b"GIF89a" + bytes(20), "GIF picture"),
    (b"RIFF\x20\0\0\0WEBPVP8 ", "WebP"),
    (b"\0\0\0\x18ftypheic", "HEIC"),
    (b"\x1f\x8b\x08\0\0\0\0\0\0", "gzip archive"),
    (b"7z\xbc\xaf\x27\x1c\0\4", "7z archive"),
    (bytes(257) + b"ustar\0", "tar archive"),
    (b"MZ\x90\0\3\0\0\0", "program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
    (b"\0\0\0\x20ftypisom", "video"),
    (b"BMW is not a bitmap", "text file"),
    (b"\xef\xbb\xbf<html lang='en'>", "web page"),
    ("Röntgen".encode() * 600, "text file"),
    (bytes(range(1, 99)), "not an image that can be read here"),
]


@pytest.mark.parametrize(("data", "reason"), FOREIGN, ids=[row[1] for row in FOREIGN])
def test_other_kinds_of_file_are_named(data, reason):
    with pytest.raises(BadImage, match=reason):
        decode(data, "film.png")


def test_an_unforeseen_error_becomes_a_refusal(monkeypatch):
    for error in (MemoryError(), RecursionError(), KeyError("x"), SystemError(), AssertionError()):
        monkeypatch.setattr(images.Image, "open", lambda *_, error=error, **__: raise_(error))
        with pytest.raises(BadImage):
            decode(encoded(FILM, "PNG"), "film.png")


PNG = encoded(FILM, "PNG")
JPEG = encoded(FILM, "JPEG", progressive=True)
SCAN = JPEG[JPEG.rindex(b"\xff\xda") : -2]
HOSTILE = [
    ("text-bomb", bad_files.with_chunk(PNG, b"zTXt", b"C\0\0" + zlib.compress(bytes(10**8))), None),
    (
        "profile-bomb",
        bad_files.with_chunk(PNG, b"iCCP", b"C\0\0" + zlib.compress(bytes(10**8))),
        None,
    ),
    ("text-length", PNG[:33] + b"\x7f\xff\xff\xfftEXt" + PNG[33:], "cut short"),
    ("chunks", PNG[:33] + bad_files.png_chunk(b"tEXt", b"") * 10**6 + PNG[33:], "damaged"),
    ("segments", JPEG[:2] + b"\xff\xe5\0\2" * 10**6 + JPEG[2:], "damaged"),
    ("fillers", JPEG[:2] + b"\xff" * 10**7 + JPEG[2:], "damaged"),
    ("scans", JPEG[:-2] + SCAN * 10**4 + JPEG[-2:], "far too many passes"),
    ("tags", tiff(FILM, {}, extra=b"".join(bad_files.blobs(10**4))) + bytes(10**6), "damaged"),
    (
        "strips",
        tiff(FILM, {}, extra=struct.pack("<HHII", 324, 4, 10**6, 8)) + bytes(10**7),
        "damaged",
    ),
    ("pages", tiff(FILM, {}, more=8 + FILM.size), "several pages"),
    ("items", deep_dicom(FILM, 10**5), "damaged"),
]


@pytest.mark.parametrize(("data", "outcome"), [r[1:] for r in HOSTILE], ids=[r[0] for r in HOSTILE])
def test_a_hostile_file_is_answered_at_once(data, outcome):
    started = time.process_time()
    try:
        answer = " ".join(decode(data, "film").notes)
    except BadImage as refusal:
        answer = refusal.reason
    assert (outcome or "") in answer
    assert time.process_time() - started < 2


def raise_(error: Exception):
    raise error


def test_pydicom_is_imported_for_dicom_alone():
    code = "import sys, core.images; print('pydicom' in sys.modules, 'cv2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
