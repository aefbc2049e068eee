"""DICOM files in: stored values, window and spacing, each encoding, and what is refused."""

import io
import subprocess
from subprocess import CalledProcessError, TimeoutExpired

import numpy as np
import pytest
from PIL import Image

from core.images import BadImage, MedicalImage, decode
from tests import dicom_files
from tests.bad_files import encoded, film
from tests.dicom_files import NAME_INSIDE, compressed, dicom

FILM, DEEP = film(), film(top=4095)
COLOUR = np.dstack([FILM, FILM[::-1], FILM[:, ::-1]])

SIGNED12 = {"BitsStored": 12}
NEGATIVE = {"PhotometricInterpretation": "MONOCHROME1"}
WINDOW = {"WindowCenter": 2000, "WindowWidth": 1001}
RESCALE = {"RescaleSlope": 2, "RescaleIntercept": -1024}
FALLING = {"RescaleSlope": -1, "RescaleIntercept": 4095}
LUT = dicom_files.look_up_table(100, 12, list(range(0, 4000, 100)))
LOOKED_UP = np.clip(FILM.astype(int) - 100, 0, 39) * 100
YBR = {"PhotometricInterpretation": "YBR_FULL"}
ENHANCED = dicom_files.functional_groups(100, 21, [0.5, 0.25])

# (id, file, pixels, window, part of the only note or None)
DICOM = [
    ("8-bit", dicom(FILM), FILM, None, None),
    ("12-bit", dicom(DEEP, BitsStored=12), DEEP, None, None),
    ("16-bit", dicom(film(top=65535)), film(top=65535), None, None),
    ("12-bit-overlay", dicom(DEEP + np.uint16(4096), BitsStored=12), DEEP, None, None),
    ("signed-12", dicom(DEEP.astype("i2") - 2048, **SIGNED12), DEEP, None, None),
    ("signed-16", dicom(DEEP.astype("i2") - 2048), DEEP + 30720, None, None),
    ("big-endian", dicom(DEEP, dicom_files.BIG_ENDIAN, BitsStored=12), DEEP, None, None),
    ("implicit", dicom(DEEP, dicom_files.IMPLICIT, BitsStored=12), DEEP, None, None),
    ("window", dicom(DEEP, BitsStored=12, **WINDOW), DEEP, (1499.5, 2499.5), None),
    ("windows", dicom(DEEP, WindowCenter=[9, 99], WindowWidth=[3, 30]), DEEP, (7.5, 9.5), None),
    (
        "window-exact",
        dicom(DEEP, VOILUTFunction="LINEAR_EXACT", WindowCenter=2000, WindowWidth=1000),
        DEEP,
        (1500, 2500),
        None,
    ),
    ("rescale-window", dicom(DEEP, **RESCALE, **WINDOW), DEEP, (1261.75, 1761.75), None),
    ("rescale", dicom(DEEP, **RESCALE), DEEP, None, None),
    (
        "signed-rescale-window",
        dicom(DEEP.astype("i2") - 2048, **SIGNED12, **RESCALE, **WINDOW),
        DEEP,
        (1261.75 + 2048, 1761.75 + 2048),
        None,
    ),
    ("B29-monochrome1", dicom(4095 - DEEP, **SIGNED12, **NEGATIVE), DEEP, None, "turned positive"),
    (
        "B29-monochrome1-window",
        dicom(4095 - DEEP, **SIGNED12, **NEGATIVE, **WINDOW),
        DEEP,
        (4095 - 2499.5, 4095 - 1499.5),
        "turned positive",
    ),
    (
        "falling-rescale",
        dicom(4095 - DEEP, **SIGNED12, **FALLING, **WINDOW),
        DEEP,
        (1499.5, 2499.5),
        "turned positive",
    ),
    ("width-0", dicom(DEEP, WindowCenter=5, WindowWidth=0), DEEP, None, None),
    ("voi-lut", dicom(FILM, VOILUTSequence=LUT), LOOKED_UP, (0, 4095), "look-up table"),
    ("modality-lut", dicom(FILM, ModalityLUTSequence=LUT), LOOKED_UP, None, "look-up table"),
    ("voi-lut-and-window", dicom(FILM, VOILUTSequence=LUT, **WINDOW), FILM, (1499.5, 2499.5), None),
    ("frames", dicom(np.stack([FILM, FILM[::-1], FILM])), FILM, None, "3 frames"),
    ("enhanced", dicom(FILM, SharedFunctionalGroupsSequence=ENHANCED), FILM, (89.5, 109.5), None),
    ("rgb", dicom(COLOUR), COLOUR, None, None),
    ("planar", dicom_files.planar_dicom(COLOUR), COLOUR, None, None),
    ("rgb-equal", dicom(np.dstack([FILM] * 3)), FILM, None, None),
]


@pytest.mark.parametrize(
    ("data", "pixels", "window", "note"), [row[1:] for row in DICOM], ids=[row[0] for row in DICOM]
)
def test_dicom_stored_values_and_window(data, pixels, window, note):
    image = decode(data, "film.dcm")
    check(image, pixels, note)
    assert image.window == pytest.approx(window)


def test_ybr_dicom_becomes_rgb():
    ybr = np.asarray(Image.fromarray(COLOUR).convert("YCbCr"))
    image = decode(dicom(ybr, **YBR), "film.dcm")
    rgb = np.asarray(Image.fromarray(ybr, "YCbCr").convert("RGB"))
    assert np.abs(image.pixels.astype(int) - rgb).max() <= 2


