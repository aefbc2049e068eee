"""The annotate page without a browser: who reads, worklists, films in and out, and the log."""

import io
import json
import sqlite3
import sys
import zipfile

import numpy as np
import pytest

from core import samples
from core.annotation_records import Reader, Unreachable
from core.annotation_store import films
from core.annotations import Store
from core.artefacts import Annotation
from core.clean_film import clean
from core.masks import Stroke
from tests.pages.test_start import texts

ANN, BO = Reader("Ann"), Reader("Bo")
ONE = "1 of 4 submitted by you"
MARKED = Annotation(
    (Stroke(np.array([(4.0, 4.0), (12.0, 12.0)]), tool="rectangle", label="screw"),)
)


def picture(seed: int) -> bytes:
    return samples.png(np.full((24, 32), 10 + seed, np.uint8))


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "home"))
    for variable in ("DATABASE_URL", "KEEP_HOURS", "WORKLISTS"):
        monkeypatch.delenv(f"LIGHTBOX_{variable}", raising=False)
    return tmp_path / "home"


@pytest.fixture
def store(home):
    """The store of the page, for what others do meanwhile."""
    store = Store.open(f"sqlite:///{home / 'annotations.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def desks(visit, home, monkeypatch):
    """What the page hands to its parts, which have tests of their own."""
    if "core.ui.annotate_export_view" not in sys.modules:
        visit("annotate")  # only a running app can import the canvas
    calls = []
    for part, name in (("desk", "desk"), ("review", "review"), ("export_view", "show")):
        module = sys.modules[f"core.ui.annotate_{part}"]
        monkeypatch.setattr(module, name, lambda *given, name=name: calls.append((name, *given)))
    return calls


class Visitor:
    """Someone at the page, whose browser is played by this test."""

    def __init__(self, visit, name: str = "Ann", known: tuple = (), **query: str) -> None:
        self.app = visit("annotate", **query)
        assert not self.app.exception
        worklists = [{"code": code, "title": title, "at": 1.0} for code, title in known]
        self.app.session_state["annotate-identity"] = {"report": _report(name, worklists)}
        self.run()

    def run(self) -> "Visitor":
        self.app.run()
        assert not self.app.exception
        return self

    def click(self, label: str) -> "Visitor":
        (button,) = (button for button in self.app.button if button.label == label)
        assert not button.disabled, label
        button.click()
        return self.run()

    def write(self, key: str, text: str) -> "Visitor":
        self.app.text_input(key=key).set_value(text)
        return self

    def choose(self, key: str, value) -> "Visitor":
        self.app.segmented_control(key=key).set_value(value)
        return self.run()

    def upload(self, *files: tuple[str, bytes]) -> "Visitor":
        given = [(name, data, "application/octet-stream") for name, data in files]
        self.app.file_uploader[0].set_value(given)
        return self.run()

    def makes(self, title: str) -> "Visitor":
        return self.write("annotate-title", title).click("Make it")

    @property
    def code(self) -> str:
        return self.app.session_state["annotate-worklist"]

    @property
    def said(self) -> str:
        kinds = ("markdown", "caption", "info", "warning", "error", "success", "toast")
        return " / ".join(texts(self.app.get(kind)) for kind in kinds)

    @property
    def films(self) -> list[str]:
        return list(self.app.dataframe[0].value["Film"])

    @property
    def address(self) -> dict:
        given = self.app.query_params.items()
        return {name: text if isinstance(text, str) else text[0] for name, text in given}

    def can(self, label: str) -> bool:
        (button,) = (button for button in self.app.button if button.label == label)
        return not button.disabled


def labels(app) -> str:
    """What the buttons say that open something."""
    return " / ".join(block.proto.popover.label for block in app.get("popover"))


def _report(name, worklists=()) -> dict:
    return {"name": name, "worklists": list(worklists), "problem": False}


def memory(app) -> dict:
    """What the browser is asked to keep."""
    told = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return next(data for data in told if "opened" in data)


@pytest.fixture
def ann(visit, home, desks):
    return lambda **query: Visitor(visit, **query)


def listed(store: Store, *names: str, by: Reader = ANN):
    """A worklist with films of these names."""
    worklist = store.create_worklist("Knees", by)
    for seed, name in enumerate(names):
        store.add_film(worklist, clean(picture(seed), name), by)
    return worklist, store.films(worklist)


def hand_in(store: Store, worklist, film, reader: Reader = ANN):
    reading = store.begin(worklist, film.sha256, reader)
    return store.submit(store.save(reading, 0, MARKED, by=reader), 1, reader)


def test_nothing_is_asked_before_the_browser_has_told_what_it_keeps(visit, home):
    app = visit("annotate")
    assert not app.exception and not app.text_input and not app.button
    assert app.title[0].value == "Annotate"


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("  Ann \n Lee ", "Ann Lee"),
        ("<b>Bo</b>", "<b>Bo</b>"),
        ("x" * 80, "x" * 80),
        ("  ", None),
        ("\u202e\0", None),
    ],
)
def test_a_name_is_asked_once_and_kept_as_plain_text(ann, typed, kept):
    visitor = ann(name="").write("annotate-typed", typed).click("Continue")
    if kept is None:
        assert "Who is reading?" in visitor.said
        return
    assert "Who is reading?" not in visitor.said
    assert memory(visitor.app)["name"] == kept


