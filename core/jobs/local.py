"""Jobs as processes of this machine, each detached from the server that started it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.jobs.records import Job

RUNNER = (sys.executable, "-m", "core.jobs.runner")


@dataclass(frozen=True)
class LocalLauncher:
    """The launcher of this machine (see `core.jobs.Launcher`).

    runs: where job folders lie. runner: the command that sees a job through, called with a folder,
    a mode and further words for the trainer.
    """

    runs: Path
    runner: tuple[str, ...] = RUNNER

    def submit(self, trainer: str, words: Sequence[str], folder_name: str | None = None) -> Job:
        """See `core.jobs.Launcher.submit`."""
        raise NotImplementedError

    def start(self, job: Job) -> None:
        """See `core.jobs.Launcher.start`."""
        raise NotImplementedError

    def stop(self, job: Job) -> None:
        """See `core.jobs.Launcher.stop`."""
        raise NotImplementedError

    def delete(self, job: Job) -> None:
        """See `core.jobs.Launcher.delete`."""
        raise NotImplementedError

    def publish(self, job: Job, name: str, title: str, summary: str) -> None:
        """See `core.jobs.Launcher.publish`."""
        raise NotImplementedError

    def log(self, job: Job, lines: int = 40) -> str:
        """See `core.jobs.Launcher.log`."""
        raise NotImplementedError
