"""The Runs view on job folders of its own: the list, one run, and what can be done with it. The
launcher is a stand-in."""

import json
import shutil

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.jobs import JobError, records
from core.jobs.processes import identity
from core.learning import TRAINERS
from core.samples import png
from core.ui import train_samples, train_views, train_zoom
from tests.pages.conftest import HANG_S
from tests.pages.test_start import texts

SCRIPT = """
from core import jobs
from core.settings import Settings
from core.ui import train_live

settings = Settings.from_environment()
train_live.show(settings, jobs.launcher(settings))
"""
METRICS = """epoch,seconds,train_loss,auroc,loss
1,60,0.9,0.75,0.5
2,60,0.8,0.934,0.25
3,60,0.7,0.9,0.3
"""


class Launcher:
    """Notes what it was asked to do; `refuse` makes it refuse."""

    def __init__(self):
        self.asked, self.refuse = [], ""

    def start(self, job):
        self._note("start", job)
        records.write_status(job.folder, state="queued", runner=identity())

    def stop(self, job):
        self._note("stop", job)
        (job.folder / "stop").touch()

    def delete(self, job):
        self._note("delete", job)
        shutil.rmtree(job.folder)

    def log(self, job, lines=40):
        return f"the last {lines} lines of {job.id}"

    def _note(self, what, job):
        if self.refuse:
            raise JobError(self.refuse)
        self.asked.append((what, job.id))


@pytest.fixture
def launcher(monkeypatch):
    launcher = Launcher()
    monkeypatch.setattr("core.jobs.launcher", lambda settings: launcher)
    return launcher


@pytest.fixture
def runs(tmp_path, monkeypatch):
    folder = tmp_path / "runs"
    monkeypatch.setenv("LIGHTBOX_RUNS", str(folder))
    return folder


@pytest.fixture
def run(runs):
    """Make a run's folder, later ones newer: `run("a", "failed", reason="...")`."""
    made = []

    def run(name, state="finished", trainer="fracture", launcher="local", metrics=METRICS, **told):
        job = records.create(runs / name, trainer, ("--data", "x"), launcher)
        made.append(name)
        asked = json.loads((job.folder / "job.json").read_text())
        asked["created"] = f"2026-11-21T17:30:{len(made):02d}+00:00"
        records.write_json(job.folder / "job.json", asked)
        who = {"queued": "runner", "running": "process"}.get(state)
        if who:
            told.setdefault(who, identity())
        epochs = {"epoch": 3, "epochs": 10} if metrics else {"epochs": 10}
        records.write_status(job.folder, state=state, **epochs | told)
        if metrics:
            (job.folder / "metrics.csv").write_text(metrics)
            (job.folder / "last.pt").write_bytes(b"weights")
            (job.folder / "best.pt").write_bytes(b"weights")
        return job

    return run


@pytest.fixture
def look(runs, launcher):
    """Open the view, at a run where one is named: `look("a")`."""

    def look(name=""):
        app = AppTest.from_string(SCRIPT, default_timeout=HANG_S)
        if name:
            app.query_params["run"] = name
        return app.run()

    return look


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def press(app, label):
    (button,) = (button for button in app.button if button.label == label)
    return button.click().run()


def charts(app) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def captions(app) -> dict[str, str]:
    """What the list says of each run."""
    return dict(zip(app.radio[0].options, app.radio[0].proto.captions, strict=True))


def test_without_runs_the_view_says_how_to_start_one(look):
    app = look()
    assert not app.exception
    assert "No run yet" in texts(app.info) and "python -m trainers.fracture" in texts(app.info)
    press(app, "New run")
    assert app.session_state[train_views.VIEW] == train_views.NEW


