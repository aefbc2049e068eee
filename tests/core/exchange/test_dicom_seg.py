"""Segmentations are DICOM objects that pydicom and highdicom read the same masks from."""

import io
import re
from datetime import UTC, datetime

import highdicom
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.sr.codedict import codes
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEG2000Lossless

from core.artefacts import LABELS
from core.clean_film import clean
from core.dicom_export import LEADS_BACK
from core.exchange import dicom_seg
from core.exchange.dicom_seg import CODES, read, write
from core.exchange.items import SENTENCE
from core.masks import BadMask
from tests.bad_files import film
from tests.dicom_files import dicom, named_dicom
from tests.nasty_masks import MASKS, SHAPE

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
FILM = film(*SHAPE, top=4095)
KEPT = clean(dicom(FILM, BitsStored=12, PixelSpacing=[0.2, 0.3]), "film.dcm")
OVERLAPPING = {"prosthesis": MASKS["specks"], "wire": MASKS["the whole film"]}
OVERLAPPING |= {"cast": MASKS["one pixel"]}
WHO = dict(zip(OVERLAPPING, ("MANUAL", "AUTO", "SEMI-AUTO"), strict=True))


def written(
    masks=OVERLAPPING, sources=WHO, kept=KEPT, reader="Zoë ^=\\ B", now=NOON, consensus=False
) -> bytes:
    return write(masks, sources, kept.data, kept.sha256, reader, consensus, "c0ffee", now)


SEG = written()


def changed(**elements) -> bytes:
    """The segmentation with other elements; None leaves one out."""
    dataset = dcmread(io.BytesIO(SEG))
    for keyword, value in elements.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def test_r10_a_single_segment_comes_back():
    found = read(written({"plate": MASKS["a hole"]}, {"plate": "AUTO"}))
    assert found.sources == {"plate": "AUTO"}
    np.testing.assert_array_equal(found.masks["plate"], MASKS["a hole"])


@pytest.mark.parametrize("name", MASKS)
def test_r10_masks_come_back_exactly(name):
    masks = {"plate": MASKS[name], "other": MASKS["specks"]}
    found = read(written(masks, dict.fromkeys(masks, "MANUAL")))
    assert list(found.masks) == ["plate", "other"]
    for label, mask in masks.items():
        np.testing.assert_array_equal(found.masks[label], mask)


def test_what_is_told_is_read_back():
    found = read(SEG)
    assert (found.sha256, found.shape, found.sources) == (KEPT.sha256, SHAPE, WHO)
    assert found.refers == {dicom_seg.instance(KEPT.data)}
    assert found.reader == "Zoë B"


def test_pydicom_and_highdicom_read_the_same_masks():
    plain, theirs = dcmread(io.BytesIO(SEG)), highdicom.seg.segread(io.BytesIO(SEG))
    stack = theirs.get_pixels_by_source_instance([dicom_seg.instance(KEPT.data)])
    for number, (label, mask) in enumerate(OVERLAPPING.items(), 1):
        np.testing.assert_array_equal(plain.pixel_array[number - 1], mask)
        np.testing.assert_array_equal(stack[0, ..., number - 1], mask)
        segment = theirs.get_segment_description(number)
        assert segment.segment_label == LABELS[label]
        assert segment.segmented_property_category == codes.SCT.PhysicalObject
    types = [theirs.get_segment_description(n).algorithm_type.value for n in (1, 2, 3)]
    assert types == ["MANUAL", "AUTOMATIC", "SEMIAUTOMATIC"]


def test_it_is_tied_to_the_clean_copy_of_the_film_pixel_by_pixel():
    seg, image = dcmread(io.BytesIO(SEG)), dcmread(io.BytesIO(KEPT.data))
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "Rows", "Columns"):
        assert seg[keyword].value == image[keyword].value, keyword
    assert seg.SeriesInstanceUID != image.SeriesInstanceUID
    assert "FrameOfReferenceUID" not in seg  # a projection has none
    for frame in seg.PerFrameFunctionalGroupsSequence:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert source.ReferencedSOPInstanceUID == image.SOPInstanceUID
        assert source.SpatialLocationsPreserved == "YES"


def test_it_says_that_it_is_not_for_diagnosis():
    seg = dcmread(io.BytesIO(SEG))
    assert seg.ContentDescription == SENTENCE and SENTENCE in seg.ImageComments


def test_no_program_is_named_that_may_not_have_drawn_it():
    manual, *programs = dcmread(io.BytesIO(SEG)).SegmentSequence
    assert "SegmentationAlgorithmIdentificationSequence" not in manual
    for segment in programs:
        (named,) = segment.SegmentationAlgorithmIdentificationSequence
        assert segment.SegmentAlgorithmName == named.AlgorithmName
        assert "or a program whose result was imported" in named.AlgorithmName
        assert named.AlgorithmVersion == "unknown" and "AlgorithmSource" not in named


