import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

import core.jobs.local
import core.jobs.runner
from core.jobs import (
    Job,
    JobError,
    can_publish,
    can_resume,
    is_live,
    launcher,
    metrics,
    queue,
    read_jobs,
    status,
)
from core.jobs.local import LocalLauncher
from core.jobs.records import Identity, hostname, read_status, write_status
from core.jobs.runner import NICENESS, why
from core.settings import CHECKOUT, Settings
from tests.toy_jobs import (
    ToyLauncher,
    end_all,
    from_shell,
    until,
    until_dead,
    until_reaped,
    until_state,
)

GONE = Identity(2**22, 1.0, hostname())


@pytest.fixture
def runs(tmp_path):
    yield tmp_path / "runs"
    end_all(tmp_path / "runs")


@pytest.fixture
def toys(runs):
    return ToyLauncher(runs)


def go(job):
    (job.folder / "go").touch()


def until_it_has_looked(job):
    """Wait until a runner in the queue has looked for a slot once more: it signs after it did."""
    for _ in range(2):
        before = read_status(job.folder).updated
        until(lambda before=before: read_status(job.folder).updated > before)


def backdate(job, seconds):
    """Make it so long ago that the job was asked to stop."""
    then = time.time() - seconds
    os.utime(job.folder / "stop", (then, then))


def test_the_launcher_is_this_machines_unless_a_cluster_is_set(runs):
    found = launcher(Settings.from_environment({"LIGHTBOX_RUNS": str(runs)}))
    assert isinstance(found, LocalLauncher)
    assert found.settings.runs == runs


def test_a_job_is_tried_then_trained_then_published(toys, runs):
    job = toys.submit("fracture", ["--epochs=2"], "my-first.run_1")
    assert job.folder == runs / "my-first.run_1"
    assert queue(runs) == []  # a trial does not wait
    until_state(job, "ready")
    assert not (job.folder / "last.pt").exists()
    assert can_resume(job) and not can_publish(job)

    toys.start(job)
    told = until_state(job, "finished")
    assert (told.epoch, told.reason, told.phase) == (2, "", "")
    assert list(metrics(job)["epoch"]) == [1, 2]
    assert not can_resume(job) and can_publish(job)

    toys.publish(job, "mine", "My model", "It's --mine; $(touch x)")
    assert status(job).phase == "publishing" and status(job).state in ("finished", "running")
    told = until(lambda: not is_live(job) and status(job))
    assert (told.state, told.published) == ("finished", "toy/mine")
    log = toys.log(job, 100)
    assert log.count("--- ") == 3  # a line a start
    assert "--epochs=2 --publish=mine" in log  # nothing of a finished run is trained again
    assert f"--checkpoints={toys.settings.checkpoints}" in log


def test_a_job_gives_way_and_leaves_no_zombie(toys):
    job = toys.training()
    told = status(job)
    assert os.getsid(told.runner.pid) == told.runner.pid != os.getsid(0)
    assert psutil.Process(told.process.pid).nice() == os.nice(0) + NICENESS
    go(job)
    until_state(job, "finished")
    until_reaped(told.runner.pid)
    until_reaped(told.process.pid)


def test_t1_killed_in_an_epoch_is_interrupted_and_resumes_as_if_never(toys):
    whole = toys.started("--epochs=4")
    until_state(whole, "finished")
    job = toys.training("--epochs=4", epoch=1)
    os.kill(status(job).process.pid, signal.SIGKILL)
    told = until_state(job, "interrupted")
    assert "too little memory is the usual cause" in told.reason
    assert told.epoch == 1 and can_resume(job)
    go(job)
    toys.start(job)
    told = until_state(job, "finished")
    assert told.reason == ""
    for name in ("metrics.csv", "last.pt", "best.pt"):
        assert (job.folder / name).read_bytes() == (whole.folder / name).read_bytes()


