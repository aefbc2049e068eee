"""What is asked of a Ray cluster, and what is made of its answers: by a head that only pretends."""

import json
import shlex
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core import jobs
from core.jobs import attempts, cluster, nodes, ray_head, records
from core.jobs.attempts import BY_RAY, LOST, STOPPED
from core.settings import Settings

LOST_MACHINE = "JOB_SUPERVISOR_ACTOR_DIED"
NO_ROOM = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
FAILED = {"status": "FAILED", "error_type": "JOB_ENTRYPOINT_COMMAND_ERROR"}


class Head(ThreadingHTTPServer):
    """Answers as it is told and remembers what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.machines = [{"CPU": 4.0}]
        self.jobs = {}
        self.asked = []
        self.garbage = b""
        self.refusal = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: str, content: dict | None):
        if path.startswith("/api/v0/nodes"):
            nodes = [{"state": "ALIVE", "resources_total": each} for each in self.machines]
            nodes.append({"state": "DEAD", "resources_total": {"CPU": 99.0, "GPU": 99.0}})
            return {"data": {"result": {"result": nodes}}}
        if method == "POST" and content:
            return {"submission_id": content["submission_id"]}
        return self.jobs.get(path.split("/")[3])


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = json.loads(content) if content else None
        self.server.asked.append((self.command, self.path, content))
        answer = self.server.answer(self.command, self.path, content)
        self.send_response(self.server.refusal or (404 if answer is None else 200))
        self.end_headers()
        self.wfile.write(self.server.garbage or json.dumps(answer).encode())

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def head():
    server = Head()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def ray(head, tmp_path):
    env = {"LIGHTBOX_RUNS": str(tmp_path / "runs"), "LIGHTBOX_RAY_ADDRESS": head.address}
    return jobs.launcher(Settings.from_environment(env | {"LIGHTBOX_THREADS": "2"}))


def submitted(ray, head, known: dict | None, state="running", **told):
    """A job of which the head knows this, and that has told that."""
    job = records.create(ray.settings.runs / "one", "fracture", (), "ray")
    records.write_status(job.folder, state=state, epoch=2, **told)
    submission = attempts.begin(job, ray.head).submission
    head.jobs[submission] = known
    return job


@pytest.mark.parametrize(
    ("machines", "words", "resources"),
    [
        ([{"CPU": 8.0}], [], {"entrypoint_num_cpus": 2}),
        ([{"CPU": 8.0}], ["--devices", "3"], {"entrypoint_num_cpus": 6}),
        ([{"CPU": 1.0}, {"CPU": 3.0}], ["--devices=2"], {"entrypoint_num_cpus": 3}),
        ([{"CPU": 8.0}, {"CPU": 8.0, "GPU": 4.0}], ["--devices=4"], {"entrypoint_num_gpus": 4}),
        ([{"CPU": 8.0, "GPU": 1.0}], [], {"entrypoint_num_gpus": 1}),
    ],
)
def test_job_asks_for_gpus_or_where_there_are_none_for_cores(ray, head, machines, words, resources):
    head.machines = machines
    ray.submit("fracture", words)
    ((_, _, told),) = [asked for asked in head.asked if asked[0] == "POST"]
    assert {name: told[name] for name in told if name.startswith("entrypoint_")} == resources
    assert told["entrypoint"].endswith("--trial")


def test_more_gpus_than_a_machine_has_are_refused_at_once(ray, head):
    head.machines = [{"GPU": 4.0}, {"GPU": 4.0}]
    with pytest.raises(jobs.JobError, match="has 5 GPUs, the most is 4: choose fewer"):
        ray.submit("fracture", ["--devices", "5"])
    assert jobs.read_jobs(ray.settings.runs) == []


def test_several_machines_are_waited_for_by_a_driver_that_takes_nothing_itself(ray, head):
    head.machines = [{"CPU": 8.0}, {"CPU": 8.0, "GPU": 4.0}, {"CPU": 8.0, "GPU": 2.0}]
    ray.submit("fracture", ["--num-nodes", "2", "--devices", "2"])
    told = head.asked[-1][2]
    assert not [name for name in told if name.startswith("entrypoint_")]
    words = shlex.split(told["entrypoint"].partition("exec ")[2])
    assert words[1:5] == ["-m", "core.jobs.nodes", "2", '{"GPU": 2}']
    assert words[5:8] == [*words[:2], "trainers.fracture"]


def test_job_of_a_cluster_that_is_gone_for_good_can_be_started_again(ray, head):
    job = submitted(ray, head, {"status": "RUNNING"})
    (job.folder / "last.pt").touch()
    old = replace(records.read_status(job.folder), updated=time.time() - 100)
    records.write_json(job.folder / "status.json", asdict(old))
    assert jobs.status(job).state == "running"
    head.shutdown()
    head.server_close()
    ray_head._seen.clear()
    told = jobs.status(job)
    assert told.state == "interrupted" and "does not answer" in told.reason
    assert jobs.can_resume(job)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--num-nodes=3"], "asks for 3 machines, and the cluster has 2"),
        (["--num-nodes=2", "--devices=3"], "No 2 machines have 3 GPUs, the most is 2"),
    ],
)
def test_more_machines_than_there_are_are_refused_at_once(ray, head, words, sentence):
    head.machines = [{"GPU": 4.0}, {"GPU": 2.0}]
    with pytest.raises(jobs.JobError, match=sentence):
        ray.submit("fracture", words)


def test_driver_without_ray_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SystemExit, match=r"pip install -r requirements-cluster\.txt"):
        nodes.run(2, {"CPU": 1}, ["true"])


def test_several_machines_need_a_cluster(tmp_path):
    here = jobs.launcher(Settings.from_environment({"LIGHTBOX_RUNS": str(tmp_path / "runs")}))
    with pytest.raises(jobs.JobError, match="asks for 2 machines, and this is one"):
        here.submit("fracture", ["--num-nodes=2"])


def test_settings_are_handed_on_without_the_password(ray, head, monkeypatch):
    monkeypatch.setenv("LIGHTBOX_DATABASE_URL", "postgresql://me:secret@host/db")
    monkeypatch.setenv("LIGHTBOX_MINE", "1")
    ray.submit("fracture", [])
    told = head.asked[-1][2]
    env = told["runtime_env"]["env_vars"]
    assert (env["LIGHTBOX_RUNS"], env["LIGHTBOX_MINE"]) == (str(ray.settings.runs), "1")
    assert env["OMP_NUM_THREADS"] == "2"
    assert "secret" not in json.dumps(told)


def test_every_start_has_a_name_of_its_own(ray, head):
    job = ray.submit("fracture", [])
    records.write_status(job.folder, state="ready", phase="")
    (job.folder / "trial.json").write_text("{}")
    ray.start(job)
    first, second = (told["submission_id"] for method, _, told in head.asked if method == "POST")
    assert first != second == attempts.current(job.folder).submission


@pytest.mark.parametrize("before", ["shell", "local", "ray"])
def test_job_that_was_started_elsewhere_goes_on_here(ray, head, before):
    job = records.create(ray.settings.runs / "one", "fracture", ("--epochs", "3"), before)
    records.write_status(job.folder, state="stopped")
    (job.folder / "last.pt").touch()
    ray.start(job)
    head.jobs[attempts.current(job.folder).submission] = {"status": "PENDING"}
    after = jobs.read_job(job.folder)
    assert after == replace(job, launcher="ray")
    assert jobs.status(after).phase == "waiting for the cluster"


def test_many_looks_at_a_job_are_one_request(ray, head):
    job = submitted(ray, head, {"status": "RUNNING"})
    before = len(head.asked)
    assert {jobs.status(job).state for _ in range(20)} == {"running"}
    assert len(head.asked) == before + 1


def test_job_that_ended_by_its_own_account_is_not_asked_for(ray, head):
    job = submitted(ray, head, {"status": "FAILED"}, state="finished")
    assert jobs.status(job).state == "finished"
    assert head.asked == []


@pytest.mark.parametrize("garbage", [None, b"<html>Not Ray</html>", b"[]", b"{}"])
def test_cluster_that_does_not_answer_keeps_the_page_open(ray, head, garbage):
    job = submitted(ray, head, {"status": "RUNNING"})
    if garbage:
        head.garbage = garbage
    else:
        head.shutdown()
        head.server_close()
    sentence = f"The Ray cluster at {head.address} does not answer: start its head, or correct "
    statuses = [jobs.status(job) for _ in range(20)]
    assert {(told.state, told.epoch) for told in statuses} == {("running", 2)}
    assert all(told.reason.startswith(sentence) for told in statuses)
    with pytest.raises(jobs.JobError, match="does not answer"):
        ray.log(job)
    assert len(head.asked) == bool(garbage)
    with pytest.raises(jobs.JobError, match="does not answer"):
        ray.submit("fracture", [], "two")
    assert jobs.read_jobs(ray.settings.runs) == [job]
    jobs.insist(job)


def test_start_that_the_cluster_refuses_changes_nothing(ray, head):
    job = submitted(ray, head, None, state="stopped", reason="It was asked to stop.")
    (job.folder / "trial.json").write_text("{}")
    head.refusal = 500
    head.garbage = b"Traceback ...\nValueError: no\n.\n"
    with pytest.raises(jobs.JobError, match=r"refused \(500\): ValueError: no"):
        ray.start(job)
    told = jobs.status(job)
    assert (told.state, told.reason, told.epoch) == ("stopped", "It was asked to stop.", 2)


def test_cluster_that_was_restarted_no_longer_knows_the_job(ray, head):
    job = submitted(ray, head, None)
    assert jobs.status(job).state == "running"  # it is perhaps just being submitted
    long_ago = replace(attempts.current(job.folder), begun=time.time() - 100)
    records.write_json(job.folder / attempts.FILE, vars(long_ago))
    for _ in range(2):
        told = jobs.status(job)
        assert (told.state, told.reason, told.epoch) == ("interrupted", LOST, 2)
    assert jobs.can_resume(job)


@pytest.mark.parametrize(
    ("known", "asked_to_stop", "state", "reason"),
    [
        ({"status": "STOPPED"}, False, "stopped", STOPPED),
        (FAILED | {"driver_exit_code": -9}, True, "stopped", STOPPED),
        (FAILED | {"driver_exit_code": -9}, False, "interrupted", "It was killed from outside"),
        (
            FAILED | {"driver_exit_code": 1, "message": "Job failed:\nRuntimeError: no\n\n"},
            False,
            "failed",
            "It ended with an error: RuntimeError: no",
        ),
        ({"status": "SUCCEEDED", "driver_exit_code": 0}, False, "failed", "It ended before it was"),
        *(
            ({"status": "FAILED", "error_type": kind, "message": "Job\nx"}, False, state, why)
            for kind, state, why in (
                ("RUNTIME_ENV_SETUP_FAILURE", "failed", "The cluster could not run it: Job x"),
                (LOST_MACHINE, "interrupted", BY_RAY[LOST_MACHINE]),
                (NO_ROOM, "failed", BY_RAY[NO_ROOM]),
                (None, "failed", "The cluster could not run it: Job x"),
            )
        ),
    ],
)
def test_t5_job_that_left_no_last_word_gets_one(ray, head, known, asked_to_stop, state, reason):
    job = submitted(ray, head, known | {"end_time": 1000 * time.time()})
    if asked_to_stop:
        (job.folder / "stop").touch()
    told = jobs.status(job)
    assert told.state == state and told.reason.startswith(reason)
    assert records.read_status(job.folder).state == "running"  # its own word may be on its way


@pytest.mark.parametrize("signed", [None, records.Identity(1, 1.0, "a machine of the cluster")])
def test_job_whose_trainer_has_not_signed_is_stopped_by_the_cluster(ray, head, signed):
    job = submitted(ray, head, {"status": "RUNNING"}, process=signed)
    ray.stop(job)
    (submission,) = head.jobs
    told = ("POST", f"/api/jobs/{submission}/stop", None) in head.asked
    assert (job.folder / "stop").exists() and told == (signed is None)


def test_job_that_failed_to_be_published_is_what_it_was(ray, head):
    job = submitted(
        ray,
        head,
        FAILED | {"driver_exit_code": 1, "message": "No films.", "end_time": 0},
        state="finished",
        phase="publishing",
    )
    told = jobs.status(job)
    assert (told.state, told.phase) == ("finished", "")
    assert told.reason.endswith("No films.")
    assert records.read_status(job.folder) == replace(
        told, updated=records.read_status(job.folder).updated
    )


def test_own_last_word_counts_more_than_the_clusters(ray, head, monkeypatch):
    job = submitted(ray, head, FAILED | {"driver_exit_code": 1})
    glance = ray_head.RayHead.glance

    def ends_meanwhile(self, submission):
        records.write_status(job.folder, state="failed", reason="The disk is full.")
        return glance(self, submission)

    monkeypatch.setattr(ray_head.RayHead, "glance", ends_meanwhile)
    assert jobs.status(job).reason == "The disk is full."


def test_trainer_started_by_hand_in_the_same_folder_speaks_for_itself(ray, head):
    job = submitted(ray, head, {"status": "SUCCEEDED"}, process=jobs.processes.identity())
    assert jobs.status(job).state == "running"
    assert head.asked == []


def test_entrypoint_runs_only_where_it_finds_all_and_is_still_wanted(tmp_path):
    job = records.create(tmp_path / "a run's folder", "fracture", (), "ray")
    done = tmp_path / "done"
    attempt = attempts.begin(job, ray_head.RayHead("http://head"))

    def run(folder: Path, submission: str) -> str:
        done.unlink(missing_ok=True)
        command = cluster.guarded(["touch", str(done)], folder, submission)
        ended = subprocess.run(command, shell=True, capture_output=True, text=True)
        return f"{ended.returncode} {done.exists()} {ended.stdout.strip()}"

    assert run(job.folder, attempt.submission) == "0 True "
    assert run(job.folder, "an older one") == "0 False "
    assert run(tmp_path / "elsewhere", attempt.submission) == f"1 False {cluster.NOT_SHARED}"
    attempts.forget(job.folder)
    assert run(job.folder, attempt.submission) == "0 False "
