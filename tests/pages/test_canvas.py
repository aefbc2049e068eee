"""The drawing canvas without a browser: what it makes of what the widget and the browser tell."""

import hashlib
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import masks
from core.masks import Stroke, to_json
from core.settings import CHECKOUT

APP = CHECKOUT / "tests/browser/canvas_app/Home.py"
FIRST, NAMESAKE = (hashlib.sha256(slug).hexdigest() for slug in (b"first", b"namesake"))
SHAPE = (300, 200)
STROKE = {
    "type": "Path",
    "stroke": "#56B4E9A0",
    "strokeWidth": 16,
    "left": 100,
    "top": 50,
    "path": [["M", 50, 50], ["L", 150, 50]],
}
ODD = {"film": FIRST, "titles": 7, "salt": ["a"], "problem": ["full"]}
KEPT = (Stroke(np.array([(10.0, 20.0), (60.0, 50.0)]), tool="rectangle"),)


class Visitor:
    """Someone at the page, whose browser and widget are played by this test."""

    def __init__(self) -> None:
        self.app = AppTest.from_file(str(APP), default_timeout=30).run()
        assert not self.app.exception

    def told(self, key: str, state: dict) -> "Visitor":
        """A component told something."""
        self.app.session_state[key] = state
        self.app.run()
        assert not self.app.exception
        return self

    def reports(self, film: str = FIRST, width: int = 358, **said) -> "Visitor":
        """The browser's memory told what it kept."""
        return self.told(self.memory_key, {"report": {"film": film, "width": width} | said})

    def draws(self, *objects: dict) -> "Visitor":
        """The widget that is on the page told what is on it."""
        return self.told(self.widget, {"drawing": {"raw": {"objects": list(objects)}}})

    def choose(self, key: str, value) -> "Visitor":
        self.app.segmented_control(key=f"page-{key}").set_value(value).run()
        assert not self.app.exception
        return self

    def click(self, key: str) -> "Visitor":
        self.app.button(key=f"page-{key}").click().run()
        assert not self.app.exception
        return self

    @property
    def memory_key(self) -> str:
        return f"page-memory-{self.app.session_state['browser-memory-session']}"

    @property
    def widget(self) -> str:
        return f"page-canvas-{FIRST}-{self.app.session_state[f'page-sheet-{FIRST}'].mount}"

    @property
    def drawing(self) -> dict:
        """What the page says of the drawing."""
        return json.loads(self.app.code[0].value)

    @property
    def memory(self) -> dict:
        """What the browser's memory is asked to do."""
        told = [json.loads(part.proto.json) for part in self.app.get("bidi_component")]
        return next(data for data in told if "forget" in data)

    @property
    def tools(self) -> list[str]:
        return self.drawing["tools"]

    @property
    def words(self) -> str:
        return " ".join(caption.value for caption in self.app.caption)

    def can(self, key: str) -> bool:
        return not self.app.button(key=f"page-{key}").disabled


@pytest.fixture
def visitor():
    return Visitor()


def test_the_film_is_shown_until_the_browser_tells_what_it_kept(visitor):
    assert len(visitor.app.image) == 1 and len(visitor.app.get("bidi_component")) == 1
    visitor.reports()
    assert not visitor.app.image and len(visitor.app.get("bidi_component")) == 2
    assert "Nothing is drawn yet" in visitor.words
    assert not (visitor.can("undo") or visitor.can("redo") or visitor.can("clear"))


def test_strokes_come_one_by_one_and_go_one_by_one(visitor):
    visitor.reports().draws(STROKE, STROKE | {"top": 200})
    assert visitor.tools == ["brush", "brush"]
    visitor.click("undo")
    assert visitor.tools == ["brush"] and visitor.can("redo")
    visitor.click("undo")
    assert visitor.tools == [] and not visitor.can("undo")
    visitor.click("redo").click("redo")
    assert visitor.tools == ["brush", "brush"] and not visitor.can("redo")
    visitor.draws(STROKE | {"top": 300})
    assert visitor.tools == ["brush"] * 3
    visitor.click("clear")
    assert visitor.tools == []
    visitor.click("undo")
    assert visitor.tools == ["brush"] * 3


