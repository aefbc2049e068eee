"""Finished masks become a pack: films, masks and the films without any, and no name at all."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from core.annotations import Reader, Store
from core.artefacts import Annotation, from_masks
from core.clean_film import clean
from core.images import decode
from core.mask_files import read_mask
from core.settings import CHECKOUT
from core.training_pack import fingerprint, pack
from tests.bad_files import encoded, film
from tests.dicom_files import dicom, named_dicom

ANN, BOB, CAT = Reader("Ann Archer"), Reader("Bob Baker"), Reader("Cat Cook")
DEEP = film(top=4095)
SCREW = np.zeros((40, 32), bool)
SCREW[5:30, 10:14] = True
SHORT = SCREW.copy()
SHORT[20:] = False
NOTHING = Annotation(nothing=True)
WINDOW = {"WindowCenter": 2000, "WindowWidth": 1001}


def marked(mask: np.ndarray, label: str = "screw") -> Annotation:
    return Annotation(from_masks({label: mask}), comment="Of Petra Hansen.")


@pytest.fixture
def store(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path}/annotations.sqlite")
    yield store
    store.close()


@pytest.fixture
def worklist(store):
    return store.create_worklist("Knees of Petra Hansen", ANN)


def read(store, worklist, data: bytes, **said: Annotation) -> str:
    """Add a film on which each reader, by first name, submits this; return its sha256."""
    added = store.add_film(worklist, clean(data, "Hansen_Petra_1944.dcm"), ANN)
    for reader in (ANN, BOB, CAT):
        if annotation := said.get(reader.name.split()[0].lower()):
            reading = store.begin(worklist, added.film.sha256, reader)
            reading = store.save(reading, reading.revision, annotation, by=reader)
            store.submit(reading, reading.revision, reader)
    return added.film.sha256


def opened(data: bytes) -> tuple[dict[str, bytes], list[dict], list[dict]]:
    """The files of a pack, and the rows of its tables."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    tables = (csv.DictReader(io.StringIO(files[f"{t}.csv"].decode())) for t in ("films", "masks"))
    return files, *map(list, tables)


def masks_of(store, worklist) -> dict[str, np.ndarray]:
    """Label → mask, of a worklist of one film of 40 by 32 pixels."""
    files, _, rows = opened(pack(store, worklist, "submitted", ANN))
    found = {row["kind"]: read_mask(files[row["mask"]], "mask", (40, 32)) for row in rows}
    assert [int(row["area"]) for row in rows] == [mask.sum() for mask in found.values()]
    return found


@pytest.mark.parametrize(
    "data",
    [encoded(film(), "PNG"), encoded(DEEP, "TIFF"), dicom(DEEP, BitsStored=12, **WINDOW)],
    ids=["8 bits", "16 bits", "DICOM"],
)
def test_a_film_goes_into_the_pack_as_it_is_with_its_masks(store, worklist, data):
    sha256 = read(store, worklist, data, ann=marked(SCREW))
    files, (row,), (mask,) = opened(pack(store, worklist, "submitted", ANN))
    before, after = decode(data, "film"), decode(files[f"images/{row['image']}"], "film")
    np.testing.assert_array_equal(after.pixels, before.pixels)
    assert row["image"] == mask["image"] == f"{sha256[:12]}.png"
    assert row["sha256"] == mask["sha256"] == sha256
    assert row["pixels_sha256"] == fingerprint(before.pixels) == fingerprint(after.pixels)
    window = (float(row["low"]), float(row["high"])) if row["low"] else None
    assert window == before.window
    assert (row["source"], row["readers"], row["marked"]) == ("reading", "1", "1")
    np.testing.assert_array_equal(read_mask(files[mask["mask"]], "mask", (40, 32)), SCREW)
    assert (mask["kind"], mask["area"]) == ("screw", str(SCREW.sum()))


@pytest.mark.parametrize(
    ("said", "expected", "nothing"),
    [
        ({"ann": marked(SCREW)}, {"screw": SCREW}, 0),
        ({"ann": NOTHING}, {}, 1),
        ({"ann": Annotation(comment="Unsure.")}, {}, 0),
        ({"ann": marked(SCREW), "bob": marked(SHORT)}, {"screw": SHORT}, 0),
        ({"ann": marked(SCREW), "bob": marked(SCREW), "cat": NOTHING}, {"screw": SCREW}, 0),
        ({"ann": marked(SCREW), "bob": NOTHING}, {}, 0),
        ({"ann": marked(SCREW), "bob": NOTHING, "cat": NOTHING}, {}, 1),
        ({"ann": marked(SCREW), "bob": marked(SCREW, "wire")}, {}, 0),
    ],
    ids=["one", "nothing", "a word", "two", "two of three", "a tie", "outvoted", "other labels"],
)
def test_the_masks_are_those_that_most_readers_marked(store, worklist, said, expected, nothing):
    read(store, worklist, encoded(film(), "PNG"), **said)
    found = masks_of(store, worklist)
    assert found.keys() == expected.keys()
    for label, mask in expected.items():
        np.testing.assert_array_equal(found[label], mask)
    _, (row,), _ = opened(pack(store, worklist, "submitted", ANN))
    assert int(row["marked"]) == any(answer.strokes for answer in said.values())
    assert int(row["nothing"]) == nothing
    assert int(row["readers"]) == len(said)