def test_palette_dicom_becomes_rgb():
    image = decode(dicom_files.palette_dicom(FILM), "film.dcm")
    assert image.pixels.shape == (40, 32, 3)
    np.testing.assert_array_equal(image.pixels[..., 0], FILM)
    np.testing.assert_array_equal(image.pixels[..., 1], 255 - FILM)


LOSSLESS = (
    "JPEGLosslessProcess14 JPEGLosslessProcess14_1 JPEGLSLossless JPEG2000Lossless RLELossless"
)
STORED = [
    ("8", FILM, {}, FILM),
    ("12", DEEP, SIGNED12, DEEP),
    ("16", film(top=65535), {}, film(top=65535)),
    ("signed-12", DEEP.astype("i2") - 2048, SIGNED12, DEEP),
    ("rgb", COLOUR, {}, COLOUR),
]


@pytest.mark.parametrize("syntax", LOSSLESS.split())
@pytest.mark.parametrize("row", STORED, ids=[row[0] for row in STORED])
def test_lossless_compression_gives_the_stored_values(syntax, row):
    _, stored, attributes, pixels = row
    image = decode(compressed(dicom(stored, **attributes), syntax), "film.dcm")
    np.testing.assert_array_equal(image.pixels, pixels)


@pytest.mark.parametrize("syntax", ["JPEGLSNearLossless", "JPEG2000", "JPEGBaselineProcess1"])
def test_lossy_compression_stays_near_the_stored_values(syntax):
    image = decode(compressed(dicom(FILM), syntax), "film.dcm")
    assert np.abs(image.pixels.astype(int) - FILM).max() <= 2


def test_colour_jpeg_in_dicom_becomes_rgb():
    jpeg = encoded(COLOUR, "JPEG", quality=95)
    attributes = {"PhotometricInterpretation": "YBR_FULL_422", "PixelData": jpeg}
    image = decode(dicom(COLOUR, dicom_files.JPEG_BASELINE, **attributes), "film.dcm")
    expected = np.asarray(Image.open(io.BytesIO(jpeg)))
    assert np.abs(image.pixels.astype(int) - expected).max() <= 2


SPACING = [
    ({}, None, None),
    ({"PixelSpacing": [0.2, 0.1]}, (0.2, 0.1), None),
    ({"ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1), "at the detector"),
    ({"PixelSpacing": [0.3, 0.3], "ImagerPixelSpacing": [0.2, 0.1]}, (0.3, 0.3), None),
    ({"PixelSpacing": [0, 0.1]}, None, None),
    ({"PixelSpacing": 0.1}, None, None),
]


@pytest.mark.parametrize(("attributes", "spacing", "note"), SPACING)
def test_dicom_spacing(attributes, spacing, note):
    image = decode(dicom(FILM, **attributes), "film.dcm")
    assert image.spacing_mm == spacing
    check(image, FILM, note)


BAD_DICOM = [
    ("tall", dicom(FILM, Rows=9000), "9,000"),
    ("small", dicom(FILM[:8]), "fewer than 16"),
    ("32-bit", dicom(FILM.astype(np.uint32)), "32 bits a pixel"),
    ("bits", dicom(FILM, BitsStored=9), "damaged"),
    ("samples", dicom(FILM, SamplesPerPixel=3, PlanarConfiguration=0), "damaged"),
    ("short", dicom(FILM, PixelData=bytes(1278)), "as many pixels"),
    ("long", dicom(FILM, PixelData=bytes(1312)), "as many pixels"),
    ("colours", dicom(FILM, PhotometricInterpretation="CMYK"), "colours"),
    ("12-bit-lossy", compressed(dicom(DEEP, BitsStored=12), "JPEGExtendedProcess2_4"), "Extended"),
    ("deflated", dicom(FILM, dicom_files.DEFLATED), "compressed in a way"),
    (
        "jpeg-of-other-size",
        dicom(FILM, dicom_files.JPEG_BASELINE, PixelData=encoded(FILM.T, "JPEG")),
        "damaged",
    ),
    ("lossless-garbage", dicom(FILM, dicom_files.JPEG_LOSSLESS, PixelData=bytes(999)), "damaged"),
    ("sr", dicom(FILM, PixelData=None, Rows=None), "holds no picture"),
]


@pytest.mark.parametrize(
    ("data", "reason"), [r[1:] for r in BAD_DICOM], ids=[r[0] for r in BAD_DICOM]
)
def test_bad_dicom_is_refused(data, reason):
    with pytest.raises(BadImage, match=reason):
        decode(data, "film.dcm")


def test_no_identifier_of_a_dicom_file_comes_out():
    data = dicom(FILM, PhotometricInterpretation="MONOCHROME1", WindowCenter=9, WindowWidth=9)
    assert NAME_INSIDE.encode() in data
    image = decode(data, "film.dcm")
    assert "Hansen" not in repr(image) and "4711" not in repr(image)


@pytest.mark.parametrize("fate", [CalledProcessError(-11, "python"), TimeoutExpired("python", 20)])
def test_a_crash_or_hang_of_the_decoder_is_a_refusal(monkeypatch, fate):
    data = compressed(dicom(FILM), "JPEGLSLossless")

    def run(*_, **__):
        raise fate

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(BadImage, match="damaged"):
        decode(data, "film.dcm")


def check(image: MedicalImage, pixels: np.ndarray, note: str | None) -> None:
    """Compare a picture with the pixels expected and the only note expected."""
    assert image.pixels.dtype in (np.uint8, np.uint16)
    np.testing.assert_array_equal(image.pixels, pixels)
    assert len(image.notes) == (note is not None)
    assert note is None or note in image.notes[0]
