"""DICOM files out, of films as they are or filled: Secondary Captures that name no patient.

PS3.3 A.8.1 is the object, whose few mandatory elements are all written. Secondary Capture, whatever
the source was: the elements that its own class asks for would have to be carried over or made up.

From the source come pixels, of a filled film those outside the fill, and the elements listed here,
each checked, because text can stand in any of them; all else, private elements too, is dropped. The
basic profile of PS3.15 annex E (code 113100) is the model and is named as such;
DeidentificationMethod says what was done and that conformity is not claimed, as the pixels are not
searched for text.

Patient, study and instance get random numbers. Only a fill's statement leads back, to those who
hold the source already: it names that file's SHA-256, so that it can be checked against its film.
"""

import hashlib
import math
import re
import secrets
from io import BytesIO
from itertools import takewhile

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid
from pydicom.valuerep import DSfloat

from core import dicom
from core.images import MedicalImage, decode
from core.intake import NEGATIVE, recognise

# Words kept from a source: keyword → what may stand in it, as a regular expression.
_KEPT = {
    "Modality": "CR|CT|DG|DX|IO|MG|MR|NM|OT|PT|PX|RF|RG|US|XA|XC",
    "BodyPartExamined": (
        "ABDOMEN|ANKLE|ARM|CALCANEUS|CHEST|CLAVICLE|CSPINE|ELBOW|EXTREMITY|FEMUR|FINGER|FOOT|"
        "FOREARM|HAND|HIP|HUMERUS|JAW|KNEE|LEG|LSPINE|PATELLA|PELVIS|RADIUS|RIB|SCAPULA|SHOULDER|"
        "SKULL|SPINE|SSPINE|THIGH|THUMB|TIBIA|TOE|TSPINE|ULNA|WRIST"
    ),
    "ViewPosition": "AP|PA|LL|RL|RLD|LLD|RLO|LLO",
    "Laterality": "[LR]",
    "ImageLaterality": "[LRUB]",
    "PatientOrientation": "[AFHLPR]{1,3}",
    "BurnedInAnnotation": "YES|NO",
    "LossyImageCompression": "00|01",
}
_SHOWN = {"PresentationLUTShape": "IDENTITY|INVERSE", "RescaleType": "US|HU|OD"}
_WINDOW = {"VOILUTFunction": "LINEAR|LINEAR_EXACT|SIGMOID"}
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing")

_DEIDENTIFIED = (  # at most 64 characters each
    "Kept of the source: pixels and a short list of checked elements",
    "Dropped: all its other elements, private ones too, and all dates",
    "Made up: patient name and ID, all UIDs",
    "Pixels were not searched for burned-in text",
    "113100 names the model that was followed, not conformity with it",
)
LEADS_BACK = "The comment holds the SHA-256 of the source file"


def write(
    pixels: np.ndarray,
    statement: dict,
    text: str,
    source: bytes | None = None,
    spacing_mm: tuple[float, float] | None = None,
) -> bytes:
    """A DICOM file of a filled film: see `core.export.film_file` for the arguments.

    text: the statement as it shall stand in ImageComments, at most 10,240 characters.

    Stored values outside the fill are those of the source, with its rescale and window, wherever
    these follow from the pixels. Where they do not (a look-up table was applied, or colours were
    converted, or a fill does not fit into the source's bits) the pixels are stored as they are.
    Raises ValueError unless `source` is the DICOM file that the statement names, of that size.
    """
    film = _blank("Anonymous^Synthetic", "SYNTHETIC")
    _tell_synthetic(film, statement, text)
    if source is None:
        _set_numbers(film, {"PixelSpacing": spacing_mm or ()})
        _store_as_is(film, pixels)
    else:
        _carry_over(film, pixels, _original(pixels, statement, source), source)
    if statement["stamped"]:
        film.BurnedInAnnotation = "YES"
    return _file(film)


def copy(original: MedicalImage, source: bytes) -> bytes:
    """A DICOM file of a film as it is: `core.images.decode` gives the pixels, the window and the
    spacing of `original`, which it found in the DICOM file `source`.

    Of several frames it holds the first. Stored values are kept where they follow from the pixels.
    """
    film = _blank("Anonymous^", "ANONYMOUS")
    film.SeriesDescription = "A copy that names no patient"
    film.ConversionType = "WSD"
    film.DerivationDescription = "A film, or its first frame, without what names its patient."
    _carry_over(film, original.pixels, original, source)
    return _file(film)


