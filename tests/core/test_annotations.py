"""The rules of the annotation store, on SQLite and on PostgreSQL."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.annotation_store import database, films, readings
from core.annotations import (
    KEPT,
    Conflict,
    Fill,
    NewFilm,
    Reader,
    Refused,
    StoreError,
)
from core.artefacts import MAX_COMMENT, Annotation
from core.masks import MAX_STROKES, Stroke

SHAPE = (40, 60)
ONE, TWO = "1" * 64, "2" * 64
ADA, BOB, EVE = (Reader(name, session="visit-1234") for name in ("Ada", "Bob", "Eve"))


@pytest.fixture
def worklist(store):
    return store.create_worklist("Knees", ADA)


def film(sha256=ONE, name="knee.png", data=b"pixels"):
    return NewFilm(sha256, name, data, "png", SHAPE, (0.1, 0.2))


def drawn(*places, **said):
    """An annotation with a short line at each place."""
    points = np.array([[1, 1], [5.5, 1]])
    strokes = tuple(Stroke(points + place, 3, label="screw") for place in places)
    return Annotation(strokes, **said)


@pytest.fixture
def reading(store, worklist):
    store.add_film(worklist, film(), ADA)
    return store.begin(worklist, ONE, ADA)


@pytest.fixture
def handed_in(store, reading):
    saved = store.save(reading, 0, drawn(3), by=ADA)
    return store.submit(saved, 1, ADA)


def test_a_worklist_is_found_by_its_code_and_by_nothing_else(store, worklist):
    assert store.worklist(worklist.code) == worklist
    assert worklist.created_by == ADA
    assert abs(worklist.created_at - datetime.now(UTC)) < timedelta(minutes=5)
    other = store.create_worklist("Hips", BOB)
    assert other.code != worklist.code
    assert [found.title for found in store.worklists()] == ["Hips", "Knees"]
    for code in ("", "nothing", worklist.code.swapcase(), worklist.code[:-1], "%", "\0", "\ud800"):
        with pytest.raises(Refused, match="no such worklist"):
            store.worklist(code)


@pytest.mark.parametrize("title", ["", " \n\0", "x" * 81])
def test_a_title_is_short_and_says_something(store, title):
    with pytest.raises(Refused, match="title"):
        store.create_worklist(title, ADA)
    assert store.worklists() == []


@pytest.mark.parametrize("name", ["", " \t\0", "x" * 81])
def test_everybody_has_a_name(store, worklist, name):
    for act in (
        lambda nobody: store.create_worklist("Hips", nobody),
        lambda nobody: store.add_film(worklist, film(), nobody),
        lambda nobody: store.record(worklist, nobody, "open"),
    ):
        with pytest.raises(Refused, match="name"):
            act(Reader(name))
    assert len(store.events(worklist)) == 1


def test_any_text_can_be_given_and_comes_back_clean(store):
    strange = "Zoë\0 \ud800<b>ﬁ</b>\n 膝 \u202e"
    by = Reader(strange, session=strange)
    worklist = store.create_worklist(strange, by)
    added = store.add_film(worklist, film(name=strange * 100), by).film
    assert worklist.title == worklist.created_by.name == "Zoë <b>ﬁ</b> 膝"
    assert added.name.startswith("Zoë <b>") and len(added.name) <= 200
    reading = store.begin(worklist, ONE, by)
    saved = store.save(reading, 0, Annotation(comment=strange), by=by)
    assert saved.annotation.comment == strange
    assert store.begin(worklist, ONE, by) == saved
    assert store.revisions(reading)[0].session == by.session == worklist.title
    store.submit(saved, 1, by)
    assert store.review(reading, BOB, False, "One\0\r\ntwo \ud800").reason == "One\ntwo"


def test_films_come_in_the_order_in_which_they_were_added(store, worklist):
    added = store.add_film(worklist, film(TWO, "b.png", b"two"), ADA)
    assert (added.already, added.namesake, added.film.number) == (False, False, 1)
    plain = replace(film(ONE, "a.dcm", b"one"), kind="dicom", spacing_mm=None)
    store.add_film(worklist, plain, BOB)
    two, one = store.films(worklist)
    assert (two.sha256, two.name, two.kind, two.shape) == (TWO, "b.png", "png", SHAPE)
    assert (two.spacing_mm, two.added_by, two.number) == ((0.1, 0.2), ADA, 1)
    assert (one.sha256, one.kind, one.spacing_mm, one.added_by, one.number) == (
        *(ONE, "dicom", None, BOB, 2),
    )
    assert store.film_data(worklist, ONE) == b"one"
    assert store.film_data(worklist, TWO) == b"two"


def test_the_same_film_is_added_once_but_to_every_list(store, worklist):
    first = store.add_film(worklist, film(), ADA).film
    again = store.add_film(worklist, film(name="other.png", data=b"other"), BOB)
    assert again.already and again.film == first
    other = store.create_worklist("Hips", BOB)
    assert not store.add_film(other, film(), BOB).already
    assert store.film_data(worklist, ONE) == b"pixels"


def test_r7_another_film_of_the_same_name_is_told_and_has_readings_of_its_own(
    store, worklist, reading
):
    store.save(reading, 0, drawn(3), by=ADA)
    added = store.add_film(worklist, film(TWO), ADA)
    assert added.namesake and not added.already
    assert store.begin(worklist, TWO, ADA).annotation.empty


def test_only_who_added_a_film_or_made_the_list_removes_it(store, worklist):
    for sha256 in (ONE, TWO):
        store.add_film(worklist, film(sha256), BOB)
    with pytest.raises(Refused, match="Only who"):
        store.remove_film(worklist, ONE, EVE)
    with pytest.raises(Refused, match="Only who"):
        store.remove_film(worklist, ONE, Reader("Bob", verified=True))
    store.remove_film(worklist, ONE, BOB)
    store.remove_film(worklist, TWO, ADA)
    assert store.films(worklist) == []
    with pytest.raises(Refused, match="not in the worklist"):
        store.remove_film(worklist, TWO, ADA)


def test_a_reading_is_to_do_until_something_is_said(store, worklist, reading):
    assert (reading.status, reading.revision, reading.blind) == ("to do", 0, True)
    assert store.begin(worklist, ONE, ADA) == reading
    assert store.save(reading, 0, Annotation(), by=ADA).revision == 0
    said = store.save(reading, 0, Annotation(comment="?"), by=ADA)
    assert (said.status, said.revision) == ("draft", 1)
    unsaid = store.save(said, 1, Annotation(), by=ADA)
    assert (unsaid.status, unsaid.revision) == ("to do", 2)
    assert len(store.events(worklist)) == 4


def test_what_is_saved_comes_back_stroke_by_stroke(store, worklist, reading):
    points = np.array([[0.1, 1 / 3], [59.99, 1e-9]])
    annotation = Annotation(
        (
            Stroke(points, 2.5, "line", label="wire"),
            Stroke(points, 1, "rectangle", erase=True, source="auto"),
        ),
        "a comment",
    )
    saved = store.save(reading, 0, annotation, by=ADA)
    assert saved.annotation.same(annotation)
    found = store.begin(worklist, ONE, ADA)
    assert found.annotation.same(annotation)
    assert (found.saved_at, found.revision) == (saved.saved_at, 1)


def test_a_typed_name_is_not_the_signed_in_one(store, worklist, reading):
    store.save(reading, 0, drawn(3), by=ADA)
    signed_in = Reader("Ada", verified=True)
    assert store.begin(worklist, ONE, signed_in).annotation.empty
    with pytest.raises(Refused, match="someone else's"):
        store.save(reading, 1, drawn(4), by=signed_in)
    assert store.begin(worklist, ONE, replace(ADA, session="another")).revision == 1


def test_a_list_of_readings_says_what_each_holds(store, worklist, handed_in):
    store.save(store.begin(worklist, ONE, BOB), 0, Annotation(comment="hm"), by=BOB)
    store.save(store.begin(worklist, ONE, EVE), 0, Annotation(nothing=True), by=EVE)
    found = [
        (one.reader, one.status, one.strokes, one.comment, one.nothing, one.revision)
        for one in store.readings(worklist)
    ]
    assert found == [
        (ADA, "submitted", 1, False, False, 1),
        (BOB, "draft", 0, True, False, 1),
        (EVE, "draft", 0, False, True, 1),
    ]


def test_c4_a_stale_revision_is_refused_and_nothing_is_lost(store, worklist, reading):
    store.save(reading, 0, drawn(3), by=ADA)
    with pytest.raises(Conflict, match="saved elsewhere") as conflict:
        store.save(reading, 0, drawn(9), by=ADA)
    assert conflict.value.current.annotation.same(drawn(3))
    assert conflict.value.current.revision == 1
    joined = store.save(reading, 1, drawn(3, 9), by=ADA)
    assert joined.annotation.same(drawn(3, 9))
    with pytest.raises(Conflict):
        store.submit(reading, 1, ADA)
    with pytest.raises(Conflict):
        store.save(reading, 7, drawn(4), by=ADA)


def test_a_save_whose_answer_was_lost_can_be_repeated(store, worklist, reading):
    said = Annotation(comment="hm")
    saved = store.save(reading, 0, said, by=ADA)
    assert store.save(reading, 0, said, by=ADA) == saved
    submitted = store.submit(reading, 1, ADA)
    assert store.submit(reading, 1, ADA) == submitted
    assert store.save(reading, 1, said, by=ADA) == submitted
    assert len(store.events(worklist)) == 4


def test_c4_two_writers_at_once_lose_no_stroke(store, worklist, reading):
    """Two pages of one reader save without end, joining what the other one saved."""
    wanted = {(writer, at) for writer in (0, 1) for at in range(10)}
    conflicts = []

    def write(writer):
        mine = store.begin(worklist, ONE, ADA)
        for at in range(10):
            stroke = Stroke(np.array([[writer + 0.5, at + 0.5]]), 3, label="screw")
            while True:
                strokes = (*mine.annotation.strokes, stroke)
                try:
                    mine = store.save(mine, mine.revision, Annotation(strokes), by=ADA)
                    break
                except Conflict as conflict:
                    conflicts.append(conflict)
                    mine = conflict.current

    threads = [threading.Thread(target=write, args=(writer,)) for writer in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.begin(worklist, ONE, ADA)
    assert found.revision == 20
    places = [tuple(np.floor(stroke.points[0])) for stroke in found.annotation.strokes]
    assert len(places) == 20 and set(places) == wanted


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Annotation(comment="x" * MAX_COMMENT), None),
        (Annotation(comment="x" * (MAX_COMMENT + 1)), "2,000 characters"),
        (drawn(3, nothing=True), "not both"),
        (drawn(np.nan), "undo the last step"),
        (drawn(1e9), "undo the last step"),
        (Annotation((Stroke(np.zeros((0, 2))),)), "undo the last step"),
        (Annotation((Stroke(np.ones((1, 2)), tool="spray"),)), "undo the last step"),
        (Annotation((Stroke(np.ones((1, 2))),) * (MAX_STROKES + 1)), "undo the last step"),
    ],
)
def test_nothing_is_stored_that_could_not_be_read_again(
    store, worklist, reading, annotation, words
):
    if words is None:
        assert store.save(reading, 0, annotation, by=ADA).revision == 1
        return
    with pytest.raises(Refused, match=words):
        store.save(reading, 0, annotation, by=ADA)
    assert store.begin(worklist, ONE, ADA) == reading


def test_paint_with_an_unknown_label_is_kept_as_other(store, reading):
    stroke = Stroke(np.ones((1, 2)), 3, label="Jane Doe 1950")
    saved = store.save(reading, 0, Annotation((stroke, replace(stroke, label=""))), by=ADA)
    assert [kept.label for kept in saved.annotation.strokes] == ["other", ""]


def test_the_last_revisions_are_kept_and_every_submitted_one(store, reading):
    for at in range(30):
        reading = store.save(reading, at, drawn(at), by=ADA)
        if at == 4:
            store.submit(reading, 5, ADA)
            store.reopen(reading, ADA)
    kept = store.revisions(reading)
    assert [revision.number for revision in kept] == [*range(30, 30 - KEPT, -1), 5]
    assert all(one.annotation.same(drawn(one.number - 1)) for one in kept)
    assert {one.session for one in kept} == {"visit-1234"}


def test_an_earlier_revision_is_restored_as_a_new_one(store, reading):
    for at in range(3):
        reading = store.save(reading, at, drawn(at), by=ADA)
    first = store.revisions(reading)[-1]
    restored = store.save(reading, 3, first.annotation, restored_from=first.number, by=ADA)
    assert restored.revision == 4 and restored.annotation.same(drawn(0))
    assert [one.restored_from for one in store.revisions(reading)] == [1, None, None, None]


@pytest.mark.parametrize(
    ("number", "place", "kept"),
    [
        (1, 0, 1),
        (1, 8, None),
        (0, 8, 0),
        (None, 8, None),
        *((bad, 8, "refused") for bad in (-5, 4, 10**30, "x", 1.0, True)),
    ],
)
def test_what_is_called_restored_is_that_revision(store, reading, number, place, kept):
    """What is drawn after a restoring that could not be stored is still saved, as a plain save."""
    for at in range(3):
        reading = store.save(reading, at, drawn(at), by=ADA)

    def save():
        return store.save(reading, 3, drawn(place), restored_from=number, by=ADA)

    if kept == "refused":
        with pytest.raises(Refused, match="never was such a revision"):
            save()
    else:
        assert save().revision == 4
        assert store.revisions(reading)[0].restored_from == kept


def test_others_need_not_wait_while_a_large_reading_is_submitted(
    store, worklist, reading, monkeypatch
):
    store.save(reading, 0, drawn(3), by=ADA)
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    draw = readings.label_masks

    def meanwhile(*drawing):
        store.record(worklist, BOB, "open")
        return draw(*drawing)

    monkeypatch.setattr(readings, "label_masks", meanwhile)
    assert store.submit(reading, 1, ADA).status == "submitted"


@pytest.mark.parametrize(
    ("annotation", "ready"),
    [
        (Annotation(), False),
        (Annotation((Stroke(np.ones((1, 2)), 3), Stroke(np.ones((1, 2)), 9, erase=True))), False),
        (drawn(3), True),
        (Annotation(comment="cannot be judged"), True),
        (Annotation(nothing=True), True),
    ],
)
def test_an_empty_reading_is_not_submitted(store, reading, annotation, ready):
    saved = store.save(reading, 0, annotation, by=ADA)
    if ready:
        assert store.submit(saved, saved.revision, ADA).status == "submitted"
    else:
        with pytest.raises(Refused, match="draw, or say that there is no artefact"):
            store.submit(saved, saved.revision, ADA)


def test_a_submitted_reading_is_changed_only_once_it_is_reopened(store, handed_in):
    with pytest.raises(Refused, match="submitted already"):
        store.save(handed_in, 1, drawn(9), by=ADA)
    with pytest.raises(Refused, match="someone else's"):
        store.reopen(handed_in, BOB)
    assert store.reopen(handed_in, ADA).status == "draft"
    assert store.reopen(handed_in, ADA).status == "draft"
    assert store.save(handed_in, 1, drawn(9), by=ADA).revision == 2


def test_only_ones_own_reading_is_saved_or_submitted(store, worklist, reading):
    store.save(reading, 0, drawn(3), by=ADA)
    for act in (
        lambda: store.save(reading, 1, drawn(9), by=BOB),
        lambda: store.submit(reading, 1, BOB),
    ):
        with pytest.raises(Refused, match="someone else's"):
            act()
    assert store.begin(worklist, ONE, ADA).annotation.same(drawn(3))


def test_a_reviewer_accepts_or_sends_back_with_a_reason(store, worklist, handed_in):
    for words, act in {
        "own reading": lambda: store.review(handed_in, ADA, True),
        "Give a reason": lambda: store.review(handed_in, BOB, False, " \n"),
        "2,000 characters": lambda: store.review(handed_in, BOB, False, "x" * 2001),
    }.items():
        with pytest.raises(Refused, match=words):
            act()
    with pytest.raises(Conflict, match="was changed"):
        store.review(handed_in, BOB, True, revision=7)
    back = store.review(handed_in, BOB, False, "The second screw", revision=1)
    assert (back.status, back.sent_back, back.reason) == ("draft", True, "The second screw")
    assert back.reviewed_by == BOB
    with pytest.raises(Refused, match="not submitted"):
        store.review(handed_in, BOB, True)
    store.save(handed_in, 1, drawn(3, 9), by=ADA)
    again = store.submit(handed_in, 2, ADA)
    assert (again.status, again.sent_back, again.reason) == (
        *("submitted", False, "The second screw"),
    )
    done = store.review(handed_in, BOB, True)
    assert (done.status, done.sent_back, done.reason) == ("reviewed", False, "")
    with pytest.raises(Refused, match="accepted already"):
        store.reopen(handed_in, ADA)
    assert store.review(handed_in, EVE, False, "After all").status == "draft"


def test_readers_are_blind_until_they_look(store, worklist, handed_in):
    own = store.begin(worklist, ONE, BOB)
    before = store.save(own, 0, drawn(5), by=BOB)
    assert [one.reader for one in store.submitted(worklist, ONE, BOB, looking=False)] == [ADA]
    assert store.save(own, 1, drawn(6), by=BOB).blind
    (seen,) = store.submitted(worklist, ONE, BOB)
    assert seen.annotation.same(drawn(3))
    assert before.blind and store.begin(worklist, ONE, BOB).blind, "drawn before the look"
    assert not store.save(own, 2, drawn(3), by=BOB).blind
    store.submitted(worklist, ONE, EVE)
    assert not store.begin(worklist, ONE, EVE).blind
    assert handed_in.blind


def test_looking_is_logged_once_and_not_of_who_has_submitted(store, worklist, handed_in):
    def looks():
        return [line for line in store.events(worklist) if '"action":"look"' in line]

    store.submitted(worklist, ONE, ADA)  # only one's own
    store.submitted(worklist, ONE, BOB, looking=False)
    assert looks() == []
    store.submitted(worklist, ONE, BOB)
    store.submitted(worklist, ONE, BOB)
    assert len(looks()) == 1 and '"actor":"Bob"' in looks()[0]
    other = store.begin(worklist, ONE, EVE)
    store.submit(store.save(other, 0, drawn(7), by=EVE), 1, EVE)
    store.submitted(worklist, ONE, ADA)
    assert len(looks()) == 1
    store.reopen(handed_in, ADA)
    assert not store.save(handed_in, 1, drawn(7), by=ADA).blind, "changed after others were seen"


def second(store, worklist, *places):
    """Eve's reading of the film, handed in at its first revision."""
    own = store.begin(worklist, ONE, EVE)
    return store.submit(store.save(own, 0, drawn(*places), by=EVE), 1, EVE)


