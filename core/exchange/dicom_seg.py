"""DICOM segmentations of projection films: a segment for each label, as in PS3.3 A.51.

A film has no frame of reference, so a segmentation is tied to it pixel by pixel: it refers to the
clean copy of the film and shares its patient, study and size. highdicom writes it, as binary frames
that may overlap. What it says beyond that: whose reading it is, who drew each segment (a person, a
program or both; a consensus is both, by the method it names), the SHA-256 of the film's file, and
that it is not for diagnosis. Times are in UTC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from typing import NamedTuple
from uuid import NAMESPACE_OID, uuid5

import numpy as np

from core.artefacts import LABELS
from core.dicom_export import LEADS_BACK
from core.exchange.coco import label_of
from core.exchange.items import SENTENCE
from core.intake import MAX_PIXELS, BadImage
from core.masks import BadMask

SCHEMA = "lightbox-segmentation"
MAX_FRAMES = 64  # that a segmentation may have to be read
# Of CID 7151, segmentation property types, but the plate, of CID 7309. A wire or staple has no code
# that covers both, and text on a film no code of a thing: they have the nearest wider one.
CODES = {
    "prosthesis": ("53350007", "SCT", "Prosthesis"),
    "screw": ("68183006", "SCT", "Bone Screw"),
    "plate": ("271003", "SCT", "Bone Plate"),
    "wire": ("40388003", "SCT", "Implant"),
    "marker": ("262301009", "SCT", "Opaque Marker"),
    "cast": ("130114", "DCM", "Cast"),
    "other": ("19227008", "SCT", "Foreign body"),
}
_CATEGORY = ("260787004", "SCT", "Physical object")
_FAMILY = ("261665006", "SCT", "Unknown")  # no code of CID 7162 is what makes these
# A stroke knows that a program drew it, but not which.
_PROGRAM = "Lightbox, or a program whose result was imported"
_TYPES = {"MANUAL": "MANUAL", "SEMI-AUTO": "SEMIAUTOMATIC", "AUTO": "AUTOMATIC"}
_NOT_SEG = "This DICOM file is no segmentation of plain binary frames: choose one that is."


class Segmented(NamedTuple):
    """What a segmentation holds. sha256: of the film, None where another program wrote it.
    refers: the instances that it was drawn on. masks, sources: by keys of LABELS."""

    sha256: str | None
    refers: frozenset[str]
    reader: str
    shape: tuple[int, int]
    masks: dict[str, np.ndarray]
    sources: dict[str, str]


def write(
    masks: Mapping[str, np.ndarray],
    sources: Mapping[str, str],
    film: bytes,
    sha256: str,
    reader: str,
    consensus: bool,
    commit: str | None,
    now: datetime,
) -> bytes:
    """A segmentation of a film's masks, (H, W) bool by keys of LABELS, at least one.

    sources: of each label, "MANUAL", "AUTO" or "SEMI-AUTO". film: the clean DICOM copy; sha256: of
    the film as it was uploaded. consensus: whether it is no reader's, but what a method, which
    `reader` names, made of several. now: in UTC. The same arguments give the same bytes.
    """
    import highdicom as hd
    from pydicom import dcmread
    from pydicom.sr.coding import Code

    image = dcmread(BytesIO(film), stop_before_pixels=True)

    def uid(what: str) -> str:
        of = "\n".join([image.SOPInstanceUID, reader, now.isoformat(), what])
        return f"2.25.{uuid5(NAMESPACE_OID, of).int}"

    if consensus:
        sources = dict.fromkeys(masks, "SEMI-AUTO")
    program = hd.AlgorithmIdentificationSequence(
        name=reader if consensus else _PROGRAM,
        family=Code(*_FAMILY),
        version=commit if consensus and commit else "unknown",
        source="Lightbox" if consensus else None,
    )
    segments = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=LABELS[label],
            segmented_property_category=Code(*_CATEGORY),
            segmented_property_type=Code(*CODES[label]),
            algorithm_type=_TYPES[sources[label]],
            algorithm_identification=None if sources[label] == "MANUAL" else program,
            tracking_id=label,
            tracking_uid=uid(label),
        )
        for number, label in enumerate(masks, 1)
    ]
    seg = hd.seg.Segmentation(
        source_images=[image],
        pixel_array=np.stack(list(masks.values()), axis=-1)[None].astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=segments,
        series_instance_uid=uid("series"),
        series_number=100,
        sop_instance_uid=uid("instance"),
        instance_number=1,
        manufacturer="Lightbox",
        manufacturer_model_name="Lightbox",
        software_versions=commit or "unknown",
        device_serial_number="0",
        content_label="ARTEFACTS",
        content_description=SENTENCE,
        content_creator_name=None if consensus else _person(reader),
        series_description=f"Artefacts. {SENTENCE}",
        content_date=now.date(),
        content_time=now.time(),
        specific_character_set="ISO_IR 192",
    )
    seg.ImageComments = SENTENCE + "\n" + json.dumps({"schema": SCHEMA, "film_sha256": sha256})
    for keyword in ("PatientIdentityRemoved", "LongitudinalTemporalInformationModified"):
        seg[keyword] = image[keyword]
    seg.DeidentificationMethodCodeSequence = image.DeidentificationMethodCodeSequence
    seg.DeidentificationMethod = [*image.DeidentificationMethod, LEADS_BACK]
    _settle(seg, now, uid("dimensions"))
    file = BytesIO()
    seg.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _person(reader: str) -> str:
    """The reader's name as one part of a person's name, which holds 64 characters."""
    return " ".join(re.sub(r"[\\^=]", " ", reader).split())[:63] + "^"


def _settle(seg, now: datetime, dimensions: str) -> None:
    """Amend what highdicom writes: nothing of chance, of the clock, or that it does not read."""
    seg.InstanceCreationDate, seg.InstanceCreationTime = seg.ContentDate, seg.ContentTime
    seg.ContributingEquipmentSequence[0].ContributionDateTime = now.strftime("%Y%m%d%H%M%S+0000")
    seg.TimezoneOffsetFromUTC = "+0000"
    # Without a slice's thickness, which a projection has not, highdicom does not read its own file.
    # The film that is referred to has the spacing.
    seg.SharedFunctionalGroupsSequence[0].pop("PixelMeasuresSequence", None)
    for item in (*seg.DimensionOrganizationSequence, *seg.DimensionIndexSequence):
        item.DimensionOrganizationUID = dimensions


def read(data: bytes) -> Segmented:
    """Read a segmentation of one film, written here or by another program.

    Raises BadMask for any other DICOM file, for a label that is none of LABELS, and for a damaged
    file. A segment's label counts, by the name of one of LABELS; where it is none, its coded type.
    """
    from pydicom import dcmread

    from core import dicom

    try:
        dicom.parse(data)  # refuses what would take pydicom long, or more memory than there is
        seg = dcmread(BytesIO(data))
        binary = seg.get("Modality") == "SEG" and seg.get("SegmentationType") == "BINARY"
        if not binary or seg.file_meta.TransferSyntaxUID.is_encapsulated:
            raise BadMask(_NOT_SEG)
        frames, shared = _frames(seg), seg.SharedFunctionalGroupsSequence[0]
        masks, sources = {}, {}
        for frame, item in zip(frames, seg.PerFrameFunctionalGroupsSequence, strict=True):
            groups = item if "SegmentIdentificationSequence" in item else shared
            number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            (segment,) = (s for s in seg.SegmentSequence if s.SegmentNumber == number)
            label = _label(segment)
            masks[label] = masks.get(label, False) | (frame != 0)
            names = {there: here for here, there in _TYPES.items()}
            sources[label] = names.get(segment.get("SegmentAlgorithmType"), "MANUAL")
        return Segmented(
            _told(seg),
            frozenset(_referred(seg)),
            str(seg.get("ContentCreatorName") or "").replace("^", " ").strip(),
            (int(seg.Rows), int(seg.Columns)),
            masks,
            sources,
        )
    except BadMask:
        raise
    except BadImage as error:
        raise BadMask(error.reason) from None
    except Exception:  # pydicom raises whatever a broken file makes it stumble over
        raise BadMask("This DICOM segmentation is damaged: save it again.") from None


def instance(film: bytes) -> str:
    """The number of the instance that a clean DICOM copy is."""
    from pydicom import dcmread

    return str(dcmread(BytesIO(film), stop_before_pixels=True).SOPInstanceUID)


def _frames(seg) -> np.ndarray:
    """(N, H, W) frames. Raises BadMask where they are more than a film's labels."""
    frames = int(seg.NumberOfFrames)
    if frames > MAX_FRAMES or frames * seg.Rows * seg.Columns > len(LABELS) * MAX_PIXELS:
        raise BadMask(f"This DICOM segmentation is too large: keep to {len(LABELS)} segments.")
    return seg.pixel_array.reshape(frames, seg.Rows, seg.Columns)


def _label(segment) -> str:
    """The label of a segment, by its name and else by its type."""
    code = segment.SegmentedPropertyTypeCodeSequence[0]
    known = {CODES[label][:2]: label for label in CODES}
    told = (code.get("CodeValue"), code.get("CodingSchemeDesignator"))
    try:
        return label_of(segment.get("SegmentLabel"))
    except BadMask:
        if told in known:
            return known[told]
        raise


def _told(seg) -> str | None:
    """The film's SHA-256, where this was written here."""
    try:
        note = json.loads(str(seg.get("ImageComments", "")).partition("\n")[2])
        return note["film_sha256"] if note["schema"] == SCHEMA else None
    except (ValueError, TypeError, KeyError):
        return None


def _referred(seg) -> Iterator[str]:
    """The instances that the segmentation was drawn on."""
    for series in seg.get("ReferencedSeriesSequence", []):
        for instance in series.get("ReferencedInstanceSequence", []):
            yield str(instance.ReferencedSOPInstanceUID)
    for instance in seg.get("SourceImageSequence", []):
        yield str(instance.ReferencedSOPInstanceUID)
