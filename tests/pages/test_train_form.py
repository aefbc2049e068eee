"""The New run view of the Train page: from the choices to the words of a command line, to what the
check found, to the start. The launcher is a stand-in; a job's folder is as a real one would be."""

import io
import shutil
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from core.annotations import Reader, Store
from core.clean_film import clean
from core.jobs import JobError, records
from core.learning import TRAINERS
from core.settings import CHECKOUT
from core.ui import train_views
from tests.pages.conftest import HANG_S
from tests.pages.test_annotate import MARKED, picture
from tests.pages.test_start import texts
from tests.toy_models import publish

SOUND = {
    "films": 40,
    "unreadable": [],
    "identical": [],
    "near": [],
    "crossing": [],
    "conflicts": [],
    "split_groups": [],
    "counts": {"val": {"0": 6, "1": 4}, "train": {"0": 1200, "1": 15}},
}
AMISS = SOUND | {
    "unreadable": [["a*b.png", "The file is damaged."]],
    "crossing": [["a.png", "b.png"], ["c.png", "d.png"]],
    "conflicts": [["a.png", "b.png"]],
    "split_groups": ["patient 7"],
    "near": [["e.png", "f.png"]],
}
TRIAL = {
    "seconds_per_step": 0.42,
    "steps": 118,
    "epochs": 10,
    "seconds_scoring": 21.0,
    "seconds_total": 7500.0,
    "images_per_second": 76.4,
    "device": "CPU, 2 threads",
    "memory_mb": 1400,
}


class Launcher:
    """Makes job folders and notes what it was asked to do; `refuse` makes it refuse."""

    def __init__(self, runs):
        self.runs, self.asked, self.refuse = runs, [], ""

    def submit(self, trainer, words, folder_name=None):
        self._note("submit", trainer, tuple(words), folder_name)
        job = records.create(self.runs / folder_name, trainer, tuple(words), "local")
        records.write_status(job.folder, state="running", phase="auditing the data")
        return job

    def start(self, job):
        self._note("start", job.id)
        records.write_status(job.folder, state="queued")

    def stop(self, job):
        self._note("stop", job.id)
        records.write_status(job.folder, state="stopped", reason="It was asked to stop.", phase="")

    def delete(self, job):
        self._note("delete", job.id)
        shutil.rmtree(job.folder)

    def log(self, job, lines=40):
        return "what it printed"

    def _note(self, *what):
        if self.refuse:
            raise JobError(self.refuse)
        self.asked.append(what)


