"""Who trains next: slots, one a GPU or one on a CPU, and the jobs that wait for them.

There is no server: every waiting runner looks for itself. A slot is a locked file under
`runs/.slots`, so whoever dies gives it back.
"""

from __future__ import annotations

from pathlib import Path

from core.jobs.records import Job, read_jobs, read_status
from core.jobs.standing import status


def queue(runs: Path) -> list[Job]:
    """The jobs that wait for a slot, next first; those whose runner died do not wait."""
    asked = ((read_status(job.folder), job) for job in read_jobs(runs))
    waiting = [(told.asked, job.id, job) for told, job in asked if told.state == "queued"]
    return [job for *_, job in sorted(waiting) if status(job).state == "queued"]
