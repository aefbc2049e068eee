"""Make the README's picture: the fracture page with a synthetic film, in the dark theme.

python -m docs.screenshot [FILE]
"""

import sys
from pathlib import Path

from playwright.sync_api import expect

from core.samples import gallery
from core.settings import CHECKOUT
from tests.browser.server import open_app


def main() -> None:
    """Start the app, open a fractured sample, take the picture."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "docs" / "fracture.png"
    sample = next(sample for sample in gallery() if sample.truth.startswith("fractured"))
    with open_app() as (server, browser):
        page = browser.new_page(viewport={"width": 1360, "height": 900}, color_scheme="dark")
        page.goto(f"{server.url}/fracture?sample={sample.slug}")
        expect(page.get_by_text("What this threshold means")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("img", name="X-ray film").first).to_be_visible(timeout=60_000)
        page.wait_for_load_state("networkidle")
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=60_000)
        page.screenshot(path=target)
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
