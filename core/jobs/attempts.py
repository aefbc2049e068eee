"""How a job on a Ray cluster stands: its own account, held against what the cluster knows.

A job may be started many times, and Ray never takes a name twice: each start is an attempt with a
name of its own. The current one stands in `ray.json`; an attempt that does not stand there ends
before it begins.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from core.jobs.processes import escalate, lives, stop_asked
from core.jobs.ray_head import RayHead
from core.jobs.records import (
    LIVE,
    Job,
    JobError,
    State,
    Status,
    read_status,
    write_json,
    write_status,
)
from core.jobs.runner import ENDED_FROM_OUTSIDE, why
from core.jobs.standing import SILENT_S

FILE = "ray.json"
SETTLED_S = 60  # after which a shared file system shows every machine the same
LOST = "The cluster no longer knows this job, perhaps because it was restarted: start it again."
RAYS_OWN = ("Running entrypoint for job", "job_manager.py")
STOPPED = "It was stopped before it could say so itself."
BY_RAY = {
    "JOB_SUPERVISOR_ACTOR_START_TIMEOUT": "The cluster had no room for it in time: start it again, "
    "or start the cluster's head with a longer RAY_JOB_START_TIMEOUT_SECONDS.",
    "JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE": "No machine of the cluster can take it: choose fewer "
    "devices.",
    "JOB_SUPERVISOR_ACTOR_DIED": "The cluster lost the machine that it ran on: start it again.",
}


@dataclass(frozen=True)
class Attempt:
    """One start of a job: the cluster, the name that it has there, and when (epoch seconds)."""

    address: str
    submission: str
    begun: float

    @property
    def head(self) -> RayHead:
        """Whom to ask about it."""
        return RayHead(self.address)

    def log(self) -> str:
        """What the command printed, without Ray's own words; "" before it began."""
        known = self.head.glance(self.submission)
        if known is None or known["status"] == "PENDING":
            return ""
        return "\n".join(_printed(self.head.log(self.submission)))


def begin(job: Job, head: RayHead) -> Attempt:
    """Write down a new attempt, which takes the place of the one before."""
    named = re.sub("[^A-Za-z0-9._-]", "-", job.id)
    attempt = Attempt(head.address, f"{named}-{secrets.token_hex(4)}", time.time())
    write_json(job.folder / FILE, asdict(attempt))
    return attempt


def current(folder: Path) -> Attempt | None:
    """The attempt that a folder names, or None."""
    try:
        return Attempt(**json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def forget(folder: Path) -> None:
    """Take an attempt back: should the cluster come to it, it ends at once."""
    (folder / FILE).unlink(missing_ok=True)


def status(job: Job) -> Status:
    """How a job stands, by the cluster where its own account is that it lives.

    Where the cluster does not answer, fresh words of the job count. A job that nobody knows of is
    "interrupted". What ended without a last word of its own gets one from the cluster's.
    """
    told = read_status(job.folder)
    if not is_live(told) or lives(told.process):
        return told
    attempt = current(job.folder)
    try:
        known = attempt and attempt.head.glance(attempt.submission)
    except JobError as error:
        if time.time() - told.updated <= SILENT_S:
            return replace(told, reason=error.reason)
        return _ended(told, "interrupted", error.reason)
    if known is None and attempt and time.time() - attempt.begun < SETTLED_S:
        return told  # it is just being submitted
    if known is None:
        forget(job.folder)
        return _ended(told, "interrupted", told.reason or LOST)
    if known["status"] == "PENDING":
        return replace(told, phase="waiting for the cluster")
    if known["status"] == "RUNNING":
        return told
    told = read_status(job.folder)  # its last word may have come meanwhile
    if not is_live(told):
        return told
    return _last_word(job, attempt, told, known)


def is_live(told: Status) -> bool:
    """Whether a status says that the job waits, runs or is being published."""
    return told.state in LIVE or bool(told.phase)


def insist(job: Job) -> None:
    """Have the cluster stop an attempt that was asked to stop and has not, if it answers."""
    if stop_asked(job.folder) is None or not is_live(status(job)):
        return
    if attempt := current(job.folder):
        with suppress(JobError):
            # Ray itself kills what goes on after its signal.
            escalate(job.folder, lambda signal: attempt.head.stop(attempt.submission))


def _last_word(job: Job, attempt: Attempt, told: Status, known: Mapping) -> Status:
    """How a job stands that ended without saying so, by what the cluster knows."""
    after = _ended(told, *_end(known, stop_asked(job.folder) is not None))
    settled = time.time() - (known.get("end_time") or 0) / 1000 > SETTLED_S
    if settled and current(job.folder) == attempt:
        with suppress(OSError):
            write_end(job, after.state, after.reason)
    return after


def write_end(job: Job, state: State, reason: str) -> None:
    """Write down how a job ended, so that the cluster is not asked again."""
    after = _ended(read_status(job.folder), state, reason)
    if after.state == "interrupted":  # never written: a live state without an attempt
        write_status(job.folder, reason=after.reason)
        forget(job.folder)
    else:
        write_status(job.folder, state=after.state, reason=after.reason, phase="")


def _printed(text: str) -> list[str]:
    """The lines of a log without Ray's own."""
    return [line for line in text.split("\n") if not any(word in line for word in RAYS_OWN)]


def _ended(told: Status, state: State, reason: str) -> Status:
    if told.state not in LIVE:  # it was being published: it is what it was before
        return replace(told, phase="", reason=reason)
    return replace(told, state=state, phase="", reason=reason)


def _end(known: Mapping, asked_to_stop: bool) -> tuple[State, str]:
    """What became of a job that did not say so itself, and why, in one sentence."""
    if known["status"] == "STOPPED" or asked_to_stop:
        return "stopped", STOPPED
    error = known.get("error_type")
    lines = [line.strip() for line in _printed(str(known.get("message"))) if line.strip()]
    if known["status"] == "FAILED" and error != "JOB_ENTRYPOINT_COMMAND_ERROR":
        state = "interrupted" if error == "JOB_SUPERVISOR_ACTOR_DIED" else "failed"
        return state, BY_RAY.get(error) or f"The cluster could not run it: {' '.join(lines)[:300]}"
    code = known.get("driver_exit_code") or 0
    # The message of a command that failed ends with the last lines that it printed.
    reason = why(code, lines[-1] if lines else "")
    return "interrupted" if -code in ENDED_FROM_OUTSIDE else "failed", reason
