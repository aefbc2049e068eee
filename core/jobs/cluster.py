"""Jobs on a Ray cluster, through Ray Jobs: the same folder, the same command, more machines."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from core.jobs import attempts, processes
from core.jobs.contents import log_tail, shown
from core.jobs.local import NOTHING_YET, LocalLauncher, alone
from core.jobs.queue import devices, machines
from core.jobs.ray_head import RayHead
from core.jobs.records import (
    Job,
    JobError,
    LaunchedBy,
    Mode,
    hand_over,
    read_status,
    write_status,
)
from core.jobs.runner import Command
from core.settings import CHECKOUT

NOT_SHARED = (
    "A machine of the cluster does not see Lightbox, its Python or the folder of this run: put "
    "them on a file system that all its machines share, under the same paths."
)
NODES = (sys.executable, "-m", "core.jobs.nodes")
SECRET = ("LIGHTBOX_DATABASE_URL",)  # whoever sees the cluster's dashboard reads what it is handed
KILL_S = 20  # after Ray's own signal; the job was asked to stop before


@dataclass(frozen=True)
class RayLauncher(LocalLauncher):
    """The launcher of a Ray cluster (see `core.jobs.Launcher`).

    Folders are kept as on one machine; the cluster is the queue, and it needs to see the checkout,
    its Python, the folder of runs, the data, the checkpoints and Lightbox's home, where uploads
    lie, under the same paths.
    command: job, mode and further words → the trainer's command line.
    """

    command: Command = Job.command
    name: ClassVar[LaunchedBy] = "ray"

    @property
    def head(self) -> RayHead:
        """The cluster that new jobs go to."""
        return RayHead(self.settings.ray_address)

    def stop(self, job: Job) -> None:
        """See `core.jobs.Launcher.stop`."""
        super().stop(job)
        attempt = attempts.current(job.folder)
        if attempt is None or read_status(job.folder).process:
            return  # a trainer that has signed sees the request itself
        known = attempt.head.look(attempt.submission)
        if known and known["status"] == "PENDING":
            attempts.forget(job.folder)
            attempts.write_end(job, "stopped", "It was taken out of the queue.")
        attempt.head.stop(attempt.submission)

    def log(self, job: Job, lines: int = 40) -> str:
        """See `core.jobs.Launcher.log`; by Ray's account where the job itself left none."""
        attempt = attempts.current(job.folder)
        return log_tail(job, lines) or (shown(attempt.log(), lines) if attempt else "")

    def _launch(self, job: Job, mode: Mode, more: Sequence[str] = (), **status) -> None:
        """Write the status and hand the job to the cluster."""
        self._refuse_impossible(job, more)
        each = self._of_each_machine(job)
        with alone(job):
            before = read_status(job.folder)
            try:
                processes.forget_stop(job.folder)
                hand_over(job, self.name)
                attempt = attempts.begin(job, self.head)
                write_status(job.folder, **NOTHING_YET, **status)
                words = self.command(job, mode, more)
                if machines(job) > 1:  # a driver of its own waits for the machines
                    words = [*NODES, str(machines(job)), json.dumps(each), *words]
                    each = {}
                command = guarded(words, job.folder, attempt.submission)
                self.head.submit(attempt.submission, command, self._environment(), each)
            except JobError:
                attempts.forget(job.folder)
                write_status(job.folder, state=before.state, phase="", reason=before.reason)
                raise

    def _of_each_machine(self, job: Job) -> dict[str, float]:
        """What a job asks of a machine: GPUs, or where the cluster has none, cores."""
        wanted, count, there = devices(job), machines(job), self.head.machines()
        kind = "GPU" if any(machine.get("GPU") for machine in there) else "CPU"
        best = sorted((int(machine.get(kind, 0)) for machine in there), reverse=True)[:count]
        if len(best) < count or not best[-1]:
            raise JobError(
                f"{job.id} asks for {count} machines, and the cluster has {len(there)}: start "
                "more, or choose fewer."
            )
        if kind == "CPU":
            wanted = min(wanted * self.settings.threads, best[-1])
        if wanted > best[-1]:
            of = "No machine of the cluster has" if count == 1 else f"No {count} machines have"
            raise JobError(f"{of} {wanted} GPUs, the most is {best[-1]}: choose fewer devices.")
        return {kind: wanted}

    def _environment(self) -> dict[str, str]:
        handed = {
            name: value
            for name, value in os.environ.items()
            if name.startswith("LIGHTBOX_") and name not in SECRET
        }
        folders = ("data", "checkpoints", "runs", "home")
        return handed | {
            **{f"LIGHTBOX_{name.upper()}": str(getattr(self.settings, name)) for name in folders},
            "OMP_NUM_THREADS": str(self.settings.threads),  # Ray would give a GPU's job one
            "RAY_JOB_STOP_WAIT_TIME_S": str(KILL_S),
        }


def guarded(words: Sequence[str], folder: Path, submission: str) -> str:
    """The shell command of an attempt: nothing, unless the folder still names it."""
    names = {"checkout": CHECKOUT, "python": sys.executable, "file": folder / "job.json"}
    names |= {"record": folder / attempts.FILE, "attempt": submission, "sentence": NOT_SHARED}
    said = {name: shlex.quote(str(value)) for name, value in names.items()}
    return (
        "cd {checkout} 2>/dev/null && [ -x {python} ] && [ -f {file} ] "
        "|| {{ echo {sentence}; exit 1; }}; "
        "grep -qsF {attempt} {record} || exit 0; exec {command}"
    ).format(**said, command=shlex.join(words))
