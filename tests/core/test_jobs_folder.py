import errno
import json
import math
import os
import threading
from pathlib import Path

import pytest

from core.jobs import audit, config, log_tail, metrics, read_job, read_jobs, samples, trial
from core.jobs.records import (
    Identity,
    Job,
    Status,
    create,
    new_id,
    read_status,
    write_json,
    write_status,
)


@pytest.fixture
def job(tmp_path):
    return create(tmp_path / "job", "fracture", ("--data", "a b"), "local")


def test_a_job_reads_back_as_written(job):
    assert read_job(job.folder) == job
    assert job.id == "job"
    assert [one.id for one in read_jobs(job.folder.parent)] == ["job"]
    (job.folder.parent / ".slots").mkdir()
    (job.folder.parent / "notes.txt").touch()
    assert [one.id for one in read_jobs(job.folder.parent)] == ["job"]
    assert read_jobs(job.folder.parent / "missing") == []


@pytest.mark.parametrize(
    ("mode", "more", "end"),
    [
        ("trial", (), ["--data", "a b", "--run", "RUN", "--trial"]),
        ("train", (), ["--data", "a b", "--run", "RUN"]),
        ("publish", ("--publish=x",), ["--data", "a b", "--publish=x", "--run", "RUN"]),
    ],
)
def test_a_jobs_command(mode, more, end):
    job = Job(Path("RUN"), "fracture", ("--data", "a b"), "local", "")
    assert job.command(mode, more)[1:] == ["-m", "trainers.fracture", *end]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "{}", '{"trainer": "fracture", "words": 3}', '{"trainer": "fracture"}'],
)
def test_a_damaged_job_is_none(job, content):
    (job.folder / "job.json").write_text(content)
    assert read_job(job.folder) is None
    assert read_jobs(job.folder.parent) == []


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"state": "thriving"}',
        '{"state": "running", "process": 7}',
        '{"state": "running", "process": {"pid": 1}}',
        '{"state": "running", "runner": {"pid": "x", "started": 1, "host": ""}}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_status_is_said(job, content):
    path = job.folder / "status.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    told = read_status(job.folder)
    assert (told.state, told.reason) == (
        "failed",
        "Its status.json is missing or damaged: delete the run, or give its command again.",
    )


def test_a_status_of_a_later_version_is_read(job):
    told = {"state": "running", "epoch": 3, "mood": "fine", "process": None}
    (job.folder / "status.json").write_text(json.dumps(told))
    assert read_status(job.folder) == Status("running", epoch=3)


def test_some_fields_change_and_the_others_stay(job):
    me = Identity(1, 2.5, "here")
    write_status(job.folder, state="running", process=me, scores={"auroc": 0.5})
    told = write_status(job.folder, epoch=2)
    assert told == read_status(job.folder)
    assert (told.state, told.process, told.scores, told.epoch) == ("running", me, {"auroc": 0.5}, 2)
    assert told.updated > 0


def test_a_status_is_strict_json_whatever_the_scores(job):
    scores = {"auroc": math.nan, "loss": math.inf, "accuracy": 0.5}
    assert write_status(job.folder, state="running", scores=scores).scores == {"accuracy": 0.5}
    json.loads((job.folder / "status.json").read_text(), parse_constant=pytest.fail)
    assert read_status(job.folder).scores == {"accuracy": 0.5}


