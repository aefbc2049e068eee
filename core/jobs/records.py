"""A training job is a folder; this is what lies in it, read and written whole.

job.json      what was asked: trainer, its words on the command line, who launched it
status.json   how it stands (rewritten by temporary file and rename)
config.yaml   every option as the trainer understood it; `--config` repeats the run
metrics.csv   a row an epoch         log.txt      all that the trainer printed
audit.json    what the data audit found          trial.json   how long the whole will take
samples/      pictures, 0001.png after the first epoch ...
last.pt       all that resuming needs            best.pt      the weights that are published
from_model/   the card of the published model that it started from
stop          someone asked it to stop
lock          held by the trainer      .runner        held by the runner
.told         it was sent SIGTERM, since it did not stop
"""

from __future__ import annotations

import json
import math
import os
import secrets
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

State = Literal["queued", "running", "ready", "stopped", "finished", "failed", "interrupted"]
DAMAGED = "Its status.json is missing or damaged: delete the run, or give its command again."
LIVE = ("queued", "running")
LaunchedBy = Literal["local", "ray", "shell"]
Mode = Literal["trial", "train", "publish"]


class JobError(Exception):
    """Something that cannot be done with a job; `reason` is one sentence for the user."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Identity:
    """A process, told from a later one with the same number by when it started.

    `started` and `booted`, when its machine did, are epoch seconds by the clock of then.
    """

    pid: int
    started: float
    host: str
    booted: float = 0.0


@dataclass(frozen=True)
class Status:
    """How a job stands.

    "ready" is a job whose trial went well and that waits to be started; "interrupted" is never
    written: it is what a live state means when its processes are gone.
    `reason` is one sentence on why it stopped or failed, `phase` what it is doing ("auditing the
    data", "reading films", "training", "scoring", "publishing"). `epoch` counts whole epochs.
    `published` is TASK/NAME. `updated` and `asked` (when it was queued) are epoch seconds.
    """

    state: State
    reason: str = ""
    phase: str = ""
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    images_per_second: float | None = None
    seconds_left: float | None = None
    device: str = ""
    memory_mb: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    skipped: int = 0
    published: str = ""
    process: Identity | None = None
    runner: Identity | None = None
    asked: float = 0.0
    updated: float = 0.0


@dataclass(frozen=True)
class Job:
    """What was asked for. `words` are the trainer's arguments, without `--run`."""

    folder: Path
    trainer: str
    words: tuple[str, ...]
    launcher: LaunchedBy
    created: str

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    def command(self, mode: Mode, more: Sequence[str] = ()) -> list[str]:
        """The trainer's command line; of words given twice, as in `more`, the last count."""
        trial = ["--trial"] if mode == "trial" else []
        run = ["--run", str(self.folder)]
        return [sys.executable, "-m", f"trainers.{self.trainer}", *self.words, *more, *run, *trial]


def new_id(trainer: str, now: datetime | None = None) -> str:
    """A name for a job's folder that sorts by time: fracture-20261121-173000-4f2a."""
    now = now or datetime.now(UTC)
    return f"{trainer}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def create(folder: Path, trainer: str, words: tuple[str, ...], launcher: LaunchedBy) -> Job:
    """Make a job's folder, or take one that is there, and write down what was asked."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    job = Job(folder, trainer, tuple(words), launcher, now)
    write_job(job)
    return job


def write_job(job: Job) -> None:
    """Write down what is asked of a job now, and who sees to it."""
    told = {"trainer": job.trainer, "words": list(job.words), "launcher": job.launcher}
    write_json(job.folder / "job.json", told | {"created": job.created})


def hand_over(job: Job, launcher: LaunchedBy) -> None:
    """Write down that another launcher sees to a job from now on, and to what is asked by then."""
    if job.launcher != launcher:
        write_job(replace(read_job(job.folder) or job, launcher=launcher))


def read_job(folder: Path) -> Job | None:
    """The job in a folder, or None where there is none that can be read."""
    try:
        told = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        words = tuple(map(str, told["words"]))
        return Job(folder, str(told["trainer"]), words, told["launcher"], str(told["created"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_jobs(runs: Path) -> list[Job]:
    """All jobs under a folder, newest first."""
    folders = (folder for folder in runs.glob("[!.]*") if folder.is_dir())
    jobs = filter(None, map(read_job, folders))
    return sorted(jobs, key=lambda job: job.created, reverse=True)


def read_status(folder: Path) -> Status:
    """The status in a folder as written; one that cannot be read is "failed", with a reason."""
    try:
        told = json.loads((folder / "status.json").read_text(encoding="utf-8"))
        known = {one.name for one in fields(Status)}
        told = {key: value for key, value in told.items() if key in known}
        for name in ("process", "runner"):
            if told.get(name):
                told[name] = _identity(told[name])
        if told["state"] not in get_args(State):
            raise ValueError(told["state"])
        return Status(**told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Status("failed", reason=DAMAGED)


def _identity(told: Mapping) -> Identity:
    times = float(told["started"]), float(told.get("booted", 0))
    return Identity(int(told["pid"]), times[0], str(told["host"]), times[1])


def write_status(folder: Path, **changes) -> Status:
    """Change some fields of a folder's status, whole or not at all, and return it."""
    exists = (folder / "status.json").exists()
    before = read_status(folder) if exists else Status("queued", asked=time.time())
    after = replace(before, **changes, updated=time.time())
    # A score that is no number, as of a single class, has no place in JSON.
    numbers = {name: score for name, score in after.scores.items() if math.isfinite(score)}
    after = replace(after, scores=numbers)
    write_json(folder / "status.json", asdict(after))
    return after


def write_json(path: Path, content: Mapping) -> None:
    """Write a file of JSON, whole."""
    write_whole(path, json.dumps(content, indent=1).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that whoever reads it finds the old or the new one, never a half."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)  # left only where the disk is full


def hostname() -> str:
    """What an `Identity` calls this machine."""
    return socket.gethostname()