def test_the_newest_consensus_of_a_film_is_kept(store, worklist, handed_in):
    assert store.consensus(worklist, ONE, BOB) is None
    first = store.keep_consensus(worklist, ONE, "majority", drawn(3), [(1, 1)], {}, BOB)
    figures, of = {"sensitivity": {"Ada": 0.5}, "iterations": 3}, ((1, 1), (2, 1))
    second(store, worklist, 4)

    def keep(instead, place=4):
        return store.keep_consensus(
            *(worklist, ONE, "staple", drawn(place), of, figures, BOB, instead),
        )

    with pytest.raises(Conflict, match="Another consensus") as conflict:
        keep(None)
    assert conflict.value.current.annotation.same(drawn(3))
    kept = keep(first.made_at)
    assert store.consensus(worklist, ONE, BOB).annotation.same(kept.annotation)
    assert kept.annotation.same(drawn(4))
    assert (kept.method, kept.of, kept.figures, kept.made_by) == ("staple", of, figures, BOB)
    assert keep(first.made_at).made_at == kept.made_at, "a call whose answer was lost"
    with pytest.raises(Conflict):
        keep(first.made_at, place=5)


def test_a_consensus_is_one_of_readings_that_are_handed_in(store, worklist, handed_in):
    store.add_film(worklist, film(TWO), ADA)
    other = store.save(store.begin(worklist, TWO, EVE), 0, drawn(3), by=EVE)
    store.submit(other, 1, EVE)
    draft = store.save(store.begin(worklist, ONE, EVE), 0, drawn(3), by=EVE)
    mine = (handed_in.id, 1)
    for of in ([], [(999, 1)], [(handed_in.id, 2)], [mine, (draft.id, 1)], [mine, (other.id, 1)]):
        with pytest.raises(Refused, match="not handed in as they were"):
            store.keep_consensus(worklist, ONE, "majority", drawn(3), of, {}, BOB)
    assert store.consensus(worklist, ONE, BOB) is None