def test_t1_killed_at_any_moments_it_ends_as_if_never(toys):
    whole = toys.started("--epochs=12")
    until_state(whole, "finished")
    moments = random.Random(0)
    job = toys.started("--epochs=12", "--pace=0.05")
    for kill in range(4):
        until(lambda: status(job).process)
        time.sleep(moments.uniform(0, 0.5))
        told = status(job)
        for one in (told.runner, told.process)[moments.randrange(2) :]:
            with suppress(ProcessLookupError):  # just done
                os.kill(one.pid, signal.SIGKILL)
        told = until(lambda: not is_live(job) and status(job))
        assert told.state in ("interrupted", "finished"), (kill, told)
        if told.state == "interrupted":
            toys.start(job)
    assert until_state(job, "finished").epoch == 12
    for name in ("metrics.csv", "last.pt"):
        assert (job.folder / name).read_bytes() == (whole.folder / name).read_bytes()


def test_t2_a_stopped_job_keeps_its_epochs_and_goes_on(toys):
    job = toys.training("--epochs=3")
    toys.stop(job)
    asked = (job.folder / "stop").stat().st_mtime_ns
    until_state(job, "stopped")
    assert (job.folder / "last.pt").read_text().split()[0] == "1"
    assert asked == (job.folder / "stop").stat().st_mtime_ns
    go(job)
    toys.start(job)
    assert not (job.folder / "stop").exists()
    assert until_state(job, "finished").epoch == 3


def test_t2_asking_again_gives_no_more_time(toys):
    job = toys.training("--deaf=asked")
    toys.stop(job)
    backdate(job, 5)
    before = (job.folder / "stop").stat().st_mtime_ns
    toys.stop(job)
    assert (job.folder / "stop").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("deaf", "seconds", "reason"),
    [("asked", 11, ""), ("told", 31, "It did not stop when asked and was killed.")],
)
def test_a_job_that_does_not_hear_is_told_then_killed_with_all_it_started(
    toys, deaf, seconds, reason
):
    job = toys.training("--child", f"--deaf={deaf}")
    child = int((job.folder / "child").read_text())
    toys.stop(job)
    backdate(job, seconds)
    told = until_state(job, "stopped")
    assert told.reason == reason
    until_dead(child)
    assert can_resume(job)


def test_a_trainer_that_said_its_last_word_is_ended_with_what_it_leaves_behind(toys):
    job = toys.training("--child", "--linger")
    child = int((job.folder / "child").read_text())
    toys.stop(job)
    told = until_state(job, "stopped")
    toys.start(job)  # waits for its end
    assert not psutil.pid_exists(told.process.pid)
    until_dead(child)
    assert until(lambda: status(job).process).pid != told.process.pid


def test_t3_the_server_is_killed_and_the_job_goes_on(toys, runs):
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from tests.toy_jobs import ToyLauncher; "
            "ToyLauncher(Path(sys.argv[1])).training('--epochs=3'); time.sleep(600)",
            str(runs),
        ],
        cwd=CHECKOUT,
        start_new_session=True,
    )
    try:
        (job,) = until(lambda: read_jobs(runs))
        until(lambda: status(job).epoch)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    before = status(job)
    assert before.state == "running"
    go(job)
    told = until_state(job, "finished")
    assert told.process == before.process and told.epoch == 3


def test_c7_a_second_start_is_refused_and_names_the_first(toys):
    job = toys.training()
    pid = status(job).process.pid
    words = rf"{job.id} is running already \(process {pid}\): stop it first\."
    for refused in (
        lambda: toys.start(job),
        lambda: toys.delete(job),
        lambda: toys.publish(job, "a", "", ""),
    ):
        with pytest.raises(JobError, match=words):
            refused()
    assert status(job).process.pid == pid
    waiting = toys.started("--epochs=2")
    with pytest.raises(JobError, match=f"{waiting.id} waits in the queue already"):
        toys.start(waiting)


def test_c7_of_many_who_start_a_job_at_once_one_does(toys, runs):
    job, refused = toys.ready("--epochs=2"), []

    def start():
        try:
            toys.start(job)
        except JobError as error:
            refused.append(error.reason)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until_state(job, "finished")
    assert len(refused) == 5 and all("already" in reason for reason in refused)
    assert toys.log(job, 100).count("--- ") == 1