@pytest.mark.parametrize(
    ("state", "told", "word", "buttons"),
    [
        ("queued", {}, "Queued", ["Stop this run"]),
        ("running", {"phase": "training"}, "Running", ["Stop this run"]),
        ("ready", {}, "Ready to start", ["Start", "Delete this run"]),
        ("stopped", {}, "Stopped", ["Resume", "Publish or compare", "Delete this run"]),
        (
            "failed",
            {"reason": "NaN."},
            "Failed",
            ["Resume", "Publish or compare", "Delete this run"],
        ),
        ("running", {"process": None, "updated": 0}, "Interrupted", None),
        ("finished", {}, "Finished", ["Publish or compare", "Delete this run"]),
        ("finished", {"phase": "publishing", "process": identity()}, "Finished", ["Stop this run"]),
    ],
)
def test_every_state_has_its_word_and_its_buttons(look, run, state, told, word, buttons):
    metrics = "" if state in ("queued", "ready") else METRICS
    if word == "Interrupted":
        told = {"process": records.Identity(2**22 + 1, 1.0, records.hostname())}
        buttons = ["Resume", "Publish or compare", "Delete this run"]
    job = run("one", state, metrics=metrics, **told)
    if state == "ready":
        (job.folder / "trial.json").write_text("{}")
    app = look()
    assert not app.exception
    assert f"**{word}**" in texts(app.markdown)
    assert word in captions(app)["**one**"]
    assert labels(app) == buttons
    if reason := told.get("reason"):
        assert reason.replace(".", "\\.") in texts(app.error)


def test_the_list_tells_of_every_run_newest_first(look, run):
    run("tried", "ready", metrics="")
    run("old")
    run("going", "running", phase="training", seconds_left=7500.0, step=5, steps=10)
    run("second", "queued", metrics="", asked=2.0)
    run("first", "queued", trainer="severity", metrics="", asked=1.0)
    app = look()
    assert list(captions(app)) == ["**first**", "**second**", "**going**", "**old**", "**tried**"]
    said = {name: text.replace("\\", "") for name, text in captions(app).items()}
    assert "Queued, next in line · Severity" in said["**first**"]
    assert "Ready to start, 10 epochs · Fracture" in said["**tried**"]
    assert "Queued, number 2 in line" in said["**second**"]
    assert "Running, epoch 4 of 10, 2\N{NARROW NO-BREAK SPACE}h 05" in said["**going**"]
    assert "Finished, 3 of 10 epochs · Fracture · AUROC .934" in said["**old**"]
    assert "1 running, 2 in the queue" in texts(app.caption)


def test_old_runs_are_listed_on_demand_but_the_chosen_and_the_live_always(look, run):
    run("live", "running")
    run("asked")
    for number in range(10):
        run(f"r{number}")
    app = look("asked")
    assert app.radio[0].options[-2:] == ["**asked**", "**live**"]
    assert len(app.radio[0].options) == 10
    app.checkbox[0].check().run()
    assert len(app.radio[0].options) == 12


def test_the_address_names_the_run_and_follows_the_choice(look, run):
    run("a"), run("b"), run("c")
    app = look("a")
    assert app.subheader[1].value == "a" and app.query_params["run"] == "a"
    app.radio[0].set_value("b").run()
    assert app.subheader[1].value == "b" and app.query_params["run"] == "b"
    app.query_params["run"] = "c"
    app.run()
    assert app.subheader[1].value == "c"


def test_a_run_that_is_gone_is_said_once_and_another_shown(look, run):
    run("a"), run("b")
    app = look("x*y")
    assert not app.exception
    assert "The run x\\*y is not here" in texts(app.warning)
    assert app.subheader[1].value == "b" and app.query_params["run"] == "b"
    app.run()
    assert app.warning  # it stays until another is chosen
    app.radio[0].set_value("a").run()
    assert not app.warning


