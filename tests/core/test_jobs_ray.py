"""Jobs on a real Ray cluster: its head runs on this machine for the tests of this file."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from core import jobs
from core.jobs import attempts, cluster, records
from core.samples import png
from core.settings import Settings

TOKEN = "a token of the tests"
CORES = 8  # what the head is told it has
# A trainer that does as it is told, for everything that needs no torch.
TRAINER = """
import json, os, sys, time
from pathlib import Path

folder, mode, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
last = folder / "last.pt"
done = int(last.read_text()) if last.exists() else 0

def tell(state, **more):
    told = json.loads((folder / "status.json").read_text())
    told |= {"state": state, "phase": "", "epoch": done, "epochs": 3, "reason": ""} | more
    told |= {"process": {"pid": 1, "started": 1, "host": "a machine of the cluster"}}
    (folder / ".new").write_text(json.dumps(told))
    os.replace(folder / ".new", folder / "status.json")
    sys.exit() if state != "running" else None

rank = os.environ.get("NODE_RANK")
if rank:
    (folder / f"rank{rank}").write_text(f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}")
if rank == "1":
    sys.exit()
print("trainer", mode, os.environ.get("LIGHTBOX_DATA"), os.environ.get("LIGHTBOX_DATABASE_URL"))
if kind == "broken" and mode == "train":
    sys.exit("The data are gone: give another folder.")
if mode == "trial":
    (folder / "trial.json").write_text("{}")
    tell("ready")
tell("running", phase="training")
while kind != "short" or done < 3:
    time.sleep(0.05)
    if (folder / "stop").exists() and kind != "deaf":
        tell("stopped")
    if kind == "deaf":
        tell("running", phase="training") if not done else None
    done += 1
    with (folder / "metrics.csv").open("a") as file:
        file.write(f"{'' if done > 1 else 'epoch,loss' + chr(10)}{done},{1 / done}" + chr(10))
    last.write_text(str(done))
tell("finished")
"""


def until(true, seconds=120):
    """Wait for a state; the limit only ends a test that would hang."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
    return found


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@pytest.fixture(scope="module")
def address():
    """The address of a cluster that wants a token: a head, and soon a second machine."""
    pytest.importorskip("ray", reason="install requirements-cluster.txt to test on a Ray cluster")
    port, dashboard, *others = free_ports(5)
    # Ray's sockets lie there, and their paths must be short.
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    head = [
        *("--head", f"--port={port}", f"--temp-dir={folder}", f"--num-cpus={CORES}"),
        *("--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}", "--no-monitor"),
        *(f"--dashboard-agent-listen-port={others[0]}", f"--ray-client-server-port={others[1]}"),
    ]
    second = [f"--address=127.0.0.1:{port}", "--num-cpus=2", "--include-log-monitor=false"]
    second.append(f"--dashboard-agent-listen-port={others[2]}")
    address = f"http://127.0.0.1:{dashboard}"
    machines = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", TOKEN)
        try:
            machines.append(machine(head))
            until(lambda: count(address, machines[0]) == 1)
            machines.append(machine(second))
            yield address
        finally:
            for one in reversed(machines):
                end(one)
            shutil.rmtree(folder, ignore_errors=True)


def machine(options: list[str]) -> subprocess.Popen:
    """What makes this machine another one of a cluster, until it ends."""
    command = [
        *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *options),
        *("--disable-usage-stats", "--num-gpus=0", "--object-store-memory=80000000"),
        *("--min-worker-port=0", "--max-worker-port=0"),
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)


def count(address: str, head: subprocess.Popen) -> int:
    """How many machines the cluster has."""
    assert head.poll() is None, "the head has ended"
    try:
        return len(cluster.RayHead(address).machines())
    except jobs.JobError:
        return 0


def end(machine: subprocess.Popen) -> None:
    """End a machine's processes, and no other's."""
    family = psutil.Process(machine.pid).children(recursive=True)
    machine.terminate()
    _, alive = psutil.wait_procs(family, 15)
    for one in alive:
        one.kill()
    machine.wait(15)