@pytest.mark.parametrize(
    "kept",
    [
        {"name": 7, "worklists": 7, "problem": None},
        {"name": ["Ann"], "worklists": [7, {}, {"code": 1, "title": "a"}, {"code": ""}]},
        {},
    ],
)
def test_what_a_browser_kept_is_not_trusted(visit, home, kept):
    visitor = Visitor(visit, name="")
    visitor.app.session_state["annotate-identity"] = {"report": kept}
    visitor.run()
    assert "Who is reading?" in visitor.said


def test_a_known_reader_makes_a_worklist_and_its_link_opens_it_for_another(ann, store):
    visitor = ann().makes("Knees with hardware")
    code = visitor.code
    assert visitor.address == {"worklist": code}
    assert store.worklist(code).created_by == ANN
    assert [kept["code"] for kept in memory(visitor.app)["opened"]] == [code]
    other = ann(name="Bo", worklist=code)
    assert other.app.selectbox[0].value == code
    assert "no films yet" in other.said


def test_a_browser_that_keeps_nothing_is_told_to_keep_the_link(ann, store):
    worklist, _ = listed(store, "a.png")
    visitor = ann(worklist=worklist.code)
    assert "Keep this link" not in visitor.said
    visitor.app.session_state["annotate-identity"] = {"report": {"name": "Ann", "problem": True}}
    assert "Keep this link" in visitor.run().said


def test_a_worklist_needs_a_title(ann):
    visitor = ann().makes("   ")
    assert "title" in texts(visitor.app.error)
    assert "annotate-worklist" not in visitor.app.session_state or not visitor.code


def test_worklists_are_found_again_by_the_browser_that_opened_them_alone(ann, store):
    worklist, _ = listed(store, "a.png")
    assert not ann(name="Bo").app.selectbox
    visitor = ann(known=((worklist.code, "Knees"),))
    visitor.app.selectbox[0].select(worklist.code)
    assert visitor.run().films == ["a.png"]
    visitor.app.selectbox[0].select("")
    assert visitor.run().address == {}
    assert "Make a new one" in visitor.said


def test_a_server_that_lists_its_worklists_shows_them_to_everybody(ann, store, monkeypatch):
    listed(store, "a.png")
    monkeypatch.setenv("LIGHTBOX_WORKLISTS", "listed")
    assert ann(name="Bo").app.selectbox[0].options == ["Knees"]


@pytest.mark.parametrize(
    "pasted", ["{code}", " {code} ", "http://x/annotate?worklist={code}&film=a"]
)
def test_a_worklist_opens_by_its_code_or_its_whole_link(ann, store, pasted):
    worklist, _ = listed(store, "a.png")
    visitor = ann().write("annotate-code", pasted.format(code=worklist.code)).click("Open")
    assert visitor.films == ["a.png"]


def test_an_unknown_code_is_one_sentence(ann):
    visitor = ann(worklist="nosuchcode", film="abc")
    assert "no such worklist" in texts(visitor.app.warning)
    assert "Make a new one" in visitor.said and visitor.address == {}