def test_only_what_changes_the_picture_empties_the_widget(visitor):
    visitor.reports().draws(STROKE)
    first = visitor.widget
    for tool in ("Line", "Rectangle", "Polygon", "Brush"):
        assert visitor.choose("tool", tool).widget == first
    visitor.app.slider(key=f"page-window-{FIRST}").set_range(40, 200).run()
    assert visitor.widget == first
    assert visitor.choose("erase", "Erase").widget != first
    second = visitor.widget
    # Nothing new is drawn: there is nothing to lay into the picture.
    assert visitor.choose("erase", "Paint").widget == second
    assert visitor.choose(f"zoom-{FIRST}", 2).widget != second
    assert visitor.tools == ["brush"]


def test_strokes_stay_where_the_browser_builds_the_widget_anew(visitor):
    visitor.reports().draws(STROKE, STROKE | {"top": 200})
    widget = visitor.widget
    visitor.draws()
    assert visitor.tools == ["brush"] * 2 and visitor.widget == widget
    visitor.draws(STROKE | {"top": 300})
    assert visitor.tools == ["brush"] * 3 and visitor.widget == widget
    visitor.draws(STROKE | {"top": 300}, STROKE | {"top": 400})
    assert visitor.tools == ["brush"] * 4
    # Even where it tells as many at once as there were.
    visitor.draws(STROKE | {"top": 100}, STROKE | {"top": 120})
    assert visitor.tools == ["brush"] * 6
    for left in range(5, -1, -1):
        assert visitor.click("undo").tools == ["brush"] * left


def test_what_is_drawn_on_a_part_of_the_film_lies_there(visitor):
    visitor.reports().draws(STROKE)
    before = visitor.drawing
    visitor.choose(f"zoom-{FIRST}", 4)
    assert visitor.drawing == before
    visitor.click("undo").draws(STROKE)
    assert visitor.tools == ["brush"]
    view = visitor.app.session_state[f"page-sheet-{FIRST}"].view
    (left, y), (right, _) = view.to_film(np.array([(50.0, 50.0), (150.0, 50.0)]))
    half = 8 / view.scale
    wanted = [left - half, right + half - 1, y - half, y + half - 1]
    assert visitor.drawing["box"] == pytest.approx(wanted, abs=1)
    assert view.scale > 6 and visitor.drawing["pixels"] < before["pixels"] / 10


def test_zooming_in_begins_at_what_was_drawn_last(visitor):
    visitor.reports().draws(STROKE)
    left, right, top, bottom = visitor.drawing["box"]
    visitor.choose(f"zoom-{FIRST}", 2)
    view = visitor.app.session_state[f"page-sheet-{FIRST}"].view
    assert (view.width, view.height) == (100, 150)
    assert view.left <= left < right <= view.left + view.width
    assert view.top <= top < bottom <= view.top + view.height


def test_a_mask_from_elsewhere_is_one_step(visitor):
    visitor.reports().draws(STROKE, STROKE)
    (suggest,) = (button for button in visitor.app.button if button.label == "Suggest")
    suggest.click().run()
    assert visitor.tools == ["rectangle"] and visitor.drawing["pixels"] == 40 * 50
    visitor.click("undo")
    assert visitor.tools == ["brush", "brush"]


def test_a_drawing_that_the_browser_kept_comes_back(visitor):
    visitor.reports(drawing=to_json(KEPT, SHAPE, FIRST))
    assert visitor.drawing["box"] == [10, 59, 20, 49]
    assert r"Your mask of film\.png was restored from this browser" in visitor.words
    visitor.click("discard")
    assert visitor.tools == [] and "restored" not in visitor.words
    visitor.click("undo")
    assert visitor.tools == ["rectangle"] and "restored" not in visitor.words


def test_a_restored_drawing_is_said_so_until_it_changes(visitor):
    visitor.reports(drawing=to_json(KEPT, SHAPE, FIRST)).draws(STROKE)
    assert visitor.tools == ["rectangle", "brush"]
    assert "restored" not in visitor.words


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "no JSON",
        "[]",
        7,
        {"schema": "lightbox-strokes"},
        to_json(KEPT, SHAPE, NAMESAKE),
        to_json(KEPT, SHAPE[::-1], FIRST),
        to_json(KEPT, SHAPE, FIRST).replace("10.0", "NaN"),
    ],
    ids=["empty", "no JSON", "a list", "a number", "a part", "other film", "other size", "NaN"],
)
def test_what_is_no_drawing_of_this_film_is_not_taken(visitor, kept):
    visitor.reports(drawing=kept)
    assert visitor.tools == [] and "restored" not in visitor.words
    # What the component tells as text is what a browser kept; all else is no report of one.
    assert ("cannot be read any more" in visitor.words) is isinstance(kept, str)
    assert visitor.memory["keep"] == ""
    visitor.draws(STROKE)
    assert "cannot be read" not in visitor.words


