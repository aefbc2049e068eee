"""How a job stands: its own account, held against whether its processes live."""

from __future__ import annotations

import time
from dataclasses import replace

from core.jobs.processes import lives
from core.jobs.records import LIVE, Job, Status, hostname, read_status

SILENT_S = 60  # of a job on another machine, or one whose process has not reported yet
GONE = "Its process is gone: it was killed, or the machine was restarted."
HAD_TO_BE_KILLED = "It did not stop when asked and was killed."


def status(job: Job) -> Status:
    """How a job stands. A live state whose processes are gone is "interrupted", with a reason."""
    if job.launcher == "ray":
        from core.jobs import attempts  # here, since it stands on this module

        return attempts.status(job)
    told = read_status(job.folder)
    if _lives(told):
        return told
    if told.state in LIVE:
        reason = HAD_TO_BE_KILLED if (job.folder / "stop").exists() else GONE
        return replace(told, state="interrupted", reason=told.reason or reason, phase="")
    return replace(told, phase="")


def is_live(job: Job) -> bool:
    """Whether it waits, runs or is being published: it can be stopped, and nothing else."""
    now = status(job)
    return now.state in LIVE or bool(now.phase)


def _lives(told: Status) -> bool:
    if told.state not in LIVE and not told.phase:
        return False
    known = [one for one in (told.process, told.runner) if one]
    if any(lives(one) for one in known):
        return True
    # Nobody has signed yet, or the one who did is out of sight: then what counts is fresh words.
    out_of_sight = not known or any(one.host != hostname() for one in known)
    return out_of_sight and time.time() - told.updated <= SILENT_S


def can_resume(job: Job) -> bool:
    """Whether `Launcher.start` takes it: neither live nor finished, nor failed before anything was
    tried or learned (`status(job).epoch` tells a first start from a resumed one)."""
    state = read_status(job.folder).state
    begun = any((job.folder / name).exists() for name in ("trial.json", "last.pt"))
    return (begun or state != "failed") and state != "finished" and not is_live(job)


def can_publish(job: Job) -> bool:
    """Whether `Launcher.publish` takes it: not live, and at least one epoch is whole."""
    whole = all((job.folder / name).exists() for name in ("last.pt", "best.pt"))
    return whole and not is_live(job)