def test_the_samples_come_as_a_worklist_with_a_dicom_among_them(ann, desks):
    visitor = ann().click("Try with sample films")
    assert len(visitor.films) == 6 and "dicom-screws.dcm" in visitor.films
    assert desks[-1][0] == "desk"


def test_films_come_from_files_and_zips_and_each_refusal_stands_beside_its_name(ann, store):
    visitor = ann().makes("Knees")
    inner = zipped(("deep.png", picture(9)))
    visitor.upload(
        ("a.png", picture(1)),
        ("notes.png", b"no picture"),
        ("films.zip", zipped(("x/b.png", picture(2)), ("c.zip", inner), ("x/a.png", picture(3)))),
        ("evil.zip", zipped(("../d.png", picture(4)))),
        ("again.png", picture(1)),
    )
    assert visitor.films == ["a.png", "b.png", "a.png"]
    assert "3 films were added" in visitor.said
    lines = next(text.value for text in visitor.app.markdown if "notes" in text.value).split("\n")
    told = [("notes", "text file"), ("c", "zip archive"), ("a", "Another film of this name")]
    told += [("evil", ""), ("again", "already here, as a")]
    assert len(lines) == len(told)
    for line, (name, why) in zip(lines, told, strict=True):
        assert line.startswith(f"- **{name}") and why in line
    assert not visitor.click("Close").said.count("notes")
    assert visitor.upload(("a.png", picture(1))).films == ["a.png", "b.png", "a.png"]
    assert "No film was added" in visitor.said


def test_p1_the_identity_of_a_film_is_that_of_the_file_that_came(ann, store, desks):
    visitor = ann().makes("Knees")
    visitor.upload(("a.png", picture(1)))
    _, _, worklist, film, shown, inverted, reader = desks[-1]
    assert film.sha256 == shown.sha256 == clean(picture(1), "a.png").sha256
    assert shown.grey.shape == (24, 32) and reader == ANN and inverted in (False, True)
    assert visitor.address == {"worklist": worklist.code, "film": film.sha256[:12]}


def test_next_and_previous_go_through_what_the_filter_lists(ann, store, desks):
    worklist, films = listed(store, "a.png", "b.png", "c.png", "d.png")
    hand_in(store, worklist, films[1])
    reading = store.begin(worklist, films[3].sha256, ANN)
    store.save(reading, 0, MARKED, by=ANN)
    visitor = ann(worklist=worklist.code, film=films[2].sha256[:12])

    def shown() -> str:
        return desks[-1][3].name

    assert shown() == "c.png" and ONE in labels(visitor.app)
    assert list(visitor.app.dataframe[0].value["Your reading"]) == [
        "○ To do",
        "● Submitted",
        "○ To do",
        "◐ Draft",
    ]
    assert visitor.click("Next") and shown() == "d.png" and not visitor.can("Next")
    assert visitor.click("Next to do") and shown() == "a.png" and not visitor.can("Previous")
    visitor.choose("annotate-filter-Read", "Submitted")
    # The film that is open stays listed, so that no choice takes it away.
    assert visitor.films == ["a.png", "b.png"]
    assert visitor.click("Next") and shown() == "b.png"
    assert visitor.run().films == ["b.png"]


def test_review_lists_what_waits_for_it_first(ann, store, desks):
    worklist, films = listed(store, "a.png", "b.png", "c.png")
    reading = hand_in(store, worklist, films[2], BO)
    store.review(hand_in(store, worklist, films[1], BO).id, ANN, accept=True)
    visitor = ann(worklist=worklist.code).choose("annotate-view", "Review")
    assert visitor.films == ["c.png", "b.png", "a.png"]
    assert visitor.click("Next to review") and desks[-1][0] == "review"
    assert desks[-1][3].sha256 == reading.sha256


def test_a_film_that_another_reader_removed_is_said_to_be_gone(ann, store, desks):
    worklist, films = listed(store, "a.png", "b.png")
    visitor = ann(worklist=worklist.code).click("Next")
    store.remove_film(worklist, films[1].sha256, ANN)
    assert "not in this worklist any more" in visitor.run().said
    assert visitor.films == ["a.png"] and desks[-1][3].name == "a.png"


