"""The drawing canvas in a real browser, on a page of its own: by mouse and by finger."""

import json
import re
from functools import partial

import pytest
from playwright.sync_api import expect

from core.settings import CHECKOUT
from tests.browser import hands
from tests.browser.conftest import PATIENCE_MS
from tests.browser.hands import canvas, opened, remounted, settled
from tests.browser.server import serve

APP = CHECKOUT / "tests/browser/canvas_app"
WIDTH, HEIGHT = 200, 300  # of the film
on_screen, drag, swipe = (
    partial(act, part=(0, 0, WIDTH, HEIGHT)) for act in (hands.on_screen, hands.drag, hands.swipe)
)
HINTS = {
    "Brush": "Drag over the film",
    "Line": "Drag from one end",
    "Rectangle": "Drag from one corner",
    "Polygon": "Click each corner",
}


@pytest.fixture(scope="module")
def url(browser, tmp_path_factory):
    log = tmp_path_factory.mktemp("canvas") / "log.txt"
    with serve(APP, log, {"PYTHONPATH": str(CHECKOUT)}) as server:
        yield server.url
    assert "Traceback" not in log.read_text()


def choose(page, tool: str) -> None:
    hands.choose(page, tool)
    expect(page.get_by_text(re.compile(HINTS[tool]))).to_be_visible()
    settled(page)


def press(page, label: str) -> None:
    remounted(page, page.get_by_text(label, exact=True).click)


def drawing(page, *tools: str) -> dict:
    """What the page says once the drawing consists of these; "-" behind those that erase."""
    wanted = f'"tools": {json.dumps(tools)}'
    expect(page.get_by_test_id("stCode")).to_contain_text(wanted)
    settled(page)
    return json.loads(page.get_by_test_id("stCode").inner_text())


def near(*box: float):
    return pytest.approx(box, abs=2)


def test_every_tool_paints_and_erases_and_undo_knows_them_all(page, url):
    page.goto(url)
    opened(page)
    # Two in a row: the second begins before the server has heard of the first.
    drag(page, (40, 100), (160, 100))
    drag(page, (100, 40), (100, 160))
    assert drawing(page, "brush", "brush")["box"] == near(36, 164, 36, 164)
    choose(page, "Rectangle")
    drag(page, (120, 200), (205, 305))  # beyond the border, into the margin
    drawing(page, "brush", "brush", "rectangle")
    choose(page, "Polygon")
    for place in on_screen(page, (10, 200), (60, 200), (10, 280), (10, 200)):
        page.mouse.click(*place)
    drawing(page, "brush", "brush", "rectangle", "polygon")
    choose(page, "Line")
    drag(page, (10, 10), (60, 20))
    painted = drawing(page, "brush", "brush", "rectangle", "polygon", "line")
    assert painted["box"] == near(6, 199, 6, 299)
    press(page, "Erase")
    choose(page, "Rectangle")
    drag(page, (110, 190), (205, 305))
    erased = drawing(page, "brush", "brush", "rectangle", "polygon", "line", "rectangle-")
    assert painted["pixels"] - erased["pixels"] == pytest.approx(80 * 100, rel=0.02)
    remounted(page, lambda: page.keyboard.press("Control+z"))
    assert drawing(page, "brush", "brush", "rectangle", "polygon", "line") == painted
    remounted(page, page.get_by_role("button", name="Redo").click)
    assert drawing(page, "brush", "brush", "rectangle", "polygon", "line", "rectangle-") == erased
    remounted(page, page.get_by_role("button", name="Clear").click)
    assert drawing(page)["pixels"] == 0
    remounted(page, page.get_by_role("button", name="Undo").click)
    assert drawing(page, "brush", "brush", "rectangle", "polygon", "line", "rectangle-") == erased


def test_what_is_drawn_on_an_enlarged_part_lies_there_on_the_film(page, url):
    page.goto(url)
    opened(page)
    choose(page, "Rectangle")
    drag(page, (20, 30), (180, 270))
    whole = drawing(page, "rectangle")
    assert whole["box"] == near(20, 179, 30, 269)
    press(page, "4×")
    for label, along in (("Left to right", "Home"), ("Top to bottom", "End")):
        remounted(page, lambda: page.get_by_role("slider", name=label).press(along))  # noqa: B023
    hands.choose(page, "Erase")
    expect(page.get_by_text("What you mark orange is taken away")).to_be_visible()
    settled(page)
    part = (0, HEIGHT - 75, 50, 75)
    drag(page, (15, 240), (40, 260), part=part)
    erased = drawing(page, "rectangle", "rectangle-")
    assert whole["pixels"] - erased["pixels"] == pytest.approx(20 * 20, abs=20)
    press(page, "1×")
    assert drawing(page, "rectangle", "rectangle-") == erased


