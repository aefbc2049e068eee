"""From choosing a file to the verdict on the page, in a real Chromium, and the server's memory.

    python -m benchmarks.browser [--films 10]

Each film is a fresh phantom, chosen in a freshly opened page after one to warm up. Memory is the
server process's resident set after them. Needs the development requirements and a Chromium.
"""

import argparse
import re
import statistics
import time

import psutil
from playwright.sync_api import Browser, expect

from core.phantoms import long_bone
from core.samples import png
from tests.browser.server import open_app


def verdict_seconds(browser: Browser, url: str, seed: int) -> float:
    """Seconds from handing over a file to its name and verdict on the page."""
    page = browser.new_page()
    page.goto(f"{url}/fracture")
    page.get_by_role("radio", name="Your own films").or_(
        page.get_by_text("Your own films", exact=True)
    ).first.click()
    chooser = page.locator("input[type=file]")
    expect(chooser).to_be_attached(timeout=30_000)
    page.wait_for_timeout(500)
    data = png(long_bone(seed, fractured=bool(seed % 2)).pixels)
    file = {"name": f"film{seed}.png", "mimeType": "image/png", "buffer": data}
    begin = time.perf_counter()
    chooser.set_input_files([file])
    heading = page.get_by_role("heading", name=re.compile(r"(Fracture|No fracture).*%"))
    heading.wait_for(timeout=30_000)
    page.get_by_role("img", name=re.compile(f"film{seed}")).first.wait_for(timeout=30_000)
    seconds = time.perf_counter() - begin
    page.close()
    return seconds


def main() -> None:
    """Start the app, read the films, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--films", type=int, default=10)
    arguments = parser.parse_args()
    with open_app() as (server, browser):
        verdict_seconds(browser, server.url, 0)
        times = [verdict_seconds(browser, server.url, 1 + i) for i in range(arguments.films)]
        memory = psutil.Process(server.pid).memory_info().rss / 2**20
    low, middle, high = min(times), statistics.median(times), max(times)
    print(f"file to verdict and heatmap, {arguments.films} films")
    print(f"  seconds    median {middle:.2f}   min {low:.2f}   max {high:.2f}")
    print(f"  server     {memory:.0f} MB after {arguments.films + 1} verdicts")


if __name__ == "__main__":
    main()
