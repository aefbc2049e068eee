from pathlib import Path

import pytest

from core.settings import Settings
from tests import postgres as server

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


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server; tests that need one are skipped where none is installed."""
    try:
        cluster = server.Cluster()
    except FileNotFoundError as missing:
        if server.REQUIRED:
            raise
        pytest.skip(str(missing))
    yield cluster
    cluster.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path) -> str:
    """The address of an empty database: a test runs once with each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/annotations.sqlite"
    return request.getfixturevalue("postgres").empty_database()


@pytest.fixture
def store(store_url):
    """An empty annotation store: a test runs once with each kind of database."""
    from core.annotations import Store  # its libraries take half a second to load

    store = Store.open(store_url)
    yield store
    store.close()
