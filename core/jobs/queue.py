"""Who trains next: slots, one a GPU or one on a CPU, and the jobs that wait for them.

There is no server: every waiting runner looks for itself. A slot is a locked file under
`runs/.slots`, so whoever dies gives it back.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from core.jobs.contents import config
from core.jobs.processes import lock
from core.jobs.records import Job, read_jobs, read_status
from core.jobs.standing import status
from core.settings import Settings


def queue(runs: Path) -> list[Job]:
    """The jobs that wait for their turn, next first; those whose runner died do not wait."""
    return _waiting(read_jobs(runs))


def is_first(job: Job) -> bool:
    """Whether the next slot of this machine is the job's; the cluster's jobs take none."""
    here = [one for one in read_jobs(job.folder.parent) if one.launcher != "ray"]
    return [one.id for one in _waiting(here)[:1]] == [job.id]


def _waiting(jobs: Iterable[Job]) -> list[Job]:
    asked = ((read_status(job.folder), job) for job in jobs)
    waiting = [(told.asked, job.id, job) for told, job in asked if told.state == "queued"]
    return [job for *_, job in sorted(waiting) if status(job).state == "queued"]


def devices(job: Job) -> int:
    """How many GPUs, or processes on a CPU, a job takes of a machine: that many slots."""
    return _asked(job, "devices")


def machines(job: Job) -> int:
    """On how many machines a job trains at once."""
    return _asked(job, "num_nodes")


def _asked(job: Job, name: str) -> int:
    flags = [*job.words, ""]
    for at in reversed(range(len(job.words))):
        flag, equals, value = flags[at].partition("=")
        if flag == "--" + name.replace("_", "-"):
            value = value if equals else flags[at + 1]
            return int(value) if value.isdecimal() else 1
    asked = config(job).get(name)
    return asked if isinstance(asked, int) else 1


def visible_gpus(env: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The GPUs that jobs may use, as CUDA_VISIBLE_DEVICES names them: those it names already, or
    all that nvidia-smi finds."""
    if "CUDA_VISIBLE_DEVICES" in env:
        named = env["CUDA_VISIBLE_DEVICES"].split(",")
        return tuple(name.strip() for name in named if name.strip() not in ("", "-1"))
    return _installed_gpus()


@cache
def _installed_gpus() -> tuple[str, ...]:
    # By UUID: CUDA counts GPUs in another order than nvidia-smi.
    command = ("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader")
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(told.stdout.split())


@dataclass
class Slots:
    """The places of a machine at which jobs train; `held` maps those taken to their locks.

    A lock is a descriptor. Handed to the trainer, it outlives the runner that took it.
    """

    folder: Path
    count: int
    gpus: tuple[str, ...] = ()
    held: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, runs: Path, settings: Settings) -> Slots:
        """The slots for the jobs in a folder: as many as set, or one a GPU, or one."""
        gpus = visible_gpus()
        return cls(runs / ".slots", settings.job_slots or max(1, len(gpus)), gpus)

    @property
    def most_devices(self) -> int:
        """How many devices a single job can have."""
        return min(self.count, len(self.gpus) or self.count)

    def take(self, wanted: int) -> bool:
        """Take free slots, of different GPUs, until `wanted` are held; say whether they are.

        Keeps what it could take: only the first in the queue takes any, so nobody waits in a ring.
        """
        self.folder.mkdir(exist_ok=True)
        for slot in range(self.count):
            if len(self.held) == wanted:
                break
            if self._gpu(slot) in map(self._gpu, self.held):
                continue
            descriptor = lock(self.folder / str(slot))
            if descriptor is not None:
                self.held[slot] = descriptor
        return len(self.held) == wanted

    def environment(self) -> dict[str, str]:
        """What tells a trainer to use the GPUs of the slots held; empty without GPUs."""
        if not self.gpus or not self.held:
            return {}
        return {"CUDA_VISIBLE_DEVICES": ",".join(map(self._gpu, sorted(self.held)))}

    def _gpu(self, slot: int) -> str:
        """The slot's GPU; without GPUs, each slot is a device of its own."""
        return self.gpus[slot % len(self.gpus)] if self.gpus else str(slot)
