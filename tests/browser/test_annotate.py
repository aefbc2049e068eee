"""The annotate page as readers meet it: by mouse, with servers that die, and several at once."""

import contextlib
import os
import re
import signal

import numpy as np
import pytest
from playwright.sync_api import expect

from core.annotation_records import Reader
from core.annotations import Store
from core.artefacts import label_masks
from core.clean_film import clean
from core.repair_samples import repair_gallery
from core.settings import CHECKOUT
from tests.browser.conftest import PATIENCE_MS
from tests.browser.hands import choose, drag, opened, press, settled
from tests.browser.server import free_port, serve

DEEP = next(sample for sample in repair_gallery() if sample.filename.endswith(".dcm"))
PLAIN = next(sample for sample in repair_gallery() if sample.filename.endswith(".png"))
SHAPE = DEEP.draw().film.shape
WHOLE = (0, 0, *SHAPE[::-1])
ANN, BO = Reader("Ann"), Reader("Bo")
SAVED = re.compile(r"Saved .* · revision (\d+) · ")
DATABASES = ["sqlite", *["postgresql"] * ("LIGHTBOX_TEST_POSTGRES" in os.environ)]


class Lab:
    """A server that can be killed, and the store behind it, which the tests read directly."""

    def __init__(self, folder, database: str) -> None:
        self.folder, self.store = folder, Store.open(database)
        self.env = {
            "LIGHTBOX_HOME": str(folder / "home"),
            "LIGHTBOX_DATABASE_URL": database,
            "LIGHTBOX_CHECKPOINTS": str(folder / "checkpoints"),
            "LIGHTBOX_DATA": str(folder),
        }
        self.port, self.runs, self._running = free_port(), 0, contextlib.ExitStack()
        self.start()

    def start(self) -> None:
        """Start the server, where the browsers' addresses still lead."""
        self.runs += 1
        running = serve(CHECKOUT, self.folder / f"{self.runs}.txt", self.env, port=self.port)
        self.server = self._running.enter_context(running)

    def kill(self) -> None:
        """End the server as a power cut would."""
        os.kill(self.server.pid, signal.SIGKILL)

    def close(self) -> None:
        self._running.close()
        self.store.close()
        for run in range(1, self.runs + 1):
            assert "Traceback" not in (self.folder / f"{run}.txt").read_text()

    def masks(self, worklist, film, reader: Reader) -> dict[str, np.ndarray]:
        """What is stored of a reader's drawing."""
        reading = self.store.begin(worklist, film.sha256, reader)
        return label_masks(reading.annotation.strokes, film.shape)

    def heights(self, worklist, film, reader: Reader, page, count: int) -> list[int]:
        """How high on the film each stored stroke begins, once there are so many."""
        for _ in range(PATIENCE_MS // 250):
            strokes = self.store.begin(worklist, film.sha256, reader).annotation.strokes
            if len(strokes) == count:
                break
            page.wait_for_timeout(250)  # several strokes may come with one save
        return [round(stroke.points[0, 1]) for stroke in strokes]


@pytest.fixture(scope="module", params=DATABASES)
def lab(request, browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    url = f"sqlite:///{folder}/home/annotations.sqlite"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").empty_database()
    lab = Lab(folder, url)
    yield lab
    lab.close()


@pytest.fixture
def visitor(browser, lab):
    """Open a browser of somebody's own at an address: `visitor("?worklist=…", "Ann")`."""
    with contextlib.ExitStack() as visits:

        def visitor(query: str, name: str):
            context = browser.new_context(
                viewport={"width": 1280, "height": 1000}, accept_downloads=True
            )
            visits.callback(context.close)
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            page.goto(f"{lab.server.url}/annotate{query}")
            page.get_by_role("textbox", name="Your name or initials").fill(name)
            press(page, "Continue")
            return page

        yield visitor


def saved(page, revision: int) -> None:
    """Wait until the page says that this revision is stored."""
    expect(page.get_by_text(SAVED)).to_have_text(re.compile(f"revision {revision} "))
    settled(page)


def label(page, name: str) -> None:
    """Choose a label."""
    settled(page)
    page.get_by_role("radio", name=name).click()
    settled(page)


def uploaded(*samples) -> list[dict]:
    return [
        {"name": each.filename, "mimeType": "application/octet-stream", "buffer": each.data()}
        for each in samples
    ]


def submit(page) -> None:
    press(page, "Submit")
    expect(page.get_by_text("Submitted: it can be looked at, not changed.")).to_be_visible()
    settled(page)


def test_r5_r6_a_film_is_read_by_two_and_nothing_is_lost_on_the_way(lab, visitor):
    ann = visitor("", "Ann")
    ann.get_by_role("textbox", name="Its title").fill("Knees with hardware")
    press(ann, "Make it")
    ann.locator("input[type=file]").set_input_files(uploaded(DEEP, PLAIN))
    opened(ann)
    drag(ann, (60, 130), (160, 130), part=WHOLE)
    saved(ann, 1)
    label(ann, "Screw")
    drag(ann, (60, 180), (160, 180), part=WHOLE)
    saved(ann, 2)
    worklist = lab.store.worklists()[0]
    film = lab.store.films(worklist)[0]
    assert film.sha256 == clean(DEEP.data(), "").sha256
    drawn = lab.masks(worklist, film, ANN)
    assert set(drawn) == {"prosthesis", "screw"}
    assert not (drawn["prosthesis"] & drawn["screw"]).any()

    ann.reload()
    opened(ann)
    saved(ann, 2)
    expect(ann.get_by_text("Who is reading?")).to_have_count(0)
    lab.kill()
    lab.start()
    ann.reload()
    opened(ann)
    saved(ann, 2)
    for name, mask in lab.masks(worklist, film, ANN).items():
        np.testing.assert_array_equal(mask, drawn[name])
    drag(ann, (60, 80), (160, 80), part=WHOLE)
    saved(ann, 3)
    submit(ann)

    bo = visitor(f"?worklist={worklist.code}&film={film.sha256[:12]}", "Bo")
    opened(bo)
    expect(bo.get_by_text("Nothing is drawn yet")).to_be_visible()
    drag(bo, (60, 130), (160, 130), part=WHOLE)
    saved(bo, 1)
    submit(bo)
    choose(bo, "Review")
    expect(bo.get_by_role("table").filter(has_text="blind").first).to_be_visible()
    expect(bo.get_by_role("table").filter(has_text="Dice")).to_be_visible()
    press(bo, "Accept")
    expect(bo.get_by_text("Accepted by Bo").first).to_be_visible()
    readings = {reading.reader: reading for reading in lab.store.readings(worklist)}
    assert (readings[ANN].status, readings[BO].status) == ("reviewed", "submitted")
    assert readings[ANN].blind and readings[BO].blind

    choose(bo, "Export")
    press(bo, "Make the zip")
    with bo.expect_download() as download:
        bo.get_by_role("button", name=re.compile("Download")).first.click()
    taken = lab.masks(worklist, film, ANN)
    exported = download.value.path().read_bytes()
    cy = visitor(f"?worklist={worklist.code}", "Cy")
    opened(cy)
    choose(cy, "Export")
    given = {"name": "export.zip", "mimeType": "application/zip", "buffer": exported}
    cy.locator("input[type=file]").last.set_input_files([given])
    take = cy.get_by_role("button", name=re.compile("^Take in 1 of 1"))
    expect(take).to_be_visible()
    settled(cy)
    take.click()
    expect(cy.get_by_text("revision 1 of your reading")).to_be_visible()
    for name, mask in lab.masks(worklist, film, Reader("Cy")).items():
        np.testing.assert_array_equal(mask, taken[name])


@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)  # whose writers wait for each other
def test_c8_three_browsers_draw_at_once_and_every_stroke_is_stored(lab, visitor):
    worklist = lab.store.create_worklist("Knees", ANN)
    film = lab.store.add_film(worklist, clean(DEEP.data(), DEEP.filename), ANN).film
    readers = [Reader(name) for name in ("Ann", "Bo", "Cy")]
    pages = [visitor(f"?worklist={worklist.code}", reader.name) for reader in readers]
    for page in pages:
        opened(page)
    drawn = [20 + 18 * at for at in range(5)]
    for y in drawn:
        for page in pages:
            drag(page, (40, y), (180, y), part=WHOLE)
    for page, reader in zip(pages, readers, strict=True):
        assert lab.heights(worklist, film, reader, page, len(drawn)) == drawn, reader
