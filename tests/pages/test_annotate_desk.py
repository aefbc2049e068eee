"""The drawing desk without a browser: what becomes of a reading, whatever goes wrong meanwhile."""

import json

import cv2
import numpy as np
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1 import AppTest

from core.annotations import Reader
from core.artefacts import Annotation, label_masks, to_json
from core.clean_film import clean
from core.masks import Stroke
from core.settings import CHECKOUT
from core.ui import annotate_work, label_colours
from core.ui.film import read
from tests.frail_store import GONE, FrailStore, Given

APP = CHECKOUT / "tests/pages/desk_app.py"
SHAPE = (300, 200)
ANNA, BERT, BOSS = Reader("Anna"), Reader("Bert"), Reader("Boss")


def stroke(label: str, top: int, erase: bool = False) -> dict:
    """What the widget tells of a stroke across the canvas."""
    colour = "#E69F00C0" if erase else label_colours.drawn(label)[0]
    path = [["M", 50, 50], ["L", 150, 50]]
    middle = {"left": 100, "top": top}
    return {"type": "Path", "stroke": colour, "strokeWidth": 16, "path": path} | middle


SCREW, CAST, ERASER = stroke("screw", 60), stroke("cast", 160), stroke("", 60, erase=True)
BOX = Stroke(np.array([(10.0, 20.0), (60.0, 50.0)]), tool="rectangle", label="plate")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "annotations.sqlite"
    store = FrailStore.open(f"sqlite:///{path}")
    yield store
    store.close()


@pytest.fixture(autouse=True)
def given(store):
    """A worklist of two films; the second has metal on it."""
    store.gone = False
    Given.store, Given.worklist = store, store.create_worklist("Tests", BOSS)
    down = np.arange(SHAPE[0], dtype=np.uint8)[:, None] // 4
    plain = np.repeat(down + 60, SHAPE[1], 1)
    metal = plain.copy()
    metal[100:140, 60:120] = 255
    for name, grey in (("a.png", plain), ("b.png", metal)):
        data = cv2.imencode(".png", grey)[1].tobytes()
        store.add_film(Given.worklist, clean(data, name), BOSS)
    Given.films = store.films(Given.worklist)
    Given.shown = [read(store.film_data(Given.worklist, film.sha256), "x") for film in Given.films]


class Visitor:
    """Someone at the desk, whose browser and widget are played by this test."""

    def __init__(self, who: str = "Anna", film: int = 0, drafts=(), reports: bool = True) -> None:
        self.app = AppTest.from_file(str(APP), default_timeout=30)
        self.app.session_state["who"], self.app.session_state["film"] = who, film
        self.run()
        if reports:
            self.reports(drafts)

    def run(self) -> "Visitor":
        self.app.run()
        assert not self.app.exception
        return self

    def told(self, key: str, state: dict) -> "Visitor":
        """A component told something."""
        self.app.session_state[key] = state
        return self.run()

    def reports(self, drafts=(), **said) -> "Visitor":
        """The browser told what it kept."""
        key = f"{self.key}-unsaved-{self.work.session}"
        found = [list(draft) for draft in drafts]
        return self.told(key, {"report": {"drafts": found, "width": 358} | said})

    def draws(self, *objects: dict) -> "Visitor":
        """The widget that is on the page told what is on it."""
        return self.told(self.widget, {"drawing": {"raw": {"objects": list(objects)}}})

    def click(self, label: str) -> "Visitor":
        (button,) = (button for button in self.app.button if button.label == label)
        assert not button.disabled
        button.click().run()
        assert not self.app.exception
        return self

    def writes(self, comment: str) -> "Visitor":
        self.app.text_input[0].set_value(comment)
        return self.run()

    def goes(self, **where) -> "Visitor":
        for name, value in where.items():
            self.app.session_state[name] = value
        return self.run()

    @property
    def film(self):
        return Given.films[self.app.session_state["film"]]

    @property
    def work(self):
        who = self.app.session_state["who"]
        name = f"annotate-work-{Given.worklist.code}-{self.film.sha256}-0-{who}"
        return self.app.session_state[name]

    @property
    def key(self) -> str:
        return f"annotate-{self.work.reading.id}"

    @property
    def widget(self) -> str:
        mount = self.app.session_state[f"{self.key}-sheet-{self.film.sha256}"].mount
        return f"{self.key}-canvas-{self.film.sha256}-{mount}"

    @property
    def facts(self) -> dict:
        return json.loads(self.app.code[0].value)

    @property
    def labels(self) -> list[str]:
        return self.facts["labels"]

    def asked(self, name: str) -> dict | None:
        """What the component is asked to do whose data have this name."""
        told = [json.loads(part.proto.json) for part in self.app.get("bidi_component")]
        return next((data for data in told if name in data), None)

    @property
    def kept(self) -> str:
        """What the browser is asked to keep."""
        return self.asked("drop")["keep"]

    @property
    def words(self) -> str:
        kinds = ("caption", "warning", "error", "info", "success", "markdown")
        return " / ".join(str(each.value) for kind in kinds for each in self.app.get(kind))

    @property
    def comment(self) -> str:
        return self.app.text_input[0].value

    @property
    def buttons(self) -> set[str]:
        return {button.label for button in self.app.button}