def test_a_consensus_says_whether_its_readings_are_still_what_it_was_made_of(
    store, worklist, handed_in
):
    def state():
        found = store.consensus(worklist, ONE, BOB)
        return found.current, found.accepted

    eves = second(store, worklist, 4)
    of = [(handed_in.id, 1), (eves.id, 1)]
    store.keep_consensus(worklist, ONE, "majority", drawn(3), of, {}, BOB)
    assert state() == (True, False)
    store.review(handed_in, BOB, True)
    assert state() == (True, False)
    store.review(eves, BOB, True)
    assert state() == (True, True)
    store.review(eves, BOB, False, "Look again")
    assert state() == (False, False)
    store.submit(store.save(eves, 1, drawn(4, 5), by=EVE), 2, EVE)
    assert state() == (False, False)


@pytest.mark.parametrize("what", ["consensus", "fill", "own fill", "log", "draft in the log"])
def test_what_was_made_of_others_readings_is_not_seen_unnoticed(store, worklist, reading, what):
    """Whatever became of the readings since: here the only one is a draft again."""
    reading = store.save(reading, 0, drawn(3), by=ADA)
    if what != "draft in the log":
        store.submit(reading, 1, ADA)
    if what == "consensus":
        store.keep_consensus(worklist, ONE, "majority", drawn(3), [(reading.id, 1)], {}, BOB)
    if "fill" in what:
        by = EVE if what == "own fill" else BOB
        store.give_back(worklist, Fill(ONE, "png", b"filled", {}, "Ada's"), by)
    store.reopen(reading, ADA)
    see = {
        "consensus": lambda **how: store.consensus(worklist, ONE, EVE, **how),
        "fill": lambda **how: store.fills(worklist, ONE, EVE, **how),
        "log": lambda **how: store.events(worklist) if how else store.take_events(worklist, EVE),
    }[what.split()[-1]]
    eves = store.begin(worklist, ONE, EVE)
    see(looking=False)
    eves = store.save(eves, 0, drawn(5), by=EVE)
    assert eves.blind
    see()
    see()
    assert store.save(eves, 1, drawn(3), by=EVE).blind == (what == "own fill")
    looks = [line for line in store.events(worklist) if '"action":"look"' in line]
    assert len(looks) == (what != "own fill") and all('"actor":"Eve"' in one for one in looks)