def test_without_a_kept_drawing_none_is_refused(visitor):
    visitor.reports()
    assert "cannot be read" not in visitor.words


def test_a_film_of_the_same_name_does_not_get_the_drawing(visitor):
    visitor.reports(titles=["", hashlib.sha256(b"salt/film.png").hexdigest()[:16]], salt="salt")
    assert visitor.tools == []
    assert r"another film named film\.png: it is not used here" in visitor.words
    visitor.draws(STROKE)
    assert "another film" not in visitor.words


@pytest.mark.parametrize("salt", [None, "", 7, "other"])
def test_a_name_is_compared_in_its_own_browser_only(visitor, salt):
    bare = [hashlib.sha256(text).hexdigest()[:16] for text in (b"film.png", b"/film.png")]
    salted = hashlib.sha256(b"salt/film.png").hexdigest()[:16]
    visitor.reports(titles=[*bare, salted, ""], salt=salt)
    assert "another film" not in visitor.words
    assert visitor.memory["title"] not in (*bare, salted)
    assert bool(visitor.memory["title"]) is (salt == "other")


def test_another_film_waits_for_its_own_report(visitor):
    visitor.reports(film=NAMESAKE, drawing=to_json(KEPT, SHAPE, NAMESAKE))
    assert visitor.tools == [] and visitor.app.image


@pytest.mark.parametrize(
    ("problem", "said"), [("full", "storage has no room"), ("blocked", "storage is closed")]
)
def test_a_browser_that_keeps_nothing_is_told_of(visitor, problem, said):
    visitor.reports(problem=problem).draws(STROKE)
    assert visitor.words.count(said) == visitor.words.count("A reload loses this mask") == 1
    assert visitor.tools == ["brush"]


def test_what_could_not_be_read_back_is_not_kept(visitor, monkeypatch):
    monkeypatch.setattr(masks, "MAX_STROKES", 2)
    visitor.reports().draws(STROKE, STROKE)
    assert len(json.loads(visitor.memory["keep"])["strokes"]) == 2
    assert "A reload loses" not in visitor.words
    visitor.draws(STROKE, STROKE, STROKE)
    assert visitor.memory["keep"] is None
    assert "more strokes than can be read back" in visitor.words


def test_a_browser_that_was_asked_to_forget_keeps_nothing_more(visitor):
    visitor.reports(drawing=to_json(KEPT, SHAPE, FIRST), salt="salt", titles=[])
    assert visitor.memory["keep"] and not visitor.memory["forget"]
    (told,) = (text.value for text in visitor.app.markdown if "this browser keeps" in text.value)
    assert "strokes" in told and "SHA-256" in told and "60 days" in told
    visitor.click("forget")
    assert visitor.memory["forget"] and visitor.memory["keep"] is None
    assert visitor.tools == ["rectangle"] and "has forgotten your masks" in visitor.words
    visitor.draws(STROKE)
    assert visitor.memory["forget"] and visitor.memory["keep"] is None
    assert visitor.tools == ["rectangle", "brush"] and "restored" not in visitor.words


def test_a_finger_is_told_that_only_the_brush_draws(visitor):
    visitor.reports(touch=True)
    assert "With a finger" not in visitor.words
    visitor.choose("tool", "Polygon")
    assert "With a finger only the brush draws" in visitor.words


@pytest.mark.parametrize("report", [None, 7, "report", {}, {"film": FIRST, "width": "wide"}, ODD])
def test_a_report_may_be_anything(visitor, report):
    visitor.told(visitor.memory_key, {"report": report})


def test_r6_what_a_browser_told_a_server_that_died_is_not_taken_for_news(visitor):
    old = {"report": {"film": FIRST, "width": 358, "drawing": to_json(KEPT, SHAPE, FIRST)}}
    assert Visitor().memory_key != visitor.memory_key
    visitor.told("page-memory", old).told("page-memory-of-before", old)
    assert len(visitor.app.image) == 1 and visitor.tools == []


def test_the_mask_is_told_in_words(visitor):
    visitor.reports().draws(STROKE)
    pixels = visitor.drawing["pixels"]
    assert f"{pixels:,} pixels" in visitor.words and f"{pixels / 600:.1f}" in visitor.words