@pytest.fixture
def anna():
    return Visitor()


def stored(visitor: Visitor):
    """The reading of the visitor's as it is in the store."""
    was, Given.store.gone = Given.store.gone, False
    reader = Reader(visitor.app.session_state["who"])
    reading = Given.store.begin(Given.worklist, visitor.film.sha256, reader)
    Given.store.gone = was
    return reading


def same_masks(one: Annotation, other: Annotation) -> bool:
    """Whether two annotations are equal in every pixel of every label."""
    masks = [label_masks(each.strokes, SHAPE) for each in (one, other)]
    return masks[0].keys() == masks[1].keys() and all(
        (mask == masks[1][label]).all() for label, mask in masks[0].items()
    )


def test_every_stroke_is_stored_before_the_run_ends(anna):
    assert "Every change is saved at once · SQLite on this server" in anna.words
    for count in (1, 2, 3):
        anna.draws(*[SCREW, CAST, ERASER][:count])
        reading = stored(anna)
        assert reading.revision == count and len(reading.annotation.strokes) == count
        assert f"revision {count} · SQLite on this server" in anna.words
        assert anna.kept == ""
    assert reading.status == "draft"


def test_runs_without_a_change_store_nothing(anna, store):
    anna.draws(SCREW)
    before = store.saves
    anna.run().run()
    anna.app.slider(key=f"annotate-{anna.work.reading.id}-window-{anna.film.sha256}").set_range(
        40, 200
    ).run()
    assert store.saves == before and stored(anna).revision == 1


def test_strokes_keep_the_label_in_whose_colour_they_were_drawn(anna):
    anna.draws(SCREW)
    before = anna.widget
    anna.app.pills(key="annotate-desk-label").set_value("cast").run()
    # No new widget: a stroke that is on its way is not lost.
    assert anna.widget == before and anna.labels == ["screw"]
    anna.draws(SCREW, CAST)
    assert anna.labels == ["screw", "cast"] and set(anna.facts["masks"]) == {"screw", "cast"}
    table = anna.app.dataframe[0].value
    assert list(table["No."]) == [1, 2] and list(table["Label"]) == ["Screw", "Cast"]
    assert "mm²" not in table


def test_undo_and_redo_are_stored_as_they_are_made(anna):
    anna.draws(SCREW, CAST)
    anna.click("Undo")
    assert anna.labels == ["screw"] and len(stored(anna).annotation.strokes) == 1
    anna.click("Redo")
    assert anna.labels == ["screw", "cast"] and len(stored(anna).annotation.strokes) == 2
    anna.click("Clear")
    assert stored(anna).annotation.empty and stored(anna).revision == 4
    anna.click("Undo")
    assert len(stored(anna).annotation.strokes) == 2


