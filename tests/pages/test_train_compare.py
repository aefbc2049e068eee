"""The Compare view: runs beside each other, one published, and what was published from here. The
launcher is a stand-in; a run's folder is as a trainer leaves it."""

import csv
import io
import json

import pytest
import yaml

from core.jobs import JobError, records
from core.jobs.processes import identity
from core.models import catalogue, find
from core.settings import Settings
from core.ui import train_views
from tests import toy_models
from tests.pages.test_start import texts

GOOD = """epoch,seconds,train_loss,auroc,loss
1,60,0.9,0.75,0.5
2,60,0.8,0.934,0.25
3,60,0.7,0.9,0.3
"""


class Launcher:
    """Notes what it was asked to publish; `refuse` makes it refuse."""

    start = stop = delete = None  # not for this view

    def __init__(self):
        self.asked, self.refuse = [], ""

    def publish(self, job, name, title, summary):
        if self.refuse:
            raise JobError(self.refuse)
        self.asked.append((job.id, name, title, summary))
        records.write_status(job.folder, phase="publishing", process=identity())

    def log(self, job, lines=40):
        return "reading val films: 12/40"


@pytest.fixture
def launcher(monkeypatch):
    launcher = Launcher()
    monkeypatch.setattr("core.jobs.launcher", lambda settings: launcher)
    monkeypatch.setattr(train_views, "memory_mb", lambda: 8000)
    return launcher


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Make the folder of a run: `run("a", state="finished", rate=0.1)`."""
    monkeypatch.setenv("LIGHTBOX_RUNS", str(tmp_path / "runs"))

    def run(name, trainer="fracture", metrics=GOOD, status=None, weights=True, **config):
        job = records.create(tmp_path / "runs" / name, trainer, ("--data", "x"), "local")
        epochs = {"state": "finished", "epoch": 3, "epochs": 3, "device": "CPU"}
        records.write_status(job.folder, **epochs | (status or {}))
        (job.folder / "metrics.csv").write_text(metrics)
        (job.folder / "config.yaml").write_text(yaml.safe_dump({"seed": 0} | config))
        (job.folder / "trial.json").write_text(json.dumps({"seconds_scoring": 10.0}))
        for kept in ("last.pt", "best.pt") if weights else ():
            (job.folder / kept).write_bytes(b"weights")
        return job

    return run


@pytest.fixture
def compare(visit, launcher):
    """A visitor who opens Compare, looking at a run: `compare("a")`."""

    def compare(name=None):
        app = visit("train")
        app.session_state[train_views.VIEW] = train_views.COMPARE
        if name:
            app.session_state[train_views.OPEN] = name
        return shown(app.run())

    return compare


def shown(app):
    assert not app.exception
    return app


def form(app, **values):
    """Fill a form by the labels of its fields."""
    for label, value in values.items():
        kinds = [*app.text_input, *app.text_area]
        next(each for each in kinds if each.label == label.replace("_", " ")).set_value(value)
    return app


def press(app, label):
    return shown(next(each for each in app.button if each.label == label).click().run())


def test_without_runs_the_view_says_where_to_start_one(compare, run):
    assert "start one under New run" in texts(compare().info)


def test_runs_stand_beside_each_other_with_what_differs_and_the_best_of_each(compare, run):
    run("fracture-a", rate=0.1, backbone="mobilenetv2_100")
    run("fracture-b", rate=0.2, backbone="mobilenetv2_100", metrics="epoch,auroc\n1,0.5\n")
    run("fracture-c", metrics="", status={"state": "failed", "epoch": 0, "reason": "No *films*."})
    run("severity-a", trainer="severity", metrics="epoch,qwk\n1,0.25\n")
    app = compare("fracture-c")
    table = app.dataframe[0].value
    columns = [
        "Run",
        "State",
        "AUROC",
        "Backbone",
        "Learning rate",
        "Epochs done",
        "Time",
        "Device",
    ]
    assert list(table) == [*columns, "Validation loss"]
    assert list(table["Run"]) == ["a", "b", "c"]
    rows = {row["Run"]: row for row in table.to_dict("records")}
    assert rows["a"]["AUROC"] == 0.934 and rows["a"]["Validation loss"] == 0.25
    assert (rows["a"]["State"], rows["c"]["State"]) == ("Finished", "Failed")
    assert (rows["a"]["Time"], rows["a"]["Epochs done"], rows["a"]["Device"]) == (180, 3, "CPU")
    assert rows["b"]["AUROC"] == 0.5 and rows["c"]["AUROC"] != rows["c"]["AUROC"]
    assert "No \\*films\\*\\." in texts(app.warning)
    app.multiselect[0].set_value(["fracture-a", "fracture-b"])
    table = shown(app.run()).dataframe[0].value
    assert list(table["Learning rate"]) == [0.1, 0.2] and "Backbone" not in table
    app.selectbox[0].set_value("severity")
    table = shown(app.run()).dataframe[0].value
    assert list(table["Run"]) == ["a"] and list(table["Quadratic weighted kappa"]) == [0.25]


def test_a_run_without_settings_or_scores_leaves_the_table_readable(compare, run, tmp_path):
    run("fracture-a", rate=0.1, data=str(tmp_path / "data/bones"))
    run("fracture-b", rate=0.2, data=str(tmp_path / "data/hands"))
    refused = run("fracture-c", metrics="", status={"state": "failed", "epoch": 0}, weights=False)
    (refused.folder / "config.yaml").unlink()
    checked = {"state": "running", "phase": "auditing the data", "process": identity()}
    trial = run("fracture-d", metrics="", status=checked | {"epoch": 0}, weights=False)
    for name in ("config.yaml", "trial.json"):
        (trial.folder / name).unlink()
    app = compare("fracture-a")
    table = app.dataframe[0].value
    columns = ["Run", "State", "AUROC", "Learning rate", "Epochs done", "Time", "Device"]
    assert list(table) == [*columns, "Validation loss", "Data"]
    assert list(table["Data"]) == ["data/bones", "data/hands", "", ""]
    assert dict(zip(table["Run"], table["State"], strict=True))["d"] == "Being checked"
    assert app.dataframe[0].proto.placeholder == "\N{EN DASH}"  # in place of None


def test_the_table_goes_out_as_csv_with_the_epochs_of_the_best(compare, run):
    run("fracture-a", rate=0.1, backbone="=cmd")
    run("fracture-b", rate=0.2, backbone="x", metrics="epoch,auroc\n1,0.5\n")
    data = compare().get("download_button")[0].proto
    assert data.label == "CSV"
    from core import jobs
    from core.learning import TRAINERS
    from core.ui.batch import as_csv
    from core.ui.train_compare import _for_spreadsheet, _row

    settings = Settings.from_environment()
    rows = [_row(TRAINERS["fracture"], job, settings) for job in jobs.read_jobs(settings.runs)]
    told = as_csv([_for_spreadsheet(row, ["backbone"], ["auroc"]) for row in rows if row.bests])
    first = next(
        row
        for row in csv.DictReader(io.StringIO(told.decode("utf-8-sig")))
        if row["run"] == "fracture-a"
    )
    assert (first["auroc"], first["auroc_epoch"], first["backbone"]) == ("0.934", "2", "'=cmd")


@pytest.mark.parametrize(
    ("status", "weights", "reason"),
    [
        ({"state": "queued"}, True, "waits in the queue"),
        ({"state": "running", "epoch": 1}, True, "It is running (epoch 2 of 3)"),
        ({"state": "ready", "epoch": 0}, False, "No epoch of it is whole yet"),
        ({"state": "failed", "epoch": 0}, False, "No epoch of it is whole yet"),
    ],
)
def test_a_run_that_cannot_be_published_says_why(compare, run, status, weights, reason):
    run("fracture-a", status=status | {"process": identity()}, weights=weights)
    app = compare("fracture-a")
    assert reason in texts(app.info).replace("\\", "")
    assert "Publish" not in [button.label for button in app.button]


def test_a_run_is_published_and_followed_until_it_is_in_the_catalogue(
    compare, run, launcher, checkpoints
):
    job = run("fracture-a", status={"state": "stopped"})
    app = compare("fracture-a")
    assert "takes about 55" in texts(app.caption)
    assert "every visitor may choose it" in texts(app.caption)
    press(form(app, Name="mine", Title=" Mine ", Summary="One of *ours*."), "Publish")
    assert launcher.asked == [("fracture-a", "mine", "Mine", "One of *ours*.")]
    assert "Publishing a" in texts(app.markdown)
    assert "reading val films: 12/40" in texts(app.code)
    assert app.dataframe[0].value["State"].tolist() == ["Publishing"]
    toy_models.publish(checkpoints, "mine", run="fracture-a", title="Mine", date="2026-11-21")
    records.write_status(job.folder, phase="", published="fracture/mine")
    shown(app.run())
    assert "Published as **Mine**" in texts(app.markdown)
    names = [link.proto.label for link in app.get("page_link")]
    assert "Use it on Fracture" in names
    assert [field.value for field in app.text_input][:2] == ["mine", "Mine"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("It was asked to stop.", ""),
        ("It was not published: {data}/bones is gone.", "published: data/bones is gone."),
    ],
)
def test_only_a_reason_that_says_more_than_the_state_is_told(compare, run, tmp_path, reason, told):
    reason = reason.format(data=tmp_path / "data")
    run("fracture-a", status={"state": "stopped", "reason": reason})
    boxes = compare("fracture-a").warning
    assert [told in box.value.replace("\\", "") for box in boxes] == [True] * bool(told)


def test_what_was_typed_outlives_a_publication_that_failed(compare, run):
    job = run("fracture-a")
    app = compare("fracture-a")
    press(form(app, Name="mine", Title="Mine", Summary="One of ours."), "Publish")
    assert not app.text_input  # it publishes, and the form is gone meanwhile
    records.write_status(job.folder, phase="", reason="It was not published: the disk is full.")
    shown(app.run())
    (box,) = app.warning
    assert "the disk is full" in box.value and "error" in box.icon  # no check mark of "Finished"
    assert [field.value for field in app.text_input] == ["mine", "Mine", "One of ours."]


def test_progress_of_a_publication_is_no_command_line(compare, run, launcher, tmp_path):
    run("fracture-a", status={"phase": "publishing", "process": identity()})
    printed = f"--- 2026-11-21 18:36:05 UTC: -m trainers.fracture --data {tmp_path}/data/bones"
    launcher.log = lambda job, lines=40: printed
    app = compare("fracture-a")
    assert "nothing is printed yet" in texts(app.code) and "trainers" not in texts(app.code)
    launcher.log = lambda job, lines=40: f"reading {tmp_path}/data/bones"
    assert texts(shown(app.run()).code) == "reading data/bones"


@pytest.mark.parametrize(
    ("values", "refuse", "reason"),
    [
        ({"Name": ""}, "", "A model's name has"),
        ({"Name": "a/b"}, "", "A model's name has"),
        ({"Name": "toy"}, "", "choose another name"),
        ({"Name": "new"}, "fracture-a is running already (process 7).", "process 7"),
    ],
)
def test_what_cannot_be_published_so_is_refused_in_a_sentence(
    compare, run, launcher, values, refuse, reason
):
    run("fracture-a")
    launcher.refuse = refuse
    app = press(form(compare(), **values), "Publish")
    (error,) = (each.value for each in app.error)
    assert reason in error.replace("\\", "") and not launcher.asked


@pytest.fixture
def published(compare, run, checkpoints):
    """Compare with a model from the run a, opened; and the run's job."""
    job = run("fracture-a", status={"published": "fracture/mine"})
    check = {"torch": {"n": 4, "largest_difference": 1.234e-5}}
    toy_models.publish(
        checkpoints, "mine", run="fracture-a", title="Mine", date="2026-11-21", check=check
    )
    app = compare()
    app.session_state["published-fracture-mine"] = True
    return shown(app.run()), job


