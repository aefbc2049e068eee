"""Files of filled films: lossless, plainly synthetic, and silent on the patient."""

import hashlib
import io
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.uid import SecondaryCaptureImageStorage

from core import export
from core.images import BadImage, MedicalImage, decode
from core.mask_files import png
from tests import dicom_files
from tests.bad_files import encoded, film
from tests.dicom_files import compressed, dicom

FILM, DEEP, FULL = film(), film(top=4095), film(top=65535)
COLOUR = np.dstack([FILM, FILM[::-1], FILM[:, ::-1]])
DEEP_COLOUR = np.dstack([FULL, FULL[::-1], FULL[:, ::-1]])
SIGNED = DEEP.astype("i2") - 2048
MASK = np.zeros(FILM.shape, bool)
MASK[10:20, 8:16] = True
NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)

NEGATIVE = {"PhotometricInterpretation": "MONOCHROME1"}
RESCALE = {"RescaleSlope": 2, "RescaleIntercept": -1024}
WINDOW = {"WindowCenter": 2000, "WindowWidth": 1001}
ENHANCED = dicom_files.functional_groups(100, 21, [0.5, 0.25])
LUT = dicom_files.look_up_table(100, 12, list(range(0, 4000, 100)))


def filled(pixels: np.ndarray, value: int | None = None) -> np.ndarray:
    """The film with its hole at one value, or with its values in the hole turned round."""
    copy = pixels.copy()
    copy[MASK] = pixels[MASK][::-1] if value is None else value
    return copy


def stated(image: MedicalImage, **more) -> dict:
    return export.statement(image, MASK, "telea", "Telea", **{"stamped": False, "now": NOON} | more)


def about(pixels: np.ndarray, **more) -> dict:
    """The statement on a film that came from no DICOM file."""
    return stated(MedicalImage(pixels, "0" * 64, None, None, (), "hansen.png"), **more)


def derived(source: bytes, value: int | None = None, **more) -> tuple[np.ndarray, bytes]:
    """The filled pixels of a DICOM file, and the new file that holds them."""
    image = decode(source, "film.dcm")
    pixels = filled(image.pixels, value)
    return pixels, export.film_file(pixels, "dicom", stated(image, **more), source)


# --- every kind and depth ---

DEPTHS = {
    "8-bit": FILM,
    "12-bit": DEEP,
    "16-bit": FULL,
    "dark-16-bit": FILM.astype(np.uint16),
    "black-16-bit": np.zeros_like(FULL),
    "odd": np.ascontiguousarray(film(41, 33)),
    "rgb": COLOUR,
    "deep-rgb": DEEP_COLOUR,
    "odd-rgb": np.ascontiguousarray(COLOUR[:39, :31]),
}


@pytest.mark.parametrize("kind", export.ENDINGS)
@pytest.mark.parametrize("pixels", DEPTHS.values(), ids=DEPTHS)
def test_a_file_gives_back_the_pixels(kind, pixels):
    image = MedicalImage(pixels, "0" * 64, None, None, (), "film")
    mask = np.ones(pixels.shape[:2], bool)
    statement = export.statement(image, mask, "telea", "Telea")
    back = decode(export.film_file(pixels, kind, statement), "film")
    assert back.pixels.dtype == pixels.dtype
    np.testing.assert_array_equal(back.pixels, pixels)
    assert back.notes == ()


def comment(data: bytes, kind: str) -> str:
    """The text in a file, as other programs read it."""
    if kind == "dicom":
        return dcmread(io.BytesIO(data)).ImageComments
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.text["Comment"] if kind == "png" else image.tag_v2[270]


@pytest.mark.parametrize("kind", export.ENDINGS)
def test_a_file_says_that_it_is_synthetic_even_without_the_mark(kind):
    statement = about(FILM, stamped=False)
    text = comment(export.film_file(FILM, kind, statement), kind)
    first, _, rest = text.partition("\n")
    assert first == export.SENTENCE
    assert "ynthetic" in first and "Not for diagnosis" in first
    assert json.loads(rest) == statement


# --- DICOM from DICOM: stored values ---

