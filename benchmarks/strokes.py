"""Several readers draw at once on the annotate page, each in a real Chromium: what is stored, when.

    python -m benchmarks.strokes [--browsers 5] [--strokes 50] [--alone 20] [--postgres]

First one reader draws alone, and waits after every stroke until the page says that it is saved: the
time from the end of the stroke. Then all draw the same film in turns, without waiting. Stored are
the strokes that the database holds for each reader when every page says that it is done. Needs the
development requirements and a Chromium.
"""

import argparse
import re
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.annotations import Reader, Store, Worklist
from core.clean_film import clean
from core.repair_samples import repair_gallery
from core.settings import CHECKOUT
from tests.browser import chromium
from tests.browser.hands import drag, opened, press, settled
from tests.browser.server import serve
from tests.postgres import Cluster

PATIENCE_MS = 120_000
SAMPLE = next(sample for sample in repair_gallery() if sample.filename.endswith(".png"))
HEIGHT, WIDTH = SAMPLE.draw().film.shape
WHOLE = (0, 0, WIDTH, HEIGHT)
SAVED = "Saved .* · revision {} · "


def visit(browser: Browser, address: str, name: str) -> Page:
    """A browser of a reader's own, with the canvas open."""
    page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.get_by_role("textbox", name="Your name or initials").fill(name)
    press(page, "Continue")
    opened(page)
    return page


def draw(page: Page, number: int) -> None:
    """A short stroke of its own place."""
    x, y = 20 + 30 * (number % 6), 20 + 20 * (number // 6 % 9)
    drag(page, (x, y), (x + 16, y + 6), part=WHOLE)


def measure(store: Store, database: str, asked: argparse.Namespace) -> None:
    """Print what was found on one database."""
    by, executable = Reader("Benchmark"), chromium.find()
    worklist = store.create_worklist("Strokes", by)
    film = store.add_film(worklist, clean(SAMPLE.data(), SAMPLE.filename), by).film
    expect.set_options(timeout=PATIENCE_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(
            CHECKOUT,
            Path(folder) / "log.txt",
            {"LIGHTBOX_HOME": folder, "LIGHTBOX_DATABASE_URL": database},
        ) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        address = f"{server.url}/annotate?worklist={worklist.code}&film={film.sha256[:12]}"
        alone = waits(visit(browser, address, "Alone"), asked.alone)
        print(f"{store.where}: {len(alone)} strokes of one reader, seconds until saved")
        print(
            f"  median {np.median(alone):.2f}   95 % {np.percentile(alone, 95):.2f}   "
            f"max {max(alone):.2f}"
        )
        readers = [Reader(f"Reader {number + 1}") for number in range(asked.browsers)]
        pages = [visit(browser, address, reader.name) for reader in readers]
        begun = time.perf_counter()
        for number in range(asked.strokes):
            for page in pages:
                draw(page, number)
        for page in pages:
            expect(page.get_by_text(re.compile(SAVED.format(r"\d+")))).to_be_visible()
            settled(page)
        spent = time.perf_counter() - begun
        stored = [strokes_of(store, worklist, film.sha256, reader) for reader in readers]
        browser.close()
    print(
        f"  {asked.browsers} browsers x {asked.strokes} strokes in {spent:.0f} s: "
        f"{sum(stored)} stored ({', '.join(map(str, stored))})"
    )


def waits(page: Page, strokes: int) -> list[float]:
    """Seconds from the end of each stroke until the page says that it is saved."""
    spent = []
    for number in range(strokes):
        draw(page, number)
        begun = time.perf_counter()
        page.get_by_text(re.compile(SAVED.format(number + 1))).wait_for()
        spent.append(time.perf_counter() - begun)
        settled(page)
    return spent


def strokes_of(store: Store, worklist: Worklist, sha256: str, reader: Reader) -> int:
    """How many strokes the database holds for a reader."""
    return len(store.begin(worklist, sha256, reader).annotation.strokes)


def main() -> None:
    """Measure on SQLite, and on PostgreSQL where that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--browsers", type=int, default=5)
    parser.add_argument("--strokes", type=int, default=50, help="of each reader")
    parser.add_argument("--alone", type=int, default=20, help="strokes that are waited for")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL, too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/annotations.sqlite"
        store = Store.open(database)
        measure(store, database, asked)
        store.close()
    if asked.postgres:
        cluster = Cluster()
        try:
            database = cluster.empty_database()
            store = Store.open(database)
            measure(store, database, asked)
            store.close()
        finally:
            cluster.close()


if __name__ == "__main__":
    main()
