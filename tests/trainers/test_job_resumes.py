"""A real trainer, stopped in every way it can be, goes on and ends as if it never had been."""

import csv
import json
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch

from core.jobs import records
from core.samples import png
from core.settings import CHECKOUT
from trainers import fracture, job

HANG = 300  # seconds after which a test gives up; nothing here takes long


def words(root, run) -> list[str]:
    return [
        *("--data", str(root / "data"), "--run", str(run), "--backbone", "simple_cnn"),
        *("--size", "32", "--epochs", "3", "--batch", "8", "--films-per-epoch", "320"),
        *("--precision", "32-true", "--rate", "0.01", "--checkpoints", str(root / "checkpoints")),
    ]


def learn(root, run) -> records.Status:
    job.run("fracture", fracture.main, words(root, run))
    return records.read_status(run)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a run that was never stopped, run/, and its films, data/: of one of them only
    half is left."""
    root, rng = tmp_path_factory.mktemp("whole"), np.random.default_rng(0)
    for split in ("train", "val"):
        for kind in ("fractured", "not fractured"):
            folder = root / "data" / split / kind
            folder.mkdir(parents=True)
            for film in range(8):
                picture = png(rng.integers(0, 256, (48, 48), np.uint8))
                (folder / f"{split} {kind} {film}.png").write_bytes(picture)
    broken = root / "data/train/fractured/broken.png"
    broken.write_bytes(picture[: len(picture) // 2])
    assert learn(root, root / "run").state == "finished"
    return root


def result(run):
    """Every number of metrics.csv but the time it took, and the weights that are published."""
    with (run / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    numbers = [[float(value) for key, value in row.items() if key != "seconds"] for row in rows]
    return numbers, torch.load(run / "best.pt", weights_only=True)


def assert_as_if_never_stopped(whole, run) -> None:
    (numbers, weights), (expected, kept) = result(run), result(whole / "run")
    np.testing.assert_allclose(numbers, expected, atol=1e-5)
    for name, value in kept.items():
        torch.testing.assert_close(weights[name], value, atol=1e-5, rtol=0)


def wait_for(run, found) -> None:
    began = time.monotonic()
    while time.monotonic() - began < HANG:
        if (run / "status.json").exists() and found(records.read_status(run)):
            return
        time.sleep(0.005)
    raise AssertionError("the run hangs")


def in_the_second_epoch(status: records.Status) -> bool:
    return status.epoch == 1 and status.phase == "training"


def test_t1_killed_in_the_middle_of_an_epoch(whole, tmp_path):
    command = [sys.executable, "-m", "trainers.fracture", *words(whole, tmp_path)]
    with subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.DEVNULL) as trainer:
        wait_for(tmp_path, in_the_second_epoch)
        trainer.kill()
        assert trainer.wait(HANG) == -signal.SIGKILL
    left = records.read_status(tmp_path)
    assert (left.state, left.process.pid) == ("running", trainer.pid)
    assert torch.load(tmp_path / "last.pt", weights_only=True)["state"]["epoch"] in (1, 2)
    ended = learn(whole, tmp_path)
    assert (ended.state, ended.epoch) == ("finished", 3)
    assert_as_if_never_stopped(whole, tmp_path)


def test_t2_stopped_in_the_middle_of_an_epoch(whole, tmp_path):
    def act() -> None:
        wait_for(tmp_path, in_the_second_epoch)
        (tmp_path / "stop").touch()

    threading.Thread(target=act).start()
    with pytest.raises(SystemExit) as ended:
        learn(whole, tmp_path)
    assert ended.value.code == 0
    left = records.read_status(tmp_path)
    assert (left.state, left.epoch) == ("stopped", len(result(tmp_path)[0]))
    assert torch.load(tmp_path / "last.pt", weights_only=True)["state"]["epoch"] == left.epoch
    assert learn(whole, tmp_path).state == "finished"
    assert_as_if_never_stopped(whole, tmp_path)


def test_t7_a_picture_that_cannot_be_read_is_skipped_counted_and_listed(whole):
    assert records.read_status(whole / "run").skipped == 1
    rows = (whole / "run/skipped.csv").read_text().splitlines()
    assert rows[0] == "name,reason" and rows[1].startswith("broken.png,") and len(rows) == 2


def test_a_trial_tells_the_time_and_leaves_no_checkpoint(whole, tmp_path):
    job.run("fracture", fracture.main, [*words(whole, tmp_path), "--trial"])
    assert records.read_status(tmp_path).state == "ready"
    told = json.loads((tmp_path / "trial.json").read_text())
    assert (told["epochs"], told["steps"]) == (3, 40)
    assert json.loads((tmp_path / "audit.json").read_text())["films"] == 32
    assert not list(tmp_path.glob("*.pt"))


def test_samples_are_kept_of_every_epoch(whole):
    names = sorted(path.name for path in (whole / "run/samples").iterdir())
    assert names == ["0001.png", "0002.png", "0003.png"]