def test_a_published_model_is_named_anew(published, checkpoints):
    app, job = published
    assert "differs from torch by at most 1e" in texts(app.caption).replace("\\", "")
    fields = [field for field in app.text_input if field.label in ("Name", "Title", "Summary")][3:]
    for field, value in zip(fields, ("yours", "Yours", "S."), strict=True):
        field.set_value(value)
    press(app, "Rename")
    card = find(checkpoints, "fracture", "yours")
    assert (card.title, card.summary) == ("Yours", "S.")
    assert {card.name for card in catalogue(checkpoints)} == {"toy", "yours"}
    assert records.read_status(job.folder).published == "fracture/yours"
    assert [expander.label for expander in app.expander][-1] == "Yours · fracture"


def test_a_name_that_is_taken_is_refused(published, checkpoints):
    app, _ = published
    [field for field in app.text_input if field.label == "Name"][1].set_value("toy")
    press(app, "Rename")
    assert "choose another name" in texts(app.error).replace("\\", "")
    assert find(checkpoints, "fracture", "mine").title == "Mine"


def test_notes_are_kept_and_shown_on_the_card(published, checkpoints, visit):
    app, _ = published
    press(form(app, Notes="Learned from *left* hands.\nToo few."), "Save notes")
    notes = find(checkpoints, "fracture", "mine").details["notes"]
    assert notes == "Learned from *left* hands.\nToo few."
    assert "Learned from \\*left\\* hands\\." in texts(visit("models").markdown)


def test_an_unpublished_model_is_gone_and_the_run_stays(published, checkpoints):
    app, job = published
    press(app, "Unpublish this model")
    assert {card.name for card in catalogue(checkpoints)} == {"toy"}
    assert records.read_status(job.folder).published == ""
    assert "Published from here" not in [each.value for each in app.subheader]
    assert "Publish" in [button.label for button in app.button]
