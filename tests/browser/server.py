"""Start the app as a user would, and stop it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from core.settings import CHECKOUT
from tests.browser import chromium

PATIENCE_S = 90  # a hang limit on a busy machine, not a measurement


@dataclass(frozen=True)
class Server:
    """A running app."""

    url: str
    pid: int
    log: Path


@contextlib.contextmanager
def serve(
    checkout: Path,
    log: Path,
    env: Mapping[str, str],
    prefix: Sequence[str] = (),
    port: int | None = None,
) -> Iterator[Server]:
    """Run `checkout`'s app until the block ends, on a free port or on this one, its command line
    after `prefix`.

    Raises RuntimeError with the end of the log when the app does not get healthy.
    """
    port = port or free_port()
    streamlit = [sys.executable, "-m", "streamlit", "run", "Home.py"]
    options = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*prefix, *streamlit, *options],
            cwd=checkout,
            env={**os.environ, **env},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log)
        yield Server(url, process.pid, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def open_app() -> Iterator[tuple[Server, Browser]]:
    """This checkout's app, running, and a Chromium to look at it, until the block ends."""
    executable = chromium.find()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(CHECKOUT, Path(folder) / "log.txt", _own_store(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        yield server, browser
        browser.close()


def _own_store(folder: str) -> dict[str, str]:
    """Settings that leave alone what was annotated and trained on this machine."""
    database = f"sqlite:///{folder}/annotations.sqlite"
    runs = f"{folder}/runs"
    return {"LIGHTBOX_HOME": folder, "LIGHTBOX_DATABASE_URL": database, "LIGHTBOX_RUNS": runs}


def _wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).close()
            return
        time.sleep(0.2)
    raise RuntimeError(f"The app did not start; its log ends:\n{log.read_text()[-2000:]}")
