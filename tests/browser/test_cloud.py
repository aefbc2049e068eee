"""A free cloud host gives one GB of memory and a disk that cannot be relied on."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin

import psutil
import pytest
from playwright.sync_api import expect

from core.settings import CHECKOUT
from tests.browser.hands import settled
from tests.browser.server import serve

PAGES = {"/", "/fracture", "/severity", "/inpaint", "/annotate", "/sketch", "/train", "/models"}
PAGES |= {"/compare", "/quiz", "/pitfalls", "/audit"}
GIGABYTE = 1e9

# Permission bits do not bind root; without this capability they do, as they bind anybody else.
HELD_TO_PERMISSIONS = [
    "setpriv",
    "--inh-caps=-dac_override,-dac_read_search",
    "--bounding-set=-dac_override,-dac_read_search",
]


@pytest.fixture
def read_only_checkout(tmp_path):
    """A copy of the tracked files that cannot be written, and the prefix that makes root obey."""
    copy = tmp_path / "checkout"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / name, copy / name)
    everything = [copy, *copy.rglob("*")]
    for path in everything:
        path.chmod(path.stat().st_mode & ~0o222)
    prefix = HELD_TO_PERMISSIONS if os.geteuid() == 0 and shutil.which("setpriv") else []
    yield copy, prefix
    for path in everything:
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


def test_every_page_opens_from_a_read_only_checkout_in_a_gigabyte(
    page, read_only_checkout, tmp_path
):
    checkout, prefix = read_only_checkout
    assert _cannot_write(checkout, prefix), "this test could not make the checkout read-only"
    env = {"HOME": str(checkout), "PYTHONPATH": ""}
    with serve(checkout, tmp_path / "log.txt", env, prefix) as server:
        page.goto(server.url)
        links = page.get_by_test_id("stSidebarNavLink")
        expect(links.first).to_be_visible()
        paths = {link.get_attribute("href") for link in links.all()}
        addresses = {urljoin(server.url, path) for path in paths}
        assert addresses >= {urljoin(server.url, path) for path in PAGES}
        for address in sorted(addresses):
            page.goto(address)
            _settle(page)
            assert not page.get_by_test_id("stException").count(), address
            assert _memory(server.pid) < GIGABYTE, address
        assert "Traceback" not in server.log.read_text()


def _cannot_write(folder: Path, prefix: list[str]) -> bool:
    attempt = [*prefix, sys.executable, "-c", "open('attempt', 'w')"]
    done = subprocess.run(attempt, cwd=folder, capture_output=True, text=True)
    return "PermissionError" in done.stderr


def _memory(pid: int) -> int:
    """Bytes that the server and its children hold."""
    server = psutil.Process(pid)
    return sum(process.memory_info().rss for process in (server, *server.children(recursive=True)))


def _settle(page):
    """Wait until the page has a heading and its script has run to the end."""
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    settled(page)