def test_a_run_deleted_elsewhere_while_it_is_looked_at(look, run):
    job = run("a")
    run("b")
    app = look("a")
    shutil.rmtree(job.folder)
    app.run()
    assert not app.exception
    assert "The run a is not here" in texts(app.warning) and app.subheader[1].value == "b"
    shutil.rmtree(job.folder.with_name("b"))
    app.run()
    assert not app.exception and "No run yet" in texts(app.info)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("status.json", '{"state": "runn'),
        ("status.json", '{"state": "sleeping"}'),
        ("status.json", '{"state": "running", "epoch": "three", "epochs": []}'),
        ("status.json", None),
        ("metrics.csv", METRICS + "4,60,0.6,0.9"),
        ("metrics.csv", METRICS + "what,is,this\n"),
        ("metrics.csv", "\0\0\0"),
        ("config.yaml", "a: [b"),
        ("skipped.csv", "nothing\nhere\n"),
        ("samples/0001.png", "no picture"),
    ],
)
def test_a_damaged_file_leaves_the_view_standing(look, run, name, content):
    job, _ = run("a"), run("b")
    path = job.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content) if content is not None else path.unlink()
    app = look("a")
    assert not app.exception
    assert app.subheader[1].value == "a" and len(app.radio[0].options) == 2


def test_a_foreign_folder_and_file_are_no_runs(look, run, runs):
    run("a")
    (runs / "holiday").mkdir()
    (runs / "holiday/beach.png").write_bytes(b"sand")
    (runs / "note.txt").write_text("hello")
    app = look()
    assert not app.exception and app.radio[0].options == ["**a**"]


def test_a_trainer_of_another_version_is_shown_by_its_name(look, run):
    run("a", trainer="dentist")
    app = look()
    assert not app.exception
    assert "dentist" in captions(app)["**a**"] and len(charts(app)) == 2


def test_stop_start_and_delete_reach_the_launcher(look, run, launcher):
    job = run("a", "running", phase="training")
    app = press(look(), "Stop this run")
    assert "Asked to stop" in texts(app.markdown) and labels(app) == []
    records.write_status(job.folder, state="stopped", phase="", process=None)
    app.run()
    assert "Asked to stop" not in texts(app.markdown)
    (job.folder / "stop").unlink()
    press(app, "Resume")
    assert "Queued" in captions(app)["**a**"] and labels(app) == ["Stop this run"]
    records.write_status(job.folder, state="stopped", runner=None)
    app.run()
    press(app, "Delete this run")
    assert launcher.asked == [("stop", "a"), ("start", "a"), ("delete", "a")]
    assert not app.exception and not app.warning and "No run yet" in texts(app.info)


@pytest.mark.parametrize(
    ("phase", "told"),
    [
        ("auditing the data", "auditing the data, 5 of 10"),
        ("training", "taking two steps"),
        ("scoring", "scoring once"),
    ],
)
def test_a_run_that_is_only_checked_is_not_told_as_one_that_learns(look, run, phase, told):
    run("a", "running", metrics="", phase=phase, step=5, steps=10)
    run("mine", "running", metrics="", phase="training", launcher="shell")  # which is never checked
    app = look("a")
    assert f"Being checked, {told} · Fracture" in captions(app)["**a**"]
    assert "Running, epoch 1 of 10" in captions(app)["**mine**"]
    assert f"**Being checked**: {told}" in texts(app.markdown)
    assert "1 running, 1 being checked" in texts(app.caption)


def test_a_run_that_failed_says_why_without_the_folders_of_the_server(look, run, tmp_path):
    reason = f"{tmp_path / 'data'}/knee holds no picture: give a folder or a zip with films."
    job = run("a", "failed", metrics="", reason=reason)
    run("b")
    (job.folder / "config.yaml").write_text(f"data: {tmp_path / 'data'}/knee\n")
    app = look("a")
    said = captions(app)["**a**"].replace("\\", "")
    assert said.endswith("· data/knee holds no picture: give a folder or a zip with …")
    assert "data/knee holds no picture" in texts(app.error)
    assert "data: data/knee" in texts(app.code)
    everything = (*app.error, *app.markdown, *app.caption, *app.code)
    assert str(tmp_path) not in texts(everything)
    assert not app.info and not app.multiselect  # no curves to wait for or to compare


