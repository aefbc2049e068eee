"""Two processes of a job learn what one does, end with the same weights, and stop together."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from core.jobs.processes import lives
from core.jobs.records import read_status
from core.settings import CHECKOUT
from tests.toy_processes import Fabric, learn_both

LOOPS = ("learn_class", "learn_to_paint")


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """How a job of two processes ended, one of which was lost, and its folder."""
    folder = tmp_path_factory.mktemp("two") / "run"
    command = [sys.executable, "-m", "tests.toy_processes", "--data", "films", "--run", folder]
    command += ["--devices", "2", "--precision", "32-true"]
    env = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        command, cwd=CHECKOUT, env=env, stderr=subprocess.PIPE, text=True, timeout=300
    )
    return done, folder


@pytest.fixture(scope="module")
def two(ended):
    """The folder of a training by two processes."""
    return ended[1]


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The folder of the same training by one."""
    folder = tmp_path_factory.mktemp("one")
    learn_both(Fabric(accelerator="cpu", devices=1), folder)
    return folder


def weights(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("loop", LOOPS)
def test_both_processes_end_with_the_same_weights(two, loop):
    first, second = (weights(two / f"{loop}-{rank}.pt") for rank in (0, 1))
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def test_two_processes_share_the_batches_that_one_learns_from(one, two):
    alone, shared = (weights(folder / "learn_class-0.pt") for folder in (one, two))
    for name, value in alone.items():
        torch.testing.assert_close(shared[name], value, atol=1e-6, rtol=0)
    losses = [(folder / "learn_class/metrics.csv").read_text() for folder in (one, two)]
    told = [[line.split(",")[2:] for line in text.splitlines()] for text in losses]
    assert told[0] == told[1]


@pytest.mark.parametrize("loop", LOOPS)
def test_one_process_writes_the_run(two, loop):
    assert len((two / loop / "metrics.csv").read_text().splitlines()) == 4
    assert not list((two / loop).glob("*.tmp"))


def test_t2_both_processes_obey_a_request_to_stop(two):
    assert (two / "stopped-0").exists() and (two / "stopped-1").exists()
    assert not (two / "stopped/last.pt").exists()


def test_a_job_that_loses_a_process_says_so_and_leaves_none(ended):
    done, folder = ended
    told = read_status(folder)
    assert (told.state, done.returncode) == ("failed", 1), done.stderr
    assert told.reason.startswith("Another process of this training died: start the run again")
    assert told.reason in done.stderr and "Traceback" not in done.stderr
    assert not lives(told.process)
    assert not [each for each in psutil.process_iter(["cmdline"]) if str(folder) in _words(each)]


def _words(process: psutil.Process) -> list[str]:
    return process.info["cmdline"] or []
