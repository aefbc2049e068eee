"""A film's copy shows what the film shows, and does not say whose it is."""

import hashlib
import io
from itertools import product

import highdicom
import numpy as np
import pytest
from PIL import Image
from pydicom import DataElement, Dataset, Sequence, dcmread
from pydicom.sr.codedict import codes
from pydicom.uid import UID

from core import clean_film, dicom_export
from core.clean_film import clean
from core.images import BadImage, decode
from tests import dicom_files
from tests.bad_files import cases, encoded, exif, film, with_chunk
from tests.dicom_files import compressed, dicom, functional_groups, look_up_table, named_dicom

FILM, DEEP = film(), film(top=4095)
COLOUR = np.dstack([FILM, FILM[::-1], FILM[:, ::-1]])
WINDOW = {"WindowCenter": 2000, "WindowWidth": 1001}
GROUPS = functional_groups(100, 21, [0.5, 0.25])
JPEG = compressed(dicom(DEEP, BitsStored=12, **WINDOW), "JPEGLosslessProcess14_1")

DICOM = {
    "implicit": dicom(DEEP, dicom_files.IMPLICIT, BitsStored=12, **WINDOW),
    "big endian": dicom(DEEP, dicom_files.BIG_ENDIAN),
    "bare": dicom(DEEP, BitsStored=12)[132:],
    "odd": dicom(np.ascontiguousarray(film(41, 33))),
    "lossless JPEG": JPEG,
    "JPEG 2000": compressed(dicom(DEEP, BitsStored=12), "JPEG2000Lossless"),
    "colour": dicom(COLOUR),
    "planes": dicom_files.planar_dicom(COLOUR),
    "deep colour": dicom(COLOUR.astype(np.uint16) * 257),
    "grey as colour": dicom(np.dstack([FILM] * 3)),
    "palette": dicom_files.palette_dicom(FILM),
    "VOI table": dicom(FILM, VOILUTSequence=look_up_table(0, 12, [i * 16 for i in range(256)])),
    "modality table": dicom(
        FILM, ModalityLUTSequence=look_up_table(0, 16, [65535 - i for i in range(256)]), **WINDOW
    ),
    "frames": dicom(np.stack([DEEP, DEEP[::-1]]), BitsStored=12),
    "enhanced": dicom(FILM, SharedFunctionalGroupsSequence=GROUPS),
    "high bits": dicom(DEEP + 4096, BitsStored=12, PhotometricInterpretation="MONOCHROME1"),
}
RASTER = {case.id: case.data for case in cases() if case.reason is None and "29" not in case.id}


def same(data: bytes) -> None:
    """Hold that the copy shows what the file shows, in its depth."""
    before, kept = decode(data, "film"), clean(data, "film")
    after = decode(kept.data, "film")
    assert after.pixels.dtype == before.pixels.dtype
    np.testing.assert_array_equal(after.pixels, before.pixels)
    assert after.spacing_mm == before.spacing_mm == kept.spacing_mm
    assert after.window == (before.window and pytest.approx(before.window))
    assert kept.shape == before.pixels.shape[:2]


@pytest.mark.parametrize("data", DICOM.values(), ids=DICOM)
def test_a_copy_of_a_dicom_film_shows_the_same(data):
    same(data)
    assert clean(data, "film").kind == "dicom"


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(("dtype", "bits"), [("u1", 8), ("u2", 12), ("u2", 16), ("i2", 12)])
def test_a_copy_shows_the_same_whatever_the_grey_scale(dtype, bits, photometric):
    stored = np.random.default_rng(bits).integers(0, 2**bits, (17, 19))
    stored = (stored - 2 ** (bits - 1) * (dtype == "i2")).astype(dtype)
    slopes = ({}, *({"RescaleSlope": slope, "RescaleIntercept": -1024} for slope in (1, 0.5, -2)))
    windows = ({}, WINDOW, {"WindowCenter": [-300.5, 9], "WindowWidth": [0.7, 3]})
    functions = ({}, {"VOILUTFunction": "LINEAR_EXACT"}, {"VOILUTFunction": "SIGMOID"})
    spacings = ({}, {"PixelSpacing": [0.2, 0.1]}, {"ImagerPixelSpacing": [0.143, 0.143]})
    told = {"BitsStored": bits, "PhotometricInterpretation": photometric}
    for parts in product(slopes, windows, functions, spacings):
        same(dicom(stored, **told, **{k: v for part in parts for k, v in part.items()}))