def test_tools_are_shared_among_films_and_drawings_are_not(anna):
    anna.draws(SCREW)
    anna.app.segmented_control(key="annotate-desk-tool").set_value("Line").run()
    anna.goes(film=1).reports()
    assert (
        anna.labels == [] and anna.app.segmented_control(key="annotate-desk-tool").value == "Line"
    )
    anna.draws(CAST).goes(film=0)
    assert anna.labels == ["screw"]


def test_a_stroke_that_is_live_when_another_film_is_opened_is_stored(anna):
    anna.draws(SCREW)
    # The stroke and the press on Next reach the server together.
    anna.app.session_state["film"] = 1
    widget = next(
        part.proto.id
        for part in anna.app.get("bidi_component")
        if "drawingMode" in json.loads(part.proto.json)
    )
    drawing = {"drawing": {"raw": {"objects": [SCREW, CAST]}}}
    told = WidgetState(id=widget, json_value=json.dumps(drawing))
    anna.app._run(WidgetStates(widgets=[told]))
    assert not anna.app.exception
    assert anna.facts["labels"] == []
    anna.app.session_state["film"] = 0
    assert len(stored(anna).annotation.strokes) == 2
    assert anna.run().labels == ["screw", "cast"]


def test_no_artefact_is_one_step(anna):
    anna.click("No artefact")
    assert stored(anna).annotation == Annotation(nothing=True)
    assert "this film has no artefact" in anna.words
    anna.click("Take back “No artefact”")
    assert stored(anna).annotation.empty
    anna.click("Undo")
    assert stored(anna).annotation.nothing


def test_no_artefact_asks_before_it_takes_marks_away_and_undo_brings_them_back(anna):
    anna.draws(SCREW, CAST)
    assert "This takes away all that is drawn. Undo brings it back." in anna.words
    anna.click("Take it away: no artefact")
    assert stored(anna).annotation == Annotation(nothing=True) and anna.labels == []
    anna.click("Undo")
    assert anna.labels == ["screw", "cast"] and not stored(anna).annotation.nothing
    anna.click("Redo")
    assert stored(anna).annotation.nothing
    anna.draws(SCREW)
    assert anna.labels == ["screw"] and not stored(anna).annotation.nothing


def test_the_comment_is_stored(anna):
    anna.writes("  A bent screw ")
    assert stored(anna).annotation.comment == "A bent screw"
    assert anna.app.text_input[0].proto.live_debounce_ms == 500
    other = Visitor()
    assert other.comment == "A bent screw"


def test_a_suggestion_is_added_and_recorded_as_a_programs():
    anna = Visitor(film=1).draws(SCREW)
    anna.click("Suggest metal")
    drawn = stored(anna).annotation
    assert drawn.source == "SEMI-AUTO" and anna.labels[0] == "screw"
    found = label_masks(drawn.strokes, SHAPE)["prosthesis"]
    assert found[100:140, 60:120].mean() > 0.9
    anna.click("Undo")
    assert anna.labels == ["screw"] and stored(anna).annotation.source == "MANUAL"


def test_where_nothing_looks_like_metal_nothing_is_added(anna):
    anna.click("Suggest metal")
    assert "Nothing on this film looks like metal" in anna.words and stored(anna).revision == 0


def upload(visitor: Visitor, name: str, data: bytes) -> Visitor:
    uploader = visitor.app.file_uploader(key=f"{visitor.key}-upload")
    uploader.set_value([(name, data, "application/octet-stream")])
    return visitor.run()


def test_an_uploaded_mask_is_added_under_the_chosen_label(anna):
    mask = np.zeros(SHAPE, np.uint8)
    mask[50:80, 20:90] = 255
    anna.draws(SCREW)
    anna.app.pills(key="annotate-desk-label").set_value("wire").run()
    upload(anna, "mask.png", cv2.imencode(".png", mask)[1].tobytes())
    assert (label_masks(stored(anna).annotation.strokes, SHAPE)["wire"] == (mask > 0)).all()
    assert anna.labels[0] == "screw"