def test_the_log_that_is_taken_says_so_and_of_every_film_that_others_drew_on(
    store, worklist, handed_in
):
    store.add_film(worklist, film(TWO), ADA)
    store.add_film(worklist, film("3" * 64), ADA)
    store.save(store.begin(worklist, TWO, BOB), 0, drawn(3), by=BOB)
    store.begin(worklist, "3" * 64, BOB)
    lines = store.take_events(worklist, ADA)
    assert lines == store.events(worklist)
    assert [line for line in lines if ONE in line and '"look"' in line] == [], "only one's own"
    assert '"action":"look"' in lines[-2] and TWO in lines[-2]
    assert '"action":"export"' in lines[-1] and '"formats":["log"]' in lines[-1]
    assert not [line for line in lines if "3" * 64 in line and '"look"' in line]


def test_fills_are_given_back_once_each(store, worklist, reading):
    assert store.fills(worklist, ONE, BOB) == []
    given = Fill(ONE, "png", b"filled", {"seed": 3}, "Ada's reading")
    kept = store.give_back(worklist, given, BOB)
    assert store.give_back(worklist, given, EVE) == kept
    store.give_back(worklist, replace(given, data=b"otherwise", kind="dicom"), EVE)
    one, two = store.fills(worklist, ONE, BOB)
    assert one == kept == replace(given, made_by=BOB, made_at=kept.made_at)
    assert (two.data, two.kind, two.made_by) == (b"otherwise", "dicom", EVE)