@pytest.fixture(scope="module", autouse=True)
def real(address, tmp_path_factory):
    """A true training, started as the page does; it learns while the other tests run."""
    root = tmp_path_factory.mktemp("real")
    noise = np.random.default_rng(0).integers(0, 256, (16, 64, 64), np.uint8)
    for number, film in enumerate(noise):
        split, label = ("train", "val")[number // 2 % 2], ("fractured", "not fractured")[number % 2]
        (root / "data" / split / label).mkdir(parents=True, exist_ok=True)
        (root / "data" / split / label / f"{number}.png").write_bytes(png(film))
    env = {"LIGHTBOX_RUNS": str(root / "runs"), "LIGHTBOX_RAY_ADDRESS": address}
    launcher = jobs.launcher(Settings.from_environment(env | {"LIGHTBOX_THREADS": "1"}))
    words = ["--data", root / "data", "--backbone", "simple_cnn", "--size", "32", "--epochs", "2"]
    words += ["--batch", "4", "--precision", "32-true"]
    job = ready(launcher, "fracture", *map(str, words))
    launcher.start(job)
    return launcher, job


@pytest.fixture
def settings(address, tmp_path, monkeypatch):
    monkeypatch.setenv("LIGHTBOX_DATABASE_URL", "postgresql://me:secret@host/db")
    env = {"LIGHTBOX_RUNS": str(tmp_path / "runs"), "LIGHTBOX_RAY_ADDRESS": address}
    env |= {"LIGHTBOX_DATA": str(tmp_path / "data"), "LIGHTBOX_THREADS": "1"}
    return Settings.from_environment(env)


@pytest.fixture
def ray(settings, tmp_path):
    """A launcher of the scripted trainer."""
    script = tmp_path / "trainer.py"
    script.write_text(TRAINER)

    def command(job, mode, more=()):
        return [sys.executable, str(script), str(job.folder), mode, job.id]

    return cluster.RayLauncher(settings, command=command)


def state(job) -> str:
    return jobs.status(job).state


def known(attempt: attempts.Attempt) -> str:
    """What Ray itself says of an attempt, now."""
    return attempt.head.look(attempt.submission)["status"]


def ready(ray, name: str, *words: str):
    """A job as if its trial had gone well. The scripted trainer does what it is named for."""
    folder = ray.settings.runs / name
    job = records.create(folder, "fracture", words, "ray")
    (folder / "trial.json").write_text("{}")
    records.write_status(folder, state="ready")
    return job


def started(ray, kind: str):
    """A job of the scripted trainer that trains."""
    job = ready(ray, kind)
    ray.start(job)
    until(lambda: len(jobs.metrics(job)) > 2)
    return job


def test_setting_chooses_the_cluster(settings):
    assert isinstance(jobs.launcher(settings), cluster.RayLauncher)
    assert not isinstance(jobs.launcher(replace(settings, ray_address="")), cluster.RayLauncher)


def test_small_job_runs_to_its_end(ray, settings):
    job = ray.submit("fracture", [], "short")
    until(lambda: state(job) == "ready")
    assert (job.launcher, jobs.trial(job)) == ("ray", {})
    ray.start(job)
    until(lambda: state(job) == "finished")
    assert jobs.metrics(job)["epoch"].tolist() == [1, 2, 3]
    assert not jobs.is_live(job) and not jobs.can_resume(job)
    # Its settings are handed on, and no password with them.
    until(lambda: ray.log(job) == f"trainer train {settings.data} None")
    assert [one.id for one in jobs.read_jobs(settings.runs)] == [job.id]
    ray.delete(job)
    assert jobs.read_jobs(settings.runs) == []


def test_t2_stopped_job_goes_on_where_it_stopped(ray):
    job = started(ray, "long")
    for refused in (ray.start, ray.delete):
        with pytest.raises(jobs.JobError, match="stop it first"):
            refused(job)
    ray.stop(job)
    until(lambda: state(job) == "stopped")
    epochs = int((job.folder / "last.pt").read_text())
    assert epochs == len(jobs.metrics(job))
    ray.start(job)
    until(lambda: len(jobs.metrics(job)) > epochs + 2)
    ray.stop(job)
    until(lambda: state(job) == "stopped")
    assert jobs.metrics(job)["epoch"].diff().dropna().eq(1).all()


def test_t3_job_that_does_not_listen_is_stopped_by_the_cluster(ray):
    job = started(ray, "deaf")
    attempt = attempts.current(job.folder)
    ray.stop(job)
    jobs.insist(job)
    assert known(attempt) == "RUNNING"  # it is given its time
    eleven_seconds_ago = time.time() - 11
    os.utime(job.folder / "stop", (eleven_seconds_ago, eleven_seconds_ago))
    jobs.insist(job)
    until(lambda: state(job) == "stopped")
    assert known(attempt) == "STOPPED"


def test_fracture_trainer_trains_on_the_cluster(real):
    launcher, job = real
    until(lambda: state(job) == "finished")
    assert jobs.metrics(job)["epoch"].tolist() == [1, 2]
    assert jobs.config(job)["backbone"] == "simple_cnn"
    assert "epoch 2" in launcher.log(job)
    assert "epoch 2" in attempts.current(job.folder).log()  # as Ray has it


def test_waiting_job_is_taken_out_of_the_queue_and_never_runs(ray, settings):
    whole = replace(ray, settings=replace(settings, threads=CORES))
    running, waiting = started(whole, "long"), ready(whole, "short")
    whole.start(waiting)
    attempt = attempts.current(waiting.folder)
    assert jobs.queue(settings.runs) == [waiting] and known(attempt) == "PENDING"
    whole.stop(waiting)
    assert state(waiting) == "stopped" and jobs.queue(settings.runs) == []
    whole.stop(running)
    until(lambda: known(attempt) not in ("PENDING", "RUNNING"))  # its turn has come
    assert state(waiting) == "stopped" and jobs.metrics(waiting).empty


def test_job_that_dies_says_why(ray, monkeypatch):
    reasons = {
        "broken": "It ended with an error: The data are gone: give another folder.",
        "misplaced": f"It ended with an error: {cluster.NOT_SHARED}",
    }
    dying = {kind: ready(ray, kind) for kind in reasons}
    ray.start(dying["broken"])
    monkeypatch.setattr(cluster, "CHECKOUT", Path("/nowhere"))
    ray.start(dying["misplaced"])

    def check():
        for kind, reason in reasons.items():
            assert jobs.status(dying[kind]).reason == reason

    until(lambda: {state(job) for job in dying.values()} == {"failed"})
    check()
    assert ray.log(dying["misplaced"]) == cluster.NOT_SHARED  # Ray's log: it left none itself
    # Once all machines see the same files, it is written down and the cluster is asked no more.
    monkeypatch.setattr(attempts, "SETTLED_S", -1)
    check()
    monkeypatch.setattr(attempts.RayHead, "glance", lambda *_: pytest.fail("asked again"))
    check()


def test_job_on_two_machines_knows_where_the_first_one_is(ray):
    until(lambda: len(ray.head.machines()) == 2)
    job = ready(ray, "short", "--num-nodes", "2")
    ray.start(job)
    until(lambda: known(attempts.current(job.folder)) == "SUCCEEDED")
    assert state(job) == "finished"
    assert (job.folder / "rank0").read_text() == (job.folder / "rank1").read_text()


def test_wrong_token_is_named(ray, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "wrong")
    with pytest.raises(jobs.JobError, match="RAY_AUTH_TOKEN"):
        ray.submit("fracture", ["short"])
    assert jobs.read_jobs(ray.settings.runs) == []