# id → (source, keywords that stay as they are)
STORED = {
    "monochrome2-12": (dicom(DEEP, BitsStored=12, **WINDOW), WINDOW),
    "monochrome1-12": (dicom(DEEP, BitsStored=12, **NEGATIVE, **WINDOW), NEGATIVE | WINDOW),
    "monochrome1-8": (dicom(FILM, **NEGATIVE), NEGATIVE),
    "signed-16-rescaled": (dicom(SIGNED, **RESCALE, **WINDOW), RESCALE | WINDOW),
    "signed-12": (dicom(SIGNED, BitsStored=12), {}),
    "signed-12-negative": (dicom(SIGNED, BitsStored=12, **NEGATIVE, **RESCALE), RESCALE),
    "falling": (dicom(DEEP, RescaleSlope=-1, RescaleIntercept=4095), {"RescaleSlope": -1}),
    "16-bit": (dicom(FULL), {}),
    "8-bit": (dicom(FILM), {}),
    "implicit": (dicom(DEEP, dicom_files.IMPLICIT, BitsStored=12), {}),
    "windows": (dicom(DEEP, WindowCenter=[9, 99], WindowWidth=[3, 30]), {"WindowWidth": [3, 30]}),
    "exact": (
        dicom(DEEP, VOILUTFunction="LINEAR_EXACT", **WINDOW),
        {"VOILUTFunction": "LINEAR_EXACT"},
    ),
    "inverse-shape": (
        dicom(DEEP, BitsStored=12, PresentationLUTShape="INVERSE", **NEGATIVE),
        {"PresentationLUTShape": "INVERSE"},
    ),
    "lossless-jpeg": (compressed(dicom(DEEP, BitsStored=12), "JPEGLosslessProcess14_1"), {}),
    "lossless-jpeg-2000": (compressed(dicom(SIGNED, BitsStored=12), "JPEG2000Lossless"), {}),
    "rgb": (dicom(COLOUR), {}),
    "deep-rgb": (dicom(DEEP_COLOUR), {}),
    "enhanced": (
        dicom(FILM, SharedFunctionalGroupsSequence=ENHANCED),
        {"WindowCenter": 100, "WindowWidth": 21, "PixelSpacing": [0.5, 0.25]},
    ),
    "frames": (dicom(np.stack([DEEP, DEEP[::-1]]), BitsStored=12), {}),
}


@pytest.mark.parametrize(("source", "kept"), STORED.values(), ids=STORED)
def test_stored_values_outside_the_fill_are_those_of_the_source(source, kept):
    pixels, data = derived(source)
    before, after = dcmread(io.BytesIO(source)), dcmread(io.BytesIO(data))
    stored = before.pixel_array[0] if before.get("NumberOfFrames") else before.pixel_array
    assert after.pixel_array.dtype == stored.dtype
    np.testing.assert_array_equal(after.pixel_array[~MASK], stored[~MASK])
    assert (after.pixel_array[MASK] != stored[MASK]).any()
    for keyword in ("BitsAllocated", "BitsStored", "PixelRepresentation"):
        assert after[keyword].value == before[keyword].value, keyword
    assert {keyword: after[keyword].value for keyword in kept} == kept
    assert "SharedFunctionalGroupsSequence" not in after and "NumberOfFrames" not in after
    same(source, pixels, data)


# Sources whose stored values do not follow from the pixels.
SHOWN = {
    "voi-lut": dicom(FILM, VOILUTSequence=LUT),
    "modality-lut": dicom(FILM, ModalityLUTSequence=LUT, PresentationLUTShape="INVERSE"),
    "palette": dicom_files.palette_dicom(FILM),
    "rgb-all-grey": dicom(np.dstack([FILM] * 3)),
    "ybr": dicom(COLOUR, PhotometricInterpretation="YBR_FULL"),
}


@pytest.mark.parametrize("source", SHOWN.values(), ids=SHOWN)
def test_what_cannot_be_undone_is_stored_as_shown(source):
    pixels, data = derived(source)
    after = dcmread(io.BytesIO(data))
    np.testing.assert_array_equal(after.pixel_array, pixels)
    assert after.PhotometricInterpretation == ("RGB" if pixels.ndim == 3 else "MONOCHROME2")
    assert "PresentationLUTShape" not in after and "RescaleSlope" not in after
    same(source, pixels, data)