def test_only_who_made_a_worklist_deletes_it(store, worklist):
    with pytest.raises(Refused, match="Only who made"):
        store.delete_worklist(worklist, BOB)
    store.delete_worklist(worklist, ADA)
    assert store.worklists() == []


@pytest.mark.parametrize("verified", [False, True])
def test_a_typed_name_deletes_nobody_elses_work(store, verified):
    maker = Reader("Ada", verified)
    worklist = store.create_worklist("Knees", maker)
    store.add_film(worklist, film(), maker)
    own = store.begin(worklist, ONE, maker)
    store.save(own, 0, drawn(3), by=maker)
    store.begin(worklist, ONE, BOB)  # has drawn nothing
    if not verified:
        store.add_film(worklist, film(TWO), maker)
        store.remove_film(worklist, TWO, maker)
        # A signed-in reader of the same name is another one.
        theirs = Reader("Ada", verified=True)
        store.save(store.begin(worklist, ONE, theirs), 0, drawn(3), by=theirs)
        for act in (
            lambda: store.remove_film(worklist, ONE, maker),
            lambda: store.delete_worklist(worklist, maker),
        ):
            with pytest.raises(Refused, match="typed name is no proof"):
                act()
        assert len(store.films(worklist)) == 1
        assert store.expire(datetime.now(UTC)) == 1, "which nobody has to be trusted for"
    else:
        store.save(store.begin(worklist, ONE, BOB), 0, drawn(3), by=BOB)
        store.delete_worklist(worklist, maker)
    assert store.worklists() == []