def test_to_have_been_stopped_is_said_once(look, run):
    run("a", "stopped", reason="It was asked to stop.")
    run("b", "stopped", reason="It was not published: the disk is full.")
    app = look("a")
    assert not app.info and "**Stopped**" in texts(app.markdown)
    assert "the disk is full" in texts(look("b").info)


def test_a_refusal_is_said_at_the_run_it_is_about(look, run, launcher):
    run("a"), run("b", "stopped")
    app = look()
    launcher.refuse = "b is running already, as process 7."
    press(app, "Resume")
    assert "is running already" in texts(app.error)
    app.radio[0].set_value("a").run()
    assert not app.error
    app.radio[0].set_value("b").run()
    launcher.refuse = ""
    press(app, "Resume")
    assert not app.error


def test_publishing_is_a_way_to_the_compare_view(look, run):
    run("a"), run("b")
    app = press(look("a"), "Publish or compare")
    assert app.session_state[train_views.VIEW] == train_views.COMPARE
    assert app.session_state[train_views.OPEN] == "a"


def test_every_live_run_that_was_asked_to_stop_is_insisted_on(look, run, monkeypatch):
    insisted = []
    monkeypatch.setattr("core.jobs.insist", lambda job: insisted.append(job.id))
    for name, launcher, state in (
        ("shell", "shell", "running"),
        ("deaf", "local", "running"),
        ("over", "shell", "stopped"),
    ):
        (run(name, state, launcher=launcher).folder / "stop").touch()
    run("unasked", "running", launcher="shell")
    look().run()
    assert set(insisted) == {"shell", "deaf"}


def test_curves_of_a_run_and_of_others_beside_it(look, run):
    run("other")
    run("else", trainer="severity")
    run("a")
    losses, scores = charts(app := look("a"))
    assert [line["name"] for line in losses["data"]] == ["Training", "Validation"]
    assert len({line["line"]["dash"] for line in losses["data"]}) == 2
    assert len({line["marker"]["symbol"] for line in losses["data"]}) == 2
    assert all(line["mode"] == "lines+markers" for line in losses["data"] + scores["data"])
    assert "AUROC" in scores["layout"]["yaxis"]["title"]["text"]
    assert "learns by heart" in texts(app.caption) and "AUROC is how often" in texts(app.caption)
    alts = [chart.proto.alt for chart in app.get("plotly_chart")]
    assert "Training is .700 at epoch 3" in alts[0] and "a is .900 at epoch 3" in alts[1]
    (others,) = app.multiselect
    assert others.options == ["other"]  # of the same trainer
    others.select("other").run()
    losses, scores = charts(app)
    assert [line["name"] for line in losses["data"]] == ["a", "a", "other", "other"]
    assert [line["name"] for line in scores["data"]] == ["a", "other"]
    assert len({line["line"]["dash"] for line in scores["data"]}) == 2
    assert "solid: training; dash: validation" in texts(app.markdown)


def test_a_long_run_is_drawn_in_lines_that_show_its_best_epoch(look, run):
    rows = [f"{n},1,{1 / n},{0.5 + 0.4 * (n == 32)},{1 / n}" for n in range(1, 501)]
    job = run("a", metrics="\n".join(("epoch,seconds,train_loss,auroc,loss", *rows)) + "\n")
    losses, scores = charts(app := look("a"))
    for chart in (losses, scores):
        assert {line["mode"] for line in chart["data"]} == {"lines"}
        assert chart["layout"]["xaxis"]["nticks"] == 8 and "dtick" not in chart["layout"]["xaxis"]
        assert [shape["x0"] for shape in chart["layout"]["shapes"]] == [32]
        assert chart["layout"]["annotations"][0]["text"] == "best AUROC: epoch 32"
    assert "**.900, epoch 32**" in texts(app.markdown).replace("\\", "")
    assert "best AUROC: epoch 32" in app.get("plotly_chart")[0].proto.alt
    job.folder.joinpath("metrics.csv").write_text("epoch,train_loss\n1,1\n2,2\n")
    (losses,) = charts(app.run())
    assert "shapes" not in losses["layout"] and losses["layout"]["xaxis"]["dtick"] == 1


