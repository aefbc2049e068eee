"""Is this installation healthy? `python -m core.check` answers within seconds, without torch."""

from __future__ import annotations

import os
import re
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from core.models import catalogue, faults
from core.settings import CHECKOUT, Settings

MEMORY_NEEDED_MB = 350  # the app's process after ten verdicts
DISK_NEEDED_MB = 500  # checkpoints of a training run, old and new


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, and what to do about it.

    An "error" stops something from working, a "warning" may change an answer.
    """

    level: Literal["error", "warning"]
    sentence: str
    remedy: str


def check(settings: Settings) -> list[Finding]:
    """Look at packages, models, memory, the annotation store and the folder of training runs;
    nothing found is good."""
    return [
        *check_packages(CHECKOUT / "requirements.txt"),
        *check_models(settings.checkpoints),
        *check_memory(free_memory_mb()),
        *check_store(settings.database_url),
        *(check_runs(settings.runs) if settings.training else []),
    ]


def summary(findings: list[Finding]) -> str:
    """Say in one line how healthy the installation is."""
    if not findings:
        return "Everything is in place: packages as tested, every model verified."
    worst = next((finding for finding in findings if finding.level == "error"), findings[0])
    more = f" ({len(findings) - 1} more: python -m core.check)" if len(findings) > 1 else ""
    return f"{worst.sentence} {worst.remedy}{more}"


def check_packages(requirements: Path) -> list[Finding]:
    """Compare what is installed with the exact pins in `requirements`."""
    missing, other = [], []
    for name, pinned in re.findall(r"^([\w.-]+)==(\S+)", requirements.read_text(), re.MULTILINE):
        try:
            installed = version(name).partition("+")[0]  # 2.13.0+cpu is 2.13.0, built for the CPU
        except PackageNotFoundError:
            missing.append(name)
            continue
        if installed != pinned:
            other.append(f"{name} {installed} (tested: {pinned})")
    remedy = "Run: pip install -r requirements.txt"
    findings = []
    if missing:
        findings.append(Finding("error", f"Not installed: {', '.join(missing)}.", remedy))
    if other:
        sentence = f"Installed in another version than tested: {', '.join(other)}."
        findings.append(Finding("warning", sentence, remedy))
    return findings


def check_models(root: Path) -> list[Finding]:
    """Read every model card under `root` and compare each model's file with its sha256."""
    remedy = "To restore a published one: git checkout -- checkpoints"
    broken = [Finding("error", sentence, remedy) for sentence in faults(root)]
    if not broken and not catalogue(root):
        return [Finding("error", f"There is no model in the folder {root.name}.", remedy)]
    return broken


def check_memory(free_mb: int | None) -> list[Finding]:
    """Judge `free_mb`, the memory in MB that the app may still take; None is unknown and passes."""
    if free_mb is None or free_mb >= MEMORY_NEEDED_MB:
        return []
    sentence = f"Only {free_mb} MB of memory are free; Lightbox takes up to {MEMORY_NEEDED_MB} MB."
    return [Finding("warning", sentence, "Close other programs, or give the container more.")]


def check_store(url: str) -> list[Finding]:
    """Look at the annotation store, and leave it as it is; where SQLite has none yet, see whether
    it may make one."""
    remedy = "It lies where LIGHTBOX_HOME or LIGHTBOX_DATABASE_URL says."
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.exists():
        if _can_be_written(path.parent):
            return []
        return [Finding("error", "The folder for annotations cannot be written.", remedy)]
    # Its libraries take half a second to load: only where there is a store to open.
    from core.annotation_records import StoreError
    from core.annotation_store.database import Database

    try:
        store = Database.open(url, migrate=False)
        found, newest = store.versions()
        store.close()
    except StoreError as error:
        return [Finding("error", error.reason, remedy)]
    if found in (None, newest):
        return []
    carried = "It is carried over when Annotate is next opened: make a copy before."
    return [Finding("warning", "The annotation store is of an earlier version.", carried)]


def check_runs(folder: Path) -> list[Finding]:
    """See whether training jobs can write their folders, and whether there is room."""
    remedy = "Name another folder with LIGHTBOX_RUNS, or set LIGHTBOX_TRAINING=off."
    if not _can_be_written(folder):
        return [Finding("error", "The folder for training runs cannot be written.", remedy)]
    free_mb = shutil.disk_usage(_standing(folder)).free // 2**20
    if free_mb >= DISK_NEEDED_MB:
        return []
    sentence = f"Only {free_mb} MB of disk are free for training runs."
    return [Finding("warning", sentence, f"Delete runs that are not needed. {remedy}")]


def _can_be_written(folder: Path) -> bool:
    """Whether files can be made in a folder, or where it is missing, the folder itself."""
    standing = _standing(folder)
    return standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)


def _standing(folder: Path) -> Path:
    """The folder, or the nearest of those that hold it that is there."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


def free_memory_mb(
    meminfo: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """Return the MB this process may still take of the machine or its container; None: unknown."""
    try:
        free = int(re.search(r"MemAvailable:\s+(\d+) kB", meminfo.read_text())[1]) * 1024
    except (OSError, TypeError):
        return None
    try:
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        # Cached files count as used, but give way.
        cached = int(
            re.search(r"^inactive_file (\d+)", (cgroup / "memory.stat").read_text(), re.M)[1]
        )
        free = min(free, limit - used + cached)
    except (OSError, ValueError, TypeError):
        pass  # no limit, or not cgroup v2
    return max(0, free) // 2**20


def memory_mb(
    meminfo: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """Return the MB of memory that the machine or its container has, free or not; None: unknown."""
    try:
        total = int(re.search(r"MemTotal:\s+(\d+) kB", meminfo.read_text())[1]) * 1024
    except (OSError, TypeError):
        return None
    with suppress(OSError, ValueError):  # no limit, or not cgroup v2
        total = min(total, int((cgroup / "memory.max").read_text()))
    return total // 2**20


def main() -> int:
    """Print every finding; the exit status is 1 when one of them is an error."""
    try:
        findings = check(Settings.from_environment())
    except ValueError as wrong:
        print(f"error: {wrong}")
        return 1
    for finding in findings:
        print(f"{finding.level}: {finding.sentence} {finding.remedy}")
    if not findings:
        print(summary(findings))
    return int(any(finding.level == "error" for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