def test_who_is_alone_in_a_worklist_deletes_it_by_a_typed_name(store, worklist, handed_in):
    store.begin(worklist, ONE, BOB)
    store.delete_worklist(worklist, ADA)
    assert store.worklists() == []


def test_a_worklist_holds_so_many_films_and_so_much(store, worklist, monkeypatch):
    monkeypatch.setattr(films, "MAX_FILMS", 2)
    monkeypatch.setattr(films, "MAX_BYTES", 20)
    store.add_film(worklist, film(data=b"x" * 10), ADA)
    fill = Fill(ONE, "png", b"y" * 8, {}, "")
    store.give_back(worklist, fill, ADA)
    for act in (
        lambda: store.add_film(worklist, film(TWO, data=b"x" * 3), ADA),
        lambda: store.give_back(worklist, replace(fill, data=b"z" * 3), ADA),
    ):
        with pytest.raises(Refused, match="GB of films: make another one"):
            act()
    store.give_back(worklist, fill, ADA)
    store.add_film(worklist, film(TWO, data=b"xx"), ADA)
    with pytest.raises(Refused, match="at most 2 films: make another one"):
        store.add_film(worklist, film("3" * 64, data=b""), ADA)
    assert store.add_film(worklist, film(TWO), ADA).already
    other = store.create_worklist("Hips", ADA)
    store.add_film(other, film(data=b"x" * 20), ADA)