def test_a_fill_brighter_than_the_sources_bits_is_kept_all_the_same():
    source = dicom(DEEP, BitsStored=12, **NEGATIVE, **WINDOW)
    pixels, data = derived(source, value=5000)
    assert pixels.max() == 5000
    same(source, pixels, data)


def same(source: bytes, pixels: np.ndarray, data: bytes) -> None:
    """Compare how a derived file is decoded with the pixels put in and the source's window."""
    image = decode(data, "film.dcm")
    np.testing.assert_array_equal(image.pixels, pixels)
    before = decode(source, "film.dcm")
    assert image.window == pytest.approx(before.window)
    assert image.spacing_mm == before.spacing_mm


# --- DICOM: what else is in the file ---


def test_a_film_that_was_no_dicom_becomes_a_secondary_capture():
    data = export.film_file(FILM, "dicom", about(FILM), spacing_mm=(0.2, 0.1))
    after = dcmread(io.BytesIO(data))
    assert (after.Modality, after.PixelSpacing) == ("OT", [0.2, 0.1])
    assert decode(data, "film.dcm").spacing_mm == (0.2, 0.1)
    assert "PixelSpacing" not in dcmread(
        io.BytesIO(export.film_file(FILM, "dicom", about(FILM), spacing_mm=None))
    )


def test_a_derived_file_says_what_it_is():
    _, data = derived(dicom(DEEP, BitsStored=12), model="context", model_sha256="f" * 64)
    after = dcmread(io.BytesIO(data))
    assert after.SOPClassUID == after.file_meta.MediaStorageSOPClassUID
    assert after.SOPClassUID == SecondaryCaptureImageStorage
    assert after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID
    assert after.ImageType == ["DERIVED", "SECONDARY"]
    assert (after.ConversionType, after.SyntheticData) == ("SYN", "YES")
    assert "80 pixels (6.25%) were filled by Telea with the model context" in (
        after.DerivationDescription
    )
    assert after.PatientIdentityRemoved == "YES"
    method = after.DeidentificationMethod
    assert all(len(words) <= 64 for words in method)
    for words in ("not conformity", "Pixels were not searched", "SHA-256", "Kept", "Dropped"):
        assert any(words in line for line in method), words
    (code,) = after.DeidentificationMethodCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("113100", "DCM")
    assert after.StudyDate == after.PatientBirthDate == ""


def test_every_file_is_a_new_instance_of_a_new_study():
    source = dicom(DEEP, BitsStored=12)
    first, second = (dcmread(io.BytesIO(derived(source)[1])) for _ in range(2))
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        assert first[keyword].value != second[keyword].value


def test_the_patients_number_does_not_lead_back_to_the_source():
    source = dicom(DEEP, BitsStored=12)
    first, second = (dcmread(io.BytesIO(derived(source)[1])).PatientID for _ in range(2))
    assert first != second and first.startswith("SYNTHETIC-")
    sums = [hashlib.new(name, source).hexdigest() for name in ("sha256", "sha1", "md5")]
    for number in (first, second):
        assert not any(number.removeprefix("SYNTHETIC-") in known for known in sums)


@pytest.mark.parametrize(
    ("source_says", "stamped", "annotation", "removed"),
    [
        (None, False, None, "YES"),
        (None, True, "YES", "YES"),
        ("NO", False, "NO", "YES"),
        ("NO", True, "YES", "YES"),
        ("YES", False, "YES", "NO"),
        ("YES", True, "YES", "NO"),
    ],
)
def test_text_in_the_pixels_is_told(source_says, stamped, annotation, removed):
    _, data = derived(dicom(FILM, BurnedInAnnotation=source_says), stamped=stamped)
    after = dcmread(io.BytesIO(data))
    assert (after.get("BurnedInAnnotation"), after.PatientIdentityRemoved) == (annotation, removed)


