"""Sees one job through: `python -m core.jobs.runner FOLDER MODE [WORD ...]`.

It waits in the queue, starts the trainer as its child, makes it end when the job is asked to
stop, and says why it died where the trainer could not say so itself. A process of its own, it
outlives the server that started it; the further words are handed to the trainer.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from core.jobs.contents import log_tail
from core.jobs.processes import escalate, identity, stop_asked
from core.jobs.queue import Slots, devices, is_first
from core.jobs.records import LIVE, Job, Mode, State, Status, read_job, read_status, write_status
from core.jobs.standing import HAD_TO_BE_KILLED
from core.settings import CHECKOUT, Settings

Command = Callable[[Job, Mode, Sequence[str]], list[str]]

NICENESS = 7  # of a job's processes: pages answer first when cores are short
OOM_SCORE = 500  # of 1000: the kernel ends a trainer before it ends the server
POLL_S = 0.5
GOODBYE_S = 3  # that a trainer has to end in once it said its last word; some libraries hang
SIGN_S = 20  # how often a waiting runner signs, for readers on other machines
ENDED_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LONGEST_REASON = 300


def run(folder: Path, mode: Mode, more: Sequence[str] = (), command: Command = Job.command) -> None:
    """See the job in a folder through, from the queue ("train" only) to its last status.

    command: job, mode and further words → the trainer's command line.
    """
    job = read_job(folder)
    if job is None:
        return
    os.nice(NICENESS)
    before = write_status(folder, runner=identity()).state
    slots = Slots.of(folder.parent, Settings.from_environment())
    try:
        if mode == "train":
            if not _wait(job, slots):
                return
            write_status(folder, state="running", phase="starting")
        code = _train(job, command(job, mode, more), slots)
    except OSError as error:
        what, state = "started", "failed"
        if mode == "publish":
            what, state = "published", before  # which says nothing about what was learned
        reason = f"It could not be {what}: {error.strerror}."
        write_status(folder, state=state, phase="", reason=reason)
        return
    _last_word(job, mode, before, code)


def _wait(job: Job, slots: Slots) -> bool:
    """Wait for slots; False when the job was taken out of the queue meanwhile."""
    wanted = min(devices(job), slots.most_devices)
    while (told := read_status(job.folder)).state == "queued":
        if stop_asked(job.folder) is not None:
            write_status(job.folder, state="stopped", reason="It was taken out of the queue.")
            return False
        if is_first(job) and slots.take(wanted):
            return True
        if time.time() - told.updated > SIGN_S:
            write_status(job.folder)
        time.sleep(POLL_S)
    return False  # its folder is gone


def _train(job: Job, command: list[str], slots: Slots) -> int:
    """Run the trainer to its end, whatever that takes; return its exit code, -N for signal N."""
    with (job.folder / "log.txt").open("a", encoding="utf-8") as log:
        log.write(f"\n--- {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: {shlex.join(command[1:])}\n")
        log.flush()
        trainer = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env={**os.environ, **slots.environment(), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,  # of its own, to end all its workers and not this process
            pass_fds=tuple(slots.held.values()),
        )
    with suppress(OSError):
        # It signs itself, too, but long after: until then it would be lost with this process.
        write_status(job.folder, process=identity(trainer.pid))
        Path(f"/proc/{trainer.pid}/oom_score_adj").write_text(str(OOM_SCORE))  # Linux has it

    said = None
    while True:
        try:
            code = trainer.wait(POLL_S)
            break
        except subprocess.TimeoutExpired:
            escalate(job.folder, trainer.send_signal)
            if not _has_more_to_do(job):
                said = said or time.monotonic()
                if time.monotonic() - said > GOODBYE_S:
                    trainer.kill()
    with suppress(ProcessLookupError):  # workers that it left behind
        os.killpg(trainer.pid, signal.SIGKILL)
    return code


def _has_more_to_do(job: Job) -> bool:
    told = read_status(job.folder)
    return told.state in LIVE or bool(told.phase)


def _last_word(job: Job, mode: Mode, before: State, code: int) -> None:
    """Say how it ended, unless the trainer did."""
    told = read_status(job.folder)
    if mode == "publish":
        _last_word_on_publishing(job, told, before, code)
    elif told.state not in LIVE:
        write_status(job.folder, phase="")
    elif stop_asked(job.folder) is not None:
        killed = HAD_TO_BE_KILLED if code == -signal.SIGKILL else ""
        write_status(job.folder, state="stopped", phase="", reason=killed)
    elif -code in ENDED_FROM_OUTSIDE:
        # Still said to be live, but without a process: that is "interrupted".
        write_status(job.folder, reason=why(code, ""))
    else:
        reason = why(code, log_tail(job, 1))
        write_status(job.folder, state="failed", phase="", reason=reason)


def _last_word_on_publishing(job: Job, told: Status, before: State, code: int) -> None:
    """Whatever became of it, the job is what it was before."""
    reason = told.reason
    unsaid = told.state in LIVE or told.phase
    if not reason and unsaid and stop_asked(job.folder) is None:
        reason = why(code, log_tail(job, 1))
        reason = f"It was not published: {reason[0].lower()}{reason[1:]}"
    write_status(job.folder, state=before, phase="", reason=reason)


def why(code: int, last_line: str) -> str:
    """One sentence on why a trainer ended that did not say so itself.

    code: its exit code, -N for signal N. last_line: of its log.
    """
    if code == -signal.SIGKILL:
        return (
            "It was killed from outside; too little memory is the usual cause: choose a smaller "
            "batch."
        )
    if -code in ENDED_FROM_OUTSIDE:
        return f"It was ended from outside ({signal.Signals(-code).name}): start it again."
    if code < 0:
        return f"A library crashed ({_signal(-code)}): start it again, and report it if it recurs."
    if code == 0:
        return "It ended before it was done and did not say why: see its log."
    if last_line.strip():
        return f"It ended with an error: {last_line.strip()[:LONGEST_REASON]}"
    return f"It ended with exit code {code} and did not say why: start it again."


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name
        return f"signal {number}"


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