def test_p5_a_film_goes_after_confirmation_and_only_by_who_may(ann, store):
    worklist, films = listed(store, "a.png", "b.png")
    visitor = ann(worklist=worklist.code)
    assert not visitor.can("Remove this film")
    visitor.app.checkbox(key=f"annotate-sure-{worklist.code}-{films[0].sha256}").check()
    visitor.run().click("Remove this film")
    assert visitor.films == ["b.png"] == [film.name for film in store.films(worklist)]
    other = ann(name="Bo", worklist=worklist.code)
    assert "Remove this film" not in [button.label for button in other.app.button]


def test_p5_a_worklist_goes_after_confirmation_and_only_by_who_made_it(ann, store):
    worklist, _ = listed(store, "a.png")
    other = ann(name="Bo", worklist=worklist.code)
    assert "Delete this worklist" not in [button.label for button in other.app.button]
    visitor = ann(worklist=worklist.code)
    assert not visitor.can("Delete this worklist")
    visitor.app.checkbox(key=f"annotate-sure-{worklist.code}").check()
    visitor.run().click("Delete this worklist")
    assert store.worklists() == [] and visitor.address == {}
    assert memory(visitor.app)["left"] == [worklist.code]
    assert "no such worklist" in texts(other.run().app.warning)


def test_p5_worklists_left_alone_are_deleted_and_the_page_says_when(ann, store, monkeypatch):
    monkeypatch.setenv("LIGHTBOX_KEEP_HOURS", "0.0000001")
    worklist, _ = listed(store, "a.png")
    visitor = ann(worklist=worklist.code)
    assert "left alone for 1e-07 hours" in visitor.said
    assert store.worklists() == []


def test_a_store_that_does_not_open_is_one_sentence(visit, home, tmp_path):
    home.mkdir()
    (home / "annotations.sqlite").write_bytes(b"no database" * 400)
    visitor = Visitor(visit)
    (error,) = visitor.app.error
    assert error.value and "Traceback" not in error.value and str(tmp_path) not in error.value
    (home / "annotations.sqlite").unlink()
    assert "Make a new one" in visitor.click("Try again").said


def test_a_signed_in_user_is_who_they_are(visit, home, desks, store):
    app = visit("annotate")
    app.user = {"is_logged_in": False}
    app.session_state["annotate-identity"] = {"report": _report("Mallory")}
    app.run()
    assert not app.exception and [button.label for button in app.button] == ["Sign in"]
    app.user = {"is_logged_in": True, "email": "ann@clinic.org", "email_verified": True}
    app.run()
    app.text_input(key="annotate-title").set_value("Knees")
    next(button for button in app.button if button.label == "Make it").click().run()
    assert not app.exception
    (worklist,) = store.worklists()
    assert worklist.created_by == Reader("ann@clinic.org", verified=True)


@pytest.mark.parametrize(
    "claims, name",
    [
        ({"email": "a@b.c", "sub": "7"}, "a@b.c"),
        ({"email": "a@b.c", "email_verified": False, "sub": "7", "name": "A"}, "7 A"),
        ({"sub": "7"}, "7"),
    ],
)
def test_an_address_that_nobody_verified_is_no_identity(monkeypatch, desks, claims, name):
    class User:
        def to_dict(self):
            return {"is_logged_in": True, **claims}

    identity = sys.modules["core.ui.identity"]
    monkeypatch.setattr(identity.st, "user", User())
    assert identity.reader() == Reader(name, verified=True)


def test_a1_the_log_is_verified_and_a_tampered_line_is_found(ann, store, home):
    worklist, films = listed(store, "a.png", "b.png")
    hand_in(store, worklist, films[0])
    visitor = ann(worklist=worklist.code).choose("annotate-view", "Log")
    table = visitor.app.dataframe[0].value
    assert list(table["What"]) == ["open", "submit", "save", "add", "add", "create"]
    assert list(table["Film"])[1] == "a.png" and list(table["Drawn"])[2] == "by hand"
    assert "The log is whole: 6 lines" in visitor.click("Verify the log").said
    with sqlite3.connect(home / "annotations.sqlite") as database:
        database.execute("UPDATE events SET line = replace(line, 'Ann', 'Eve') WHERE seq = 3")
    assert "Line 3" in texts(visitor.click("Verify the log").app.error)


