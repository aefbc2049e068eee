"""The inpaint page as a visitor meets it: by mouse, by keyboard and by finger."""

import io
import json
import re

import numpy as np
import pydicom
import pytest
from playwright.sync_api import expect

from core import export, mask_files, masks
from core.images import decode
from core.repair_samples import repair_gallery
from core.settings import CHECKOUT
from tests.browser.conftest import PATIENCE_MS
from tests.browser.hands import canvas, choose, drag, opened, press, remounted, settled, swipe
from tests.browser.server import serve
from tests.toy_models import publish_painter

(DEEP,) = (sample for sample in repair_gallery() if sample.filename.endswith(".dcm"))
FILM = DEEP.draw().film
WHOLE = (0, 0, *FILM.shape[::-1])
COVERED = re.compile(r"The mask covers .*?([\d,]+) pixels\.")
BOX = masks.Stroke(np.array([(60.0, 60.0), (110.0, 90.0)]), tool="rectangle")


@pytest.fixture(scope="module")
def url(browser, tmp_path_factory):
    """The address of the app on a toy painter."""
    folder = tmp_path_factory.mktemp("inpaint")
    publish_painter(folder / "checkpoints", title="Toy painter")
    env = {"LIGHTBOX_CHECKPOINTS": str(folder / "checkpoints"), "LIGHTBOX_DATA": str(folder)}
    with serve(CHECKOUT, folder / "log.txt", env) as server:
        yield server.url
    assert "Traceback" not in (folder / "log.txt").read_text()


def uploaded(name: str, data: bytes) -> dict:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def pixels(page, other_than: int = 0) -> int:
    """How many pixels the mask covers, once these are others than before."""
    said = page.get_by_text(COVERED)
    expect(said).to_be_visible()
    expect(said).not_to_have_text(re.compile(rf" {other_than:,} pixels\."))
    settled(page)
    return int(COVERED.search(said.inner_text())[1].replace(",", ""))


def fill(page) -> None:
    press(page, "Fill")
    expect(page.get_by_role("heading", name="Filled by Toy painter")).to_be_visible()


def toggle_mark(page) -> None:
    """Turn the corner mark on or off, and wait until the film is shown so."""
    after = page.get_by_role("img", name="with the mask filled in")
    settled(page)
    shown = after.get_attribute("src")
    choose(page, "Corner mark")
    expect(after).not_to_have_attribute("src", shown)
    settled(page)


def downloaded(page, label: str) -> bytes:
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).click()
    assert download.value.suggested_filename.startswith(decode(DEEP.data(), "").sha256[:12])
    return download.value.path().read_bytes()


def test_a_mask_is_drawn_erased_enlarged_reloaded_and_filled(page, url):
    page.goto(f"{url}/inpaint?sample={DEEP.slug}")
    opened(page)
    drag(page, (60, 130), (160, 130), part=WHOLE)
    first = pixels(page)
    drag(page, (60, 180), (160, 180), part=WHOLE)
    both = pixels(page, first)
    assert both == pytest.approx(2 * first, rel=0.05)
    remounted(page, page.get_by_text("Erase", exact=True).click)
    drag(page, (110, 110), (110, 200), part=WHOLE)
    erased = pixels(page, both)
    assert first < erased < both
    remounted(page, page.get_by_text("2×", exact=True).click)
    choose(page, "Paint")
    expect(page.get_by_text("is taken away")).to_have_count(0)
    settled(page)
    canvas(page).scroll_into_view_if_needed()
    box = canvas(page).bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 40, steps=8)
    page.mouse.up()
    drawn = pixels(page, erased)
    assert erased < drawn < erased + first
    page.reload()
    expect(page.get_by_text("was restored from this browser")).to_be_visible()
    assert pixels(page) == drawn

    fill(page)
    expect(page.get_by_text(f"{drawn:,} pixels, ")).to_be_visible()
    before = page.get_by_role("img", name=f"X-ray film {DEEP.filename}", exact=True)
    after = page.get_by_role("img", name="with the mask filled in")
    expect(before.first).to_be_visible()
    expect(after).to_be_visible()
    curtain = page.get_by_role("slider", name="Curtain between before and after")
    curtain.press("Home")
    expect(curtain).to_have_value("0")
    assert after.evaluate("picture => picture.style.clipPath") == "inset(0px 0px 0px 0%)"
    curtain.press("ArrowRight")
    expect(curtain).to_have_value("1")
    after.hover(position={"x": 30, "y": 60})
    page.mouse.down()
    page.mouse.up()
    expect(curtain).not_to_have_value("1")

    choose(page, "A slightly larger mask")
    expect(page.get_by_text("Mean absolute change of grey")).to_be_visible()
    remounted(page, lambda: press(page, "Grow"))
    expect(page.get_by_text("the mask changed since")).to_be_visible()
    expect(after).to_be_visible()
    remounted(page, page.get_by_role("button", name="Undo").click)
    expect(page.get_by_text("the mask changed since")).to_have_count(0)


