"""The app in a real Chromium. Without one these tests are skipped."""

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser import chromium
from tests.browser.chromium import FLAGS

PATIENCE_MS = 60_000  # a hang limit on a busy machine, not a measurement

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def browser():
    executable = chromium.find()
    if not executable:
        pytest.skip(f"no Chromium: {chromium.HOW}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A fresh tab of a fresh visitor, wide enough for the sidebar."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()