def test_an_uploaded_annotation_takes_the_place_of_what_is_drawn(anna):
    anna.draws(SCREW)
    text = to_json(Annotation((BOX,), "From a file"), SHAPE, anna.film.sha256)
    upload(anna, "annotation.json", text.encode())
    assert anna.labels == ["plate"] and anna.comment == "From a file"
    anna.click("Undo")
    assert anna.labels == ["screw"] and anna.comment == ""


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("mask.png", b"no picture", "PNG"),
        ("notes.json", b"{}", "This is not an annotation saved here"),
        ("notes.json", to_json(Annotation((BOX,)), SHAPE, "0" * 64).encode(), "on another film"),
    ],
)
def test_a_file_of_no_use_is_refused_in_a_sentence(anna, name, data, said):
    upload(anna.draws(SCREW), name, data)
    assert said in anna.words and anna.labels == ["screw"] and stored(anna).revision == 1


def test_r5_a_reload_brings_the_drawing_back_pixel_equal(anna):
    anna.draws(SCREW, CAST, ERASER)
    other = Visitor(reports=False)
    assert other.app.image and other.labels == []  # until the browser told what it kept
    other.reports()
    assert other.facts == anna.facts and other.facts["masks"]
    assert stored(anna).revision == 1  # opening it anew stored nothing


def test_r6_a_restarted_server_brings_the_drawing_back_pixel_equal(anna, store):
    anna.draws(SCREW, CAST)
    facts, widget = anna.facts, anna.widget
    store.close()
    other = Visitor(reports=False)
    # The page reconnects without a reload: the old widget still tells its strokes.
    other.app.session_state[widget] = {"drawing": {"raw": {"objects": [SCREW, CAST]}}}
    other.reports()
    assert other.facts == facts and other.widget != widget
    other.draws(ERASER)
    assert other.facts["tools"] == ["brush", "brush", "brush-"]


def test_another_reader_has_a_desk_of_their_own(anna):
    anna.draws(SCREW).writes("Mine")
    bert = Visitor("Bert")
    assert bert.labels == [] and bert.comment == ""
    bert.draws(CAST)
    assert len(stored(anna).annotation.strokes) == 1


def test_while_the_store_is_gone_the_browser_keeps_the_work(anna, store):
    anna.draws(SCREW)
    store.gone = True
    anna.draws(SCREW, CAST).writes("Here")
    assert "**Not saved yet.**" in anna.words and GONE in anna.words
    assert "It stays on this page and in this browser." in anna.words
    kept = annotate_work.from_text("x", anna.kept, SHAPE, anna.film.sha256)
    assert kept.revision == 1 and kept.annotation.comment == "Here"
    assert [stroke.label for stroke in kept.annotation.strokes] == ["screw", "cast"]
    assert anna.asked("seconds") == {"seconds": 2}  # it asks again by itself
    store.gone = False
    anna.told("annotate-desk-again", {})
    assert stored(anna).revision == 2 and stored(anna).annotation.comment == "Here"
    assert anna.kept == "" and anna.asked("seconds") is None
    assert "Not saved" not in anna.words


@pytest.mark.parametrize(
    ("problem", "said"), [("full", "has no room for it"), ("blocked", "is closed to this site")]
)
def test_a_browser_that_keeps_nothing_is_told_of_while_the_store_is_gone(
    anna, store, problem, said
):
    anna.reports(problem=problem)
    assert said not in anna.words
    store.gone = True
    anna.draws(SCREW)
    assert "on this page alone, so leave it open" in anna.words and said in anna.words


def test_a_reading_that_cannot_be_opened_is_told_of(store):
    store.gone = True
    app = AppTest.from_file(str(APP), default_timeout=30)
    app.session_state["who"] = "Anna"
    app.run()
    assert app.error[0].value == GONE


