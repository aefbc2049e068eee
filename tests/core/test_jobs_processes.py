import fcntl
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import psutil
import pytest

from core.jobs import can_publish, can_resume, insist, is_live, status
from core.jobs.processes import (
    ask_to_stop,
    escalate,
    forget_stop,
    identity,
    lives,
    lock,
    stop_asked,
)
from core.jobs.records import create, write_json, write_status
from tests.toy_jobs import end_all, from_shell, until, until_dead

ME = identity()
GONE = replace(ME, started=ME.started - 100)
AFAR = replace(ME, host="another machine")


@pytest.fixture
def job(tmp_path):
    return create(tmp_path / "job", "fracture", (), "local")


def written(job, seconds_ago=0.0, **fields):
    """Write the status as it would be if written some seconds ago."""
    told = write_status(job.folder, **fields)
    known = {key: getattr(told, key) for key in ("state", "reason", "phase", "asked")}
    for name in ("process", "runner"):
        one = getattr(told, name)
        known[name] = one and asdict(one)
    write_json(job.folder / "status.json", known | {"updated": time.time() - seconds_ago})


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        (ME, True),
        (replace(ME, started=ME.started + 1.5), True),
        (replace(ME, started=ME.started - 1.5), True),
        (replace(ME, started=ME.started + 2.5), False),  # the number was used again
        (GONE, False),
        (replace(GONE, booted=GONE.booted - 100), True),  # the clock was set since
        (replace(GONE, booted=GONE.booted - 97), False),
        (replace(ME, booted=0.0), True),
        (AFAR, False),
        (replace(ME, pid=2**22 + 1), False),
        (replace(ME, pid=-1), False),
        (replace(ME, pid=2**70), False),
        (None, False),
    ],
)
def test_t4_a_process_is_known_by_its_start(process, expected):
    assert lives(process) is expected


def test_t4_a_process_that_ended_and_was_not_asked_how_is_gone():
    child = subprocess.Popen([sys.executable, "-c", ""])
    process = identity(child.pid)
    until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE)
    assert not lives(process)
    child.wait()


@pytest.mark.parametrize(
    ("state", "process", "runner", "seconds_ago", "expected"),
    [
        ("running", ME, GONE, 999, "running"),  # it outlived its runner
        ("running", GONE, ME, 999, "running"),  # the runner is about to say why
        ("running", None, ME, 999, "running"),
        ("queued", None, ME, 999, "queued"),
        ("running", ME, None, 999, "running"),  # from a shell
        ("running", GONE, None, 0, "interrupted"),
        ("running", GONE, GONE, 0, "interrupted"),
        ("queued", None, GONE, 0, "interrupted"),
        ("queued", None, None, 50, "queued"),  # the runner is being started
        ("queued", None, None, 70, "interrupted"),
        ("running", AFAR, None, 50, "running"),
        ("running", AFAR, None, 70, "interrupted"),
        ("running", AFAR, GONE, 50, "running"),
        ("finished", ME, ME, 0, "finished"),
        ("finished", GONE, GONE, 999, "finished"),
        ("ready", None, None, 999, "ready"),
    ],
)
def test_t4_a_live_state_needs_a_live_process(job, state, process, runner, seconds_ago, expected):
    written(job, seconds_ago, state=state, process=process, runner=runner)
    told = status(job)
    assert told.state == expected
    assert is_live(job) is (expected in ("queued", "running"))
    assert bool(told.reason) is (expected == "interrupted")


def test_why_it_was_interrupted(job):
    written(job, state="running", process=GONE, phase="training")
    assert status(job).reason == "Its process is gone: it was killed, or the machine was restarted."
    assert status(job).phase == ""
    (job.folder / "stop").touch()
    assert status(job).reason == "It did not stop when asked and was killed."
    written(job, state="running", process=GONE, reason="The runner knew.")
    assert status(job).reason == "The runner knew."


def test_publishing_is_live_while_somebody_does_it(job):
    written(job, 999, state="finished", phase="publishing", runner=ME)
    assert is_live(job) and status(job).phase == "publishing"
    written(job, 999, state="finished", phase="publishing", runner=GONE)
    assert not is_live(job) and status(job).phase == ""


