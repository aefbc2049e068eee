"""A quiz as a class meets it: a teacher and three students in browsers of their own, at once."""

import csv
import io
import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from core import samples
from core.quiz_records import Answer, Case, ModelReading, Picture
from core.quizzes import Quizzes
from core.settings import CHECKOUT
from tests.browser.conftest import PATIENCE_MS
from tests.browser.hands import settled
from tests.browser.server import serve

ANSWERS = ("not fractured", "fractured")
BREAK = (0.5, 0.4)
BOX = (0.4, 0.3, 0.6, 0.5)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def film(broken: bool, heat: tuple | None = None) -> bytes:
    """A drawn bone, 300 x 200, whole or with a line across it; or a spot of heat over it."""
    grey = np.full((300, 200), 40, np.uint8)
    cv2.ellipse(grey, (100, 150), (45, 140), 0, 0, 360, 170, -1)
    if broken:
        cv2.line(grey, (75, 110), (125, 130), 60, 3)
    if heat:
        cv2.circle(grey, (int(200 * heat[0]), int(300 * heat[1])), 20, 255, -1)
    return samples.png(grey)


def case(position: int, broken: bool, points: tuple) -> tuple[Case, list[Picture]]:
    """A film that the model calls fractured, at a place it points to."""
    says = ModelReading("toy", "Toy", Answer(1, points), (0.2, 0.8), 0.5, heat=1)
    told = "Drawn for this quiz"
    name = f"Film {position + 1}"
    truth, boxes = int(broken), (BOX,) * broken
    one = Case(position, "fracture", name, ANSWERS, truth, 1, boxes, (says,), told)
    return one, [Picture(film(broken), name), Picture(film(broken, points), f"Heat over {name}")]


@pytest.fixture(scope="module")
def server(browser, tmp_path_factory):
    """The app with a store of its own; yields its address and that of the store."""
    folder = tmp_path_factory.mktemp("quiz")
    store = f"sqlite:///{folder / 'annotations.sqlite'}"
    env = {
        "LIGHTBOX_HOME": str(folder),
        "LIGHTBOX_DATABASE_URL": store,
        "LIGHTBOX_CHECKPOINTS": str(folder / "checkpoints"),
        "LIGHTBOX_DATA": str(folder / "data"),
    }
    with serve(CHECKOUT, folder / "log.txt", env) as running:
        yield running.url, store
    assert "Traceback" not in (folder / "log.txt").read_text()


@pytest.fixture
def visitor(browser):
    """Browsers of different people: `visitor(**how)` opens one."""
    contexts = []

    def visitor(**how):
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | how))
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return context.new_page()

    yield visitor
    for context in contexts:
        context.close()


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def join(page, nickname: str) -> None:
    page.get_by_role("textbox", name="Nickname").fill(nickname)
    press(page, "Join")
    expect(page.get_by_text("case 1 of 2")).to_be_visible()


def point(page, name: str, at: tuple, finger: bool = False) -> None:
    """Mark a place of the film, with the mouse or a finger."""
    settled(page)
    shown = page.get_by_role("img", name=name, exact=True)
    shown.scroll_into_view_if_needed()
    box = shown.bounding_box()
    click = page.touchscreen.tap if finger else page.mouse.click
    click(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])
    expect(page.get_by_text(re.compile("^Marked"))).to_be_attached()
    settled(page)


def histogram(page, words: str):
    return page.get_by_role("img", name=re.compile(rf"^Answers of the class\. {words}"))