@pytest.mark.parametrize("data", RASTER.values(), ids=RASTER)
def test_a_copy_of_another_film_is_a_png_of_the_same_pixels(data):
    same(data)
    kept = clean(data, "film")
    assert kept.kind == "png" and kept.data.startswith(b"\x89PNG")


def test_a_film_is_known_by_the_bytes_that_came_in():
    data = encoded(FILM, "PNG")
    kept = clean(data, "knees/../Left <knee>.png")
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert kept.name == "Left _knee_.png"


# --- P1, P2: nothing of the patient ---


@pytest.mark.parametrize(
    "more", [{}, {"VOILUTSequence": look_up_table(0, 12, [0, 4095])}], ids=["stored", "shown"]
)
def test_p1_no_identifier_lies_in_the_copy(more):
    data, secrets = named_dicom(DEEP, BitsStored=12, **more)
    assert len(secrets) > 35 and all(secret in data for secret in secrets)
    copy = clean(data, "film.dcm").data
    assert [secret for secret in [*secrets, b"Hansen", b"HANSEN"] if secret in copy] == []


def test_p1_the_copy_says_what_was_done_and_claims_no_conformity():
    first, second = (dcmread(io.BytesIO(clean(named_dicom(DEEP)[0], "a").data)) for _ in range(2))
    assert first.PatientID != second.PatientID and first.PatientID.startswith("ANONYMOUS-")
    assert first.StudyInstanceUID != second.StudyInstanceUID
    (code,) = first.DeidentificationMethodCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("113100", "DCM")
    assert any("not conformity" in line for line in first.DeidentificationMethod)
    assert not any("SHA-256" in line for line in first.DeidentificationMethod)
    assert "SyntheticData" not in first and "ImageComments" not in first
    assert first.PatientIdentityRemoved == "YES"


def test_p1_a_film_that_says_it_holds_text_is_not_called_freed_of_identity():
    copy = dcmread(io.BytesIO(clean(dicom(FILM, BurnedInAnnotation="YES"), "film").data))
    assert (copy.BurnedInAnnotation, copy.PatientIdentityRemoved) == ("YES", "NO")


TOLD = {"exif": exif(gps={1: "N", 2: (55.0, 40.0, 0.0)}), "dpi": (77, 77)}


@pytest.mark.parametrize(
    "data",
    [
        encoded(FILM, "JPEG", comment=b"HANSEN", **TOLD),
        encoded(FILM, "TIFF", description="HANSEN"),
        with_chunk(encoded(FILM, "PNG", **TOLD), b"tEXt", b"Comment\0HANSEN"),
        encoded(FILM, "PNG") + b"HANSEN",
    ],
    ids=["JPEG", "TIFF", "PNG", "after the end"],
)
def test_b24_p2_nothing_but_pixels_lies_in_the_copy_of_a_raster_film(data):
    assert b"HANSEN" in data
    copy = clean(data, "film").data
    with Image.open(io.BytesIO(copy)) as image:
        image.load()
        assert image.info == {} and not image.getexif()
    assert b"HANSEN" not in copy


# --- what others make of it ---