def draft(visitor: Visitor, revision: int, *strokes: Stroke, comment: str = "") -> tuple:
    annotation = Annotation(strokes, comment)
    text = annotate_work.to_text(annotation, revision, SHAPE, visitor.film.sha256)
    return f"lightbox-unsaved:{visitor.work.reading.id}:{revision}", text


def test_what_the_browser_kept_is_stored_at_the_next_opening(anna):
    anna.draws(SCREW)
    kept = draft(anna, 1, BOX, comment="Kept")
    other = Visitor(drafts=[kept])
    assert other.labels == ["plate"] and other.comment == "Kept"
    assert "This browser had kept changes" in other.words
    assert stored(other).revision == 2 and stored(other).annotation.comment == "Kept"
    assert other.asked("drop")["drop"] == [kept[0]]
    other.click("Undo")
    assert other.labels == ["screw"] and other.comment == ""
    assert stored(other).revision == 3


def test_a_draft_that_says_nothing_new_is_dropped(anna):
    anna.draws(SCREW)
    strokes = stored(anna).annotation.strokes
    kept = draft(anna, 0, *strokes)
    other = Visitor(drafts=[kept])
    assert other.labels == ["screw"] and stored(other).revision == 1
    assert other.asked("drop")["drop"] == [kept[0]] and "had kept" not in other.words


def test_a_draft_of_an_older_revision_asks(anna):
    anna.draws(SCREW).draws(SCREW, CAST)
    kept = draft(anna, 1, BOX)
    other = Visitor(drafts=[kept])
    assert other.labels == ["plate"] and "Join both" in other.buttons
    assert stored(other).revision == 2 and other.asked("drop")["drop"] == []
    assert other.kept  # and is kept on
    other.click("Join both")
    assert sorted(other.labels) == ["cast", "plate", "screw"]
    assert stored(other).revision == 3 and other.asked("drop")["drop"] == [kept[0]]


def test_drafts_of_several_tabs_come_one_after_the_other(anna):
    anna.draws(SCREW)
    line = Stroke(np.array([(5.0, 5.0), (90.0, 200.0)]), 3, "line", label="wire")
    other = Visitor(drafts=[draft(anna, 1, BOX), draft(anna, 0, line)])
    assert other.labels == ["plate"]
    other.run()
    assert other.labels == ["wire"]
    other.click("Join both")
    assert sorted(other.labels) == ["plate", "wire"] and len(other.asked("drop")["drop"]) == 2


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "no", '{"schema": "lightbox-unsaved", "version": 1}']
)
def test_what_is_no_draft_of_this_reading_is_left_alone(anna, text):
    anna.draws(SCREW)
    other = Visitor(drafts=[("lightbox-unsaved:x", text)])
    assert other.labels == ["screw"] and other.asked("drop")["drop"] == []


@pytest.mark.parametrize("report", [None, 7, {}, {"drafts": 7, "width": "wide"}, {"drafts": [7]}])
def test_a_report_may_be_anything(report):
    anna = Visitor(reports=False)
    anna.told(f"{anna.key}-unsaved-{anna.work.session}", {"report": report})