KEPT = [
    ({"Modality": "DX"}, True),
    ({"Modality": "HANSEN"}, False),
    ({"BodyPartExamined": "KNEE"}, True),
    ({"BodyPartExamined": "PETRA'S KNEE"}, False),
    ({"ViewPosition": "AP"}, True),
    ({"ViewPosition": "HANSEN"}, False),
    ({"Laterality": "L"}, True),
    ({"PatientOrientation": ["L", "F"]}, True),
    ({"PatientOrientation": ["L", "HANSEN"]}, False),
    ({"ImagerPixelSpacing": [0.2, 0.1]}, True),
    ({"ImagerPixelSpacing": [0, 0.1]}, False),
    ({"LossyImageCompression": "01"}, True),
    ({"RescaleType": "HU", "RescaleSlope": 1, "RescaleIntercept": -1024}, True),
    ({"WindowWidth": 0, "WindowCenter": 5}, False),
    ({"KVP": 70}, False),
    ({"PatientAge": "044Y"}, False),
]


@pytest.mark.parametrize(("attributes", "stays"), KEPT)
def test_listed_elements_stay_if_they_hold_what_they_should(attributes, stays):
    after = dcmread(io.BytesIO(derived(dicom(FILM, **attributes))[1]))
    found = {keyword: after[keyword].value for keyword in attributes if after.get(keyword)}
    found.pop("Modality", None) if found.get("Modality") == "OT" else None
    assert found == (attributes if stays else {})


# --- P1: nothing of the patient ---


@pytest.mark.parametrize("kind", export.ENDINGS)
def test_p1_no_identifier_of_the_source_comes_out(kind):
    source, secrets = dicom_files.named_dicom(DEEP, BitsStored=12, **RESCALE, **WINDOW)
    image = decode(source, "Hansen_Petra_1944.dcm")
    assert len(secrets) > 35 and all(secret in source for secret in secrets)
    statement = stated(image)
    data = export.film_file(filled(image.pixels), kind, statement, source)
    data += export.sidecar(statement) + export.export_name(image.sha256, "filled", "dcm").encode()
    assert [secret for secret in [*secrets, b"Hansen"] if secret in data] == []


def test_b24_p2_positions_and_texts_of_a_raster_file_are_gone():
    exif = Image.Exif()
    exif[0x010E] = "HANSEN PETRA"
    exif.get_ifd(0x8825)[1] = "N"
    image = decode(encoded(FILM, "PNG", exif=exif), "film.png")
    for kind in ("png", "tiff", "dicom"):
        data = export.film_file(filled(image.pixels), kind, stated(image))
        assert b"HANSEN" not in data and b"eXIf" not in data
        if kind != "dicom":
            assert 0x8825 not in Image.open(io.BytesIO(data)).getexif()


# --- refusals ---

REFUSED = {
    "kind": (FILM, "jpeg", {}, "png, tiff, dicom, not as 'jpeg'"),
    "float": (FILM / 255, "png", {}, "uint8 or uint16, not float64"),
    "signed": (SIGNED, "dicom", {}, "uint8 or uint16, not int16"),
    "alpha": (np.dstack([FILM] * 4), "png", {}, r"\(H, W\) or \(H, W, 3\)"),
    "another-size": (FILM[:20], "png", {}, "another size or depth"),
    "another-depth": (DEEP, "tiff", {}, "another size or depth"),
    "another-file": (FILM, "dicom", {"source": dicom(FILM)}, "another file than"),
}