def test_a_film_that_is_one_too_many_is_refused_beside_its_name(ann, store, monkeypatch):
    monkeypatch.setattr(films, "MAX_FILMS", 1)
    visitor = ann().makes("Knees")
    visitor.upload(("a.png", picture(1)), ("b.png", picture(2)))
    assert visitor.films == ["a.png"]
    assert "1 film was added" in visitor.said
    assert "A worklist holds at most 1 films" in visitor.said


def test_the_log_is_taken_only_where_it_is_noted_who_took_it(ann, store, monkeypatch):
    worklist, films = listed(store, "a.png")
    ben = Reader("Ben")
    store.save(store.begin(worklist, films[0].sha256, ben), 0, MARKED, by=ben)
    visitor = ann(worklist=worklist.code).choose("annotate-view", "Log")
    assert not visitor.app.get("download_button")

    def away(*given):
        raise Unreachable("The annotation store cannot be reached.")

    with monkeypatch.context() as without:
        without.setattr(Store, "take_events", away)
        visitor.click("Take the log (JSON lines)")
    assert "cannot be reached" in texts(visitor.app.warning)
    assert not visitor.app.get("download_button")
    visitor.click("Take the log (JSON lines)")
    (download,) = visitor.app.get("download_button")
    assert download.label == "Download the log"
    assert '"action":"look"' in store.events(worklist)[-2]
    assert not store.begin(worklist, films[0].sha256, ANN).blind


def test_the_browser_forgets_who_one_is(ann, store):
    worklist, _ = listed(store, "a.png")
    visitor = ann(worklist=worklist.code).click("Forget me in this browser")
    assert "Who is reading?" in visitor.said
    asked = memory(visitor.app)
    assert (asked["name"], asked["left"], asked["opened"]) == ("", [worklist.code], [])


def test_no_film_is_loaded_for_the_table(ann, store, desks, monkeypatch):
    worklist, films = listed(store, *(f"{at}.png" for at in range(40)))
    loaded = []
    load = Store.film_data
    monkeypatch.setattr(Store, "film_data", lambda *given: loaded.append(given[2]) or load(*given))
    visitor = ann(worklist=worklist.code)
    assert len(visitor.films) == 40 and loaded == [films[0].sha256]
    visitor.run()
    assert len(loaded) == 1


def test_c4_work_outlives_a_run_of_the_page_without_the_store(visit, home, store, monkeypatch):
    worklist, (film,) = listed(store, "a.png")
    visitor = Visitor(visit, worklist=worklist.code)
    state = visitor.app.session_state
    reading = store.begin(worklist, film.sha256, ANN)
    work = state[f"annotate-work-{worklist.code}-{film.sha256}-0-Ann"]
    memory = f"annotate-{reading.id}-unsaved-{work.session}"
    state[memory] = {"report": {"drafts": [], "width": 358}}
    visitor.run()

    def away(*given, **named):
        raise Unreachable("The annotation store cannot be reached.")

    with monkeypatch.context() as without:
        without.setattr(Store, "save", away)
        sheet = state[f"annotate-{reading.id}-sheet-{film.sha256}"]
        across = {"path": [["M", 50, 50], ["L", 150, 50]], "left": 100, "top": 60}
        across |= {"type": "Path", "stroke": "#77AADDB0", "strokeWidth": 16}
        drawn = {"drawing": {"raw": {"objects": [across]}}}
        state[f"annotate-{reading.id}-canvas-{film.sha256}-{sheet.mount}"] = drawn
        assert "Not saved yet" in visitor.run().said
        without.setattr(Store, "worklist", away)
        assert "cannot be reached" in texts(visitor.run().app.error)
        asked = [json.loads(part.proto.json) for part in visitor.app.get("bidi_component")]
        assert {"seconds": 2} in asked
        visitor.run()
    assert not store.begin(worklist, film.sha256, ANN).annotation.strokes
    visitor.run()
    assert len(store.begin(worklist, film.sha256, ANN).annotation.strokes) == 1