def test_a_class_reads_blind_sees_the_model_and_the_truth(server, visitor):
    url, address = server
    quizzes = Quizzes.open(address)
    quiz = quizzes.create("Bones", "led", [case(0, True, BREAK), case(1, False, (0.5, 0.8))])
    teacher, ann, bo, cleo = visitor(), visitor(**PHONE), visitor(), visitor()
    teacher.goto(f"{url}/quiz?lead={quiz.key}")
    expect(teacher.get_by_role("heading", name=quiz.code)).to_be_visible()
    for page, nickname in ((ann, "Ann"), (bo, "Bo")):
        page.goto(f"{url}/quiz?quiz={quiz.code}")
        join(page, nickname)
    cleo.goto(f"{url}/quiz")
    cleo.get_by_role("textbox", name="Code").fill(quiz.code.lower())
    join(cleo, "Cleo")

    point(ann, "Film 1", BREAK, finger=True)
    press(ann, "Fractured")
    point(bo, "Film 1", (0.9, 0.9))
    press(bo, "Fractured")
    press(cleo, "Not fractured")
    for page in (ann, bo, cleo):
        expect(page.get_by_text("Your answer counts.")).to_be_visible()
    expect(teacher.get_by_text("3 of 3 have answered")).to_be_visible()
    expect(histogram(teacher, "Not fractured: 1; Fractured: 2")).to_be_visible()
    expect(teacher.get_by_text("Toy")).to_have_count(0)
    shown = teacher.get_by_role("img", name="Film 1", exact=True)
    assert teacher.request.get(shown.evaluate("shown => shown.src")).body() == film(broken=True)

    press(teacher, "Show the model")
    for page in (ann, bo, cleo):
        expect(page.get_by_role("img", name="Heat over Film 1")).to_be_visible()
    press(ann, "Keep: Fractured")
    press(bo, "Keep: Fractured")
    for _ in range(5):  # from the middle of the film
        cleo.get_by_role("application").press("ArrowUp")
    press(cleo, "Change to: Fractured")
    expect(teacher.get_by_text("3 of 3 have decided")).to_be_visible()
    changed = "Not fractured: 1 blind, 0 after the model; Fractured, ◇ the model: 2 blind, 3 after"
    expect(histogram(teacher, changed)).to_be_visible()
    expect(teacher.get_by_text("Drawn for this quiz")).to_have_count(0)

    press(teacher, "Reveal the truth")
    for page in (ann, bo, cleo):
        expect(page.get_by_text("Right: Fractured.")).to_be_visible()
        expect(page.locator("rect.over")).to_have_count(1)

    press(teacher, "Next case")
    for page in (ann, bo, cleo):
        expect(page.get_by_text("case 2 of 2")).to_be_visible()
    bo.reload()
    expect(bo.get_by_text("case 2 of 2")).to_be_visible()
    for page in (ann, bo, cleo):
        press(page, "Not fractured")
        expect(page.get_by_text("Your answer counts.")).to_be_visible()
    press(teacher, "Show the model")
    expect(bo.get_by_role("img", name="Heat over Film 2")).to_be_visible()
    point(bo, "Film 2", (0.5, 0.8))
    press(bo, "Change to: Fractured")
    press(ann, "Keep: Not fractured")
    expect(teacher.get_by_text("2 of 3 have decided")).to_be_visible()
    press(teacher, "Reveal the truth")
    expect(bo.get_by_text("Wrong: it is Not fractured.")).to_be_visible()
    expect(ann.get_by_text("Right: Not fractured.")).to_be_visible()

    press(teacher, "End now and see the results")
    expect(ann.get_by_role("heading", name="The quiz has ended")).to_be_visible()
    expect(teacher.get_by_text("1 right answer wrong")).to_be_visible()
    expect(teacher.get_by_text("1 wrong answer right")).to_be_visible()
    with teacher.expect_download() as download:
        press(teacher, "Download all answers (CSV)")
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["reader"] == "student"]
    assert len(rows) == 11
    by = {(row["student"], row["case"], row["stage"]): row for row in rows}
    assert [by[name, "1", "blind"]["in a box"] for name in ("Ann", "Bo", "Cleo")] == ["1", "0", ""]
    assert by["Cleo", "1", "after the model"]["in a box"] == "1"
    assert by["Bo", "2", "after the model"]["right"] == "0"

    press(teacher, "Delete this quiz")
    press(teacher, "Delete it all")
    expect(teacher.get_by_role("heading", name="Join a quiz")).to_be_visible()
    ann.reload()
    expect(ann.get_by_text("This quiz was deleted")).to_be_visible()
    quizzes.close()


def test_a_page_that_missed_what_its_server_sent_comes_right_by_itself(server, visitor):
    url, address = server
    quizzes = Quizzes.open(address)
    quiz = quizzes.create("Bones", "led", [case(0, True, BREAK), case(1, False, BREAK)])
    deaf, missed = [], []

    def relay(page):
        there = page.connect_to_server()
        page.on_message(there.send)
        there.on_message(lambda data: missed.append(data) if deaf else page.send(data))

    ann = visitor()
    ann.route_web_socket(re.compile("_stcore/stream"), relay)
    ann.goto(f"{url}/quiz?quiz={quiz.code}")
    join(ann, "Ann")
    quizzes.lead(quiz, 0, "model")
    quizzes.lead(quiz, 0, "truth")
    expect(ann.get_by_text("You gave no answer.")).to_be_visible()
    settled(ann)
    deaf.append(True)
    quizzes.lead(quiz, 1, "read")
    while sum(map(len, missed)) < 5000:  # a whole run of the page, and not only a look's answer
        ann.wait_for_timeout(100)
    expect(ann.get_by_text("case 1 of 2")).to_be_visible()
    deaf.clear()
    expect(ann.get_by_text("case 2 of 2")).to_be_visible()
    press(ann, "Not fractured")
    expect(ann.get_by_text("Your answer counts.")).to_be_visible()
    quizzes.close()