def _blank(name: str, number: str) -> FileDataset:
    """A film without pixels that names no patient but this made-up one, and says so."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    # Random: numbers made from the source's own could be told by whoever knows those.
    meta.MediaStorageSOPInstanceUID = generate_uid(prefix=None)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    film.SpecificCharacterSet = "ISO_IR 192"
    film.SOPClassUID = meta.MediaStorageSOPClassUID
    film.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    film.StudyInstanceUID, film.SeriesInstanceUID = generate_uid(None), generate_uid(None)
    film.PatientName, film.PatientID = name, f"{number}-{secrets.token_hex(6)}"
    for keyword in (
        *("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName"),
        *("StudyID", "AccessionNumber", "PatientOrientation", "Laterality"),
    ):
        setattr(film, keyword, "")
    film.SeriesNumber = film.InstanceNumber = 1
    film.Modality, film.ImageType = "OT", ["DERIVED", "SECONDARY"]
    film.PatientIdentityRemoved = "YES"
    film.DeidentificationMethod = list(_DEIDENTIFIED)
    profile = Dataset()
    profile.CodeValue, profile.CodingSchemeDesignator = "113100", "DCM"
    profile.CodeMeaning = "Basic Application Confidentiality Profile"
    film.DeidentificationMethodCodeSequence = Sequence([profile])
    film.LongitudinalTemporalInformationModified = "REMOVED"
    return film


def _tell_synthetic(film: Dataset, statement: dict, text: str) -> None:
    """Say that a part of the film was made up, and how."""
    film.SeriesDescription = "Synthetic: a part was replaced by a computed fill"
    film.ConversionType, film.SyntheticData = "SYN", "YES"
    film.DerivationDescription = _derivation(statement)
    film.ImageComments = text
    film.DeidentificationMethod = [*_DEIDENTIFIED, LEADS_BACK]


def _carry_over(film: Dataset, pixels: np.ndarray, original: MedicalImage, source: bytes) -> None:
    """Write the pixels, and what the film's own file says of them and may be kept."""
    header, words = dicom.parse(source), _words(source)
    _set_words(film, words, _KEPT)
    _set_numbers(film, {keyword: _numbers(header, keyword) for keyword in _SPACINGS})
    if _invertible(pixels, original, header):
        _store_as_source(film, pixels, original, header)
        _set_words(film, words, _SHOWN)
    else:
        _store_as_is(film, pixels, original.window)
    if film.get("BurnedInAnnotation") == "YES":  # what the source says of itself
        film.PatientIdentityRemoved = "NO"  # YES would speak for the pixels, too


def _file(film: FileDataset) -> bytes:
    file = BytesIO()
    film.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _derivation(statement: dict) -> str:
    """What was done, in at most the 1,024 characters that the element holds."""
    mask, model = statement["mask"], statement["model"]
    by = statement["method"]["title"] + (f" with the model {model['name']}" if model else "")
    area = f"{mask['pixels']:,} pixels ({mask['share']:.2%}) were filled by {by}"
    grain = ", grain was added" if statement["grain"] else ""
    return f"{statement['sentence']} {area}{grain}."[:1024]


def _original(pixels: np.ndarray, statement: dict, source: bytes) -> MedicalImage:
    """The film before it was filled. Raises ValueError unless it is the one that was."""
    named = statement["film"]["sha256"], statement.get("copy_sha256")
    if hashlib.sha256(source).hexdigest() not in named:
        raise ValueError("The source is another file than the one that the statement names.")
    if recognise(source) != "DICOM":
        raise ValueError("The source is not a DICOM file: leave it out.")
    original = decode(source, "")
    if (original.pixels.shape, original.pixels.dtype) != (pixels.shape, pixels.dtype):
        raise ValueError(
            f"The filled film is {pixels.shape} {pixels.dtype}, its source "
            f"{original.pixels.shape} {original.pixels.dtype}: they must be alike."
        )
    return original


