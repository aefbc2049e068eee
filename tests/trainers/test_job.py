"""A trainer as a job: its folder says how it stands, and one sentence why it failed."""

import errno
import os
import signal
import time
from pathlib import Path

import pytest
import torch
import yaml

from core.archive import BadPack
from core.jobs import records
from core.jobs.processes import identity, lock
from core.learning import TRAINERS
from core.trainer import read_config
from tests.toy_models import publish_suggester
from trainers import job, progress
from trainers.progress import TrainingFailed, TrialDone


def start(folder, main=lambda arguments: None, *words) -> int:
    """Run a trainer of artefacts as a job; returns its exit code, or its last sentence."""
    argv = ["--data", "masks", "--run", str(folder), *map(str, words)]
    try:
        job.run("artefact", main, argv)
    except SystemExit as error:
        return error.code
    return 0


def publish(folder, epochs: int, main=lambda arguments: None) -> int:
    """Go on with a run, up to so many epochs, and publish it in its folder."""
    words = ("--publish", "new", "--checkpoints", folder, "--epochs", epochs)
    return start(folder, main, *words)


def told(folder) -> records.Status:
    return records.read_status(folder)


def fails(error: BaseException):
    def main(arguments):
        raise error

    return main


@pytest.fixture
def learned(tmp_path):
    """The folder of a run of 5 epochs that was stopped after 3."""
    folder = tmp_path / "run"

    def main(arguments):
        records.write_status(folder, epoch=3, epochs=5)
        (folder / "last.pt").touch()
        raise progress.Stopped

    assert start(folder, main, "--epochs", 5) == 0
    return folder


def test_a_run_from_a_shell_is_a_job_folder(tmp_path, capsys):
    folder, seen = tmp_path / "runs" / "mine", []

    def main(arguments):
        print("what it prints")
        seen.append((told(folder), arguments))

    assert start(folder, main, "--rate", 0.01) == 0
    during, arguments = seen[0]
    assert (during.state, during.process) == ("running", identity())
    assert (told(folder).state, told(folder).phase) == ("finished", "")
    made = records.read_job(folder)
    assert (made.trainer, made.launcher) == ("artefact", "shell")
    assert made.words == ("--data", str(Path("masks").absolute()), "--rate", "0.01")
    assert "what it prints" in (folder / "log.txt").read_text()
    assert "what it prints" in capsys.readouterr().out
    again = read_config(TRAINERS["artefact"], folder / "config.yaml")
    assert again["rate"] == 0.01 and again["epochs"] == arguments.epochs


def refused_by(network, batch) -> Exception:
    try:
        network(batch)
    except Exception as error:
        return error
    raise AssertionError("it was taken")