@pytest.mark.parametrize(("pixels", "kind", "more", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_belong_together_is_refused(pixels, kind, more, reason):
    assert export.film_file(FILM, "png", about(FILM))
    with pytest.raises(ValueError, match=reason):
        export.film_file(pixels, kind, about(FILM), **more)


def test_a_film_without_its_statement_is_refused():
    with pytest.raises(ValueError, match="statement"):
        export.film_file(FILM, "png", {})


@pytest.mark.parametrize(
    ("source", "error", "reason"),
    [
        (dicom(FILM[:30]), ValueError, r"\(40, 32\) uint8, its source \(30, 32\) uint8"),
        (dicom(DEEP), ValueError, "must be alike"),
        (dicom(COLOUR), ValueError, "must be alike"),
        (encoded(FILM, "PNG"), ValueError, "not a DICOM file"),
        (dicom(FILM)[:-99], BadImage, "cut short|pixels"),
    ],
)
def test_a_source_that_is_not_of_this_film_is_refused(source, error, reason):
    statement = about(FILM)
    statement["film"]["sha256"] = hashlib.sha256(source).hexdigest()
    with pytest.raises(error, match=reason):
        export.film_file(FILM, "dicom", statement, source)


def test_a_copy_without_identifiers_stands_for_the_film_that_the_statement_names():
    image = decode(encoded(FILM, "PNG"), "film.png")
    copy = dicom(FILM)
    named = stated(image, copy_sha256=hashlib.sha256(copy).hexdigest())
    assert named["film"]["sha256"] == image.sha256
    data = export.film_file(filled(FILM), "dicom", named, copy)
    np.testing.assert_array_equal(decode(data, "").pixels, filled(FILM))
    with pytest.raises(ValueError, match="another file than"):
        export.film_file(filled(FILM), "dicom", stated(image), copy)


# --- the statement ---


def test_the_statement_says_what_was_done():
    source = dicom(DEEP, BitsStored=12)
    image = decode(source, "Hansen_Petra.dcm")
    statement = stated(image, seed=7, grain=True, stamped=True)
    commit = statement["app"].pop("commit")
    assert commit is None or len(commit) == 40
    assert statement == {
        "schema": "lightbox-fill",
        "version": 1,
        "sentence": export.SENTENCE,
        "app": {"name": "Lightbox"},
        "time": "2024-05-06T12:00:00+00:00",
        "film": {
            "sha256": hashlib.sha256(source).hexdigest(),
            "height": 40,
            "width": 32,
            "channels": 1,
            "bits": 16,
        },
        "copy_sha256": None,
        "mask": {
            "pixels": 80,
            "share": 0.0625,
            "png_sha256": hashlib.sha256(png(MASK)).hexdigest(),
            "holes": None,
        },
        "method": {"name": "telea", "title": "Telea"},
        "model": None,
        "scale": None,
        "inverted": None,
        "seed": 7,
        "grain": True,
        "stamped": True,
        "stamp_box": [11, 13, 32, 40],
    }
    assert json.loads(export.sidecar(statement)) == statement


def test_the_statement_says_how_the_network_saw_the_film():
    statement = about(
        FILM, inverted=np.bool_(True), holes=np.int64(3), scale=np.float32(0.5), stamped=False
    )
    assert (statement["inverted"], statement["mask"]["holes"], statement["scale"]) == (True, 3, 0.5)
    assert statement["stamp_box"] is None
    assert json.loads(export.sidecar(statement)) == statement


@pytest.mark.parametrize("shape", [(40, 32), (64, 64), (16, 64), (6, 3), (600, 900)])
def test_the_statement_says_where_the_mark_lies(shape):
    pixels = film(*shape)
    mask = np.ones(shape, bool)
    image = MedicalImage(pixels, "0" * 64, None, None, (), "film")
    x0, y0, x1, y1 = export.statement(image, mask, "telea", "Telea")["stamp_box"]
    elsewhere = np.ones(shape, bool)
    elsewhere[y0:y1, x0:x1] = False
    np.testing.assert_array_equal(export.stamp_mask(shape), ~elsewhere)
    if min(shape) > 9:
        np.testing.assert_array_equal(export.stamp(pixels)[elsewhere], pixels[elsewhere])


def test_the_statement_names_the_model_and_the_present():
    statement = about(FILM, model="context", model_sha256="ab", now=None)
    assert statement["model"] == {"name": "context", "sha256": "ab"}
    stamped = datetime.fromisoformat(statement["time"])
    assert abs((datetime.now(UTC) - stamped).total_seconds()) < 3600


@pytest.mark.parametrize(
    ("mask", "more", "reason"),
    [
        (MASK[:9], {}, "mark a part"),
        (MASK.astype(np.uint8), {}, "mark a part"),
        (np.zeros_like(MASK), {}, "mark a part"),
        (MASK, {"model": "context"}, "sha256"),
        (MASK, {"model_sha256": "ab"}, "sha256"),
    ],
)
def test_a_statement_on_nothing_is_refused(mask, more, reason):
    image = MedicalImage(FILM, "0" * 64, None, None, (), "film")
    with pytest.raises(ValueError, match=reason):
        export.statement(image, mask, "telea", "Telea", **more)


def test_p3_names_come_from_the_sum_of_the_file():
    sha256 = hashlib.sha256(b"film").hexdigest()
    assert export.export_name(sha256, "filled", "png") == f"{sha256[:12]}-filled.png"
    for arguments in [
        ("Hansen_Petra.dcm", "filled", "png"),
        (sha256, "Hansen Petra", "png"),
        (sha256, "../filled", "png"),
        (sha256, "filled", "p/ng"),
        (sha256[:12], "filled", "png"),
    ]:
        with pytest.raises(ValueError, match="file"):
            export.export_name(*arguments)


# --- the mark ---

SIDES = [(16, 16), (40, 32), (16, 64), (64, 64), (224, 224), (600, 57), (2500, 2000), (4000, 8000)]


@pytest.mark.parametrize("shape", SIDES)
@pytest.mark.parametrize("brightness", ["dark", "bright"])
def test_the_mark_can_be_read_and_stays_in_its_corner(shape, brightness):
    height, width = shape
    pixels = np.zeros(shape, np.uint8)
    pixels[: height // 2] = 255  # the lower right corner is dark
    if brightness == "bright":
        pixels = 255 - pixels
    stamped, touched = export.stamp(pixels), export.stamp_mask(shape)
    np.testing.assert_array_equal(stamped[~touched], pixels[~touched])
    rows, columns = np.nonzero(touched)
    mark = stamped[rows.min() :, columns.min() :]
    assert touched[rows.min() :, columns.min() :].all()
    assert rows.max() == height - 1 and columns.max() == width - 1
    assert {*np.unique(mark)} == {0, 255}
    assert (mark[0] == 255).all() and (mark[:, 0] == 255).all()  # a frame
    if min(shape) >= 64:
        assert mark.shape[1] >= max(57, 0.1 * min(width, 5 * height))
        assert mark.size <= 0.16 * pixels.size


def test_the_mark_spells_the_word():
    mark = export.stamp(np.tile(np.uint8([0, 255]), (64, 32)))[-9:-2, -55:-2]
    rows = ["".join("#" if value else " " for value in row) for row in mark]
    assert rows[0] == " #### #   # #   # ##### #   # ##### ##### #####  ####"
    assert rows[3] == " ###    #   #  ##   #   ##### ####    #     #   #    "


@pytest.mark.parametrize(
    ("pixels", "low", "high"),
    [
        (film(64, 64, top=4095), 0, 4095),
        (film(64, 64, top=3000) + np.uint16(1000), 1000, 4000),
        (np.dstack([film(64, 64)] * 3), 0, 255),
        (np.full((64, 64), 100, np.uint8), 0, 255),
        (np.full((64, 64), 3000, np.uint16), 0, 4095),
        (np.zeros((64, 64), np.uint16), 0, 255),
    ],
)
def test_the_mark_has_the_films_own_depth_and_range(pixels, low, high):
    before = pixels.copy()
    stamped = export.stamp(pixels)
    np.testing.assert_array_equal(pixels, before)
    assert (stamped.dtype, stamped.shape) == (pixels.dtype, pixels.shape)
    assert {*np.unique(stamped[export.stamp_mask(pixels.shape)])} == {low, high}


def test_a_stamped_film_keeps_its_stored_values_outside_fill_and_mark():
    source = dicom(film(80, 80, top=4095), BitsStored=12, **NEGATIVE)
    image = decode(source, "film.dcm")
    mask = np.zeros((80, 80), bool)
    mask[:9, :9] = True
    pixels = export.stamp(np.where(mask, np.uint16(77), image.pixels))
    statement = export.statement(image, mask, "telea", "Telea")
    after = dcmread(io.BytesIO(export.film_file(pixels, "dicom", statement, source)))
    untouched = ~(mask | export.stamp_mask(mask.shape))
    before = dcmread(io.BytesIO(source))
    np.testing.assert_array_equal(after.pixel_array[untouched], before.pixel_array[untouched])
    assert after.BurnedInAnnotation == "YES"