@pytest.mark.parametrize(
    ("state", "files", "resume", "publish"),
    [
        ("ready", ["trial.json"], True, False),
        ("failed", [], False, False),  # by its trial
        ("failed", ["trial.json"], True, False),
        ("stopped", [], True, False),  # from a shell, in its first epoch
        ("running", [], True, False),  # interrupted there
        ("stopped", ["trial.json", "last.pt", "best.pt"], True, True),
        ("running", ["last.pt", "best.pt"], True, True),  # interrupted
        ("finished", ["trial.json", "last.pt", "best.pt"], False, True),
        ("stopped", ["last.pt"], True, False),
    ],
)
def test_what_can_be_resumed_and_published(job, state, files, resume, publish):
    for name in files:
        (job.folder / name).touch()
    written(job, state=state, process=GONE)
    assert (can_resume(job), can_publish(job)) == (resume, publish)
    written(job, state=state, process=ME, phase="something")
    assert (can_resume(job), can_publish(job)) == (False, False)


def test_a_lock_is_for_one_and_ends_with_its_last_holder(tmp_path):
    first = lock(tmp_path / "lock")
    assert lock(tmp_path / "lock") is None
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=(first,)
    )
    os.close(first)
    assert lock(tmp_path / "lock") is None
    child.kill()
    child.wait()
    again = lock(tmp_path / "lock")
    assert again is not None
    assert fcntl.fcntl(again, fcntl.F_GETFD) & fcntl.FD_CLOEXEC  # handed on by wish alone
    os.close(again)
    with pytest.raises(OSError):
        lock(tmp_path / "missing" / "lock")


@pytest.mark.parametrize(
    ("ages", "sent"),
    [
        ([0], []),
        ([9.5], []),
        ([10.5], [signal.SIGTERM]),
        ([10.5, 20, 29], [signal.SIGTERM]),  # told once, however often one looks
        ([10.5, 31], [signal.SIGTERM, signal.SIGKILL]),
        ([31], [signal.SIGKILL]),
        ([-3600], []),  # the clock was set back
    ],
)
def test_who_was_asked_is_told_after_10_s_and_killed_after_30(tmp_path, ages, sent):
    got = []
    escalate(tmp_path, got.append)  # nobody asked yet
    for age in ages:
        ask_to_stop(tmp_path)
        then = time.time() - age
        os.utime(tmp_path / "stop", (then, then))
        escalate(tmp_path, got.append)
    assert got == sent


def test_a_new_request_is_told_anew(tmp_path):
    got, now = [], time.time()
    for told in (now - 280, now):
        ask_to_stop(tmp_path)
        os.utime(tmp_path / "stop", (now - 11, now - 11))
        escalate(tmp_path, got.append)
        os.utime(tmp_path / ".told", (told, told))
        assert stop_asked(tmp_path) > 10
        forget_stop(tmp_path)
        assert stop_asked(tmp_path) is None
    assert got == [signal.SIGTERM] * 2


def test_a_job_from_a_shell_is_insisted_on_by_whoever_watches(tmp_path):
    job, shell = from_shell(tmp_path / "deaf", "--deaf=told", "--child")
    child = int((job.folder / "child").read_text())
    try:
        insist(job)  # nobody asked
        ask_to_stop(job.folder)
        insist(job)  # it has time
        assert shell.poll() is None
        then = time.time() - 31
        os.utime(job.folder / "stop", (then, then))
        insist(replace(job, folder=tmp_path / "missing"))
        insist(job)
        assert shell.wait(60) == -signal.SIGKILL
        until_dead(child)
    finally:
        end_all(tmp_path)
        shell.kill()
    told = status(job)
    assert (told.state, told.reason) == (
        "interrupted",
        "It did not stop when asked and was killed.",
    )
    assert can_resume(job)


def test_a_job_from_a_shell_is_told_before_it_is_killed(tmp_path):
    job, shell = from_shell(tmp_path / "hard-of-hearing", "--deaf=asked")
    try:
        ask_to_stop(job.folder)
        then = time.time() - 11
        os.utime(job.folder / "stop", (then, then))
        insist(job)
        assert shell.wait(60) == 0
    finally:
        shell.kill()
    assert status(job).state == "stopped"


@pytest.mark.parametrize(
    "other", [{"runner": ME}, {"process": {"started": 1.0}}, {"process": {"host": "elsewhere"}}]
)
def test_nobody_insists_beside_a_runner_or_on_a_stranger(tmp_path, other):
    job, shell = from_shell(tmp_path / "job", "--deaf=told")
    try:
        ask_to_stop(job.folder)
        os.utime(job.folder / "stop", (1, 1))
        process = replace(identity(shell.pid), **other.get("process", {}))
        write_status(job.folder, process=process, runner=other.get("runner"))
        insist(job)
        with pytest.raises(subprocess.TimeoutExpired):
            shell.wait(0.2)
    finally:
        shell.kill()
        shell.wait()
