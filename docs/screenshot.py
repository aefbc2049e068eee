"""Make the README's pictures: each page with a synthetic film, in the dark theme.

python -m docs.screenshot [FOLDER]
"""

import sys
from pathlib import Path

from playwright.sync_api import expect

from core.repair_samples import repair_gallery
from core.samples import gallery, knee_gallery
from core.settings import CHECKOUT
from core.sketch_samples import sketch_samples
from tests.browser.server import open_app

# Page → the film, words that appear last, the picture's alternative text begins so, and the buttons
# to press before that, each with the words that tell it has answered.
PAGES = {
    "fracture": (
        next(sample for sample in gallery() if sample.truth.startswith("fractured")),
        "What this threshold means",
        "X-ray film",
        {},
    ),
    "severity": (
        next(sample for sample in knee_gallery() if "grade 3" in sample.truth),
        "What validation says",
        "Knee film",
        {},
    ),
    "inpaint": (
        repair_gallery()[0],
        "What it cannot know",
        "with the mask filled in",
        {"Suggest metal": "Check it before you fill", "Fill": "Inside the mask"},
    ),
    "sketch": (
        next(sample for sample in sketch_samples() if sample.slug == "notched"),
        "agrees with",
        "Synthetic picture",
        {},
    ),
}


def main() -> None:
    """Start the app, open a sample on each page, take the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "docs"
    with open_app() as (server, browser):
        for name, (sample, last, film, presses) in PAGES.items():
            page = browser.new_page(viewport={"width": 1360, "height": 900}, color_scheme="dark")
            page.goto(f"{server.url}/{name}?sample={sample.slug}")
            for button, answer in presses.items():
                page.get_by_role("button", name=button, exact=True).click(timeout=60_000)
                expect(page.get_by_text(answer)).to_be_visible(timeout=60_000)
            expect(page.get_by_text(last)).to_be_visible(timeout=60_000)
            expect(page.get_by_role("img", name=film).first).to_be_visible(timeout=60_000)
            page.wait_for_load_state("networkidle")
            expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=60_000)
            page.screenshot(path=folder / f"{name}.png")
            print(f"wrote {folder / name}.png")


if __name__ == "__main__":
    main()
