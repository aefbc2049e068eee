"""Training jobs: start them, watch them, stop them, whoever started them and wherever they run.

All that is known of a job lies in its folder (see `core.jobs.records`), so any process may read
it at any time and nothing is lost with the server or a browser's tab.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.jobs.contents import audit, config, log_tail, metrics, samples, trial
from core.jobs.processes import insist
from core.jobs.queue import queue
from core.jobs.records import Identity, Job, JobError, Mode, State, Status, read_job, read_jobs
from core.jobs.standing import can_publish, can_resume, is_live, status
from core.settings import Settings

__all__ = [
    "Identity",
    "Job",
    "JobError",
    "Launcher",
    "Mode",
    "State",
    "Status",
    "audit",
    "can_publish",
    "can_resume",
    "config",
    "insist",
    "is_live",
    "launcher",
    "log_tail",
    "metrics",
    "queue",
    "read_job",
    "read_jobs",
    "samples",
    "status",
    "trial",
]


class Launcher(Protocol):
    """Where jobs run. Every method raises JobError, whose reason is one sentence for the user."""

    def submit(self, trainer: str, words: Sequence[str], folder_name: str | None = None) -> Job:
        """Make a job's folder and start its trial, which ends "ready" or "failed".

        words: the trainer's arguments, without `--run`. folder_name: letters, digits, hyphens,
        underscores and dots; must be new.
        """
        ...

    def start(self, job: Job) -> None:
        """Queue a job that is ready, or one that can resume: it goes on after its last whole
        epoch. Refused while it is queued or runs, naming its process."""
        ...

    def stop(self, job: Job) -> None:
        """Ask a live job to stop, or take it out of the queue. It ends "stopped" within seconds;
        after 10 s it is told, after 30 s it is killed. Asking twice changes nothing."""
        ...

    def delete(self, job: Job) -> None:
        """Remove a job's folder for good. Refused while it lives, and for other folders."""
        ...

    def publish(self, job: Job, name: str, title: str, summary: str) -> None:
        """Start to publish the best weights as TASK/name, at once and not in the queue.

        Watch `status(job)`: `phase` is "publishing" until it ended, then `published` names it or
        `reason` says why not. A finished run stays "finished"; any other is "stopped" from then on,
        as what is published are the epochs that it has.
        """
        ...

    def log(self, job: Job, lines: int = 40) -> str:
        """The last lines that the job printed."""
        ...


def launcher(settings: Settings) -> Launcher:
    """The launcher for new jobs: this machine's, or a Ray cluster's where one is set."""
    if settings.ray_address:
        from core.jobs.cluster import RayLauncher

        return RayLauncher(settings)
    from core.jobs.local import LocalLauncher

    return LocalLauncher(settings)