def _invertible(pixels: np.ndarray, original: MedicalImage, header: Dataset) -> bool:
    """Whether stored values follow from the pixels: moved or turned positive, within their bits."""
    grey = header.PhotometricInterpretation in ("MONOCHROME1", "MONOCHROME2")
    top = 2 ** int(header.BitsStored) - 1
    within = max(int(pixels.max()), int(original.pixels.max())) <= top
    return grey and dicom.LUT_APPLIED not in original.notes and within


def _store_as_source(film, pixels, original: MedicalImage, header: Dataset) -> None:
    """Undo what `core.dicom` does to stored values, and keep the elements that go with them."""
    bits, signed = int(header.BitsStored), int(header.PixelRepresentation)
    if NEGATIVE in original.notes:
        pixels = np.array(2**bits - 1, pixels.dtype) - pixels
    if signed:  # wraps to negative values in the upper half
        pixels = pixels - np.array(2 ** (bits - 1), pixels.dtype)
    _store(film, pixels, bits, signed, header.PhotometricInterpretation)
    slope, intercept = _numbers(header, "RescaleSlope"), _numbers(header, "RescaleIntercept")
    if slope or intercept:
        slope = slope if slope and slope[0] else [1.0]
        _set_numbers(film, {"RescaleSlope": slope[:1], "RescaleIntercept": intercept[:1] or [0.0]})
        film.RescaleType = "US"
    pairs = zip(_numbers(header, "WindowCenter"), _numbers(header, "WindowWidth"), strict=False)
    windows = list(takewhile(lambda pair: pair[1] > 0, pairs))
    if windows:
        centres, widths = zip(*windows, strict=True)
        _set_numbers(film, {"WindowCenter": centres, "WindowWidth": widths})
        _set_words(film, header, _WINDOW)


def _store_as_is(film, pixels: np.ndarray, window: tuple[float, float] | None = None) -> None:
    """Store the pixels as they are, with the window in their units."""
    bits = 8 if pixels.dtype == np.uint8 else max(9, int(pixels.max()).bit_length())
    _store(film, pixels, bits, 0, "RGB" if pixels.ndim == 3 else "MONOCHROME2")
    if window:
        # The standard's LINEAR window of width w spans w - 1 (PS3.3 C.11.2.1.2).
        low, high = window
        width = high - low + 1
        _set_numbers(film, {"WindowCenter": [low + width / 2], "WindowWidth": [width]})


def _store(film, stored: np.ndarray, bits: int, signed: int, photometric: str) -> None:
    film.Rows, film.Columns = stored.shape[:2]
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, photometric
    if stored.ndim == 3:
        film.SamplesPerPixel, film.PlanarConfiguration = 3, 0
    film.BitsAllocated, film.BitsStored, film.HighBit = 8 * stored.itemsize, bits, bits - 1
    film.PixelRepresentation = signed
    data = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    film.PixelData = data + bytes(len(data) % 2)
    film["PixelData"].VR = "OB" if stored.itemsize == 1 else "OW"


def _words(source: bytes) -> Dataset:
    """Read the elements that hold words."""
    data = bytes(128) + source if source.startswith(b"DICM") else source
    return dcmread(BytesIO(data), force=True, specific_tags=[*_KEPT, *_SHOWN])


def _set_words(film: Dataset, words: Dataset, allowed: dict[str, str]) -> None:
    """Copy each word that may stand where it stands, and can be read."""
    for keyword, pattern in allowed.items():
        try:
            value = words.get(keyword)
        except Exception:  # pydicom raises whatever a broken element makes it stumble over
            continue
        given = value if isinstance(value, MultiValue) else [value]
        if given and all(isinstance(w, str) and re.fullmatch(pattern, w) for w in given):
            setattr(film, keyword, value)


def _numbers(header: Dataset, keyword: str) -> list[float]:
    """The values of an element, or none unless all are finite numbers."""
    try:
        values = [float(value) for value in np.atleast_1d(header.get(keyword, []))]
    except (TypeError, ValueError, OverflowError):
        return []
    return values if all(map(math.isfinite, values)) else []


def _set_numbers(film: Dataset, numbers: dict) -> None:
    """Write decimal strings, which hold 16 characters; a spacing only if it is two lengths."""
    for keyword, values in numbers.items():
        if keyword in _SPACINGS and (len(values) != 2 or min(values) <= 0):
            continue
        setattr(film, keyword, [DSfloat(value, auto_format=True) for value in values])
