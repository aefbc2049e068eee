"""Jobs of the toy trainer, and waiting for what becomes of them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from core.jobs import Job, read_jobs, status
from core.jobs.local import LocalLauncher
from core.jobs.records import create, read_status, write_status
from core.settings import CHECKOUT, Settings

RUNNER = (sys.executable, "-m", "tests.toy_runner")
HANGS_S = 60


def until(condition: Callable[[], object], what: str = "it") -> object:
    """What the condition says once it says something true."""
    for _ in range(HANGS_S * 50):
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {HANGS_S} s")


def until_state(job: Job, state: str):
    """The status once it is in this state and no runner lingers; fails at another final one."""

    def reached():
        now = status(job)
        assert now.state in (state, "queued", "running", "ready"), now
        return now if now.state == state else None

    return until(reached, f"{job.id} {state}")


def until_dead(pid: int) -> None:
    """Wait until a process has ended, whether or not anybody asked how."""

    def dead():
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    until(dead, f"the end of process {pid}")


def until_reaped(pid: int) -> None:
    """Wait until no process has this number, not even one that nobody asked how it ended."""
    until(lambda: not psutil.pid_exists(pid), f"the end of process {pid}")


class ToyLauncher(LocalLauncher):
    """This machine's launcher with toys for trainers, and shorthands for tests."""

    def __init__(self, runs: Path, jobs: int = 1) -> None:
        env = {"LIGHTBOX_RUNS": str(runs), "LIGHTBOX_JOBS": str(jobs)}
        super().__init__(Settings.from_environment(env), RUNNER)

    def ready(self, *words: str, name: str | None = None) -> Job:
        """A job as after its trial, without the time that takes."""
        job = self._new("fracture", words, name)
        (job.folder / "trial.json").write_text("{}")
        write_status(job.folder, state="ready")
        return job

    def started(self, *words: str, name: str | None = None) -> Job:
        """A job that was started, in the queue or further."""
        job = self.ready(*words, name=name)
        self.start(job)
        return job

    def training(self, *words: str, epoch: int = 1) -> Job:
        """A job whose trainer waits for the file `go` after so many epochs."""
        job = self.started("--hold", *words)
        until(lambda: status(job).epoch >= epoch, f"epoch {epoch} of {job.id}")
        return job


def from_shell(folder: Path, *words: str) -> tuple[Job, subprocess.Popen]:
    """A job that somebody runs in a shell, once its first epoch is whole."""
    job = create(folder, "fracture", words, "shell")
    write_status(folder, state="running")
    command = [sys.executable, "-m", "tests.toy_trainer", "--hold", *words, "--run", str(folder)]
    shell = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    until(lambda: read_status(folder).epoch, "its first epoch")
    return job, shell


def end_all(runs: Path) -> None:
    """Kill what a failed test left running."""
    for job in read_jobs(runs):
        told = read_status(job.folder)
        for one in filter(None, (told.runner, told.process)):
            with suppress(psutil.Error):
                found = psutil.Process(one.pid)
                if abs(found.create_time() - one.started) < 2 and one.pid != os.getpid():
                    found.kill()