def test_what_is_no_longer_there_is_refused_in_one_sentence(store, worklist, handed_in):
    fill = Fill(ONE, "png", b"filled", {}, "")
    acts = {
        "film": [
            lambda: store.begin(worklist, ONE, ADA),
            lambda: store.film_data(worklist, ONE),
            lambda: store.submitted(worklist, ONE, ADA),
            lambda: store.consensus(worklist, ONE, BOB),
            lambda: store.fills(worklist, ONE, BOB),
            lambda: store.give_back(worklist, fill, ADA),
            lambda: store.keep_consensus(worklist, ONE, "majority", drawn(), [(1, 1)], {}, ADA),
            lambda: store.save(handed_in, 1, drawn(9), by=ADA),
            lambda: store.submit(handed_in, 1, ADA),
            lambda: store.review(handed_in, BOB, True),
            lambda: store.revisions(handed_in),
        ],
        "worklist": [
            lambda: store.films(worklist),
            lambda: store.readings(worklist),
            lambda: store.events(worklist),
            lambda: store.take_events(worklist, ADA),
            lambda: store.add_film(worklist, film(), ADA),
            lambda: store.record(worklist, ADA, "open"),
            lambda: store.delete_worklist(worklist, ADA),
        ],
    }
    store.remove_film(worklist, ONE, ADA)
    for act in acts["film"]:
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.reason.endswith(".")
    store.add_film(worklist, film(), ADA)
    assert store.begin(worklist, ONE, ADA).id != handed_in.id
    store.delete_worklist(worklist, ADA)
    for act in acts["film"] + acts["worklist"]:
        with pytest.raises(Refused) as refused:
            act()
        assert isinstance(refused.value, StoreError)