def test_jobs_wait_for_each_other_oldest_first(toys, runs):
    first = toys.training(epoch=1)
    second, third = toys.started(), toys.started()
    cancelled = toys.started()
    assert [job.id for job in queue(runs)] == [second.id, third.id, cancelled.id]
    toys.stop(cancelled)
    assert until_state(cancelled, "stopped").reason == "It was taken out of the queue."
    assert can_resume(cancelled)
    # A runner that dies while it waits frees its place.
    os.kill(until(lambda: status(second).runner).pid, signal.SIGKILL)
    until(lambda: status(second).state == "interrupted")
    assert [job.id for job in queue(runs)] == [third.id]
    assert status(first).state == "running"
    go(first)
    until_state(third, "finished")
    assert not (second.folder / "last.pt").exists()


def test_two_slots_train_two_jobs_and_two_devices_take_both(runs):
    toys = ToyLauncher(runs, jobs=2)
    one, other = toys.training(), toys.training()
    both = toys.started("--devices=2", "--hold")
    after = toys.started()
    assert {status(one).state, status(other).state} == {"running"}
    go(one)
    until_state(one, "finished")
    # A slot is free, but the first in the queue wants both, and nobody overtakes it.
    until_reaped(status(one).runner.pid)
    until_it_has_looked(both)
    until_it_has_looked(after)
    assert [job.id for job in queue(runs)] == [both.id, after.id]
    go(other)
    until(lambda: status(both).epoch == 1)
    assert [job.id for job in queue(runs)] == [after.id]
    go(both)
    until_state(after, "finished")


@pytest.mark.parametrize("word", ["--hold", "--late"])
def test_a_trainer_outlives_its_runner_and_keeps_its_slot(toys, runs, word):
    job = toys.started("--epochs=3", word)
    until(lambda: status(job).process)
    after = toys.started()
    os.kill(status(job).runner.pid, signal.SIGKILL)
    until_reaped(status(job).runner.pid)
    until(lambda: status(after).runner)
    until_it_has_looked(after)
    assert status(job).state == "running"
    assert [one.id for one in queue(runs)] == [after.id]
    go(job)
    assert until_state(job, "finished").epoch == 3
    until_state(after, "finished")


def test_a_job_from_a_shell_is_seen_stopped_and_resumed_like_any_other(toys, runs):
    job, shell = from_shell(runs / "mine", "--epochs=3")
    assert [one.id for one in read_jobs(runs)] == ["mine"]
    assert status(job).state == "running"
    with pytest.raises(JobError, match=r"mine is running already"):
        toys.start(job)
    toys.stop(job)
    until_state(job, "stopped")
    shell.wait(60)
    toys.start(job)
    assert until_state(job, "finished").epoch == 3


@pytest.mark.parametrize(
    ("die", "state", "reason"),
    [
        ("exit", "failed", "It ended with an error: The toy is broken."),
        ("silence", "failed", "It ended with an error: CUDA_VISIBLE_DEVICES="),
        ("early", "failed", "It ended before it was done and did not say why"),
        ("segv", "failed", "A library crashed (SIGSEGV)"),
        ("kill", "interrupted", "It was killed from outside; too little memory"),
    ],
)
def test_a_trainer_that_dies_without_a_word_gets_one(toys, die, state, reason):
    job = toys.started(f"--die={die}")
    told = until_state(job, state)
    assert told.reason.startswith(reason)
    assert can_resume(job) and can_publish(job)


def test_a_stopped_run_is_published_as_far_as_it_came(toys):
    job = toys.training("--epochs=5")
    toys.stop(job)
    until_state(job, "stopped")
    go(job)
    toys.publish(job, "half", "Half", "")
    told = until(lambda: not is_live(job) and status(job))
    assert (told.state, told.published, told.epoch) == ("stopped", "toy/half", 1)


