"""Jobs as processes of this machine, each detached from the server that started it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import ClassVar

from core.jobs import processes
from core.jobs.contents import log_tail
from core.jobs.queue import Slots, devices, machines
from core.jobs.records import (
    Job,
    JobError,
    LaunchedBy,
    Mode,
    create,
    hand_over,
    new_id,
    read_job,
    read_status,
    write_status,
)
from core.jobs.standing import can_publish, can_resume, is_live
from core.learning import TRAINERS
from core.settings import CHECKOUT, Settings

RUNNER = (sys.executable, "-m", "core.jobs.runner")
FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
LEAVING_S = 10  # a trainer that said its last word may take a moment to be gone
NOTHING_YET = {
    "reason": "",
    "process": None,
    "runner": None,
    "step": 0,
    "steps": 0,
    "images_per_second": None,
    "seconds_left": None,
    "memory_mb": None,
}


@dataclass(frozen=True)
class LocalLauncher:
    """The launcher of this machine (see `core.jobs.Launcher`).

    runner: the command that sees a job through, called with a folder, a mode and further words
    for the trainer.
    """

    settings: Settings
    runner: tuple[str, ...] = RUNNER
    name: ClassVar[LaunchedBy] = "local"

    def submit(self, trainer: str, words: Sequence[str], folder_name: str | None = None) -> Job:
        """See `core.jobs.Launcher.submit`."""
        job = self._new(trainer, words, folder_name)
        try:
            self._launch(job, "trial", state="running", phase="starting", asked=time.time())
        except JobError:
            shutil.rmtree(job.folder, ignore_errors=True)
            raise
        return job

    def start(self, job: Job) -> None:
        """See `core.jobs.Launcher.start`."""
        if not (can_resume(job) or is_live(job)):
            raise JobError(f"{job.id} cannot be started: it is finished, or its trial failed.")
        self._launch(job, "train", state="queued", phase="", asked=time.time())

    def stop(self, job: Job) -> None:
        """See `core.jobs.Launcher.stop`."""
        if not is_live(job):
            raise JobError(f"{job.id} has ended already.")
        try:
            processes.ask_to_stop(job.folder)
        except OSError as error:
            raise JobError(f"{job.id} cannot be asked to stop: {error.strerror}.") from None

    def delete(self, job: Job) -> None:
        """See `core.jobs.Launcher.delete`."""
        folder, runs = job.folder, self.settings.runs.resolve()
        if folder.is_symlink() or folder.resolve().parent != runs or read_job(folder) is None:
            raise JobError(f"{job.id} is not a run in the folder of runs.")
        gone = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.deleted")
        with alone(job):
            folder.rename(gone)  # at once, so that nobody sees half a run
            for one in runs.glob(".*.deleted"):  # and what was left when that was cut off
                shutil.rmtree(one, ignore_errors=True)

    def publish(self, job: Job, name: str, title: str, summary: str) -> None:
        """See `core.jobs.Launcher.publish`."""
        if not (can_publish(job) or is_live(job)):
            raise JobError(f"{job.id} cannot be published: no epoch of it is whole yet.")
        told = read_status(job.folder)
        done = max(1, told.epoch)  # killed after its first epoch, it could not tell of it
        said = {"publish": name, "title": title, "summary": summary}
        words = [f"--{option}={text}" for option, text in said.items() if text]
        words.append(f"--checkpoints={self.settings.checkpoints}")
        if told.state != "finished" and _has_epochs(job.trainer):
            words.append(f"--epochs={done}")  # so that none is trained now
        state = "finished" if told.state == "finished" else "stopped"
        self._launch(job, "publish", words, state=state, phase="publishing", epoch=done)

    def log(self, job: Job, lines: int = 40) -> str:
        """See `core.jobs.Launcher.log`."""
        return log_tail(job, lines)

    def _new(self, trainer: str, words: Sequence[str], name: str | None) -> Job:
        """Make a job's folder, whole or not at all."""
        name = name or new_id(trainer)
        if not FOLDER_NAME.fullmatch(name):
            raise JobError(
                f"{name!r} cannot name a run: use letters, digits, hyphens, underscores and dots."
            )
        folder = self.settings.runs / name
        try:
            self.settings.runs.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
            return create(folder, trainer, tuple(words), self.name)
        except FileExistsError:
            raise JobError(f"There is a run called {name} already: choose another name.") from None
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise JobError(f"The folder of runs cannot be written: {error.strerror}.") from None

    def _launch(self, job: Job, mode: Mode, more: Sequence[str] = (), **status) -> None:
        """Write the status and start the runner, to which the hold on the job is handed."""
        self._refuse_impossible(job, more)
        self._refuse_devices(job)
        with alone(job) as hold:
            before = read_status(job.folder)
            try:
                processes.forget_stop(job.folder)
                hand_over(job, self.name)
                write_status(job.folder, **NOTHING_YET, **status)
                self._detach([*self.runner, str(job.folder), mode, *more], job, hold)
            except OSError as error:
                reason = f"{job.id} cannot be started: {error.strerror}."
                with suppress(OSError):
                    as_before = {name: getattr(before, name) for name in (*NOTHING_YET, *status)}
                    write_status(job.folder, **as_before)
                raise JobError(reason) from None

    def _detach(self, command: list[str], job: Job, hold: int) -> None:
        """Start a process that outlives this one."""
        slots = self.settings.job_slots
        with (job.folder / "log.txt").open("ab") as log:  # should the runner itself fail
            runner = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env=os.environ | ({"LIGHTBOX_JOBS": str(slots)} if slots else {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(hold,),
            )
        # Else it stays in the table of processes when it has ended.
        threading.Thread(target=runner.wait, daemon=True).start()

    def _refuse_impossible(self, job: Job, more: Sequence[str]) -> None:
        if job.trainer not in TRAINERS:
            raise JobError(
                f"Nothing called {job.trainer!r} can be learned: choose {', '.join(TRAINERS)}."
            )
        if any("\0" in word for word in (*job.words, *more)):
            raise JobError("An option holds a character that no command line can: type it again.")

    def _refuse_devices(self, job: Job) -> None:
        if machines(job) > 1:
            raise JobError(
                f"{job.id} asks for {machines(job)} machines, and this is one: choose one, or set "
                "LIGHTBOX_RAY_ADDRESS to a Ray cluster."
            )
        wanted = devices(job)
        most = Slots.of(self.settings.runs, self.settings).most_devices
        if wanted > most:
            raise JobError(
                f"{job.id} asks for {wanted} devices and can have {most}: choose fewer devices, or "
                "set LIGHTBOX_JOBS."
            )


@contextmanager
def alone(job: Job) -> Iterator[int]:
    """Hold a job that is not live, against whoever else would start or delete it meanwhile.

    Yields the hold, a descriptor; handed on to a process, it lasts as long as that.
    """
    hold, until = None, time.monotonic() + LEAVING_S
    try:
        while hold is None:
            hold = processes.lock(job.folder / ".runner")
            if is_live(job):
                raise JobError(_already(job))
            if hold is None and time.monotonic() > until:
                raise JobError(f"{job.id} is still ending: try again in a minute.")
            time.sleep(0 if hold else 0.05)
        yield hold
    except OSError as error:
        raise JobError(f"{job.id} cannot be changed: {error.strerror}.") from None
    finally:
        if hold is not None:
            os.close(hold)


def _already(job: Job) -> str:
    told = read_status(job.folder)
    what = "waits in the queue" if told.state == "queued" else "is running"
    who = told.process or told.runner
    process = f" (process {who.pid})" if who else ""
    return f"{job.id} {what} already{process}: stop it first."


def _has_epochs(trainer: str) -> bool:
    return any(option.name == "epochs" for option in TRAINERS[trainer].options)