FAILURES = {
    "expected": (BadPack("The pack is empty: fill it."), "The pack is empty: fill it."),
    "T5": (TrainingFailed("The loss is no longer a number."), "The loss is no longer a number."),
    "T6 disk": (OSError(errno.ENOSPC, "No space left on device"), "The disk is full"),
    "T6 quota": (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk is full"),
    "memory": (MemoryError(), "--batch"),
    "memory of a GPU": (torch.OutOfMemoryError("CUDA out of memory."), "--batch"),
    "memory of torch": (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "--batch"),
    "memory of a reader": (RuntimeError("worker is killed by signal: Killed."), "--batch"),
    "shared memory": (RuntimeError("worker might be out of shared memory."), "/dev/shm"),
    "another process": (RuntimeError("[pair.cc:553] Connection closed by peer"), "--devices"),
    "another machine": (RuntimeError("NCCL error: ncclRemoteError: A call"), "--devices"),
    "NCCL alone": (RuntimeError("NCCL error: ncclInvalidUsage: Duplicate GPU"), "see "),
    "a batch of one": (refused_by(torch.nn.BatchNorm1d(3), torch.zeros(1, 3)), "larger --batch"),
    "missing": (FileNotFoundError(errno.ENOENT, "No such file", "films.zip"), "films.zip is miss"),
    "forbidden": (PermissionError(errno.EACCES, "denied", "films.zip"), "films.zip may not be"),
}


@pytest.mark.parametrize(("error", "sentence"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_one_sentence_in_the_status_and_on_the_terminal(tmp_path, error, sentence):
    said = start(tmp_path, fails(error))
    assert sentence in said and said.endswith(".") and "\n" not in said
    assert (told(tmp_path).state, told(tmp_path).reason) == ("failed", said)


def test_an_error_of_our_own_has_its_traceback_in_the_log_alone(tmp_path, capsys):
    said = start(tmp_path, fails(ZeroDivisionError("division by zero")))
    assert "ZeroDivisionError" in said and str(tmp_path / "log.txt") in said
    assert "Traceback" in (tmp_path / "log.txt").read_text()
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("words", [("--rate", "fast"), ("--epochs", 0), ("--nonsense", 1)])
def test_an_option_that_cannot_be_begins_nothing(tmp_path, words):
    assert words[0] in start(tmp_path / "new", fails(AssertionError()), *words)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("state", ["running", "queued", "finished"])
def test_an_option_that_cannot_be_leaves_the_run_that_is_there_as_it_was(tmp_path, state):
    before = records.write_status(tmp_path, state=state, epoch=3, process=identity())
    assert "--rate" in start(tmp_path, fails(AssertionError()), "--rate", "fast")
    assert told(tmp_path) == before


def test_the_folder_of_another_trainer_is_refused_and_left_alone(tmp_path):
    records.create(tmp_path, "lesion", (), "shell")
    records.write_status(tmp_path, state="finished")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert "is a run of lesion" in start(tmp_path)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert before.items() <= after.items() and not {"config.yaml"} & set(after)


def test_c7_a_second_start_is_refused_and_names_the_first(tmp_path):
    records.write_status(tmp_path, state="running", process=identity())
    held = lock(tmp_path / "lock")
    try:
        assert f"process {os.getpid()}" in start(tmp_path, fails(AssertionError()))
    finally:
        os.close(held)
    assert told(tmp_path).state == "running"
    assert start(tmp_path) == 0


def waits_for_ever(arguments) -> None:
    """Looks at no stop file, as in a long computation."""
    while True:
        time.sleep(0.01)


def asked(arguments) -> None:
    (arguments.run / "stop").touch()
    waits_for_ever(arguments)


def told_to(arguments) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    waits_for_ever(arguments)


@pytest.mark.parametrize("main", [asked, told_to, fails(KeyboardInterrupt())])
def test_t2_a_run_stops_whatever_it_does(tmp_path, main):
    handler = signal.getsignal(signal.SIGTERM)
    assert start(tmp_path, main) == 0
    assert (told(tmp_path).state, told(tmp_path).reason) == ("stopped", job.ASKED)
    assert not (tmp_path / "stop").exists()
    assert signal.getsignal(signal.SIGTERM) == handler


def test_a_request_to_stop_what_ran_before_is_forgotten(tmp_path):
    (tmp_path / "stop").touch()
    assert start(tmp_path, lambda arguments: progress.current().check()) == 0
    assert told(tmp_path).state == "finished"


def test_a_request_to_stop_what_was_just_launched_counts(tmp_path):
    records.write_status(tmp_path, state="running", runner=identity())
    (tmp_path / "stop").touch()
    assert start(tmp_path, lambda arguments: progress.current().check()) == 0
    assert told(tmp_path).state == "stopped"


def test_a_trial_ends_ready_and_publishes_nothing(tmp_path):
    def main(arguments):
        assert arguments.trial and arguments.publish is None
        raise TrialDone

    assert start(tmp_path, main, "--trial", "--publish", "new") == 0
    assert (told(tmp_path).state, told(tmp_path).published) == ("ready", "")


def test_a_trial_of_what_has_learned_already_changes_nothing(learned):
    assert start(learned, fails(TrialDone()), "--trial") == 0
    assert (told(learned).state, told(learned).epoch) == ("stopped", 3)


def asked_of(folder) -> list[str]:
    """What the app would say to start the run again, without its data."""
    words = records.read_job(folder).words
    assert words[:2] == ("--data", str(Path("masks").absolute()))
    return list(words[2:])


def test_what_is_only_tried_in_a_shell_is_trained_by_the_app(tmp_path):
    assert start(tmp_path, fails(TrialDone()), "--trial", "--epochs", 2) == 0
    assert asked_of(tmp_path) == ["--epochs", "2"]


def test_a_run_goes_on_in_the_app_with_what_was_asked_last(tmp_path):
    (tmp_path / "mine.yaml").write_text("rate: 0.5\nrun: elsewhere\n")
    start(tmp_path / "run", lambda arguments: None, "--epochs", 1)
    created = records.read_job(tmp_path / "run").created
    more = ("--epochs", 9, "--config", tmp_path / "mine.yaml", "--publish", "x", "--title", "X")
    start(tmp_path / "run", fails(KeyboardInterrupt()), *more, "--checkpoints", tmp_path)
    assert sorted(asked_of(tmp_path / "run")) == sorted(
        ["--rate", "0.5", "--epochs", "9", "--checkpoints", str(tmp_path)]
    )
    assert records.read_job(tmp_path / "run").created == created


@pytest.mark.parametrize("launcher", ["local", "ray"])
def test_a_start_by_the_app_changes_nothing_of_what_was_asked(tmp_path, launcher):
    records.create(tmp_path, "artefact", ("--data", "masks", "--last"), launcher)
    before = (tmp_path / "job.json").read_text()
    runner = identity() if launcher == "local" else None
    records.write_status(tmp_path, state="running", runner=runner)
    start(tmp_path, lambda arguments: None, "--epochs", 3)
    assert (tmp_path / "job.json").read_text() == before


def test_a_run_of_the_cluster_that_goes_on_in_a_shell_is_the_shells(tmp_path):
    records.create(tmp_path, "artefact", ("--data", "masks"), "ray")
    records.write_status(tmp_path, state="stopped")
    start(tmp_path, lambda arguments: None, "--epochs", 3)
    assert (records.read_job(tmp_path).launcher, asked_of(tmp_path)) == ("shell", ["--epochs", "3"])


def learns(arguments) -> None:
    """A whole epoch more, and then something fails."""
    os.utime(arguments.run / "last.pt", (1, 1))
    raise TrainingFailed("No.")


@pytest.mark.parametrize(
    ("main", "words", "epochs"),
    [
        (fails(TrialDone()), ["--trial"], 5),
        (lambda arguments: None, ["--trial"], 5),
        (fails(TrainingFailed("last.pt belongs to another network.")), [], 5),
        (fails(KeyboardInterrupt()), [], 50),  # as asked, it goes on
        (learns, [], 50),
    ],
)
def test_k3_options_by_which_nothing_is_learned_leave_no_trace(learned, main, words, epochs):
    (learned / "training.json").write_text("noted")

    def tells(arguments):
        records.write_status(learned, epochs=arguments.epochs)
        (arguments.trial or main is learns) or (learned / "training.json").write_text("other")
        main(arguments)

    start(learned, tells, "--epochs", 50, *words)
    assert yaml.safe_load((learned / "config.yaml").read_text())["epochs"] == epochs
    assert asked_of(learned) == ["--epochs", str(epochs)]
    assert (told(learned).epoch, told(learned).epochs) == (3, epochs)
    noted = (learned / "training.json").read_text() == "noted"
    assert noted is (epochs == 5 or main is learns)


def test_publishing_keeps_the_state_and_the_options(learned):
    options = (learned / "config.yaml").read_text()
    assert publish(learned, epochs=3) == 0
    assert (told(learned).state, told(learned).published) == ("stopped", "artefact/new")
    assert (learned / "config.yaml").read_text() == options


def test_a_run_that_was_good_enough_early_is_only_published(learned):
    start(learned, lambda arguments: None, "--epochs", 5)
    more = ("--publish", "two words", "--checkpoints", learned, "--epochs", 5)
    assert "It was not published: A model's name" in start(learned, fails(AssertionError()), *more)
    assert (told(learned).state, told(learned).epoch) == ("finished", 3)


def test_publishing_that_fails_says_why_and_keeps_the_state(learned):
    said = publish(learned, epochs=3, main=fails(BadPack("No film.")))
    assert said == told(learned).reason == "It was not published: No film."
    assert (told(learned).state, told(learned).published) == ("stopped", "")


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        (
            "unet",
            (),
            "There is another artefact model named unet",
        ),
        ("unet", ("--replace",), 0),
        ("two words", (), "A model's name has"),
        ("../x", ("--replace",), "A model's name has"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_learned(tmp_path, name, more, said):
    publish_suggester(tmp_path / "checkpoints")
    seen, folder = [], tmp_path / "run"
    words = ("--publish", name, "--checkpoints", tmp_path / "checkpoints", *more)
    ended = start(folder, seen.append, *words)
    assert str(ended).startswith(str(said)) and bool(seen) is (said == 0)
    assert told(folder).state == ("finished" if seen else "failed")


def test_a_run_that_learned_is_finished_when_it_ends_with_publishing(learned):
    assert publish(learned, epochs=5) == 0
    assert (told(learned).state, told(learned).published) == ("finished", "artefact/new")


def test_t6_a_disk_that_is_full_before_anything_begins_is_told(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(job, "write_config", full)
    assert "The disk is full" in start(tmp_path, fails(AssertionError()))
