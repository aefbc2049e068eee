"""The sketch page as a visitor meets it: by mouse and by finger."""

import io
import json
import re
import zipfile

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from core.export import stamp_mask
from core.images import decode
from core.lesions import CODES
from core.settings import CHECKOUT
from core.sketch import closed, read_sketch
from tests.browser.conftest import PATIENCE_MS
from tests.browser.hands import canvas, choose, drag, opened, press, settled, swipe
from tests.browser.server import serve
from tests.toy_lesions import publish_reader
from tests.toy_models import publish_outliner, publish_sketcher
from trainers.lesions import LesionPack

SIDE = 512  # px of the square that is drawn on
WHOLE = (0, 0, SIDE, SIDE)
TURNS = np.linspace(0, 2 * np.pi, 20)[:-1]
COVERS = """([low, high]) => {
    const said = document.body.innerText.match(/The sketch covers ([0-9.]+)/)
    return said && low <= said[1] && said[1] <= high
}"""


@pytest.fixture(scope="module")
def url(browser, tmp_path_factory):
    """The address of the app on toy networks."""
    folder = tmp_path_factory.mktemp("sketch")
    root = folder / "checkpoints"
    publish_sketcher(root, title="Toy generator")
    publish_reader(root, title="Toy reader")
    publish_outliner(root)
    env = {"LIGHTBOX_CHECKPOINTS": str(root), "LIGHTBOX_DATA": str(folder)}
    with serve(CHECKOUT, folder / "log.txt", env) as server:
        yield server.url
    assert "Traceback" not in (folder / "log.txt").read_text()


def ring(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """A way round a place of the square, not quite closed."""
    return [(x + radius * np.cos(turn), y + radius * np.sin(turn)) for turn in TURNS]


def disc(radius: float) -> float:
    """The share of the square that a circle covers, in percent."""
    return 100 * np.pi * radius**2 / SIDE**2


def covered(page, share: float) -> None:
    """Wait until the sketch covers about this share of the square, in percent."""
    page.wait_for_function(COVERS, arg=[0.88 * share, 1.12 * share])
    settled(page)


def pictures(page, count: int) -> list[str]:
    """The addresses of the generated pictures, once there are so many."""
    found = page.get_by_role("img", name=re.compile("^Synthetic picture"))
    expect(found).to_have_count(count)
    settled(page)
    return [picture.get_attribute("src") for picture in found.all()]


def downloaded(page, label: str) -> bytes:
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).first.click()
    return download.value.path().read_bytes()


def uploading(page, popover: str, name: str, data: bytes, answer: str) -> None:
    """Offer a file in a popover, wait for the answer, and close it."""
    press(page, popover)
    offer = page.get_by_test_id("stPopoverBody").locator("input[type=file]")
    offer.set_input_files([{"name": name, "mimeType": "application/octet-stream", "buffer": data}])
    expect(page.get_by_text(answer)).to_be_visible()
    page.keyboard.press("Escape")
    settled(page)


def test_a_lesion_is_drawn_painted_saved_and_still_there_after_a_reload(page, url):
    page.goto(f"{url}/sketch")
    opened(page)
    expect(page.get_by_text("Draw the outline of a lesion, or start")).to_be_visible()
    drag(page, *ring(200, 256, 90), part=WHOLE)
    covered(page, disc(90))
    first = pictures(page, 4)
    drag(page, *ring(400, 256, 50), part=WHOLE)
    covered(page, disc(90) + disc(50))
    both = pictures(page, 4)
    assert not set(first) & set(both)
    expect(page.get_by_text("Agrees").first).to_be_visible()

    picture = decode(downloaded(page, "PNG"), "picture.png")
    corner = stamp_mask((128, 128))
    assert picture.pixels.shape == (128, 128, 3) and len(np.unique(picture.pixels[corner])) == 2
    mask = closed(read_sketch(downloaded(page, "Sketch (JSON)")))
    assert 100 * mask.mean() == pytest.approx(disc(90) + disc(50), rel=0.12)
    inside, outside = picture.pixels[mask & ~corner], picture.pixels[~mask & ~corner]
    assert np.median(inside, 0).tolist() != np.median(outside, 0).tolist()

    choose(page, "All seven at once")
    pictures(page, len(CODES))
    choose(page, "Morph")
    pictures(page, 3)
    page.reload()
    opened(page)
    expect(page.get_by_text("Your sketch was restored from this browser")).to_be_visible()
    covered(page, disc(90) + disc(50))
    assert pictures(page, 4) == both


def test_from_the_front_door_to_a_batch_that_the_trainers_read(page, url, tmp_path):
    page.goto(url)
    settled(page)
    page.get_by_role("link", name="Outline of a lesion").click()
    pictures(page, 4)
    expect(page).to_have_url(re.compile(r"/sketch\?model=cgan&diagnosis=mel$"))
    press(page, "Make the zip")
    expect(page.get_by_text("70 pictures by Toy generator")).to_be_visible()
    data = downloaded(page, "Download the zip")
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    (tmp_path / "batch.zip").write_bytes(data)
    pack = LesionPack(tmp_path / "batch.zip")
    assert len(pack.lesions) == 70
    assert {lesion.label for lesion in pack.lesions} == set(range(len(CODES)))


def test_a_photo_becomes_a_sketch_and_what_is_no_sketch_a_sentence(page, url):
    page.goto(f"{url}/sketch")
    opened(page)
    photo = np.full((200, 200, 3), (140, 155, 210), np.uint8)  # BGR: pale skin
    cv2.circle(photo, (100, 100), 50, (50, 60, 90), -1)
    data = cv2.imencode(".png", photo)[1].tobytes()
    uploading(page, "Photo", "mole.png", data, "correct it before you go on")
    covered(page, 100 * np.pi * 50**2 / 200**2)
    expect(page.get_by_text("Photo beneath")).to_be_visible()
    before = pictures(page, 4)
    letter = json.dumps(["Dear colleague"]).encode()
    uploading(page, "Saved", "letter.json", letter, "This file is not a sketch saved here")
    assert pictures(page, 4) == before


def test_a_finger_draws(browser, url):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{url}/sketch")
    opened(page)
    box = canvas(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    swipe(page, *ring(256, 256, 120), part=WHOLE)
    covered(page, disc(120))
    first = pictures(page, 4)
    swipe(page, *ring(440, 440, 50), part=WHOLE)
    covered(page, disc(120) + disc(50))
    assert not set(first) & set(pictures(page, 4))
    context.close()