@pytest.mark.parametrize(
    ("last", "scale"),
    [("0.5", "linear"), ("50", "linear"), ("64000", "log"), ("inf", "linear"), ("", "linear")],
)
def test_a_spike_does_not_flatten_the_losses(look, run, last, scale):
    run("a", metrics=f"epoch,train_loss\n1,1\n2,0.9\n3,0.8\n4,{last}\n")
    (losses,) = charts(look("a"))
    assert losses["layout"]["yaxis"]["type"] == scale
    assert ("logarithmic" in losses["layout"]["yaxis"]["title"]["text"]) == (scale == "log")


def test_rare_scores_are_joined_and_another_score_can_be_chosen(look, run):
    run("a", metrics="epoch,train_loss,auroc,qwk\n1,.9,.5,.1\n2,.8,,\n3,.7,.75,.3\n")
    app = look()
    app.selectbox[0].set_value("qwk").run()
    (line,) = charts(app)[1]["data"]
    assert line["name"] == "a" and "epoch 3" in app.get("plotly_chart")[1].proto.alt
    assert "kappa" in charts(app)[1]["layout"]["yaxis"]["title"]["text"]


def test_before_the_first_epoch_there_is_a_sentence_for_curves(look, run):
    run("a", "running", metrics="", phase="reading films", step=1200, steps=4083)
    app = look()
    assert not app.exception and not charts(app)
    assert "The curves begin when the first epoch is over" in texts(app.info)
    assert "reading films, 1,200 of 4,083" in texts(app.markdown)
    assert app.get("progress")[0].value == 0


def test_a_zoom_stays_while_the_curves_grow_and_goes_with_another_run(look, run):
    job = run("a", "running")
    run("b")
    app = look("a")
    before = app.get("plotly_chart")[0].proto.id
    zoom = {"key": "train-losses", "subject": "a", "x": [1.5, 2.5], "y": None}
    app.session_state[train_zoom.KEY] = {"zooms": [zoom, {"key": 1}, "nonsense"]}
    app.run()
    assert app.get("plotly_chart")[0].proto.id == before  # the browser shows it already
    (job.folder / "metrics.csv").write_text(METRICS + "4,60,0.6,0.95,0.2\n")
    app.run()
    losses, scores = charts(app)
    assert losses["layout"]["xaxis"]["range"] == [1.5, 2.5]
    assert "range" not in losses["layout"]["yaxis"] and "range" not in scores["layout"]["xaxis"]
    app.radio[0].set_value("b").run()
    assert "range" not in charts(app)[0]["layout"]["xaxis"]


def test_samples_follow_the_newest_until_the_slider_is_moved(look, run):
    job = run("a", "running")
    (job.folder / "samples").mkdir()

    def sample(epoch):
        grey = np.full((8, 8), epoch, np.uint8)
        (job.folder / f"samples/{epoch:04d}.png").write_bytes(png(grey))

    sample(1)
    app = look()
    assert not app.select_slider and "after epoch 1" in texts(app.markdown)
    sample(2)
    app.run()
    assert app.select_slider[0].value == "newest" and "after epoch 2" in texts(app.markdown)
    newest = app.get("image")[0].value
    app.select_slider[0].set_value(1).run()
    assert "after epoch 1" in texts(app.markdown) and app.get("image")[0].value != newest
    sample(3)
    app.run()
    assert app.select_slider[0].value == 1 and app.select_slider[0].options == ["1", "2", "newest"]
    app.select_slider[0].set_value("newest").run()
    sample(4)
    app.run()
    assert "after epoch 4" in texts(app.markdown)
    picture = app.get("image")[0].proto.imgs[0]
    assert "after epoch 4" in picture.alt and "Left of each pair the picture" in picture.alt
    assert "Left of each pair the picture" in picture.caption