@pytest.fixture
def launcher(tmp_path, monkeypatch):
    for name in ("runs", "home", "data"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(f"LIGHTBOX_{name.upper()}", str(tmp_path / name))
    for name in ("TRAINING", "DATABASE_URL", "WORKLISTS", "RAY_ADDRESS", "KEEP_HOURS"):
        monkeypatch.delenv(f"LIGHTBOX_{name}", raising=False)
    launcher = Launcher(tmp_path / "runs")
    monkeypatch.setattr("core.jobs.launcher", lambda settings: launcher)
    monkeypatch.setattr(train_views, "memory_mb", lambda: 8000)
    return launcher


@pytest.fixture
def data(tmp_path, launcher):
    """A data folder with packs, and weights, that nobody reads here."""
    for name in ("films.zip", "fracture.zip", "knee/train/0/a.png", "weights/net.pt"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return (tmp_path / "data").resolve()


@pytest.fixture
def form(launcher):
    """A visitor who opens the form: `form()`."""

    def form() -> AppTest:
        app = AppTest.from_file(str(CHECKOUT / "Home.py"), default_timeout=HANG_S)
        app.session_state[train_views.VIEW] = train_views.NEW
        app.switch_page("pages/train.py").run()
        assert not app.exception
        return app

    return form


def fill(app: AppTest, **values) -> AppTest:
    """Give the form's widgets, by the end of their keys, these values."""
    for name, value in values.items():
        key = f"train-{name.replace('_', '-', 1)}"
        kinds = ("selectbox", "text_input", "number_input", "toggle", "multiselect")
        kinds += ("segmented_control", "pills", "file_uploader")
        (widget,) = (w for kind in kinds for w in app.get(kind) if w.key == key)
        widget.set_value(value)
    app.run()
    assert not app.exception
    return app


def command(app: AppTest) -> str:
    (shown,) = (code.value for code in app.code if code.value.startswith("python -m trainers."))
    return shown


def button(app: AppTest, label: str):
    (found,) = (each for each in app.button if each.label == label)
    return found


def press(app: AppTest, label: str) -> AppTest:
    button(app, label).click()
    app.run()
    assert not app.exception
    return app


def checked(app: AppTest, launcher, found=SOUND, trial=TRIAL, **status) -> AppTest:
    """The page after the check that was submitted last has ended."""
    folder = launcher.runs / launcher.asked[-1][-1]
    records.write_json(folder / "audit.json", found)
    if trial:
        records.write_json(folder / "trial.json", trial)
    records.write_status(folder, **{"state": "ready", "phase": ""} | status)
    app.run()
    assert not app.exception
    return app


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("train/0/a.png", picture(0))
    return file.getvalue()


def test_where_training_is_off_the_page_says_why_and_how_to_do_it_at_home(
    visit, launcher, monkeypatch
):
    monkeypatch.setenv("LIGHTBOX_TRAINING", "off")
    app = visit("train")
    (told,) = (each.value for each in app.info)
    assert "off here" in told and "LIGHTBOX_TRAINING" in told and "make run" in told
    assert not app.segmented_control and not app.exception


@pytest.mark.parametrize(("memory", "off"), [(2999, True), (3000, False), (None, False)])
def test_a_machine_with_too_little_memory_trains_nothing(visit, launcher, monkeypatch, memory, off):
    monkeypatch.setattr(train_views, "memory_mb", lambda: memory)
    app = visit("train")
    assert not app.exception
    assert ("2,999 MB" in texts(app.info)) == off == (not app.segmented_control)


def test_without_data_nothing_can_be_checked(form):
    app = form()
    assert "LIGHTBOX_DATA" in texts(app.info)
    assert button(app, "Check data and estimate").disabled
    assert "Choose the data" in texts(app.caption)


def test_what_is_chosen_becomes_the_words_of_a_command(form, data, launcher):
    app = form()
    assert command(app).startswith(
        'python -m trainers.fracture --data "$LIGHTBOX_DATA"/fracture.zip '
    )
    fill(app, fracture_epochs=3, fracture_rate=1e-3, fracture_head="evidence", fracture_last=True)
    fill(app, fracture_balance=0.5, fracture_name="my-run")
    chosen = "fracture.zip --epochs 3 --rate 0.001 --head evidence --balance 0.5 --last"
    words = f'--data "$LIGHTBOX_DATA"/{chosen} --checkpoints "$LIGHTBOX_CHECKPOINTS"'
    assert command(app) == f'python -m trainers.fracture {words} --run "$LIGHTBOX_RUNS"/my-run'
    press(app, "Check data and estimate")
    ((_, trainer, said, name),) = launcher.asked
    assert (trainer, name) == ("fracture", "my-run")
    assert " ".join(said).startswith(f"--data {data}/{chosen}") and "--run" not in said
    assert "auditing the data" in texts(app.markdown)
    assert button(app, "Check again").disabled and "Wait for the check" in texts(app.caption)


def test_the_form_stays_as_it_was_while_another_view_is_open(form, data):
    app = fill(form(), fracture_epochs=3, fracture_name="kept")
    fill(app, view=train_views.RUNS)
    fill(app, view=train_views.NEW)
    assert "--epochs 3" in command(app) and command(app).endswith("/kept")


def test_a_name_that_no_run_can_have_is_refused(form, data):
    app = form()
    for name in ("", "../up", "a b", "-a", "ü", "a/b", ".hidden"):
        fill(app, fracture_name=name)
        assert button(app, "Check data and estimate").disabled, name
        assert "letters, digits and hyphens" in texts(app.caption), name


def test_a_name_that_is_taken_is_refused(form, data, launcher):
    (launcher.runs / "mine").mkdir()
    app = fill(form(), fracture_name="mine")
    assert button(app, "Check data and estimate").disabled
    assert "called mine already" in texts(app.caption)


def test_what_the_launcher_cannot_do_is_told(form, data, launcher):
    launcher.refuse = "The folder of runs cannot be written: No space left on device."
    app = press(form(), "Check data and estimate")
    assert "No space left" in texts(app.error)
    app.run()
    assert not app.error and button(app, "Check data and estimate").proto.disabled is False


def test_a_sound_check_tells_the_time_and_starts(form, data, launcher):
    app = press(fill(form(), fracture_name="one"), "Check data and estimate")
    checked(app, launcher)
    (table,) = (table.value for table in app.table)
    assert table.to_dict("records")[0] == {
        "Split": "Learned from (train)",
        "Not fractured": "1,200",
        "Fractured": "15",
        "All": "1,215",
    }
    assert "Every file can be read" in texts(app.markdown)
    facts = {metric.label: metric.value for metric in app.metric}
    assert facts["Training takes about"].replace("\N{NARROW NO-BREAK SPACE}", " ") == "2 h 05 min"
    assert (facts["Images per second"], facts["Memory"]) == ("76", "1.4 GB")
    told = texts(app.caption).replace("\\", "")
    assert (
        "10 epochs of 118 steps at 0.42 s, each scored in 21" in told and "CPU, 2 threads" in told
    )
    press(app, "Start training")
    assert launcher.asked[-1] == ("start", "one")
    assert app.session_state[train_views.VIEW] == train_views.RUNS
    assert app.session_state[train_views.OPEN] == "one"


def test_findings_are_told_with_what_they_mean_and_the_names(form, data, launcher):
    app = checked(press(form(), "Check data and estimate"), launcher, AMISS)
    told = texts(app.markdown)
    for words in (
        "2 pairs of the same picture lie on both sides",
        "1 group of pictures",
        "1 pair of the same picture has two labels",
        "1 file cannot be read",
        "1 pair of pictures looks all but the same",
    ):
        assert words in told
    assert "Every file can be read" not in told
    rows = [row for table in app.dataframe for row in table.value.to_dict("records")]
    assert {"File": "a*b.png", "Why": "The file is damaged."} in rows
    assert {"Group": "patient 7"} in rows


def test_a_refused_check_says_why_and_is_discarded(form, data, launcher):
    app = press(fill(form(), fracture_name="bad"), "Check data and estimate")
    reason = "The split leaks: 2 pairs lie on both sides."
    checked(app, launcher, AMISS, None, state="failed", reason=reason)
    assert "The split leaks" in texts(app.error)
    assert "what it printed" in texts(app.code)
    assert "Start training" not in [each.label for each in app.button]
    press(app, "Discard")
    assert not list(launcher.runs.iterdir())
    assert button(app, "Check data and estimate")


def test_checking_again_takes_the_place_of_the_check_before(form, data, launcher):
    app = press(fill(form(), fracture_name="one"), "Check data and estimate")
    checked(app, launcher)
    fill(app, fracture_epochs=2)
    assert "asks for something else" in texts(app.caption)
    press(app, "Check again")
    assert [what for what, *_ in launcher.asked] == ["submit", "delete", "submit"]
    assert "--epochs" in launcher.asked[-1][2]


def test_a_check_can_be_stopped(form, data, launcher):
    app = press(fill(form(), fracture_name="one"), "Check data and estimate")
    press(app, "Stop the check")
    assert launcher.asked[-1] == ("stop", "one")
    assert "asked to stop" in texts(app.info) and not app.error


def test_another_visit_finds_what_was_checked_and_not_started(form, data, launcher):
    first = press(fill(form(), fracture_name="one"), "Check data and estimate")
    app = fill(form(), waiting="one")
    assert "auditing the data" in texts(app.markdown)
    checked(first, launcher)
    app = form()
    assert not app.metric
    fill(app, waiting="one")
    assert app.metric and "asks for something else" not in texts(app.caption)
    press(app, "Start training")
    assert launcher.asked[-1] == ("start", "one")


def test_a_run_that_was_started_elsewhere_is_not_taken_for_a_check(form, data, launcher):
    app = press(fill(form(), fracture_name="one"), "Check data and estimate")
    checked(app, launcher)
    records.write_status(launcher.runs / "one", state="running", asked=2e10, phase="training")
    app.run()
    assert not app.metric and button(app, "Check data and estimate").disabled


def test_u1_a_zip_that_is_brought_is_kept_under_its_sha(form, launcher, tmp_path):
    app = fill(form(), **{"fracture_data-source": "A zip of yours"})
    fill(app, **{"fracture_data-brought": ("../my *films*.zip", zipped(), "application/zip")})
    (kept,) = (tmp_path / "home/uploads").iterdir()
    assert f'--data "$LIGHTBOX_HOME"/uploads/{kept.name}' in command(app)
    assert "until somebody deletes it" in texts(app.caption)
    fill(app, view=train_views.RUNS)
    fill(app, view=train_views.NEW)
    assert kept.name in command(app)
    kept.unlink()
    app.run()
    assert "bring it again" in texts(app.warning) and "--data" not in command(app)


def test_u8_a_zip_that_is_none_is_refused(form, launcher, tmp_path):
    app = fill(form(), **{"fracture_data-source": "A zip of yours"})
    fill(app, **{"fracture_data-brought": ("films.zip", b"PK\3\4" * 9, "application/zip")})
    assert "damaged" in texts(app.error) and not (tmp_path / "home/uploads").exists()
    assert button(app, "Check data and estimate").disabled


def test_starts_other_than_scratch(form, data, launcher, checkpoints):
    run = records.create(launcher.runs / "before", "fracture", (), "local").folder
    (run / "best.pt").write_bytes(b"x")
    records.write_status(run, state="finished", epoch=3)
    publish(checkpoints, "other")
    app = fill(form(), fracture_start="hub")
    assert "--pretrained" in command(app)
    fill(app, fracture_start="weights")
    assert '--weights "$LIGHTBOX_DATA"/weights/net.pt' in command(app)
    fill(fill(app, fracture_start="model"), fracture_model="other")
    assert "--from-model other" in command(app)
    fill(app, fracture_start="run")
    assert '--from-run "$LIGHTBOX_RUNS"/before' in command(app)


@pytest.mark.parametrize(
    ("trainer", "start", "said"),
    [
        ("segment", "model", "No model of this kind"),
        ("severity", "run", "No run of this kind"),
        ("severity", "weights", "Choose a weights file"),
    ],
)
def test_a_start_that_is_not_at_hand_is_told(form, launcher, tmp_path, trainer, start, said):
    for name in ("knee", "lesion"):
        (tmp_path / f"data/{name}.zip").write_bytes(b"x")
    app = fill(form(), what=trainer)
    fill(app, **{f"{trainer}_start": start})
    assert button(app, "Check data and estimate").disabled
    assert said in texts(app.caption)


def test_k2_weights_that_are_no_safetensors_are_refused(form, launcher):
    app = fill(form(), fracture_start="weights")
    fill(app, **{"fracture_weights-brought": ("net.safetensors", b"no", "application/x")})
    assert "no whole .safetensors" in texts(app.error).replace("\\", "")


def test_marks_of_a_worklist_become_the_data_of_a_run(form, launcher, tmp_path):
    app = fill(form(), what="artefact")
    told = {"name": "Ann", "worklists": [], "problem": False}
    app.session_state["annotate-identity"] = {"report": told}
    app.run()
    assert "has not opened a worklist" in texts(app.info)
    ann = Reader("Ann")
    store = Store.open(f"sqlite:///{tmp_path / 'home/annotations.sqlite'}")
    worklist = store.create_worklist("Screws", ann)
    film = store.add_film(worklist, clean(picture(0), "a.png"), ann).film
    known = [{"code": worklist.code, "title": "Screws", "at": 1.0}]
    app.session_state["annotate-identity"] = {"report": told | {"worklists": known}}
    app.run()
    told = texts(app.caption)
    assert "Choose the data" in told and "counts as looking at others' readings" in told
    press(app, "Make the pack")
    assert "accept one first" in texts(app.warning)
    reading = store.begin(worklist, film.sha256, ann)
    reading = store.save(reading, reading.revision, MARKED, by=ann)
    store.submit(reading, reading.revision, ann)
    fill(app, **{"artefact_data-marked-which": "submitted"})
    press(app, "Make the pack")
    (kept,) = (tmp_path / "home/uploads").iterdir()
    assert f'--data "$LIGHTBOX_HOME"/uploads/{kept.name}' in command(app)
    assert "It names no reader" in texts(app.caption)
    store.close()


def test_films_that_readers_marked_are_kept_out_of_inpainting(form, launcher, tmp_path):
    for name in ("knee.zip", "lightbox-training-pack.zip"):
        (tmp_path / "data" / name).write_bytes(b"x")
    app = fill(fill(form(), what="inpaint"), inpaint_keep=True)
    assert button(app, "Check data and estimate").disabled
    assert "films to keep out" in texts(app.caption)
    fill(app, **{"inpaint_keep-pack-source": "In the data folder"})
    pack = '"$LIGHTBOX_DATA"/lightbox-training-pack.zip'
    assert f"knee.zip --keep-out {pack} --network thin" in command(app)
    assert not button(app, "Check data and estimate").disabled


def test_something_is_to_be_found(form, data):
    app = fill(fill(form(), what="artefact"), **{"artefact_data-source": "In the data folder"})
    fill(fill(app, **{"artefact_data-found": "films.zip"}), artefact_labels=["screw"])
    assert "--labels screw " in command(app)
    fill(app, artefact_labels=[])
    assert "Choose: labels" in texts(app.caption).replace("\\", "")
    assert button(app, "Check data and estimate").disabled


def test_every_trainer_has_a_form_that_can_be_filled(form, data, launcher):
    app = form()
    for trainer in TRAINERS:
        fill(app, what=trainer)
        assert f"python -m trainers.{trainer} " in command(app)


def test_the_command_is_one_for_a_shell_in_the_checkout(form, data, monkeypatch):
    monkeypatch.setenv("LIGHTBOX_CHECKPOINTS", str(CHECKOUT / "checkpoints"))
    app = fill(form(), fracture_name="one")
    assert "--checkpoints" not in command(app)


def test_a_backbone_is_chosen_from_a_list_or_typed(form, data):
    app = form()
    (field,) = (each for each in app.selectbox if each.label == "Backbone")
    assert field.value == field.options[0] == TRAINERS["fracture"].defaults["backbone"]
    assert "simple_cnn" in field.options and "The backbone is the network" in texts(app.caption)
    assert "--backbone" not in command(app)
    assert "--backbone resnet18 " in command(fill(app, fracture_backbone="resnet18"))
    assert field.proto.accept_new_options
