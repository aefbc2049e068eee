"""DICOM files made in code: plain and compressed, with look-up tables, and nested too deeply."""

import io
import tempfile
from pathlib import Path

import numpy as np
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

IMPLICIT = "1.2.840.10008.1.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
HTJ2K = "1.2.840.10008.1.2.4.201"
NAME_INSIDE = "Hansen^Petra"


def dicom(pixels: np.ndarray, syntax: str = ExplicitVRLittleEndian, **attributes) -> bytes:
    """Return a DICOM file of (H, W), (N, H, W) or (H, W, 3) pixels; None leaves an element out."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["lightbox"])
    dataset.PatientName = NAME_INSIDE
    dataset.PatientID = "P-4711"
    colour = pixels.shape[-1] == 3
    bits = 8 * pixels.itemsize
    defaults = {
        "Rows": pixels.shape[-3] if colour else pixels.shape[-2],
        "Columns": pixels.shape[-2] if colour else pixels.shape[-1],
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "PlanarConfiguration": 0 if colour else None,
        "NumberOfFrames": len(pixels) if pixels.ndim == 3 and not colour else None,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": attributes.get("BitsStored", bits) - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PixelData": pixels.tobytes() + b"\0" * (pixels.nbytes % 2),
    }
    for keyword, value in {**defaults, **attributes}.items():
        if value is not None:
            setattr(dataset, keyword, value)
    if UID(syntax).is_encapsulated:
        dataset.PixelData = encapsulate([dataset.PixelData])
    elif "PixelData" in dataset:
        dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
    if syntax == BIG_ENDIAN and bits == 16:
        dataset.PixelData = pixels.byteswap().tobytes()
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def compressed(data: bytes, syntax: str) -> bytes:
    """Return an uncompressed DICOM file in another transfer syntax, written by GDCM.

    `syntax` is the name of a `gdcm.TransferSyntax`, such as JPEGLSLossless.
    """
    import gdcm

    with tempfile.TemporaryDirectory() as folder:
        source, target = str(Path(folder) / "source"), str(Path(folder) / "target")
        Path(source).write_bytes(data)
        reader = gdcm.ImageReader()
        reader.SetFileName(source)
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
        change.SetInput(reader.GetImage())
        assert change.Change(), syntax
        writer = gdcm.ImageWriter()
        writer.SetFileName(target)
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return Path(target).read_bytes()


def look_up_table(first: int, bits: int, outputs: list[int]) -> Sequence:
    """Return the sequence of a modality or VOI look-up table."""
    item = Dataset()
    item.LUTDescriptor = [len(outputs), first, bits]
    item["LUTDescriptor"].VR = "US" if first >= 0 else "SS"
    item.LUTData = outputs
    item["LUTData"].VR = "US"
    return Sequence([item])


def functional_groups(centre: float, width: float, spacing: list[float]) -> Sequence:
    """Return an enhanced object's shared functional groups with a window and a pixel spacing."""
    voi, measures, groups = Dataset(), Dataset(), Dataset()
    voi.WindowCenter, voi.WindowWidth, measures.PixelSpacing = centre, width, spacing
    groups.FrameVOILUTSequence = Sequence([voi])
    groups.PixelMeasuresSequence = Sequence([measures])
    return Sequence([groups])


def planar_dicom(pixels: np.ndarray) -> bytes:
    """Return a DICOM file of (H, W, 3) pixels, stored one channel after another."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)).tobytes()
    return dicom(pixels, PlanarConfiguration=1, PixelData=planes)


def palette_dicom(pixels: np.ndarray) -> bytes:
    """Return a DICOM file whose palette gives (value, 255 - value, 0) for each 8-bit value."""
    ramp = np.arange(256, dtype=np.uint8)
    attributes = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, table in {"Red": ramp, "Green": 255 - ramp, "Blue": 0 * ramp}.items():
        attributes[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        attributes[f"{name}PaletteColorLookupTableData"] = table.tobytes()
    return dicom(pixels, **attributes)


def deep_dicom(pixels: np.ndarray, depth: int) -> bytes:
    """Return a DICOM file with sequences nested deeper than a writer would follow."""
    head = bytes.fromhex("08001011") + b"SQ\0\0" + b"\xff\xff\xff\xff"
    item = bytes.fromhex("feff00e0ffffffff")
    closing = bytes.fromhex("feff0de000000000 feffdde000000000")
    sequences = (head + item) * depth + closing * depth
    data = dicom(pixels)
    at = data.index(bytes.fromhex("10001000") + b"PN")
    return data[:at] + sequences + data[at:]


def named_dicom(pixels: np.ndarray, **more) -> tuple[bytes, list[bytes]]:
    """Return a DICOM file full of fake identifiers, also nested and private ones, and those."""
    rng, secrets = np.random.default_rng(11), []

    def secret(text: str) -> str:
        secrets.append(text.encode())
        return text

    def word() -> str:
        return secret("".join(rng.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 12)))

    def uid() -> str:
        return secret(generate_uid(entropy_srcs=[str(rng.random())]))

    def day() -> str:
        return secret(f"19{rng.integers(20, 60)}0{rng.integers(1, 10)}{rng.integers(10, 29)}")

    keywords = {
        word: (
            *("PatientName", "PatientID", "OtherPatientNames", "InstitutionName", "StationName"),
            *("ReferringPhysicianName", "PhysiciansOfRecord", "OperatorsName", "StudyDescription"),
            *("SeriesDescription", "ProtocolName", "PatientComments", "ImageComments", "StudyID"),
            *("DerivationDescription", "DeviceSerialNumber", "Manufacturer", "AccessionNumber"),
            *("WindowCenterWidthExplanation", "RescaleType", "RequestedProcedureDescription"),
            *("Modality", "BodyPartExamined", "ViewPosition", "Laterality", "BurnedInAnnotation"),
        ),
        uid: (
            *("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"),
            *("DeviceUID", "IrradiationEventUID"),
        ),
        day: ("StudyDate", "SeriesDate", "ContentDate", "AcquisitionDate", "PatientBirthDate"),
    }
    attributes = {name: make() for make, names in keywords.items() for name in names}
    inner = Dataset()
    inner.PatientName, inner.ReferencedSOPInstanceUID = word(), uid()
    attributes["SourceImageSequence"] = Sequence([inner])
    dataset = dcmread(io.BytesIO(dicom(pixels, **attributes, **more)))
    dataset.private_block(0x0029, word(), create=True).add_new(1, "LO", word())
    dataset.file_meta.SourceApplicationEntityTitle = word()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.preamble = secret("PREAMBLE OF PETRA HANSEN").encode().ljust(128, b"\0")
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue(), secrets