def test_samples_of_every_trainer_that_shows_some_are_explained():
    assert set(train_samples.WORDS) == set(TRAINERS) - {"moblg"}  # trees show none


def test_log_settings_and_skipped_films_are_at_hand(look, run):
    job = run("a", skipped=2)
    (job.folder / "config.yaml").write_text("rate: 0.0005\n")
    (job.folder / "log.txt").write_text("all of it")
    (job.folder / "skipped.csv").write_text("name,reason\na*b.png,It is no image.\nc.png,Cut.\n")
    app = look()
    assert [part.label for part in app.expander] == ["Skipped (2)", "Log", "Settings"]
    told = texts(app.code)
    assert "the last 40 lines of a" in told and "rate: 0.0005" in told
    words = '--config "$LIGHTBOX_RUNS"/a/config.yaml --run "$LIGHTBOX_RUNS"/a-again'
    assert f"python -m trainers.fracture {words}" in told
    assert [button.label for button in app.get("download_button")] == ["Download all of it"]
    (skipped,) = (table.value for table in app.table)
    assert skipped["File"].tolist() == ["a\\*b\\.png", "c\\.png"]


def test_numbers_are_told_with_their_units(look, run):
    run(
        "a",
        "running",
        phase="training",
        images_per_second=2480.4,
        seconds_left=240.0,
        device="CPU, 2 threads",
        memory_mb=1240,
        step=60,
        steps=120,
    )
    app = look()
    told = texts(app.markdown).replace("\\", "").replace("\N{NARROW NO-BREAK SPACE}", " ")
    for text in ("**2,480**", "**4 min**", "**CPU, 2 threads**", "**1.2 GB**", "**.934, epoch 2**"):
        assert text in told
    assert app.get("progress")[0].value == 35


def test_a_run_that_is_ready_tells_how_long_it_will_take(look, run):
    job = run("a", "ready", metrics="")
    (job.folder / "trial.json").write_text('{"seconds_total": 7500.0}')
    app = look()
    assert "2\N{NARROW NO-BREAK SPACE}h 05" in texts(app.markdown)
    (job.folder / "trial.json").write_text('{"seconds_total": "soon"}')
    assert not app.run().exception


@pytest.mark.parametrize(
    ("state", "told", "said"),
    [
        ("queued", {}, "It leaves the queue"),
        ("running", {"phase": "training", "epoch": 3}, "resumed after epoch 3"),
        ("running", {"phase": "auditing the data", "epoch": 0}, "nothing to resume"),
        ("finished", {"phase": "publishing", "process": identity()}, "Nothing is published"),
    ],
)
def test_before_a_stop_its_cost_is_said(look, run, state, told, said):
    run("a", state, **told)
    assert said in texts(look().markdown)


def test_the_view_is_told_anew_by_itself_and_more_calmly_while_no_run_lives(look, run, monkeypatch):
    every, fragment = [], st.fragment

    def spy(view, run_every):
        every.append(run_every)
        return fragment(view, run_every=run_every)

    monkeypatch.setattr(st, "fragment", spy)
    job = run("a", "running")
    app = look()
    assert set(every) == {"2s"}
    every.clear()
    records.write_status(job.folder, state="finished", process=None)
    app.run()
    assert set(every) == {"10s"}


def test_the_train_page_opens_at_the_runs(visit, run, launcher, monkeypatch):
    monkeypatch.setattr(train_views, "memory_mb", lambda: 8000)
    run("a")
    app = visit("train", run="a")
    assert not app.exception
    assert app.title[0].value == "Train" and app.subheader[1].value == "a"