class TestC4:
    """Two tabs of one reader, both of which go on from the same revision."""

    @pytest.fixture
    def tabs(self, anna):
        anna.draws(SCREW)
        other = Visitor()
        other.draws(CAST).writes("From the other tab")
        return anna, other

    def test_c4_a_tab_with_nothing_unsaved_follows(self, tabs):
        anna, other = tabs
        anna.run()
        assert anna.labels == other.labels == ["screw", "cast"]
        assert anna.comment == "From the other tab" and "saved elsewhere" in anna.words
        anna.click("Undo")
        assert anna.labels == ["screw"] and anna.comment == ""
        assert len(stored(anna).annotation.strokes) == 1

    @pytest.fixture
    def conflict(self, tabs):
        anna, other = tabs
        anna.draws(SCREW, stroke("plate", 220))
        assert stored(anna).annotation.same(stored(other).annotation)  # nothing was laid over it
        assert "This reading was saved elsewhere" in anna.words and anna.kept
        assert {"Keep mine", "Take the other", "Join both"} <= anna.buttons
        return anna

    def saved_in_all(self, anna) -> list[list[str]]:
        anna.app.session_state[f"{anna.key}-history"] = True
        return [
            [stroke.label for stroke in revision.annotation.strokes]
            for revision in Given.store.revisions(anna.work.reading.id)
        ]

    def test_c4_keep_mine(self, conflict):
        conflict.click("Keep mine")
        assert conflict.labels == ["screw", "plate"] and conflict.kept == ""
        assert stored(conflict).revision == 4
        assert ["screw", "cast"] in self.saved_in_all(conflict)

    def test_c4_take_the_other(self, conflict):
        conflict.click("Take the other")
        assert conflict.labels == ["screw", "cast"] and conflict.comment == "From the other tab"
        assert ["screw", "plate"] in self.saved_in_all(conflict)
        conflict.click("Undo")
        assert conflict.labels == ["screw", "plate"] and conflict.comment == ""

    def test_c4_join_both(self, conflict):
        conflict.click("Join both")
        assert conflict.labels == ["screw", "cast", "plate"]
        assert conflict.comment == "From the other tab" and stored(conflict).revision == 4

    def test_c4_what_is_drawn_before_the_answer_counts(self, conflict):
        conflict.draws(SCREW, stroke("plate", 220), stroke("wire", 260))
        conflict.click("Keep mine")
        assert conflict.labels == ["screw", "plate", "wire"]
        assert len(stored(conflict).annotation.strokes) == 3

    def test_c4_an_undo_in_a_stale_tab_is_a_conflict_too(self, tabs):
        anna, _ = tabs
        anna.click("Undo")
        assert "Keep mine" in anna.buttons and len(stored(anna).annotation.strokes) == 2

    def test_c4_the_store_may_go_before_the_answer(self, conflict, store):
        store.gone = True
        conflict.click("Keep mine")
        assert "**Not saved yet.**" in conflict.words and conflict.kept
        store.gone = False
        conflict.run()
        assert stored(conflict).revision == 4 and conflict.labels == ["screw", "plate"]


def test_a_save_whose_answer_was_never_heard_is_no_conflict(anna, store):
    anna.draws(SCREW)
    reading, was = stored(anna), anna.work.reading
    cast = annotate_work.replace(reading.annotation.strokes[0], label="cast")
    content = Annotation((*reading.annotation.strokes, cast))
    # The run was stopped right behind the save.
    store.save(reading, reading.revision, content, by=ANNA)
    assert anna.work.reading == was
    anna.work.save(store, content, ANNA)
    assert anna.work.conflict is None and anna.work.reading.revision == 2


def test_submitting_closes_the_reading_and_reopening_opens_it(anna):
    assert all(button.disabled for button in anna.app.button if button.label == "Submit")
    anna.draws(SCREW).writes("Done").click("Submit")
    assert stored(anna).status == "submitted" and "not changed" in anna.words
    assert anna.app.image and not anna.app.text_input and "Undo" not in anna.buttons
    assert "**Comment**: Done" in anna.words and len(anna.app.dataframe[0].value) == 1
    anna.click("Reopen")
    assert stored(anna).status == "draft" and anna.labels == ["screw"] and anna.comment == "Done"
    anna.draws(CAST)
    assert len(stored(anna).annotation.strokes) == 2


def test_a_store_that_goes_before_submitting_submits_nothing(anna, store):
    anna.draws(SCREW)
    store.gone = True
    anna.click("Submit")
    assert "Not submitted" in anna.words and stored(anna).status == "draft"
    store.gone = False
    anna.click("Submit")
    assert stored(anna).status == "submitted"