def test_a_drawing_outlives_other_pages_reloads_and_other_films(page, url):
    page.goto(url)
    opened(page)
    drag(page, (40, 100), (160, 140))
    drag(page, (40, 200), (160, 240))
    drawing(page, "brush", "brush")
    press(page, "Erase")
    drag(page, (100, 60), (100, 260))
    drawn = drawing(page, "brush", "brush", "brush-")
    page.get_by_role("link", name="other").click()
    expect(page.get_by_role("heading", name="Other")).to_be_visible()
    page.get_by_role("link", name="page").click()
    assert drawing(page, "brush", "brush", "brush-") == drawn
    opened(page)
    page.reload()
    restored = page.get_by_text("Your mask of film.png was restored from this browser")
    expect(restored).to_be_visible()
    assert drawing(page, "brush", "brush", "brush-") == drawn

    page.goto(f"{url}?film=namesake")
    expect(page.get_by_text("another film named film.png")).to_be_visible()
    assert drawing(page)["pixels"] == 0
    page.goto(f"{url}?film=wide")
    opened(page)
    expect(page.get_by_text("another film")).to_have_count(0)
    drag(page, (40, 40), (90, 90), part=(0, 0, 600, 300))
    drawing(page, "brush")

    page.goto(url)
    assert drawing(page, "brush", "brush", "brush-") == drawn
    hands.press(page, "Discard it")
    drawing(page)
    expect(restored).to_have_count(0)
    page.reload()
    opened(page)
    expect(restored).to_have_count(0)
    drawing(page)


def test_a_finger_draws_and_erases_with_the_brush(browser, url):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(url)
    opened(page)
    box = canvas(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    swipe(page, (40, 100), (160, 100))
    swipe(page, (40, 150), (160, 150))
    painted = drawing(page, "brush", "brush")
    remounted(page, page.get_by_text("Erase", exact=True).tap)
    swipe(page, (100, 80), (100, 170))
    erased = drawing(page, "brush", "brush", "brush-")
    assert erased["pixels"] < painted["pixels"]
    settled(page)
    page.get_by_text("Polygon", exact=True).tap()
    expect(page.get_by_text("With a finger only the brush draws")).to_be_visible()
    page.reload()
    assert drawing(page, "brush", "brush", "brush-") == erased
    context.close()


STORED = "() => Object.keys(localStorage).filter((name) => name.startsWith('lightbox-')).sort()"


def kept(page) -> list[str]:
    return [name for name in page.evaluate(STORED) if name.startswith("lightbox-drawing:")]


def saved(page, name: str, drawing: str, saved: str = "Date.now()") -> None:
    """Let the browser's storage hold another drawing."""
    page.evaluate(
        f"([name, drawing]) => localStorage.setItem(name, "
        f"JSON.stringify({{ drawing, title: '', saved: {saved} }}))",
        [name, drawing],
    )


def test_a_drawing_that_finds_no_room_costs_no_other_one(page, url):
    page.goto(url)
    opened(page)
    others = [f"lightbox-drawing:page:{number}" for number in range(2)]
    for name in others:
        saved(page, name, "{}")
    page.evaluate(  # a site that has all its room filled by something else
        "() => { let size = 2 ** 22; while (size >= 1) {"
        "try { localStorage.setItem('filler' + size + Math.random(), 'a'.repeat(size)) }"
        "catch { size /= 2 } } }"
    )
    drag(page, (40, 100), (160, 100))
    drawing(page, "brush")
    expect(page.get_by_text("storage has no room for it")).to_be_visible()
    assert kept(page) == others
    page.evaluate(
        "() => Object.keys(localStorage).filter((name) => name.startsWith('filler'))"
        ".forEach((name) => localStorage.removeItem(name))"
    )
    drag(page, (40, 200), (160, 200))
    drawing(page, "brush", "brush")
    expect(page.get_by_text("storage has no room for it")).to_have_count(0)
    assert len(kept(page)) == 3


def test_a_drawing_too_large_to_keep_is_refused_before_any_is_dropped(page, url):
    page.goto(url)
    opened(page)
    others = [f"lightbox-drawing:page:{number}" for number in range(3)]
    for name in others:
        saved(page, name, "a" * 1_400_000)
    hands.press(page, "Suggest many")
    expect(page.get_by_text("storage has no room for it")).to_be_visible()
    assert kept(page) == others


def test_the_browser_forgets_all_masks_when_asked_to(page, url):
    page.goto(f"{url}?film=wide")
    opened(page)
    drag(page, (40, 40), (90, 90), part=(0, 0, 600, 300))
    drawing(page, "brush")
    page.goto(url)
    opened(page)
    drag(page, (40, 100), (160, 140))
    drawing(page, "brush")
    page.wait_for_function(f"({STORED})().length === 3")
    assert len(kept(page)) == 2 and "lightbox-salt" in page.evaluate(STORED)
    settled(page)
    page.get_by_role("button", name="What this browser keeps").click()
    page.get_by_role("button", name="Forget my masks on this browser").click()
    expect(page.get_by_text("This browser has forgotten your masks")).to_be_visible()
    page.wait_for_function(f"({STORED})().length === 0")
    drag(page, (40, 200), (160, 240))
    drawing(page, "brush", "brush")
    assert page.evaluate(STORED) == []
    page.reload()
    opened(page)
    drawing(page)
    drag(page, (40, 200), (160, 240))
    drawing(page, "brush")
    page.wait_for_function(f"({STORED})().length === 2")
