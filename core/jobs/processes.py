"""The processes of a job: which one it is, whether it lives, and how it is made to end."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from core.jobs.records import Identity, Job, hostname, read_status

SAME_START_S = 2  # the system's own arithmetic may move a start time a little
TERM_AFTER_S, KILL_AFTER_S = 10, 30


def identity(pid: int | None = None) -> Identity:
    """Who a process of this machine is; by default, this one."""
    process = psutil.Process(pid)
    return Identity(process.pid, process.create_time(), hostname(), psutil.boot_time())


def lives(process: Identity | None) -> bool:
    """Whether that very process of this machine runs.

    A later one with the same number (T4) does not count, nor one that ended and only waits for
    its parent to ask how, nor, since nothing can be said of it, one of another machine.
    """
    return _find(process) is not None


def _find(process: Identity | None) -> psutil.Process | None:
    if process is None or process.host != hostname():
        return None
    try:
        found = psutil.Process(process.pid)
        if found.status() == psutil.STATUS_ZOMBIE:
            return None
        # Where the clock was set since, as after a laptop's sleep, the system reckons all starts
        # by the new time; since it booted, as much time had passed as ever.
        starts = found.create_time(), found.create_time() - psutil.boot_time()
        were = process.started, process.started - process.booted
        apart = min(abs(now - then) for now, then in zip(starts, were, strict=True))
        return found if apart <= SAME_START_S else None
    except (psutil.Error, ValueError, OverflowError):
        return None


def lock(path: Path) -> int | None:
    """Lock a file, which is made where missing; None when another process holds it.

    Returns a descriptor: the lock lasts until it is closed here and in every process that it was
    handed to, so a dead holder lets go (flock(2)).
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def stop_asked(folder: Path) -> float | None:
    """For how many seconds a job has been asked to stop; None: it has not."""
    try:
        return max(0.0, time.time() - (folder / "stop").stat().st_mtime)
    except OSError:
        return None


def ask_to_stop(folder: Path) -> None:
    """Ask once: asking again does not give it more time."""
    with suppress(FileExistsError):
        (folder / "stop").touch(exist_ok=False)


def forget_stop(folder: Path) -> None:
    """Take a request back, before a job is started again."""
    (folder / "stop").unlink(missing_ok=True)


def escalate(folder: Path, send: Callable[[int], None]) -> None:
    """Send SIGTERM, once, 10 s after a job was asked to stop, and SIGKILL after 30 s."""
    asked = stop_asked(folder)
    if asked is None or asked < TERM_AFTER_S:
        return
    if asked >= KILL_AFTER_S:
        send(signal.SIGKILL)
    elif _first_to_tell(folder):
        send(signal.SIGTERM)


def _first_to_tell(folder: Path) -> bool:
    """Whether no process has passed this request on before."""
    told = folder / ".told"
    try:
        if told.exists() and told.stat().st_mtime < (folder / "stop").stat().st_mtime:
            told.unlink()  # of an earlier request
        told.touch(exist_ok=False)
    except OSError:
        return False
    return True


def insist(job: Job) -> None:
    """Make a job end that was asked to stop, has not and has no runner to see to it.

    For whoever watches jobs, to call now and then. Only that process and its descendants are
    signalled: its group may hold the shell that a user started it from.
    """
    if job.launcher == "ray":
        from core.jobs import attempts  # here, since it stands on this module

        attempts.insist(job)
        return
    told = read_status(job.folder)
    trainer = _find(told.process)
    if trainer is None or lives(told.runner):
        return

    def send(number: int) -> None:
        # Only the kill goes to all: a trainer that ends in order ends its own.
        family = trainer.children(recursive=True) if number == signal.SIGKILL else []
        for process in (*family, trainer):
            with suppress(psutil.Error):
                process.send_signal(number)

    with suppress(psutil.Error):
        escalate(job.folder, send)
