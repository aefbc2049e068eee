"""Making a quiz without a browser: what a teacher chooses becomes its cases, or a sentence."""

import io
import threading
import zipfile

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import film_zip, quiz_cases, quiz_own
from core.phantoms import knee
from core.quiz_records import MAX_CASES
from core.quiz_store import rows
from core.samples import png
from core.settings import CHECKOUT
from core.ui import quiz_make, quiz_make_own, quiz_make_turn
from core.ui.quiz_make_list import LISTED, NUMBERED, SHUFFLED, arranged
from tests.class_folders import write_films
from tests.pages.conftest import HANG_S
from tests.toy_models import publish_graded

APP = CHECKOUT / "tests/pages/quiz_make_app.py"
GREY = np.random.default_rng(0).integers(40, 90, (60, 40), np.uint8)
FILM, OTHER = png(GREY), png(GREY[:, :30])


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LIGHTBOX_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LIGHTBOX_DATABASE_URL", raising=False)


@pytest.fixture
def pack(tmp_path):
    """Six films, two of them for validation; named before `form`, which looks for it."""
    write_films(tmp_path / "data/fracture", 6)


@pytest.fixture
def form(checkpoints):
    return AppTest.from_file(str(APP), default_timeout=HANG_S).run()


def press(form: AppTest, key: str) -> AppTest:
    form.button(key=f"quiz-make-{key}").click().run()
    assert not form.exception
    return form


def choose(form: AppTest, key: str, value) -> AppTest:
    form.segmented_control(key=f"quiz-make-{key}").set_value(value).run()
    assert not form.exception
    return form


def upload(form: AppTest, *files: tuple[str, bytes]) -> AppTest:
    bring(form, *files)
    return form if form.button(key="quiz-make-add").disabled else press(form, "add")


