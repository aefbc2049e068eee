import os

import pytest

from core.settings import CHECKOUT, Settings, usable_cores


def test_defaults_lie_in_the_checkout():
    settings = Settings.from_environment({})
    assert settings.data == CHECKOUT / "data"
    assert settings.checkpoints == CHECKOUT / "checkpoints"
    assert 1 <= settings.threads <= 4
    assert settings.home == CHECKOUT / ".lightbox"
    assert settings.database_url == f"sqlite:///{CHECKOUT}/.lightbox/annotations.sqlite"
    assert settings.keep_hours is None
    assert settings.listed is False
    assert settings.runs == CHECKOUT / "runs"
    assert settings.training is True
    assert settings.job_slots is None
    assert settings.ray_address == ""


@pytest.mark.parametrize("field", ["data", "checkpoints", "runs"])
def test_each_folder_follows_its_own_variable(tmp_path, field):
    settings = Settings.from_environment({f"LIGHTBOX_{field.upper()}": str(tmp_path / "here")})
    defaults = Settings.from_environment({})
    moved = {
        name
        for name in ("data", "checkpoints", "runs")
        if getattr(settings, name) != getattr(defaults, name)
    }
    assert moved == {field}
    assert getattr(settings, field) == tmp_path / "here"


def test_folders_are_absolute_and_know_the_home_sign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    settings = Settings.from_environment(
        {"LIGHTBOX_DATA": "packs", "LIGHTBOX_CHECKPOINTS": "~/models"}
    )
    assert settings.data == tmp_path / "packs"
    assert settings.checkpoints == tmp_path / "me" / "models"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "fracture.zip").touch()
    with pytest.raises(ValueError, match=r"LIGHTBOX_DATA must name a folder.*fracture\.zip"):
        Settings.from_environment({"LIGHTBOX_DATA": str(tmp_path / "fracture.zip")})


@pytest.mark.parametrize(
    ("value", "threads", "raises"),
    [
        ("1", 1, None),
        (" 3 ", 3, None),
        ("64", 64, None),
        ("0", None, "'0'"),
        ("65", None, "'65'"),
        ("-2", None, "'-2'"),
        ("2.5", None, "'2.5'"),
        ("all", None, "'all'"),
        ("²", None, "'²'"),
    ],
)
def test_threads(value, threads, raises):
    env = {"LIGHTBOX_THREADS": value}
    if raises is None:
        assert Settings.from_environment(env).threads == threads
    else:
        with pytest.raises(ValueError, match=f"LIGHTBOX_THREADS.*{raises}"):
            Settings.from_environment(env)


@pytest.mark.parametrize(
    ("url", "raises"),
    [
        ("sqlite:////srv/annotations.sqlite", False),
        ("postgresql://ada:secret@host/lab", False),
        (" postgresql+psycopg://ada:secret@host:5433/lab?sslmode=require ", False),
        ("mysql://ada:secret@host/lab", True),
        ("ada:secret@host", True),
    ],
)
def test_p4_the_database_is_named_and_its_password_never_shown(url, raises):
    env = {"LIGHTBOX_DATABASE_URL": url}
    if raises:
        with pytest.raises(ValueError, match="LIGHTBOX_DATABASE_URL must begin with") as wrong:
            Settings.from_environment(env)
        assert "secret" not in str(wrong.value)
    else:
        settings = Settings.from_environment(env)
        assert settings.database_url == url.strip()
        assert "secret" not in repr(settings)


def test_the_database_follows_the_home(tmp_path):
    settings = Settings.from_environment({"LIGHTBOX_HOME": str(tmp_path)})
    assert settings.home == tmp_path
    assert settings.database_url == f"sqlite:///{tmp_path}/annotations.sqlite"


@pytest.mark.parametrize(
    ("value", "hours"),
    [("24", 24), (" 0.5 ", 0.5), ("", None)]
    + [(bad, ValueError) for bad in ("0", "-1", "nan", "inf", "1e9", "a day")],
)
def test_p5_hours_that_worklists_are_kept(value, hours):
    env = {"LIGHTBOX_KEEP_HOURS": value}
    if hours is ValueError:
        with pytest.raises(ValueError, match="LIGHTBOX_KEEP_HOURS"):
            Settings.from_environment(env)
    else:
        assert Settings.from_environment(env).keep_hours == hours


@pytest.mark.parametrize(
    ("value", "listed"),
    [("listed", True), ("private", False), ("", False), ("yes", ValueError)],
)
def test_worklists_are_private_unless_listed(value, listed):
    env = {"LIGHTBOX_WORKLISTS": value}
    if listed is ValueError:
        with pytest.raises(ValueError, match="LIGHTBOX_WORKLISTS must be private or listed"):
            Settings.from_environment(env)
    else:
        assert Settings.from_environment(env).listed is listed


@pytest.mark.parametrize(
    ("value", "training"),
    [("off", False), (" on ", True), ("", True), ("OFF", ValueError), ("no", ValueError)],
)
def test_training_is_on_unless_switched_off(value, training):
    env = {"LIGHTBOX_TRAINING": value}
    if training is ValueError:
        with pytest.raises(ValueError, match="LIGHTBOX_TRAINING must be on or off"):
            Settings.from_environment(env)
    else:
        assert Settings.from_environment(env).training is training


@pytest.mark.parametrize(
    ("value", "slots"),
    [("1", 1), (" 64 ", 64), ("", None)]
    + [(bad, ValueError) for bad in ("0", "65", "-1", "2.0", "all")],
)
def test_jobs_at_once(value, slots):
    env = {"LIGHTBOX_JOBS": value}
    if slots is ValueError:
        with pytest.raises(ValueError, match="LIGHTBOX_JOBS must be a whole number"):
            Settings.from_environment(env)
    else:
        assert Settings.from_environment(env).job_slots == slots


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (" http://127.0.0.1:8265 ", "http://127.0.0.1:8265"),
        ("https://head.example/", "https://head.example"),
        ("", ""),
    ]
    + [
        (bad, ValueError)
        for bad in (
            "auto",
            "head:6379",
            "ray://head:10001",
            "http://",
            "http://head/x",
            "http://a b",
        )
    ],
)
def test_a_ray_cluster_is_named_by_its_address(value, address):
    env = {"LIGHTBOX_RAY_ADDRESS": value}
    if address is ValueError:
        with pytest.raises(ValueError, match=r"LIGHTBOX_RAY_ADDRESS must be .* http://head:8265"):
            Settings.from_environment(env)
    else:
        assert Settings.from_environment(env).ray_address == address


def test_empty_means_unset():
    names = ("THREADS", "DATA", "RUNS", "TRAINING", "JOBS", "RAY_ADDRESS")
    empty = {f"LIGHTBOX_{name}": " " for name in names}
    assert Settings.from_environment(empty) == Settings.from_environment({})


@pytest.mark.parametrize(
    ("cpu_max", "cores"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 1),
        ("50000 100000\n", 1),
        ("max 100000\n", 8),
        ("1600000 100000\n", 8),
        ("nonsense\n", 8),
        (None, 8),
    ],
)
def test_a_container_is_not_oversubscribed(tmp_path, monkeypatch, cpu_max, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    if cpu_max is not None:
        (tmp_path / "cpu.max").write_text(cpu_max)
    assert usable_cores(tmp_path) == cores
