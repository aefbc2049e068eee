"""What a run tells in its folder, and that it hears when it is to stop."""

import csv

import pytest

from core.jobs import records
from trainers import progress
from trainers.progress import Progress, Stopped, first_process


@pytest.fixture
def run(tmp_path):
    """The folder of a job that runs."""
    records.write_status(tmp_path, state="running", epoch=2)
    return tmp_path


def test_a_phase_is_told_and_leaves_the_rest(run):
    Progress(run).phase("auditing the data")
    told = records.read_status(run)
    assert (told.state, told.phase, told.epoch) == ("running", "auditing the data", 2)


def test_a_folder_that_is_no_job_is_left_alone(tmp_path):
    told = Progress(tmp_path)
    told.phase("training")
    told.skipped([("film.png", "It is empty.")])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "stop").touch()
    with pytest.raises(Stopped):
        told.check()


def test_items_are_watched_one_by_one(run):
    seen = []
    for item in Progress(run).watch("abc", "reading films", 3):
        seen.append(item)
        assert records.read_status(run).phase == "reading films"
        assert records.read_status(run).steps == 3
        if item == "b":
            (run / "stop").touch()
            with pytest.raises(Stopped):
                Progress(run).phase("training")
            break
    assert seen == ["a", "b"]


def test_t2_whoever_reads_much_data_stops_when_asked(run):
    items = Progress(run).watch("abc", "reading films", 3)
    assert next(items) == "a"
    (run / "stop").touch()
    with pytest.raises(Stopped):
        next(items)


def test_t7_what_is_skipped_is_counted_and_listed_once(run):
    told = Progress(run)
    told.skipped([("a.png", "It is empty."), ("b.png", "Too large, by far.")])
    told.skipped([])
    told.skipped([("b.png", "Too large, by far."), ("c.png", 'No "picture".')])
    assert records.read_status(run).skipped == 3
    with (run / "skipped.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["reason"]) for row in rows] == [
        ("a.png", "It is empty."),
        ("b.png", "Too large, by far."),
        ("c.png", 'No "picture".'),
    ]


@pytest.mark.parametrize(
    ("ranks", "first"),
    [
        ({}, True),
        ({"LOCAL_RANK": "0", "NODE_RANK": "0"}, True),
        ({"LOCAL_RANK": "1", "NODE_RANK": "0"}, False),
        ({"LOCAL_RANK": "0", "NODE_RANK": "1"}, False),
        ({"LOCAL_RANK": "0", "GROUP_RANK": "1", "RANK": "8"}, False),
    ],
)
def test_the_first_of_several_processes_alone_tells(run, monkeypatch, ranks, first):
    for name in progress.RANKS:
        monkeypatch.delenv(name, raising=False)
    for name, rank in ranks.items():
        monkeypatch.setenv(name, rank)
    assert first_process() == first
    Progress(run).phase("training")
    assert records.read_status(run).phase == ("training" if first else "")
    (run / "stop").touch()
    assert Progress(run).asked_to_stop()
    if first:
        with pytest.raises(Stopped):
            Progress(run).check()
    else:
        Progress(run).check()  # it stops together with the first, not alone


def test_the_job_of_a_process_is_known_to_all_its_parts(run):
    with progress.of_job(run):
        progress.current().phase("reading films")
    progress.current().phase("training")
    assert records.read_status(run).phase == "reading films"


def test_a_run_that_is_published_tells_nothing_else(run):
    with progress.of_job(run, "publishing"):
        progress.current().phase("reading films")
    assert records.read_status(run).phase == "publishing"
