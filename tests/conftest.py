from pathlib import Path

import pytest

from core.settings import Settings

skipped = []


@pytest.fixture(scope="session")
def packs() -> Path:
    """The folder of the real data packs; tests that need one are skipped where there is none."""
    folder = Settings.from_environment().data
    if not list(folder.glob("*.zip")):
        pytest.skip("no data pack: point LIGHTBOX_DATA at a folder with fracture.zip, knee.zip ...")
    return folder


def pytest_runtest_logreport(report):
    if report.skipped and report.nodeid.startswith("tests/browser/"):
        skipped.append(report.nodeid)


def pytest_terminal_summary(terminalreporter):
    if skipped:
        terminalreporter.section("Browser tests that did not run")
        for test in skipped:
            terminalreporter.line(test)