def test_what_fails_to_be_published_is_what_it_was_and_says_why(toys):
    job = toys.training("--epochs=2")
    go(job)
    until_state(job, "finished")
    toys.publish(job, "taken", "", "")
    told = until(lambda: not is_live(job) and status(job))
    assert (told.state, told.published) == ("finished", "")
    assert told.reason == "It was not published: it ended with an error: The name is taken."

    (job.folder / "go").unlink()
    for end, reason in (
        (lambda pid: os.kill(pid, signal.SIGKILL), "It was not published: it was killed from"),
        (lambda pid: toys.stop(job), ""),
    ):
        toys.publish(job, "other", "", "")
        until(lambda: read_status(job.folder).state == "running")
        end(read_status(job.folder).process.pid)
        told = until(lambda: not is_live(job) and status(job))
        assert (told.state, told.published, told.phase) == ("finished", "", "")
        assert told.reason.startswith(reason) and bool(told.reason) == bool(reason)


def test_a_slot_gives_its_gpu_and_another_slot_another(runs, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    toys = ToyLauncher(runs, jobs=2)
    first, second = toys.training(), toys.training()
    assert "CUDA_VISIBLE_DEVICES=GPU-a " in toys.log(first)
    assert "CUDA_VISIBLE_DEVICES=GPU-b " in toys.log(second)
    go(first)
    go(second)
    both = toys.started("--devices=2")
    until_state(both, "finished")
    assert "CUDA_VISIBLE_DEVICES=GPU-a,GPU-b " in toys.log(both)


@pytest.mark.parametrize(
    ("trainer", "words", "name", "reason"),
    [
        ("astrology", [], None, "Nothing called 'astrology' can be learned: choose fracture"),
        ("fracture", ["--data=\0"], None, "holds a character"),
        ("fracture", ["--devices", "2"], None, "asks for 2 devices and can have 1: choose fewer"),
        ("fracture", [], "a/b", "cannot name a run: use letters"),
        ("fracture", [], "..", "cannot name a run"),
        ("fracture", [], ".hidden", "cannot name a run"),
        ("fracture", [], "-rf", "cannot name a run"),
        ("fracture", [], "a" * 81, "cannot name a run"),
        ("fracture", [], "ä", "cannot name a run"),
        ("fracture", [], "taken", "There is a run called taken already: choose another name."),
    ],
)
def test_bad_wishes_are_refused_and_leave_nothing(toys, runs, trainer, words, name, reason):
    toys.ready(name="taken")
    with pytest.raises(JobError) as refused:
        toys.submit(trainer, words, name)
    assert reason in refused.value.reason
    assert [job.id for job in read_jobs(runs)] == ["taken"]
    assert [path.name for path in runs.iterdir()] == ["taken"]
    assert status(read_jobs(runs)[0]).state == "ready"


def test_a_folder_of_runs_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    toys = ToyLauncher(tmp_path / "file" / "runs")
    with pytest.raises(JobError, match=r"The folder of runs cannot be written: Not a directory\."):
        toys.submit("fracture", [])


def test_t6_a_full_disk_is_said_and_leaves_nothing(toys, runs, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for step in ("create", "write_status"):
        with monkeypatch.context() as patch:
            patch.setattr(core.jobs.local, step, full)
            with pytest.raises(JobError, match="No space left on device"):
                toys.submit("fracture", [])
        assert list(runs.iterdir()) == []


def test_a_runner_that_cannot_start_says_why(toys, runs):
    job = toys.ready()
    (runs / ".slots").touch()  # where a folder should be
    toys.start(job)
    told = until(lambda: not is_live(job) and status(job))
    assert (told.state, told.reason) == ("failed", "It could not be started: File exists.")


def test_what_cannot_be_launched_is_what_it_was(toys, monkeypatch):
    def refused(*_, **__):
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(core.jobs.local.subprocess, "Popen", refused)
    job = toys.ready()
    for name in ("last.pt", "best.pt"):
        (job.folder / name).touch()
    for state, do in (
        ("finished", lambda: toys.publish(job, "mine", "", "")),
        ("failed", lambda: toys.publish(job, "mine", "", "")),
        ("stopped", lambda: toys.start(job)),
    ):
        before = write_status(job.folder, state=state, epoch=2, epochs=5, reason="It was so.")
        with pytest.raises(JobError, match="cannot be started: Resource temporarily unavailable"):
            do()
        after = status(job)
        assert (after.state, after.reason, after.phase, after.epoch) == (state, "It was so.", "", 2)
        assert after.process == before.process


def test_a_publication_that_cannot_be_launched_fails_no_run(toys, monkeypatch):
    def refused(*_, **__):
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    job = toys.ready()
    monkeypatch.setattr(core.jobs.runner, "_train", refused)
    monkeypatch.setattr(core.jobs.runner.os, "nice", lambda _: None)
    monkeypatch.setattr(core.jobs.runner, "identity", lambda: GONE)
    for mode, state in (("publish", "finished"), ("trial", "failed")):
        write_status(job.folder, state="finished", phase="publishing")
        core.jobs.runner.run(job.folder, mode)
        told = status(job)
        assert (told.state, told.phase) == (state, "")
        assert told.reason.endswith(": Resource temporarily unavailable.")


@pytest.mark.parametrize(("epoch", "words"), [(0, "--epochs=1"), (3, "--epochs=3")])
def test_what_is_published_of_an_interrupted_run_are_the_epochs_it_has(
    toys, monkeypatch, epoch, words
):
    job, launched = toys.ready(), []
    for name in ("last.pt", "best.pt"):
        (job.folder / name).touch()
    write_status(job.folder, state="running", process=GONE, epoch=epoch, epochs=5)
    monkeypatch.setattr(
        LocalLauncher, "_detach", lambda self, command, *_: launched.extend(command)
    )
    toys.publish(job, "mine", "", "")
    assert launched[-1] == words
    told = read_status(job.folder)
    assert (told.state, told.phase, told.epoch) == ("stopped", "publishing", max(1, epoch))


@pytest.mark.parametrize("state", ["finished", "failed"])
def test_what_has_nothing_to_go_on_from_is_not_started(toys, state):
    job = toys._new("fracture", [], None)
    write_status(job.folder, state=state)
    with pytest.raises(JobError, match="cannot be started: it is finished, or its trial failed"):
        toys.start(job)
    with pytest.raises(JobError, match="cannot be published: no epoch of it is whole"):
        toys.publish(job, "a", "b", "c")
    with pytest.raises(JobError, match="has ended already"):
        toys.stop(job)
    assert read_status(job.folder).state == state


def test_a_run_is_deleted_and_nothing_else(toys, runs, tmp_path):
    job, other = toys.ready("--epochs=1"), toys.ready()
    (runs / ".another.0a1b2c3d.deleted" / "samples").mkdir(parents=True)  # was cut off
    toys.delete(job)
    assert [path.name for path in runs.iterdir()] == [other.id]
    elsewhere = ToyLauncher(tmp_path / "elsewhere").ready(name="far")
    (runs / "link").symlink_to(elsewhere.folder)
    (runs / "plain").mkdir()
    (other.folder / "samples").mkdir()
    for folder in (
        elsewhere.folder,
        runs / "link",
        runs / "plain",
        runs / ".." / "elsewhere" / "far",
        other.folder / "samples",
        runs,
        runs / "missing",
        Path("/"),
    ):
        with pytest.raises(JobError, match="is not a run in the folder of runs"):
            toys.delete(Job(folder, "fracture", (), "local", ""))
        assert other.folder.exists() and elsewhere.folder.exists() and (runs / "plain").exists()


@pytest.mark.parametrize(
    ("code", "line", "reason"),
    [
        (-9, "x", "It was killed from outside; too little memory is the usual cause: "),
        (-15, "x", "It was ended from outside (SIGTERM): start it again."),
        (-11, "x", "A library crashed (SIGSEGV): "),
        (-40, "x", "A library crashed (signal 40): "),
        (0, "x", "It ended before it was done and did not say why: see its log."),
        (1, " no such file \n", "It ended with an error: no such file"),
        (1, "y" * 999, "It ended with an error: " + "y" * 300),
        (3, "", "It ended with exit code 3 and did not say why: start it again."),
    ],
)
def test_why_it_ended_is_one_sentence(code, line, reason):
    assert why(code, line).startswith(reason)
    assert "\n" not in why(code, line) and len(why(code, line)) < 340


def test_the_runner_starts_in_no_time():
    code = (
        "import sys, core.jobs.runner; "
        "heavy = {'torch', 'streamlit', 'pandas', 'numpy', 'yaml', 'core.learning'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert told.stdout == "[]\n", told.stderr
