"""DICOM files in: the first frame's stored values as unsigned integers, and how to show them.

PS3.3 C.7.6.3 (pixels), C.11.1 and C.11.2 (modality and VOI transforms), PS3.5 section 8 and annex A
(encodings). Only the elements named here are read, so that nothing that identifies a patient is.
"""

import math
import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import apply_color_lut, get_decoder
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from core.containers import strip_jpeg
from core.intake import NEGATIVE, BadImage, Picture, check_size, cut_short, damaged

# pydicom's warnings quote the values of a file, and a value may name a person.
config.settings.reading_validation_mode = config.IGNORE

# No honest file comes near these; they bound the time that a hostile one can take.
DECODE_SECONDS = 20
MAX_ITEMS = 50_000

LUT_APPLIED = "The file's own grey scale curve (look-up table) was applied."
DETECTOR_SPACING = "Millimetres are those at the detector, where a bone looks a little larger."

_DISPLAY = (
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "WindowCenter", "WindowWidth"),
    *("VOILUTFunction", "VOILUTSequence", "PixelSpacing", "ImagerPixelSpacing"),
)
_READ = (
    *("SOPClassUID", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation"),
    *("PlanarConfiguration", "BitsAllocated", "BitsStored", "PixelRepresentation"),
    *("NumberOfFrames", "ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData"),
    *("FloatPixelData", "DoubleFloatPixelData", "DirectoryRecordSequence"),
    *("RedPaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData"),
    *("GreenPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableData"),
    *("BluePaletteColorLookupTableDescriptor", "BluePaletteColorLookupTableData"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *_DISPLAY,
)
_ITEM_TAGS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")  # little and big endian
_PILLOW = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEG2000, JPEG2000Lossless)
_APART = (JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless, RLELossless)
_GREY = ("MONOCHROME1", "MONOCHROME2")
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")


def read(data: bytes) -> Picture:
    """Return the first frame of a DICOM file.

    Grey: stored values, moved to unsigned, MONOCHROME1 turned positive; rescale and VOI window are
    expressed by `window` in the units of the pixels, and only a look-up table, being nonlinear, is
    applied. A sigmoid VOI function is expressed by the line of the same centre and slope. Colour:
    RGB. Raises BadImage; pydicom's errors on a broken file pass through.
    """
    dataset = parse(data)
    syntax = _transfer_syntax(dataset)
    _check_header(dataset)
    _check_frame(dataset, syntax)
    pixels = _decode_apart(data) if syntax in _APART else decode_pixels(dataset)
    frames = int(dataset.get("NumberOfFrames") or 1)
    notes = (f"The file holds {frames:,} frames: the first is shown.",) if frames > 1 else ()
    spacing, spacing_notes = _spacing(dataset)
    if dataset.PhotometricInterpretation in _GREY:
        pixels, window, grey_notes = _grey(pixels, dataset)
        return Picture(pixels, notes + grey_notes + spacing_notes, spacing, window)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    return Picture(pixels, notes + spacing_notes, spacing)


def parse(data: bytes) -> Dataset:
    """Read the elements that a picture needs."""
    # pydicom would inflate a deflated file without a limit.
    if DeflatedExplicitVRLittleEndian.encode() in data:
        raise _unreadable_syntax(DeflatedExplicitVRLittleEndian)
    if max(data.count(tag) for tag in _ITEM_TAGS) > MAX_ITEMS:
        raise damaged("DICOM")
    if data.startswith(b"DICM"):
        data = bytes(128) + data
    dataset = dcmread(BytesIO(data), force=True, specific_tags=list(_READ))
    for group in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        _adopt_functional_groups(dataset, dataset.get(group))
    return dataset


def _adopt_functional_groups(dataset: Dataset, groups) -> None:
    """Copy display attributes of an enhanced object's first frame to the top level."""
    for element in groups[0] if groups else ():
        for item in element.value[:1] if element.VR == "SQ" else ():
            for keyword in _DISPLAY:
                if keyword in item and keyword not in dataset:
                    dataset[keyword] = item[keyword]


def _transfer_syntax(dataset: Dataset) -> UID:
    """Return how the pixels are encoded. Raises BadImage if that is not read here."""
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        implicit, little = dataset.original_encoding
        little_syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        syntax = little_syntax if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = syntax
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        raise _unreadable_syntax(syntax)
    return syntax


def _unreadable_syntax(syntax: UID) -> BadImage:
    name = "an unknown method" if syntax.is_private or syntax.name == syntax else syntax.name
    return BadImage(
        f"This DICOM file is compressed in a way that is not read here ({name}): "
        "export it uncompressed or as JPEG 2000."
    )


def _check_header(dataset: Dataset) -> None:
    """Raise BadImage unless the header describes a picture within the limits."""
    if "DirectoryRecordSequence" in dataset:
        raise BadImage("This is the index of a disc (DICOMDIR), not a film: choose the films.")
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        raise BadImage("This DICOM file is a map of measurements, not a film: choose the film.")
    if "PixelData" not in dataset:
        raise BadImage("This DICOM file holds no picture, or is cut short: choose the film itself.")
    check_size(int(dataset.Columns), int(dataset.Rows))
    photometric = dataset.PhotometricInterpretation
    samples = 3 if photometric in _COLOUR else 1
    if photometric not in (*_GREY, *_COLOUR, "PALETTE COLOR"):
        raise BadImage("This DICOM file has colours that are not read here: export it as grey.")
    if dataset.SamplesPerPixel != samples or not 0 < dataset.BitsStored <= dataset.BitsAllocated:
        raise damaged("DICOM")
    if dataset.BitsAllocated not in (8, 16):
        raise BadImage(
            f"This DICOM file has {int(dataset.BitsAllocated)} bits a pixel, which no film has: "
            "choose the film itself."
        )


def _check_frame(dataset: Dataset, syntax: UID) -> None:
    """Raise BadImage unless the pixel data is as large as the header says."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    frames = int(dataset.get("NumberOfFrames") or 1)
    if not syntax.is_encapsulated:
        row = columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
        if dataset.PhotometricInterpretation == "YBR_FULL_422":
            row = row * 2 // 3
        excess = len(dataset.PixelData) - row * rows * frames
        if not 0 <= excess < row:
            raise BadImage(
                "This DICOM file does not hold as many pixels as its header says: export it again."
            )
        return
    frame = get_frame(dataset.PixelData, 0, number_of_frames=frames)
    if syntax in JPEG2000TransferSyntaxes:
        size = _jpeg2000_size(frame)
    elif frame.startswith(b"\xff\xd8"):
        jpeg = strip_jpeg(frame)
        size = jpeg.width, jpeg.height
        if syntax == JPEGExtended12Bit and jpeg.bits > 8:
            raise _unreadable_syntax(syntax)
    else:
        return
    if size != (columns, rows):
        raise damaged("DICOM")


def decode_pixels(dataset: Dataset) -> np.ndarray:
    """Return the stored values of the first frame, with colour as RGB."""
    syntax = dataset.file_meta.TransferSyntaxUID
    plugin = "pillow" if syntax in _PILLOW else ""
    return get_decoder(syntax).as_array(dataset, index=0, decoding_plugin=plugin)[0]


def _decode_apart(data: bytes) -> np.ndarray:
    """Decode in a process of its own: what a broken file does to it, the app survives.

    GDCM, which alone reads lossless JPEG and JPEG-LS, can crash; run lengths can fill the memory.
    """
    command = [sys.executable, "-m", "core.decode_apart"]
    root = Path(__file__).resolve().parents[1]
    child = subprocess.run(
        command, input=data, capture_output=True, cwd=root, timeout=DECODE_SECONDS, check=True
    )
    return np.load(BytesIO(child.stdout), allow_pickle=False)


def _jpeg2000_size(frame: bytes) -> tuple[int, int]:
    """Return (width, height) from the SIZ segment of a codestream (ITU-T T.800, A.5.1)."""
    start = frame.find(b"\xff\x4f\xff\x51")
    if start < 0:
        raise cut_short("DICOM")
    right, bottom, left, top = struct.unpack(">4I", frame[start + 8 : start + 24])
    return right - left, bottom - top


def _grey(pixels: np.ndarray, dataset: Dataset) -> tuple[np.ndarray, tuple | None, tuple]:
    """Return (pixels, window, notes) for (H, W) stored values."""
    bits, notes = int(dataset.BitsStored), ()
    zero = 2 ** (bits - 1) if pixels.dtype.kind == "i" else 0  # where stored value 0 will be
    slope, intercept = _rescale(dataset)
    if dataset.get("ModalityLUTSequence"):
        pixels, bits = _look_up(pixels, dataset, "ModalityLUTSequence")
        slope, intercept, zero, notes = 1.0, 0.0, 0, (LUT_APPLIED,)
    window = _window(dataset)
    if window is None and dataset.get("VOILUTSequence"):
        values = np.rint(pixels * slope + intercept)
        pixels, bits = _look_up(values, dataset, "VOILUTSequence")
        slope, window, zero, notes = 1.0, (0.0, 2.0**bits - 1), 0, (LUT_APPLIED,)
    elif window is not None:
        window = tuple(sorted((edge - intercept) / slope + zero for edge in window))
    unsigned = pixels.dtype.str.replace("i", "u")
    pixels = pixels.view(unsigned) + np.array(zero, unsigned)
    if (dataset.PhotometricInterpretation == "MONOCHROME1") != (slope < 0):
        top = max(2**bits - 1, int(pixels.max()))
        pixels = np.array(top, pixels.dtype) - pixels
        window = window and (top - window[1], top - window[0])
        notes = (*notes, NEGATIVE)
    return pixels, window, notes


def _look_up(values: np.ndarray, dataset: Dataset, keyword: str) -> tuple[np.ndarray, int]:
    """Return the output of a look-up table as unsigned integers, and its bits a value."""
    table = dataset[keyword][0]
    _, first, bits = table.LUTDescriptor
    if not 8 <= bits <= 16:
        raise damaged("DICOM")
    outputs = table.LUTData
    if isinstance(outputs, bytes):
        order = "<" if dataset.file_meta.TransferSyntaxUID.is_little_endian else ">"
        outputs = np.frombuffer(outputs, order + "u2")
    outputs = np.asarray(outputs, np.uint8 if bits == 8 else np.uint16)
    return outputs[np.clip(values.astype(np.int32) - first, 0, len(outputs) - 1)], bits


def _rescale(dataset: Dataset) -> tuple[float, float]:
    """Return (slope, intercept) of the linear modality transform."""
    slope, intercept = (_numbers(dataset, k) for k in ("RescaleSlope", "RescaleIntercept"))
    return (slope[0] if slope and slope[0] else 1.0), (intercept[0] if intercept else 0.0)


def _window(dataset: Dataset) -> tuple[float, float] | None:
    """Return (low, high) of the first VOI window, in modality units (PS3.3 C.11.2.1.2)."""
    centre, width = (_numbers(dataset, k) for k in ("WindowCenter", "WindowWidth"))
    if not centre or not width:
        return None
    low, high = centre[0] - width[0] / 2, centre[0] + width[0] / 2
    if dataset.get("VOILUTFunction", "LINEAR") == "LINEAR":
        low, high = low, high - 1
    return (low, high) if low < high else None


def _spacing(dataset: Dataset) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Return millimetres between (rows, columns), and notes."""
    for keyword, notes in (("PixelSpacing", ()), ("ImagerPixelSpacing", (DETECTOR_SPACING,))):
        spacing = _numbers(dataset, keyword)
        if len(spacing) == 2 and min(spacing) > 0:
            return (spacing[0], spacing[1]), notes
    return None, ()


def _numbers(dataset: Dataset, keyword: str) -> list[float]:
    """Return the values of a numeric element, or none if they are not finite numbers."""
    value = dataset.get(keyword)
    try:
        values = [float(v) for v in np.atleast_1d(value)] if value is not None else []
    except (TypeError, ValueError):
        return []
    return values if all(math.isfinite(v) for v in values) else []
