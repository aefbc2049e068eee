"""What a session knows of a reading: what is stored, what is not, and why."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from core import artefacts
from core.annotations import Conflict, Reader, Reading, Refused, Unreachable
from core.artefacts import Annotation, label_masks
from core.masks import Stroke, to_json
from core.ui import annotate_work
from core.ui.annotate_work import NOTHING, Draft, Work, from_text, join, said, strokes_of, to_text

SHAPE, SHA256 = (60, 80), "a" * 64
ANNA = Reader("Anna")


def box(x0, y0, x1, y1, label="screw", erase=False, source="manual") -> Stroke:
    return Stroke(np.array([(x0, y0), (x1, y1)], float), 1, "rectangle", erase, label, source)


ONE, TWO, THREE = box(5, 5, 20, 20), box(30, 30, 50, 50, "cast"), box(60, 5, 70, 15, "plate")
ERASER = box(0, 0, 10, 80, "", erase=True)


class Shelf:
    """A store of one reading, that may be gone or refuse."""

    def __init__(self) -> None:
        self.reading = Reading(7, SHA256, ANNA, "to do", 0, Annotation(), None)
        self.raises, self.saves = None, 0

    def save(self, reading, revision, annotation, *, restored_from=None, by):
        self.saves += 1
        if self.raises:
            raise self.raises
        if annotation.same(self.reading.annotation) and restored_from is None:
            return self.reading
        if self.reading.status == "submitted":
            raise Refused("Submitted already: reopen it.")
        if revision != self.reading.revision:
            raise Conflict("Saved elsewhere.", self.reading)
        self.reading = replace(
            self.reading,
            status="draft",
            revision=revision + 1,
            annotation=annotation,
            saved_at=datetime.now(UTC),
        )
        return self.reading

    def submit(self, reading, revision, by):
        if self.raises:
            raise self.raises
        if revision != self.reading.revision:
            raise Conflict("Saved elsewhere.", self.reading)
        self.reading = replace(self.reading, status="submitted")
        return self.reading

    def reopen(self, reading, by):
        if self.raises:
            raise self.raises
        self.reading = replace(self.reading, status="draft")
        return self.reading


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def work(shelf):
    return Work.begin(shelf.reading)


@pytest.mark.parametrize(
    ("strokes", "comment", "wanted"),
    [
        ((), "", Annotation()),
        ((NOTHING,), "", Annotation(nothing=True)),
        ((ONE, TWO), " bent ", Annotation((ONE, TWO), "bent")),
        ((NOTHING, ONE), "", Annotation((ONE,))),
        ((), "  ", Annotation()),
    ],
)
def test_a_drawing_and_a_comment_come_to_an_annotation(strokes, comment, wanted):
    found = said(strokes, comment)
    assert found == wanted
    assert said(strokes_of(found), found.comment) == wanted


def test_only_what_is_not_stored_is_saved(shelf, work):
    work.save(shelf, Annotation(), ANNA)
    assert shelf.saves == 0
    work.save(shelf, Annotation((ONE,)), ANNA)
    work.save(shelf, Annotation((replace(ONE),)), ANNA)
    assert shelf.saves == 1 and work.reading.revision == 1
    assert not work.unsaved(Annotation((ONE,))) and work.unsaved(Annotation((ONE,), "more"))


def test_what_the_store_did_not_take_is_tried_again(shelf, work):
    shelf.raises = Unreachable("Gone.")
    work.save(shelf, Annotation((ONE,)), ANNA)
    assert work.problem == "Gone." and work.unsaved(Annotation((ONE,)))
    shelf.raises = None
    work.save(shelf, Annotation((ONE, TWO)), ANNA)
    assert not work.problem and shelf.reading.annotation == Annotation((ONE, TWO))


def test_going_back_to_what_is_stored_leaves_no_problem(shelf, work):
    for error in (Unreachable("Gone."), Refused("No.")):
        shelf.raises = error
        work.save(shelf, Annotation((ONE,)), ANNA)
        assert work.problem or work.refusal
        work.save(shelf, Annotation(), ANNA)
        assert not work.problem and not work.refusal


def test_a_refusal_is_kept_until_something_else_is_saved(shelf, work):
    shelf.raises = Refused("Too much.")
    work.save(shelf, Annotation((ONE,)), ANNA)
    assert work.refusal == "Too much." and not work.problem
    shelf.raises = None
    work.save(shelf, Annotation((TWO,)), ANNA)
    assert not work.refusal


def test_an_answer_that_was_never_heard_is_no_conflict(shelf, work):
    shelf.save(7, 0, Annotation((ONE,)), by=ANNA)
    work.save(shelf, Annotation((ONE,)), ANNA)
    assert work.conflict is None and work.reading.revision == 1


def test_c4_a_conflict_stops_saving_until_it_is_answered(shelf, work):
    shelf.save(7, 0, Annotation((TWO,)), by=ANNA)
    work.save(shelf, Annotation((ONE,)), ANNA)
    assert work.conflict.annotation == Annotation((TWO,))
    work.save(shelf, Annotation((ONE, THREE)), ANNA)
    assert shelf.reading.annotation == Annotation((TWO,)) and shelf.saves == 2
    work.keep_mine()
    work.save(shelf, Annotation((ONE, THREE)), ANNA)
    assert shelf.reading.annotation == Annotation((ONE, THREE)) and shelf.reading.revision == 2
    assert work.conflict is None


def test_keeping_mine_replaces_a_damaged_one_knowingly(shelf, work):
    work.conflict = replace(shelf.reading, revision=3, damaged=True)
    work.keep_mine()
    assert work.restored_from == 0 and work.reading.revision == 3


def test_submitting_saves_first(shelf, work):
    work.submit(shelf, Annotation((ONE,)), ANNA)
    assert shelf.reading.status == "submitted" and shelf.reading.annotation == Annotation((ONE,))
    assert work.closed
    work.save(shelf, Annotation((ONE, TWO)), ANNA)
    assert shelf.saves == 1 and work.unsaved(Annotation((ONE, TWO)))


@pytest.mark.parametrize("error", [Unreachable("Gone."), Refused("Draw something.")])
def test_what_cannot_be_submitted_says_why(shelf, work, error):
    work.save(shelf, Annotation((ONE,)), ANNA)
    shelf.raises = error
    work.submit(shelf, Annotation((ONE,)), ANNA)
    assert error.reason in work.notice and not work.closed


def test_nothing_is_submitted_that_could_not_be_saved(shelf, work):
    shelf.raises = Unreachable("Gone.")
    work.submit(shelf, Annotation((ONE,)), ANNA)
    shelf.raises = None
    assert shelf.reading.status == "to do" and work.problem == "Gone."


def test_a_conflict_at_submitting_asks(shelf, work):
    work.save(shelf, Annotation((ONE,)), ANNA)
    shelf.save(7, 1, Annotation((TWO,)), by=ANNA)
    work.submit(shelf, Annotation((ONE,)), ANNA)
    assert work.conflict.revision == 2 and shelf.reading.status == "draft"


def test_reopening_goes_on_from_what_the_work_was_made_from(shelf, work):
    work.submit(shelf, Annotation((ONE,)), ANNA)
    work.reopen(shelf, ANNA)
    work.save(shelf, Annotation((ONE, TWO)), ANNA)
    assert shelf.reading.revision == 2
    shelf.save(7, 2, Annotation((THREE,)), by=ANNA)
    shelf.submit(7, 3, ANNA)
    work.reopen(shelf, ANNA)
    work.save(shelf, Annotation((ONE,)), ANNA)
    assert work.conflict.annotation == Annotation((THREE,))


def test_what_cannot_be_reopened_says_why(shelf, work):
    work.submit(shelf, Annotation((ONE,)), ANNA)
    shelf.raises = Refused("Accepted already.")
    work.reopen(shelf, ANNA)
    assert work.notice == "Accepted already." and work.closed


def newer(shelf, *strokes) -> Reading:
    return shelf.save(7, shelf.reading.revision, Annotation(strokes), by=ANNA)


def test_meeting_the_same_revision_takes_its_status_alone(shelf, work):
    work.save(shelf, Annotation((ONE,)), ANNA)
    sent_back = replace(shelf.reading, sent_back=True, reason="Look again.")
    assert not work.meet(sent_back, Annotation((ONE, TWO)))
    assert work.reading.sent_back and work.unsaved(Annotation((ONE, TWO)))


def test_meeting_a_newer_revision_with_nothing_unsaved_takes_it(shelf, work):
    assert work.meet(newer(shelf, ONE), Annotation())
    assert work.reading.revision == 1 and not work.unsaved(Annotation((ONE,)))


def test_meeting_a_newer_revision_that_says_the_same_is_nothing_new(shelf, work):
    assert not work.meet(newer(shelf, ONE), Annotation((ONE,)))
    assert work.reading.revision == 1 and work.conflict is None


def test_meeting_a_newer_revision_with_something_unsaved_is_a_conflict(shelf, work):
    assert not work.meet(newer(shelf, ONE), Annotation((TWO,)))
    assert work.conflict.revision == 1
    assert not work.meet(newer(shelf, THREE), Annotation((TWO,)))
    assert work.conflict.revision == 2  # the newest is the one to decide about


def drafts(*found: tuple[int, Annotation]) -> tuple[Draft, ...]:
    return tuple(Draft(f"draft {at}", *each) for at, each in enumerate(found))


def test_drafts_are_adopted_one_by_one(shelf, work):
    work.save(shelf, Annotation((ONE,)), ANNA)
    work.drafts = drafts((0, Annotation((ONE,))), (1, Annotation((TWO,))), (0, Annotation()))
    assert work.adopt().annotation == Annotation((TWO,))  # the first says nothing new
    work.save(shelf, Annotation((TWO,)), ANNA)
    assert work.reading.revision == 2 and not work.conflict
    assert work.adopt().revision == 0
    work.save(shelf, Annotation(), ANNA)
    assert work.conflict.revision == 2 and work.adopt() is None
    assert work.adopted == ("draft 0", "draft 1", "draft 2")


@pytest.mark.parametrize(
    "trouble", [{"status": "submitted"}, {"status": "reviewed"}, {"damaged": True}]
)
def test_a_closed_or_damaged_reading_adopts_no_draft(shelf, trouble):
    work = Work.begin(replace(shelf.reading, **trouble))
    work.drafts = drafts((0, Annotation((ONE,))))
    assert work.adopt() is None and len(work.drafts) == 1 and not work.adopted


def test_undoing_what_replaced_strokes_and_comment_brings_back_both(work):
    first, second, other = (ONE,), (TWO,), (ONE, TWO)
    work.follow(first, "one")
    work.replaced((first, "one"), (second, "two"))
    assert work.follow(second, "two") == "two"
    assert work.follow(first, "two") == "one"
    assert work.follow(second, "one") == "two"
    # A comment that was written since is the reader's own.
    assert work.follow(first, "written since") == "written since"
    assert work.follow(other, "one") == "one"


def test_a_step_that_changed_no_strokes_is_not_undone(work):
    work.replaced(((), "one"), ((), "two"))
    assert work.follow((), "two") == "two"


def masks(annotation: Annotation) -> dict:
    return label_masks(annotation.strokes, SHAPE)


def test_joining_keeps_strokes_where_nothing_was_erased():
    joined = join(Annotation((ONE, TWO), "a"), Annotation((replace(ONE), THREE), "b"), SHAPE)
    assert joined.strokes == (ONE, TWO, THREE) and joined.comment == "a / b"


def test_joining_marks_whatever_either_marks():
    one = Annotation((ONE, box(2, 2, 8, 8, "wire", source="auto")))
    other = Annotation((ONE, ERASER, TWO))
    joined, both = join(one, other, SHAPE), masks(one)
    for label, mask in masks(other).items():
        both[label] = both.get(label, False) | mask
    found = masks(joined)
    assert found.keys() == both.keys() and len(found) == 3
    assert all((found[label] == both[label]).all() for label in both)
    sources = {stroke.label: stroke.source for stroke in joined.strokes}
    assert sources == {"screw": "manual", "wire": "auto", "cast": "manual"}


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        (Annotation(nothing=True), Annotation(), Annotation(nothing=True)),
        (Annotation(nothing=True), Annotation((ONE,)), Annotation((ONE,))),
        (Annotation(comment="a b"), Annotation(comment="a"), Annotation(comment="a b")),
        (Annotation(comment="a"), Annotation(comment=""), Annotation(comment="a")),
        (Annotation(), Annotation(comment="a"), Annotation(comment="a")),
    ],
)
def test_joining_statements_and_comments(one, other, wanted):
    assert join(one, other, SHAPE) == wanted


def test_a_joined_comment_can_be_kept():
    one, other = (Annotation(comment=letter * artefacts.MAX_COMMENT) for letter in "ab")
    assert len(join(one, other, SHAPE).comment) == artefacts.MAX_COMMENT


def test_a_draft_comes_back_from_the_browser_as_it_was():
    annotation = Annotation((ONE, ERASER), "A “bent” screw")
    found = from_text("name", to_text(annotation, 3, SHAPE, SHA256), SHAPE, SHA256)
    assert (found.name, found.revision) == ("name", 3) and found.annotation.same(annotation)


GOOD = to_text(Annotation((ONE,)), 3, SHAPE, SHA256)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "[]",
        "7",
        "null",
        "[" * 100_000,
        GOOD.replace('"version": 1,', '"version": 2,', 1),
        GOOD.replace('"revision": 3', '"revision": true'),
        GOOD.replace('"revision": 3', '"revision": "3"'),
        GOOD.replace(SHA256, "b" * 64),
        GOOD.replace("lightbox-annotation", "other"),
        to_json((ONE,), SHAPE, SHA256),
        to_text(Annotation((ONE,)), 3, SHAPE[::-1], SHA256),
    ],
)
def test_any_other_text_is_no_draft(text):
    assert from_text("name", text, SHAPE, SHA256) is None


def test_every_session_has_a_draft_of_its_own(shelf):
    assert Work.begin(shelf.reading).session != Work.begin(shelf.reading).session
    assert annotate_work.NOTHING.points.shape == (0, 2)