def test_a_deep_film_of_ones_own_comes_back_the_same_outside_an_uploaded_mask(page, url):
    page.goto(f"{url}/inpaint")
    opened(page)
    choose(page, "Your own films")
    # The sample's canvas must be gone: a press on that one is not meant here.
    expect(page.get_by_text("Choose a film above")).to_be_visible()
    expect(canvas(page)).to_have_count(0)
    page.locator("input[type=file]").first.set_input_files([uploaded("own.dcm", DEEP.data())])
    expect(canvas(page)).to_be_visible()
    # At once, as a visitor may: what the browser and the canvas tell meanwhile takes nothing away.
    page.get_by_role("button", name="Fill", exact=True).click()
    expect(page.get_by_text("The mask is empty")).to_be_visible()
    settled(page)
    expect(page.get_by_text("The mask is empty")).to_be_visible()

    press(page, "Upload")
    offer = page.get_by_test_id("stPopoverBody").locator("input[type=file]")
    offer.set_input_files([uploaded("small.png", mask_files.png(np.eye(40, dtype=bool)))])
    expect(page.get_by_text("40 by 40 pixels and the film 224 by 224")).to_be_visible()
    mask = masks.rasterise([BOX], FILM.shape)
    offer.set_input_files([uploaded("mask.png", mask_files.png(mask))])
    assert pixels(page) == mask.sum()
    page.keyboard.press("Escape")
    fill(page)

    toggle_mark(page)
    original = decode(DEEP.data(), "").pixels
    for label in ("DICOM", "PNG", "TIFF"):
        found = decode(downloaded(page, label), "").pixels
        assert found.dtype == np.uint16
        np.testing.assert_array_equal(found[~mask], original[~mask])
        assert (found[mask] != original[mask]).mean() > 0.9
    toggle_mark(page)
    data = downloaded(page, "DICOM")
    stamped, touched = decode(data, "").pixels, mask | export.stamp_mask(mask.shape)
    np.testing.assert_array_equal(stamped[~touched], original[~touched])
    assert (stamped[touched & ~mask] != original[touched & ~mask]).any()
    assert "SYNTHETIC" in pydicom.dcmread(io.BytesIO(data)).PatientID

    np.testing.assert_array_equal(
        mask_files.read_mask(downloaded(page, "Mask"), "mask.png", FILM.shape), mask
    )
    drawn = masks.from_json(downloaded(page, "Strokes"))
    np.testing.assert_array_equal(masks.rasterise(drawn.strokes, FILM.shape), mask)
    done = json.loads(downloaded(page, "What was done"))
    assert done["model"]["name"] == "filler" and done["mask"]["pixels"] == mask.sum()


def test_a_finger_draws_and_fills(browser, url):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"{url}/inpaint?sample=screwed-knee")
    opened(page)
    box = canvas(page).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    swipe(page, (110, 110), (190, 110), part=(0, 0, 224, 224))
    first = pixels(page)
    swipe(page, (110, 150), (210, 150), part=(0, 0, 224, 224))
    assert pixels(page, first) > first
    settled(page)
    page.get_by_role("button", name="Fill", exact=True).tap()
    expect(page.get_by_role("heading", name="Filled by Toy painter")).to_be_visible()
    curtain = page.get_by_role("slider", name="Curtain between before and after")
    picture = page.get_by_role("img", name="with the mask filled in")
    picture.scroll_into_view_if_needed()
    place = picture.bounding_box()
    page.touchscreen.tap(place["x"] + 0.2 * place["width"], place["y"] + 20)
    expect(curtain).not_to_have_value("50")
    assert int(curtain.input_value()) == pytest.approx(20, abs=2)
    context.close()
