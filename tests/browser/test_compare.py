"""The Compare page as a teacher meets it."""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from core.settings import CHECKOUT
from tests.browser.hands import press, settled
from tests.browser.server import serve
from tests.toy_models import publish


@pytest.fixture(scope="module")
def url(browser, tmp_path_factory):
    """The address of the app on two toy models."""
    folder = tmp_path_factory.mktemp("compare")
    publish(folder / "checkpoints", title="Toy network")
    publish(folder / "checkpoints", "other", lean=0.9, title="Other network")
    env = {"LIGHTBOX_CHECKPOINTS": str(folder / "checkpoints")}
    with serve(CHECKOUT, folder / "log.txt", env) as server:
        yield server.url
    assert "Traceback" not in (folder / "log.txt").read_text()


def pictures(page):
    return page.get_by_role("img", name=re.compile("^X-ray film"))


def parts(page) -> set[str]:
    """The parts of the films that the pictures show; one, where all are looked at alike."""
    return {picture.get_attribute("viewBox") for picture in pictures(page).all()}


def downloaded(page, name: str) -> np.ndarray:
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return cv2.imread(str(download.value.path()))


def test_pictures_are_zoomed_as_one_enlarged_and_downloaded(page, url):
    page.goto(f"{url}/compare?sample=worn-knee")
    expect(pictures(page)).to_have_count(3)
    settled(page)
    whole = parts(page)
    assert len(whole) == 1
    pictures(page).first.scroll_into_view_if_needed()
    pictures(page).first.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    expect(pictures(page).last).not_to_have_attribute("viewBox", *whole)
    near = parts(page)
    assert len(near) == 1
    grid = downloaded(page, "Download all pictures as shown (PNG)")
    assert grid.shape[1] > 3 * 480 and grid[:, :480].std() > 10
    pictures(page).last.click()
    large = page.get_by_role("dialog")
    expect(large.get_by_role("img")).to_have_attribute("viewBox", *near)
    one = downloaded(page, "Download this picture as shown (PNG)")
    assert 480 < one.shape[1] < grid.shape[1]
    page.keyboard.press("0")
    expect(large.get_by_role("img")).to_have_attribute("viewBox", *whole)
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    assert parts(page) == whole
    press(page, "Zoom in")
    expect(pictures(page).last).not_to_have_attribute("viewBox", *whole)
    assert len(parts(page)) == 1