@pytest.mark.parametrize(
    ("agreed", "nothing"),
    [(marked(SHORT, "plate"), "0"), (NOTHING, "1"), (Annotation(comment="Open."), "0")],
    ids=["plate", "none", "open"],
)
def test_a_consensus_goes_before_the_readings(store, worklist, agreed, nothing):
    sha256 = read(store, worklist, encoded(film(), "PNG"), ann=marked(SCREW), bob=marked(SCREW))
    of = [(reading.id, reading.revision) for reading in store.submitted(worklist, sha256, CAT)]
    store.keep_consensus(worklist, sha256, "majority", agreed, of, {}, CAT)
    found = masks_of(store, worklist)
    assert list(found) == ["plate"] * bool(agreed.strokes)
    assert all(np.array_equal(mask, SHORT) for mask in found.values())
    _, (row,), _ = opened(pack(store, worklist, "submitted", ANN))
    assert (row["source"], row["marked"], row["nothing"]) == ("consensus", "1", nothing)


def test_a_consensus_of_readings_that_changed_since_does_not_go_before_them(store, worklist):
    sha256 = read(store, worklist, encoded(film(), "PNG"), ann=marked(SCREW), bob=marked(SCREW))
    ann, bob = store.submitted(worklist, sha256, CAT)
    of = [(ann.id, 1), (bob.id, 1)]
    store.keep_consensus(worklist, sha256, "majority", marked(SCREW, "plate"), of, {}, CAT)
    for reading, reader in ((ann, ANN), (bob, BOB)):
        store.reopen(reading, reader)
        store.submit(store.save(reading, 1, NOTHING, by=reader), 2, reader)
    assert masks_of(store, worklist) == {}
    _, (row,), _ = opened(pack(store, worklist, "submitted", ANN))
    assert (row["source"], row["marked"], row["nothing"]) == ("majority", "0", "1")


def test_a_trainer_needs_no_database():
    without = "import sys; sys.modules['sqlalchemy'] = None; import core.training_pack"
    subprocess.run([sys.executable, "-c", without], check=True, cwd=CHECKOUT)


def test_only_what_is_that_far_goes_into_the_pack(store, worklist):
    first = read(store, worklist, encoded(film(), "PNG"), ann=marked(SCREW))
    read(store, worklist, encoded(DEEP, "PNG"), ann=marked(SCREW))
    read(store, worklist, encoded(film(50, 60), "PNG"))
    with pytest.raises(ValueError, match="is accepted yet: accept one first"):
        pack(store, worklist, "accepted", ANN)
    (reading,) = store.submitted(worklist, first, BOB)
    store.review(reading, BOB, True)
    _, accepted, _ = opened(pack(store, worklist, "accepted", ANN))
    _, submitted, _ = opened(pack(store, worklist, "submitted", ANN))
    assert [row["sha256"] for row in accepted] == [first]
    assert len(submitted) == 2


def test_p1_p3_the_pack_names_nobody(store, worklist):
    data, secrets = named_dicom(DEEP, BitsStored=12)
    read(store, worklist, data, ann=marked(SCREW), bob=NOTHING)
    files, _, _ = opened(pack(store, worklist, "submitted", ANN))
    everything = b"".join([name.encode() + content for name, content in files.items()])
    people = [b"Hansen", b"Petra", b"Archer", b"Baker", worklist.code.encode()]
    assert [secret for secret in [*secrets, *people] if secret in everything] == []


def test_the_pack_says_what_it_is(store, worklist):
    read(store, worklist, encoded(film(), "PNG"), ann=marked(SCREW))
    now = datetime(2026, 1, 2, tzinfo=UTC)
    data = pack(store, worklist, "submitted", ANN, now)
    about = json.loads(opened(data)[0]["pack.json"])
    assert about["schema"] == "lightbox-training-pack" and about["readings"] == "submitted"
    assert about["time"] == "2026-01-02T00:00:00+00:00"
    assert pack(store, worklist, "submitted", ANN, now) == data


def test_pixels_are_known_again_whatever_file_they_come_in():
    pixels = film()
    one = decode(encoded(pixels, "PNG"), "a").pixels
    assert fingerprint(one) == fingerprint(decode(encoded(pixels, "BMP"), "b").pixels)
    others = [pixels.astype(np.uint16), pixels.T, cv2.flip(pixels, 1), np.dstack([pixels] * 3)]
    assert len({fingerprint(np.ascontiguousarray(other)) for other in [pixels, *others]}) == 5