def zipped(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def tell(form: AppTest, **truths: str) -> AppTest:
    """Say the truth of uploaded films in the table, as the next run finds it."""
    table = form.data_editor[0]
    rows = list(table.value["Film"])
    edits = {rows.index(f"{name}.png"): {"Truth": truth} for name, truth in truths.items()}
    form.session_state[table.key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    return form


def bring(form: AppTest, *files: tuple[str, bytes]) -> AppTest:
    form.file_uploader[0].set_value([(*file, "image/png") for file in files]).run()
    assert not form.exception
    return form


def sentences(form: AppTest) -> str:
    """All that is said, without the strokes that keep names from being read as Markdown."""
    kinds = (form.error, form.warning, form.caption)
    return " ".join(one.value.replace("\\", "") for kind in kinds for one in kind)


def made(form: AppTest):
    return form.session_state["made"]


def test_nothing_is_made_of_nothing(form):
    assert form.button(key="quiz-make-make").disabled
    assert "no case yet" in sentences(form)
    assert "made" not in form.session_state


def test_one_press_makes_a_quiz(form):
    choose(form, "pace", "own")
    quiz, cases = made(press(form, "ready-films"))
    assert (quiz.title, quiz.pace, quiz.cases) == ("Ten synthetic films", "own", 10)
    assert sum(case.truth for case in cases) == 5
    assert all(case.readings[0].name == "toy" for case in cases)


def test_quizzes_of_real_films_wait_for_a_pack_and_say_so(form):
    assert form.button(key="quiz-make-ready-real-films").disabled
    assert "Needs the pack fracture, which is not at hand" in sentences(form)
    assert "Needs the packs lesion and knee: not both are at hand" in sentences(form)
    choose(form, "where-fracture", "Real films")
    assert "put the pack fracture.zip into the folder" in sentences(press(form, "add"))


def test_real_films_of_a_pack_are_asked(pack, form):
    quiz, cases = made(press(form, "ready-real-films"))
    assert quiz.cases == 2 and all("FracAtlas" in case.told for case in cases)


def test_a_quiz_mixes_questions_in_the_order_they_were_added(form, checkpoints):
    publish_graded(checkpoints)
    form.number_input(key="quiz-make-count").set_value(2).run()
    press(form, "add")
    choose(form, "question", "grade")
    press(form, "add")
    form.selectbox(key="quiz-make-model-grade").set_value("").run()
    form.text_input(key="quiz-make-title").set_value("Bones and knees").run()
    quiz, cases = made(press(form, "make"))
    assert quiz.title == "Bones and knees" and quiz.pace == "led"
    assert [case.question for case in cases] == ["fracture"] * 2 + ["grade"] * 2
    assert [bool(case.readings) for case in cases] == [True, True, False, False]
    assert form.run().button(key="quiz-make-make").disabled  # the list is empty again


def test_without_a_model_the_teacher_is_told_and_the_quiz_is_made_blind(form):
    choose(form, "question", "grade")
    form.number_input(key="quiz-make-count").set_value(1).run()
    press(form, "add")
    assert "No model that reads" in sentences(form)
    assert made(press(form, "make"))[1][0].readings == ()


def test_more_than_a_quiz_holds_is_left_out_with_a_sentence(form):
    choose(form, "question", "fill")
    form.number_input(key="quiz-make-count").set_value(MAX_CASES).run()
    press(form, "add")
    form.number_input(key="quiz-make-count").set_value(1).run()
    press(form, "add")
    assert f"at most {MAX_CASES} cases, so 1 stay out" in sentences(form)
    press(form, "empty")
    assert form.button(key="quiz-make-make").disabled


def test_a_quiz_needs_a_title(form):
    assert form.text_input(key="quiz-make-title").value.startswith("Films of ")
    form.number_input(key="quiz-make-count").set_value(1).run()
    press(form, "add")
    form.text_input(key="quiz-make-title").set_value(" ").run()
    assert form.button(key="quiz-make-make").disabled
    assert "Give the quiz a title." in sentences(form)


def test_own_films_bring_their_truth_in_the_folders_of_a_zip(form):
    choose(form, "where-fracture", "Your own files")
    films = zipped(("fractured/a.png", FILM), ("normal/b.png", OTHER), ("labels.csv", b""))
    upload(form, ("films.zip", films))
    assert "2 of 2 cases will be asked" in sentences(form)
    assert [case.truth for case in made(press(form, "make"))[1]] == [1, 0]


def test_films_of_a_zip_whose_folders_tell_nothing_are_told_in_the_table(form):
    choose(form, "where-fracture", "Your own files")
    films = (("fractured/a.png", FILM), ("b.png", OTHER), ("cats/c.png", png(GREY[:50])))
    bring(form, ("x.zip", zipped(*films)))
    assert any("“cats” match no class" in one.value for one in form.info)
    tell(form, b="not fractured", **{"cats/c": "fractured"})
    press(form, "add")
    assert [case.truth for case in made(press(form, "make"))[1]] == [1, 0, 1]


def test_a_file_that_is_no_film_is_found_before_its_truth_is_asked(form):
    choose(form, "where-fracture", "Your own files")
    bring(form, ("a.png", FILM), ("notes.png", b"no film at all, only words"))
    assert "notes.png: " in sentences(form) and not form.data_editor


def test_a_truth_that_was_said_stays_when_another_film_is_brought(form):
    choose(form, "where-fracture", "Your own files")
    tell(bring(form, ("a.png", FILM)), a="fractured").run()
    tell(bring(form, ("b.png", OTHER), ("a.png", FILM)), b="not fractured")
    assert list(form.data_editor[0].value["Truth"].fillna("")) == ["", "fractured"]
    press(form, "add")
    cases = made(press(form, "make"))[1]
    assert [case.truth for case in cases] == [0, 1]


def test_films_of_one_name_are_counted_up_and_each_is_asked(form):
    choose(form, "where-fracture", "Your own files")
    named = zipped(("fractured/a.png", png(GREY[:50])))
    bring(form, ("a.png", FILM), ("a.png", OTHER), ("x.zip", named), ("y.zip", named))
    assert list(form.data_editor[0].value["Film"]) == ["a.png", "a (2).png"]
    form.session_state[form.data_editor[0].key] = {
        "edited_rows": {0: {"Truth": "fractured"}, 1: {"Truth": "not fractured"}},
        "added_rows": [],
        "deleted_rows": [],
    }
    press(form, "add")
    assert "3 of 3 cases will be asked" in sentences(form)
    assert "1 are in the list already" in sentences(form)  # the zip was brought twice
    assert [case.truth for case in made(press(form, "make"))[1]] == [1, 0, 1]


def test_a_zip_is_unpacked_once_and_not_at_every_tick(form, monkeypatch):
    opened = []

    def unpack(data, name):
        opened.append(name)
        return film_zip.unpack(data, name)

    monkeypatch.setattr(quiz_make_own, "unpack", unpack)
    choose(form, "where-fracture", "Your own files")
    bring(form, ("x.zip", zipped(("fractured/a.png", FILM))))
    choose(form, "pace", "own")
    assert opened == ["x.zip"]


def test_films_that_are_too_large_together_are_refused_in_a_sentence(form, monkeypatch):
    monkeypatch.setattr(quiz_own, "MAX_HELD", len(FILM) + len(OTHER) - 1)
    choose(form, "where-fracture", "Your own files")
    bring(form, ("x.zip", zipped(("fractured/a.png", FILM), ("fractured/b.png", OTHER))))
    assert "Your films take more than" in sentences(form)
    upload(form, ("x.zip", zipped(("fractured/a.png", FILM))))
    assert "1 case added" in sentences(form)
    upload(form, ("x.zip", zipped(("fractured/b.png", OTHER))))  # beside the one in the list
    assert "Your films take more than" in sentences(form)
    assert "1 of 1 cases will be asked" in sentences(form)


@pytest.mark.parametrize("hours", [None, 24])
def test_how_long_a_quiz_is_kept_is_told(checkpoints, monkeypatch, hours):
    if hours:
        monkeypatch.setenv("LIGHTBOX_KEEP_HOURS", str(hours))
    else:
        monkeypatch.delenv("LIGHTBOX_KEEP_HOURS", raising=False)
    form = AppTest.from_file(str(APP), default_timeout=HANG_S).run()
    choose(form, "where-fracture", "Your own files")
    said = sentences(form)
    assert "in the database of this server, until you delete the quiz" in said
    assert said.count("nobody has done anything in it for 24 hours") == (2 if hours else 0)


def test_one_quiz_is_made_at_a_time(form, monkeypatch):
    alone = []

    def spy(*given):
        alone.append(quiz_make_turn._TURN.locked())
        return quiz_cases.make(*given)

    monkeypatch.setattr(quiz_make, "make", spy)
    press(form, "ready-films")
    assert alone == [True] and not quiz_make_turn._TURN.locked()


def test_who_waits_for_a_turn_is_told_and_comes_next():
    told, waits, order = [], threading.Event(), []

    def second():
        with quiz_make_turn.turn(lambda said: (told.append(said), waits.set())):
            order.append("second")

    other = threading.Thread(target=second)
    with quiz_make_turn.turn(told.append):
        other.start()
        assert waits.wait(HANG_S)
        order.append("first")
    other.join(HANG_S)
    assert order == ["first", "second"] and set(told) == {quiz_make_turn.WAITING}


def test_a_full_server_refuses_before_the_work_of_making(form, monkeypatch):
    monkeypatch.setattr(rows, "MAX_TOTAL", 0)
    monkeypatch.setattr(quiz_make, "make", None)
    press(form, "ready-films")
    assert "All quizzes on this server may take" in sentences(form)
    assert "made" not in form.session_state


def test_own_knees_need_no_truth_to_be_filled(form):
    choose(form, "question", "fill")
    choose(form, "where-fill", "Your own files")
    upload(form, ("knee.png", png(knee(1, 1).pixels)))
    (case,) = made(press(form, "make"))[1]
    assert case.question == "fill" and "knee.png" not in case.told


def test_cases_are_asked_as_listed_by_number_or_by_chance():
    asked = [("a", 3), ("b", None), ("c", 1), ("d", 3), ("e", float("nan")), ("f", 2)]
    assert "".join(arranged(asked, LISTED, 1)) == "abcdef"
    assert "".join(arranged(asked, NUMBERED, 1)) == "cfadbe"
    shuffled = ["".join(arranged(asked, SHUFFLED, seed)) for seed in range(4)]
    assert {"".join(sorted(one)) for one in shuffled} == {"abcdef"} and len(set(shuffled)) > 1
    assert arranged([], SHUFFLED, 1) == []


def test_a_name_from_outside_is_shown_letter_by_letter(form):
    choose(form, "where-fracture", "Your own files")
    upload(form, ("**a** [b](c).png", FILM))
    bring(form, ("x.zip", zipped(("_cats_/a.png", FILM))))
    said = " ".join(one.value for one in (*form.info, *form.caption))
    assert r"\_\_a\_\_ \[b\]\(c\)" in said and r"“\_cats\_” match no class" in said


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], "There is no film yet"),
        ([("notes.png", b"no film at all, only words")], "notes.png: "),
        ([("a.png", FILM)], "The truth of a.png is not said"),
        ([("x.zip", b"PK no zip")], "damaged or no zip"),
        ([("x.zip", zipped(*((f"fractured/{n}.png", FILM) for n in range(61))))], "these are 61"),
    ],
)
def test_own_files_that_do_not_do_are_refused_in_a_sentence(form, files, sentence):
    choose(form, "where-fracture", "Your own files")
    upload(form, *files)
    assert sentence in sentences(form)
    assert form.button(key="quiz-make-make").disabled
