"""Find a Chromium that starts; `python -m tests.browser.chromium` installs one if need be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FLAGS = [
    "--no-sandbox",  # a container's root has no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW = "set LIGHTBOX_CHROMIUM to one, or run: python -m playwright install --with-deps chromium"


def find() -> str | None:
    """Return LIGHTBOX_CHROMIUM, one in PATH or Playwright's own, the first that starts; or None."""
    named = os.environ.get("LIGHTBOX_CHROMIUM")
    candidates = [named, *map(shutil.which, COMMANDS), _playwrights_own()]
    return next(filter(_starts, candidates), None)


def install() -> str | None:
    """Let Playwright fetch a Chromium, or else apt; return the one that starts, or None."""
    attempts = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    sudo = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    if shutil.which("apt-get") and (not sudo or shutil.which("sudo")):
        apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "--yes"]
        attempts.append([[*apt, "update"], [*apt, "install", "chromium"]])
    for commands in attempts:
        if all(_succeeds(command, timeout=240) for command in commands) and (found := find()):
            return found
    return None


def _playwrights_own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _starts(path: str | None) -> bool:
    """A browser whose libraries are missing, or a stub that asks for a snap, does not count."""
    return bool(path) and Path(path).exists() and _succeeds([path, "--version"], timeout=30)


def _succeeds(command: list[str], timeout: float) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def main() -> None:
    """Say which Chromium the browser tests will use."""
    found = find()
    if not found:
        print("Installing Chromium for the browser tests...", flush=True)
        found = install()
    print(
        f"Browser tests use {found}."
        if found
        else f"Browser tests will not run: no Chromium; {HOW}"
    )


if __name__ == "__main__":
    main()