@pytest.mark.parametrize(
    "data", [DICOM["frames"], JPEG, DICOM["VOI table"]], ids=["frames", "JPEG", "table"]
)
def test_a_segmentation_can_refer_to_the_copy(data):
    source = dcmread(io.BytesIO(clean(data, "film").data))
    label = highdicom.seg.SegmentDescription(
        1,
        "Screw",
        codes.SCT.Tissue,
        codes.SCT.Tissue,
        highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
    )
    segmentation = highdicom.seg.Segmentation(
        [source],
        np.eye(*FILM.shape, dtype=np.uint8)[None],
        highdicom.seg.SegmentationTypeValues.BINARY,
        [label],
        series_instance_uid=highdicom.UID(),
        series_number=1,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="Lightbox",
        manufacturer_model_name="Lightbox",
        software_versions="1",
        device_serial_number="1",
    )
    assert segmentation.StudyInstanceUID == source.StudyInstanceUID
    assert segmentation.PatientID == source.PatientID
    assert all(UID(source[word].value).is_valid for word in ("SOPInstanceUID", "SeriesInstanceUID"))


# --- refusals ---


@pytest.mark.parametrize(
    "told", [{"Modality": "DX"}, {"ViewPosition": "AP"}, {"PresentationLUTShape": "IDENTITY"}]
)
def test_a_word_that_cannot_be_read_is_left_out(told):
    ((keyword, word),) = told.items()
    whole = dicom(FILM, **told)
    at = whole.index(word.encode()) - 4
    broken = whole[:at] + b"C\xff" + whole[at + 2 :]
    same(broken)
    after = dcmread(io.BytesIO(clean(broken, "film").data))
    assert after.get(keyword) != word
    assert dcmread(io.BytesIO(clean(whole, "film").data))[keyword].value == word


def test_whatever_of_a_damaged_file_can_be_shown_has_a_copy_that_shows_it():
    whole, rng = named_dicom(DEEP, BitsStored=12, **WINDOW)[0], np.random.default_rng(29)
    shown = 0
    for _ in range(250):
        data = bytearray(whole)
        for at in rng.integers(132, len(data) - DEEP.nbytes, 3):
            data[at] = rng.integers(256)
        try:
            decode(bytes(data), "film")
        except BadImage:
            continue
        same(bytes(data))
        shown += 1
    assert shown > 50


@pytest.mark.parametrize(
    "data", [b"", b"Fracture.\n" * 9, DICOM["bare"][:-99]], ids=["empty", "text", "cut"]
)
def test_what_is_no_film_is_refused(data):
    with pytest.raises(BadImage) as caught:
        clean(data, "film")
    assert caught.value.reason.endswith(".")


@pytest.mark.parametrize("data", [dicom(FILM), encoded(FILM, "PNG")], ids=["DICOM", "PNG"])
def test_a_copy_that_could_not_be_opened_is_refused(data, monkeypatch):
    monkeypatch.setattr(clean_film, "MAX_BYTES", 99)
    with pytest.raises(BadImage, match="when unpacked"):
        clean(data, "film")


# --- a header may hold anything ---

ODD = {
    "US": 5,
    "SL": [-1, 2],
    "FD": 0.5,
    "SQ": Sequence([Dataset()]),
    "OB": b"AP",
    "PN": "Hansen^Petra",
    "AT": 0x00100010,
    "LT": "Hansen Petra\\AP",
}


@pytest.mark.parametrize("vr", ODD)
def test_p1_words_of_another_type_are_left_out(vr):
    words = [*dicom_export._KEPT, *dicom_export._SHOWN, "VOILUTFunction"]
    dataset = dcmread(io.BytesIO(dicom(DEEP, BitsStored=12, **WINDOW)))
    for keyword in words:
        dataset.add(DataElement(keyword, vr, ODD[vr]))
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    copy = clean(file.getvalue(), "film.dcm").data
    told = dcmread(io.BytesIO(copy))
    assert b"Hansen" not in copy and {told.get(word) or "OT" for word in words} == {"OT"}
    np.testing.assert_array_equal(decode(copy, "").pixels, DEEP)


def test_a_film_that_cannot_be_copied_is_refused_in_a_sentence(monkeypatch):
    def stumble(*_):
        raise TypeError("an element that nobody thought of")

    monkeypatch.setattr(dicom_export, "copy", stumble)
    with pytest.raises(BadImage, match="No clean copy can be made"):
        clean(dicom(FILM), "film.dcm")
