"""The severity page as a visitor meets it."""

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from core import samples
from core.models import catalogue
from core.settings import CHECKOUT
from tests.browser.hands import choose, remounted, settled
from tests.browser.server import serve
from tests.toy_models import publish_graded

PUBLISHED = CHECKOUT / "checkpoints"
FILMS = {sample.slug: sample.data() for sample in samples.knee_gallery()}
GRADE = re.compile(r"Grade [0-4], [a-z ]+ · [<>]?\d+\s%")


@pytest.fixture(scope="module")
def url(browser, tmp_path_factory):
    """The address of the app on the published graders, or on a toy where there is none."""
    folder = tmp_path_factory.mktemp("severity")
    checkpoints = PUBLISHED
    if not catalogue(PUBLISHED, "severity"):
        checkpoints = folder / "checkpoints"
        _open_gate(publish_graded(checkpoints))
    env = {"LIGHTBOX_CHECKPOINTS": str(checkpoints), "LIGHTBOX_DATA": str(folder)}
    with serve(CHECKOUT, folder / "log.txt", env) as server:
        yield server.url
    assert "Traceback" not in (folder / "log.txt").read_text()


def _open_gate(model: Path) -> None:
    """A gate to which everything is equally like a knee."""
    nothing = np.zeros((1, 8), np.float32)
    far, one = np.full(1, np.inf), np.ones((1, 1))
    arrays = {"mean": nothing, "basis": nothing[None], "spread": one, "residual": far}
    np.savez(model / "gate.npz", threshold=np.inf, **arrays)


def called(page):
    return page.get_by_role("heading", name=GRADE)


def bars(page, words: str):
    """The charts of probabilities whose words hold these."""
    return page.get_by_role("figure", name=re.compile(f"^Probability of every grade.*{words}"))


def uploaded(name: str, data: bytes) -> dict:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def stroke(page, canvas, *places: tuple[float, float]) -> None:
    """Draw on the canvas through these places, as shares of its width and height, once the page
    has settled."""
    settled(page)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    first, *others = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places
    ]
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def test_what_is_brushed_over_is_hidden_and_graded_again(page, url):
    page.goto(f"{url}/severity?sample=knee-grade-4")
    expect(called(page)).to_be_visible()
    choose(page, "Hide with a brush")
    expect(page.get_by_text("Nothing is hidden yet")).to_be_visible()
    canvas = page.locator("canvas").last
    expect(canvas).to_be_visible()
    stroke(page, canvas, (0.2, 0.55), (0.8, 0.55))
    expect(bars(page, "With your part hidden")).to_be_visible()
    expect(page.get_by_text(re.compile(r"of the film is hidden"))).to_be_visible()
    settled(page)
    share = page.get_by_text(re.compile(r"of the film is hidden")).inner_text()
    # 0.6 of the width and a round end, 24 px of 360 high: 4 in 100.
    assert 3 <= int(re.match(r"\d+", share)[0]) <= 6
    expect(
        page.locator("strong", has_text=re.compile(r"^(Without what|Hiding this).+\.$"))
    ).to_be_visible()
    stroke(page, canvas, (0.2, 0.7), (0.8, 0.7))
    expect(page.get_by_text(share, exact=True)).to_have_count(0)
    expect(called(page)).to_be_visible()


def test_a_stroke_of_the_brush_can_be_taken_back(page, url):
    page.goto(f"{url}/severity?sample=knee-grade-4")
    expect(called(page)).to_be_visible()
    choose(page, "Hide with a brush")
    undo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    hidden, nothing = (
        page.get_by_text(re.compile(words)) for words in ("film is hidden", "Nothing is hidden yet")
    )
    canvas = page.locator("canvas").last
    expect(nothing).to_be_visible()
    expect(undo).to_be_disabled()
    expect(clear).to_be_disabled()
    stroke(page, canvas, (0.2, 0.55), (0.8, 0.55))
    expect(hidden).to_be_visible()
    settled(page)
    one = hidden.inner_text()
    stroke(page, canvas, (0.2, 0.7), (0.8, 0.7))
    expect(page.get_by_text(one, exact=True)).to_have_count(0)
    remounted(page, undo.click)
    expect(page.get_by_text(one, exact=True)).to_be_visible()
    # What was there before stays on the canvas, and a new stroke joins it.
    stroke(page, canvas, (0.2, 0.2), (0.8, 0.2))
    expect(page.get_by_text(one, exact=True)).to_have_count(0)
    remounted(page, undo.click)
    expect(page.get_by_text(one, exact=True)).to_be_visible()
    remounted(page, undo.click)
    expect(nothing).to_be_visible()
    stroke(page, canvas, (0.2, 0.55), (0.8, 0.55))
    expect(hidden).to_be_visible()
    remounted(page, clear.click)
    expect(nothing).to_be_visible()
    expect(undo).to_be_disabled()


def test_a_link_keeps_film_side_and_explained_grade(page, url):
    page.goto(f"{url}/severity?sample=both-knees")
    expect(called(page)).to_be_visible()
    right = page.get_by_role("radio", name=re.compile("Right of the film"))
    settled(page)
    page.get_by_text(re.compile("Right of the film")).click()
    expect(right).to_be_checked()
    expect(page).to_have_url(re.compile("side=right"))
    settled(page)
    heading = called(page).inner_text()
    page.reload()
    expect(right).to_be_checked()
    expect(page.get_by_role("combobox", name="Sample")).to_have_value(re.compile("^Both knees"))
    expect(called(page)).to_have_text(heading)
    expect(page.get_by_text(re.compile("^The link"))).to_have_count(0)


def test_a_batch_downloads_as_csv(page, url):
    page.goto(f"{url}/severity")
    choose(page, "Your own films")
    page.locator("input[type=file]").set_input_files(
        [uploaded("=1+1.png", FILMS["knee-grade-1"]), uploaded("b.dcm", FILMS["dicom-knee"])]
    )
    expect(page.get_by_role("heading", name="2 films, 2 knees graded")).to_be_visible()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download results (CSV)").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["file"] for row in rows] == ["'=1+1.png", "b.dcm"]
    for row in rows:
        assert sum(float(row[f"p({grade})"]) for grade in range(5)) == pytest.approx(1, abs=1e-3)
    assert not rows[0]["left space mm"] and float(rows[1]["left space mm"]) > 0
