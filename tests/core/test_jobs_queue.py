import os
import subprocess
from dataclasses import replace

import pytest

from core.jobs import queue, read_jobs
from core.jobs.processes import identity
from core.jobs.queue import Slots, _installed_gpus, devices, is_first, visible_gpus
from core.jobs.records import create, write_status
from core.settings import Settings

ME = identity()


@pytest.mark.parametrize(
    ("words", "config", "expected"),
    [
        ([], None, 1),
        (["--devices", "2"], None, 2),
        (["--devices=3", "--batch", "8"], "devices: 4", 3),
        (["--devices", "2", "--devices=1"], None, 1),
        (["--batch", "8"], "devices: 2\n", 2),
        (["--devices"], None, 1),
        (["--devices", "many"], None, 1),
        ([], "devices: many", 1),
        ([], "- devices", 1),
        ([], "devices: [", 1),
    ],
)
def test_a_job_takes_as_many_slots_as_devices(tmp_path, words, config, expected):
    job = create(tmp_path / "job", "fracture", tuple(words), "local")
    if config:
        (job.folder / "config.yaml").write_text(config)
    assert devices(job) == expected


@pytest.fixture
def smi(monkeypatch):
    """Says what nvidia-smi prints, or how it fails."""

    def says(answer):
        def run(*_, **__):
            if isinstance(answer, Exception):
                raise answer
            return subprocess.CompletedProcess([], 0, answer)

        monkeypatch.setattr(subprocess, "run", run)
        _installed_gpus.cache_clear()

    yield says
    _installed_gpus.cache_clear()


@pytest.mark.parametrize(
    ("named", "expected"),
    [("0", ("0",)), ("1, GPU-b", ("1", "GPU-b")), ("", ()), ("-1", ()), (None, ("GPU-c",))],
)
def test_gpus_that_are_named_are_the_only_ones(smi, named, expected):
    smi("GPU-c\n")
    assert visible_gpus({} if named is None else {"CUDA_VISIBLE_DEVICES": named}) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("GPU-a\nGPU-b\n", ("GPU-a", "GPU-b")),
        ("", ()),
        (FileNotFoundError(), ()),
        (subprocess.CalledProcessError(9, "nvidia-smi"), ()),  # no driver
        (subprocess.TimeoutExpired("nvidia-smi", 30), ()),
    ],
)
def test_gpus_are_asked_of_the_machine(smi, answer, expected):
    smi(answer)
    assert visible_gpus({}) == expected


@pytest.mark.parametrize(
    ("gpus", "jobs", "count", "most"),
    [
        ("", "", 1, 1),
        ("", "3", 3, 3),
        ("a\nb", "", 2, 2),
        ("a\nb", "1", 1, 1),
        ("a\nb", "5", 5, 2),  # two and three share a GPU: none has more than two
    ],
)
def test_a_slot_a_gpu_or_one_or_as_many_as_set(smi, tmp_path, monkeypatch, gpus, jobs, count, most):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    smi(gpus)
    slots = Slots.of(tmp_path, Settings.from_environment({"LIGHTBOX_JOBS": jobs}))
    assert (slots.count, slots.most_devices) == (count, most)


def give_back(slots):
    for descriptor in slots.held.values():
        os.close(descriptor)


def test_slots_are_taken_once_and_given_back_by_closing(tmp_path):
    one, other = Slots(tmp_path / ".slots", 3), Slots(tmp_path / ".slots", 3)
    assert one.take(2) and sorted(one.held) == [0, 1]
    assert one.environment() == {}
    assert not other.take(2) and sorted(other.held) == [2]  # what it has it keeps
    give_back(one)
    assert other.take(2) and sorted(other.held) == [0, 2]
    give_back(other)


def test_slots_that_share_a_gpu_are_not_two_devices(tmp_path):
    first, second, both = (Slots(tmp_path / ".slots", 4, ("a", "b")) for _ in range(3))
    assert first.take(1) and second.take(1)
    found = [slots.environment()["CUDA_VISIBLE_DEVICES"] for slots in (first, second)]
    assert found == ["a", "b"]
    give_back(first)
    assert both.take(2) and sorted(both.held) == [0, 3]  # not 2, which is a's, too
    assert both.environment() == {"CUDA_VISIBLE_DEVICES": "a,b"}
    give_back(second)
    give_back(both)


def test_who_asked_first_is_next_and_only_who_waits_waits(tmp_path):
    def job(name, launcher="local", **told):
        made = create(tmp_path / name, "fracture", (), launcher)
        write_status(made.folder, **{"runner": ME, "process": None, "state": "queued"} | told)

    job("late", asked=30.0)
    job("tied-b", asked=20.0)
    job("tied-a", asked=20.0)
    job("early", asked=10.0)
    job("dead", asked=5.0, runner=replace(ME, started=1.0))
    job("running", asked=1.0, state="running")
    job("ready", asked=1.0, state="ready")
    job("damaged")
    (tmp_path / "damaged" / "status.json").write_text("{")
    (tmp_path / "no-job").mkdir()
    assert [job.id for job in queue(tmp_path)] == ["early", "tied-a", "tied-b", "late"]
    assert queue(tmp_path / "missing") == []
    job("clustered", "ray", asked=1.0)
    job("resumed", "shell", asked=40.0)
    assert [job.id for job in read_jobs(tmp_path) if is_first(job)] == ["early"]