def test_a_consensus_is_no_persons_work_and_names_its_method():
    sources = dict.fromkeys(OVERLAPPING, "MANUAL")
    data = written(sources=sources, reader="Consensus (staple)", consensus=True)
    seg = dcmread(io.BytesIO(data))
    assert not seg.get("ContentCreatorName") and b"PN" not in data[data.index(b"ARTEFACTS") :]
    for segment in seg.SegmentSequence:
        (named,) = segment.SegmentationAlgorithmIdentificationSequence
        assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
        assert (named.AlgorithmName, named.AlgorithmSource) == ("Consensus (staple)", "Lightbox")
    found = read(data)
    assert found.reader == "" and set(found.sources.values()) == {"SEMI-AUTO"}


def test_p1_it_says_what_was_done_to_the_film_and_that_it_leads_back_to_its_file():
    seg, image = dcmread(io.BytesIO(SEG)), dcmread(io.BytesIO(KEPT.data))
    assert KEPT.sha256 in seg.ImageComments
    assert list(seg.DeidentificationMethod) == [*image.DeidentificationMethod, LEADS_BACK]
    assert seg.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert (seg.PatientIdentityRemoved, image.PatientIdentityRemoved) == ("YES", "YES")


def test_its_times_are_said_to_be_in_utc():
    seg = dcmread(io.BytesIO(SEG))
    assert (seg.ContentDate, seg.ContentTime[:6]) == ("20240506", "120000")
    assert seg.TimezoneOffsetFromUTC == "+0000"
    assert seg.ContributingEquipmentSequence[0].ContributionDateTime == "20240506120000+0000"


def test_every_label_has_a_code_of_its_own_that_the_standard_knows():
    known = {(code.value, code.scheme_designator) for code in map(codes_of, CODES.values())}
    assert set(CODES) == set(LABELS) and len(known) == len(LABELS)


def codes_of(code: tuple[str, str, str]):
    """The standard's code of this value, by what it is called."""
    name = re.sub("[^A-Za-z]", "", code[2].title())
    found = getattr(getattr(codes, code[1]), name)
    assert found.value == code[0]
    return found


def test_the_same_reading_at_the_same_time_is_the_same_file():
    assert written() == SEG != written(reader="B") != written(now=NOON.replace(hour=13))


def test_p1_nothing_of_the_source_but_its_pixels_gets_in():
    data, secrets = named_dicom(FILM, BitsStored=12)
    seg = written(kept=clean(data, "HANSEN_PETRA.dcm"))
    assert secrets and not [secret for secret in secrets if secret in seg]
    assert b"HANSEN" not in seg


def test_a_segmentation_of_another_program_is_known_by_its_segments():
    other = dcmread(io.BytesIO(changed(ImageComments=None, ContentCreatorName=None)))
    names = ("Hip implant", "wire or staple", "Cast")
    for segment, name in zip(other.SegmentSequence, names, strict=True):
        segment.SegmentLabel = name  # the first is known by its code
    file = io.BytesIO()
    other.save_as(file, enforce_file_format=True)
    found = read(file.getvalue())
    assert (found.sha256, found.reader, list(found.masks)) == (None, "", list(OVERLAPPING))


def unknown() -> bytes:
    other = dcmread(io.BytesIO(SEG))
    segment = other.SegmentSequence[0]
    segment.SegmentLabel = "Dog"
    segment.SegmentedPropertyTypeCodeSequence[0].CodeValue = "1"
    file = io.BytesIO()
    other.save_as(file, enforce_file_format=True)
    return file.getvalue()


def syntax(uid: str) -> bytes:
    """The segmentation, said to be in another transfer syntax."""
    return SEG.replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x16\x00" + uid.encode())


def deflated() -> bytes:
    dataset = dcmread(io.BytesIO(SEG))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


@pytest.mark.parametrize(
    "data, reason",
    [
        pytest.param(KEPT.data, "is no segmentation", id="a film"),
        pytest.param(changed(SegmentationType="FRACTIONAL"), "no segmentation of pl", id="shares"),
        pytest.param(unknown(), "“Dog” is not known here", id="a label unknown"),
        pytest.param(SEG[:-9], "is damaged", id="cut short"),
        pytest.param(changed(PerFrameFunctionalGroupsSequence=[]), "is damaged", id="no frames"),
        pytest.param(changed(SegmentSequence=None), "is damaged", id="no segments"),
        pytest.param(changed(PixelData=None), "is damaged", id="no pixels"),
        pytest.param(changed(NumberOfFrames=10_000), "is too large", id="many frames"),
        pytest.param(changed(Rows=65_535, Columns=65_535), "is too large", id="huge frames"),
        pytest.param(b"", "is damaged", id="nothing"),
        pytest.param(syntax(JPEG2000Lossless), "no segmentation of plain", id="compressed"),
        pytest.param(deflated(), "compressed in a way", id="deflated"),
    ],
)
def test_other_dicom_files_are_refused(data, reason):
    with pytest.raises(BadMask, match=reason):
        read(data)
