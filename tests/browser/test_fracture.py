"""The fracture page as a visitor meets it."""

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from core import samples
from core.settings import CHECKOUT
from tests.browser.hands import choose, press, settled
from tests.browser.server import serve
from tests.toy_models import publish

FILM = samples.gallery()[0].data()
PREDICTIONS = "image,label,not fractured,fractured\na,1,.1,.9\nb,1,.7,.3\nc,0,.4,.6\nd,0,.9,.1\n"


@pytest.fixture(scope="module")
def url(browser, tmp_path_factory):
    """The address of the app on a toy model."""
    folder = tmp_path_factory.mktemp("fracture")
    model = publish(folder / "checkpoints", title="Toy network")
    (model / "predictions.csv").write_text(PREDICTIONS)
    env = {"LIGHTBOX_CHECKPOINTS": str(folder / "checkpoints")}
    with serve(CHECKOUT, folder / "log.txt", env) as server:
        yield server.url
    assert "Traceback" not in (folder / "log.txt").read_text()


def uploaded(name: str, data: bytes = FILM) -> dict:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def verdict(page, words: str):
    return page.get_by_role("heading", name=re.compile(words))


def picture(page) -> str:
    """The address of the film's picture; it changes with what is drawn."""
    return page.get_by_role("img", name=re.compile("^X-ray film")).first.get_attribute("src")


def test_a_link_as_the_servers_first_request_reopens_the_same_view(page, url):
    page.goto(f"{url}/fracture?sample=worn-knee&model=toy&threshold=0.9")
    expect(verdict(page, "No fracture found")).to_be_visible()
    expect(page.get_by_text("Not for diagnosis")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(12)
    settled(page)
    page.get_by_role("slider", name=re.compile("Threshold")).press("Home")
    expect(verdict(page, "Fracture likely")).to_be_visible()
    expect(page).to_have_url(re.compile(r"sample=worn-knee&model=toy&threshold=0\.0+$"))
    page.reload()
    expect(verdict(page, "Fracture likely")).to_be_visible()
    expect(page.get_by_role("combobox", name="Sample")).to_have_value("Worn knee (synthetic)")
    page.go_back()
    expect(verdict(page, "No fracture found")).to_be_visible()


def test_from_the_front_door_to_a_verdict_on_a_film_of_ones_own(page, url):
    page.goto(url)
    press(page, "Read a film of your own")
    page.locator("input[type=file]").set_input_files([uploaded("film.png")])
    expect(verdict(page, r"Fracture likely · 5\d")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("X-ray film film.png"))).to_be_visible()


def test_the_heatmap_follows_its_controls_and_the_verdict_its_threshold(page, url):
    page.goto(f"{url}/fracture")
    expect(verdict(page, "Fracture likely")).to_be_visible()
    settled(page)
    drawn = picture(page)
    page.get_by_role("slider", name=re.compile("Opacity")).press("Home")
    expect(page.locator(f'img[src="{drawn}"]')).to_have_count(0)
    settled(page)
    page.get_by_role("slider", name=re.compile("Threshold")).press("End")
    expect(verdict(page, "No fracture found")).to_be_visible()
    expect(page.get_by_role("slider", name=re.compile("Opacity"))).to_have_value("0")
    choose(page, "Youden")
    expect(verdict(page, "Fracture likely")).to_be_visible()


def test_a_film_stays_as_the_visitor_turned_it(page, url):
    page.goto(f"{url}/fracture?sample=negative-film")
    switch = page.get_by_label("Invert grey values")
    expect(switch).to_be_checked()
    choose(page, "Invert grey values")
    expect(switch).not_to_be_checked()
    settled(page)
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("figure", name=re.compile("ROC curves"))).to_be_visible()
    page.get_by_role("link", name="Fracture").click()
    expect(verdict(page, "Fracture likely|No fracture found")).to_be_visible()
    expect(switch).not_to_be_checked()


def test_a_batch_downloads_as_csv_and_refuses_a_zip_in_words(page, url):
    page.goto(f"{url}/fracture")
    choose(page, "Your own films")
    page.locator("input[type=file]").set_input_files(
        [uploaded("=1+1.png"), uploaded("b.png"), uploaded("films.zip", b"PK\3\4" * 9)]
    )
    expect(verdict(page, "2 films, 2 called fractured")).to_be_visible()
    expect(page.get_by_text(re.compile("not allowed"))).to_be_visible()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download results (CSV)").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["file"] for row in rows] == ["'=1+1.png", "b.png"]
    assert {row["verdict"] for row in rows} == {"Fracture likely"}