def test_k9_a_reader_never_sees_half_a_status(job):
    stop, seen = threading.Event(), set()

    def read():
        while not stop.is_set():
            seen.add(read_status(job.folder).state)

    write_status(job.folder, state="running")
    reader = threading.Thread(target=read)
    reader.start()
    writers = [
        threading.Thread(
            target=lambda: [write_status(job.folder, reason="x" * 10_000) for _ in range(100)]
        )
        for _ in range(3)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stop.set()
    reader.join()
    assert seen == {"running"}
    assert sorted(path.name for path in job.folder.iterdir()) == ["job.json", "status.json"]


def test_t6_a_full_disk_keeps_what_was_there(job, monkeypatch):
    write_json(job.folder / "a.json", {"a": 1})

    def full(self, *_, **__):
        self.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_json(job.folder / "a.json", {"a": 2})
    assert json.loads((job.folder / "a.json").read_text()) == {"a": 1}
    assert sorted(path.name for path in job.folder.iterdir()) == ["a.json", "job.json"]


def test_names_of_jobs_differ():
    assert len({new_id("fracture") for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (None, []),
        ("", []),
        ("epoch,loss", []),
        ("epoch,loss\n", []),
        ("epoch,loss\n1,0.5\n", [(1, 0.5)]),
        ("epoch,loss\n1,0.5\n2,0.2", [(1, 0.5)]),  # still being written
        ("epoch,loss\n1,0.5\nxx\n3,0.1\n", [(1, 0.5), (3, 0.1)]),
        ("epoch,loss\n1,0.5\n2,1,2,3\n3,0.1\n", [(1, 0.5), (3, 0.1)]),
        ("epoch,loss\n1,0.5\n1,0.4\n", [(1, 0.4)]),
        ("epoch,loss\n1,\n2,oops\n", [(1, None), (2, None)]),
        ("loss\n0.5\n", []),
        ("\0\0\n\0\n", []),
        ('epoch,loss\n"1,0.5\n', []),
    ],
)
def test_metrics_are_the_whole_rows(job, text, rows):
    if text is not None:
        (job.folder / "metrics.csv").write_text(text)
    found = metrics(job)
    assert "epoch" in found
    assert list(found["epoch"]) == [epoch for epoch, _ in rows]
    losses = found.get("loss", [])
    assert [None if loss != loss else loss for loss in losses] == [loss for _, loss in rows]


@pytest.mark.parametrize(
    ("text", "lines", "tail"),
    [
        (None, 3, ""),
        (b"", 3, ""),
        (b"one\ntwo\n\nthree\n", 2, "two\nthree"),
        (b"\repoch 1:  10%\repoch 1:  90%\repoch 1: 100%\ndone", 9, "epoch 1: 100%\ndone"),
        (b"half of a bar:  10%\r", 9, "half of a bar:  10%"),
        (b"\x1b[31mred\x1b[0m\x1b[A\n", 9, "red"),
        (b"caf\xc3\xa9 \xff\n", 9, "café \ufffd"),
        (b"x" * 2**20 + b"\nend\n", 1, "end"),
    ],
)
def test_the_log_is_read_as_on_a_terminal(job, text, lines, tail):
    if text is not None:
        (job.folder / "log.txt").write_bytes(text)
    assert log_tail(job, lines) == tail


def test_samples_come_by_epoch(job):
    folder = job.folder / "samples"
    assert samples(job) == []
    folder.mkdir()
    for name in ("0010.png", "0002.png", "0003.jpg", ".0004.png.tmp", "sheet.png"):
        (folder / name).touch()
    assert samples(job) == [(2, folder / "0002.png"), (10, folder / "0010.png")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, None), ('{"a": 1}', {"a": 1}), ("{", None), ("[]", None), ("\xff", None)],
)
def test_trial_and_audit_are_read_if_whole(job, content, expected):
    for read, name in ((trial, "trial.json"), (audit, "audit.json")):
        if content is not None:
            (job.folder / name).write_bytes(content.encode("latin-1"))
        assert read(job) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, {}),
        ("", {}),
        ("epochs: 3\ndata: a b\n", {"epochs": 3, "data": "a b"}),
        ("- 1", {}),
        ("a: [", {}),
        ("!!python/object/apply:os.system [touch x]", {}),
        ("\x00", {}),
    ],
)
def test_the_options_of_a_job_are_read_as_plain_values(job, content, expected):
    if content is not None:
        (job.folder / "config.yaml").write_text(content)
    assert config(job) == expected