def test_a_reading_submitted_in_another_tab_is_not_changed_and_nothing_is_lost(anna):
    anna.draws(SCREW)
    Visitor().click("Submit")
    anna.draws(SCREW, CAST)
    assert "changes that were not stored before this reading was submitted" in anna.words
    assert anna.kept and stored(anna).revision == 1
    anna.click("Reopen")
    assert stored(anna).revision == 2 and anna.labels == ["screw", "cast"] and anna.kept == ""


def test_what_was_left_before_submitting_can_be_discarded(anna):
    anna.draws(SCREW).click("Submit")
    kept = draft(anna, 0, BOX)
    other = Visitor(drafts=[kept])
    assert "changes that were not stored" in other.words and other.labels == ["screw"]
    other.click("Discard them")
    assert other.asked("drop")["drop"] == [kept[0]] and "not stored" not in other.words


def test_a_reading_that_was_sent_back_says_why(anna):
    anna.draws(SCREW).click("Submit")
    Given.store.review(stored(anna).id, BOSS, False, "The *wire* is missing.")
    anna.run()
    assert r"Sent back by Boss: The \*wire\* is missing\." in anna.words
    anna.draws(CAST).click("Submit")
    Given.store.review(stored(anna).id, BOSS, True)
    anna.run()
    assert "Accepted by Boss" in anna.words and "Reopen" not in anna.buttons


def looking_at(visitor: Visitor, number: int) -> Visitor:
    visitor.app.session_state[f"{visitor.key}-history"] = True
    visitor.run()
    visitor.app.button(key=f"{visitor.key}-look-{number}").click()
    return visitor.run()


def test_r9_an_earlier_revision_is_looked_at_restored_and_undone(anna):
    anna.draws(SCREW).writes("First").draws(SCREW, CAST).writes("Second")
    first = Given.store.revisions(anna.work.reading.id)[-1].annotation
    looking_at(anna, 1)
    assert "**Revision 1," in anna.words and anna.labels == ["screw", "cast"]
    anna.click("Restore revision 1")
    assert anna.labels == ["screw"] and anna.comment == ""
    newest = Given.store.revisions(anna.work.reading.id)[0]
    assert newest.restored_from == 1 and newest.number == 5
    assert same_masks(newest.annotation, first)
    anna.click("Undo")
    assert anna.labels == ["screw", "cast"] and anna.comment == "Second"
    newest = Given.store.revisions(anna.work.reading.id)[0]
    assert newest.restored_from is None and newest.number == 6
    anna.click("Redo")
    assert anna.labels == ["screw"] and anna.comment == ""


def test_every_picture_of_the_history_has_words(anna):
    anna.draws(SCREW).click("Clear").click("No artefact")
    looking_at(anna, 2)
    alts = [image.alt for part in anna.app.get("image") for image in part.proto.imgs]
    assert {"Revision 1: 1 region", "Revision 2: nothing marked", "Revision 3: no artefact"} <= {
        *alts
    }


def test_a_damaged_reading_is_replaced_by_an_earlier_revision(anna, monkeypatch):
    anna.draws(SCREW).draws(SCREW, CAST)
    begin, save = FrailStore.begin, FrailStore.save
    damaged = True

    def hurt(self, *args):
        reading = begin(self, *args)
        if not damaged:
            return reading
        return annotate_work.replace(reading, annotation=Annotation(), damaged=True)

    def mended(self, *args, restored_from=None, **kwargs):
        nonlocal damaged
        assert restored_from is not None
        damaged = False
        return save(self, *args, restored_from=restored_from, **kwargs)

    monkeypatch.setattr(FrailStore, "begin", hurt)
    monkeypatch.setattr(FrailStore, "save", mended)
    other = Visitor()
    assert "cannot be read any more" in other.words and "Undo" not in other.buttons
    other.app.button(key=f"{other.key}-look-1").click()
    other.run().click("Restore revision 1")
    assert other.labels == ["screw"] and "cannot be read" not in other.words
    assert stored(other).revision == 3
