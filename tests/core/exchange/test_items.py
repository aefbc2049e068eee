"""What leaves a worklist is what was handed in, and nobody else's draft, whatever happens to it."""

import io
import json
import sqlite3
import zipfile

import pytest

from core.annotations import NewFilm, Reader, Store
from core.artefacts import Annotation
from core.exchange.items import gather, missing
from core.exchange.outgoing import export

ANN, BOB, CY = Reader("Ann"), Reader("Bob"), Reader("Cy")
FINAL, DRAFT = Annotation(comment="final"), Annotation(comment="a draft of Ann's")
SHA = "1" * 64


class Racing(Store):
    """A store in which something happens right after its readings were listed."""

    happens = None

    def readings(self, worklist):
        found = super().readings(worklist)
        if happens := self.happens:
            self.happens = None
            happens()
        return found


@pytest.fixture
def store(tmp_path):
    store = Racing.open(f"sqlite:///{tmp_path}/a.sqlite")
    yield store
    store.close()


@pytest.fixture
def worklist(store):
    worklist = store.create_worklist("Knees", ANN)
    store.add_film(worklist, NewFilm(SHA, "a.png", b"x", "png", (40, 60)), ANN)
    return worklist


def hands_in(store, worklist, reader, annotation=FINAL):
    reading = store.begin(worklist, SHA, reader)
    reading = store.save(reading, reading.revision, annotation, by=reader)
    return store.submit(reading, reading.revision, reader)


def told(items):
    return [(one.reader, one.status, one.revision, one.annotation.comment) for one in items]


def test_a_reading_that_is_reopened_meanwhile_does_not_leave(store, worklist):
    reading = hands_in(store, worklist, ANN)

    def reopened():
        store.reopen(reading, ANN)
        store.save(reading, 1, DRAFT, by=ANN)

    store.happens = reopened
    assert told(gather(store, worklist, "submitted", BOB)) == []
    assert told(gather(store, worklist, "all", ANN)) == [("Ann", "draft", 2, DRAFT.comment)]


def test_a_reading_leaves_as_what_it_is_when_it_is_read(store, worklist):
    reading = hands_in(store, worklist, ANN)
    store.happens = lambda: store.review(reading, BOB, True)
    assert told(gather(store, worklist, "submitted", BOB)) == [("Ann", "reviewed", 1, "final")]
    store.happens = lambda: store.submit(store.review(reading, BOB, False, "No"), 1, ANN)
    assert told(gather(store, worklist, "accepted", BOB)) == []


@pytest.mark.parametrize("which", ["accepted", "submitted", "mine"])
def test_r4_a_damaged_reading_that_was_handed_in_is_left_out_and_named(
    store, worklist, tmp_path, which
):
    reading = store.save(store.begin(worklist, SHA, ANN), 0, DRAFT, by=ANN)
    reading = store.submit(store.save(reading, 1, FINAL, by=ANN), 2, ANN)
    store.review(reading, BOB, True)
    hands_in(store, worklist, BOB)
    with sqlite3.connect(tmp_path / "a.sqlite") as database:
        database.execute("UPDATE revisions SET content = 'x' WHERE number = 2")
    reader = ANN if which == "mine" else CY
    items = gather(store, worklist, which, reader)
    assert told(items) == [("Bob", "submitted", 1, "final")] * (which == "submitted")
    left_out = missing(store, worklist, which, reader, items)
    assert [(one.reader, one.revision) for one in left_out] == [(ANN, 2)]
    if items:
        options = {"images": False, "original_names": False, "formats": {"json"}}
        data = export(items, "Knees", left_out=left_out, **options)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            manifest = json.loads(archive.read("manifest.json"))
        (said,) = manifest["left_out"]
        assert (said["reader"], said["film"], said["revision"]) == ("Ann", SHA, 2)


def test_a_consensus_leaves_only_while_its_readings_are_what_it_was_made_of(store, worklist):
    ann, bob = hands_in(store, worklist, ANN), hands_in(store, worklist, BOB)
    of = [(ann.id, 1), (bob.id, 1)]
    store.keep_consensus(worklist, SHA, "majority", Annotation(comment="agreed"), of, {}, CY)

    def agreed(which, reader=CY):
        items = gather(store, worklist, which, reader)
        return [one.annotation.comment for one in items if one.status == "consensus"]

    assert (agreed("submitted"), agreed("accepted")) == (["agreed"], [])
    store.review(ann, CY, True)
    assert agreed("accepted") == []
    store.review(bob, CY, True)
    assert agreed("accepted") == ["agreed"]
    assert agreed("mine", ANN) == []
    store.review(ann, CY, False, "Look again")
    assert (agreed("submitted"), agreed("all")) == ([], [])


def test_a_consensus_that_leaves_was_seen_even_if_all_its_readings_are_ones_own(store, worklist):
    own = hands_in(store, worklist, ANN)
    store.keep_consensus(worklist, SHA, "majority", DRAFT, [(own.id, 1)], {}, BOB)
    assert len(gather(store, worklist, "submitted", ANN)) == 2
    store.reopen(own, ANN)
    assert not store.save(own, 1, DRAFT, by=ANN).blind
