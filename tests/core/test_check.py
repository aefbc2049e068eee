import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from types import SimpleNamespace

import pytest

import core.check
from core.check import (
    Finding,
    check_memory,
    check_models,
    check_packages,
    check_runs,
    check_store,
    free_memory_mb,
    memory_mb,
    summary,
)
from core.settings import CHECKOUT, Settings

NUMPY = version("numpy")


def levels(findings):
    return [finding.level for finding in findings]


@pytest.mark.parametrize(
    ("requirements", "expected", "words"),
    [
        (f"numpy=={NUMPY}  # why\n", [], ""),
        ("# numpy==0.1\n-r other.txt\n", [], ""),
        ("numpy==0.1\n", ["warning"], f"numpy {NUMPY} (tested: 0.1)"),
        ("no-such-package==1.0\n", ["error"], "no-such-package"),
        ("no-such-package==1.0\nnumpy==0.1\n", ["error", "warning"], "no-such-package"),
    ],
)
def test_packages(tmp_path, requirements, expected, words):
    pins = tmp_path / "requirements.txt"
    pins.write_text(requirements)
    findings = check_packages(pins)
    assert levels(findings) == expected
    assert words in " ".join(finding.sentence for finding in findings)


def test_a_build_for_the_cpu_is_the_pinned_version(tmp_path, monkeypatch):
    monkeypatch.setattr(core.check, "version", lambda name: "2.13.0+cpu")
    pins = tmp_path / "requirements.txt"
    pins.write_text("torch==2.13.0\n")
    assert check_packages(pins) == []


def test_no_model_at_all_is_an_error(tmp_path):
    assert levels(check_models(tmp_path)) == ["error"]


def test_each_broken_model_is_named(tmp_path):
    for name in ("no_card", "damaged"):
        (tmp_path / "fracture" / name).mkdir(parents=True)
    (tmp_path / "fracture/damaged/card.json").write_text("{")
    findings = check_models(tmp_path)
    assert levels(findings) == ["error", "error"]
    sentences = " ".join(finding.sentence for finding in findings)
    assert "no_card" in sentences
    assert "damaged" in sentences


def test_a_good_model_passes(tmp_path, monkeypatch):
    monkeypatch.setattr(core.check, "catalogue", lambda root: ["a card"])
    assert check_models(tmp_path) == []


@pytest.mark.parametrize(
    ("free_mb", "expected"),
    [(None, []), (4000, []), (350, []), (349, ["warning"]), (0, ["warning"])],
)
def test_memory(free_mb, expected):
    assert levels(check_memory(free_mb)) == expected


@pytest.mark.parametrize(
    ("limit_mb", "used_mb", "cached_mb", "free_mb"),
    [(512, 400, 0, 112), (512, 400, 300, 412), (9000, 400, 0, 2000), (512, 600, 0, 0)],
)
def test_free_memory_is_the_containers_when_that_is_less(
    tmp_path, limit_mb, used_mb, cached_mb, free_mb
):
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2048000 kB\n")
    (tmp_path / "memory.max").write_text(f"{limit_mb * 2**20}\n")
    (tmp_path / "memory.current").write_text(f"{used_mb * 2**20}\n")
    (tmp_path / "memory.stat").write_text(f"anon 1\ninactive_file {cached_mb * 2**20}\n")
    assert free_memory_mb(tmp_path / "meminfo", tmp_path) == free_mb


def test_free_memory_without_a_container_limit(tmp_path):
    (tmp_path / "meminfo").write_text("MemAvailable: 2048000 kB\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory_mb(tmp_path / "meminfo", tmp_path) == 2000
    assert free_memory_mb(tmp_path / "nothing here", tmp_path) is None


@pytest.mark.parametrize(("limit", "mb"), [(f"{512 * 2**20}\n", 512), ("max\n", 2000), ("", 2000)])
def test_the_memory_of_a_container_is_its_limit(tmp_path, limit, mb):
    (tmp_path / "meminfo").write_text("MemTotal:    2048000 kB\nMemAvailable: 9 kB\n")
    (tmp_path / "memory.max").write_text(limit)
    assert memory_mb(tmp_path / "meminfo", tmp_path) == mb
    assert memory_mb(tmp_path / "nothing here", tmp_path) is None


def test_a_store_that_is_there_passes_and_one_to_come_is_not_made(tmp_path, store_url):
    for url in (f"sqlite:///{tmp_path}/deep/er/a.sqlite", store_url):
        assert check_store(url) == []
    assert not (tmp_path / "deep").exists()


def test_a_store_that_cannot_be_opened_is_an_error_without_its_password(tmp_path):
    (tmp_path / "file").write_text("no database " * 100)
    for place, words in {
        f"sqlite:///{tmp_path}/file": "damaged or something else",
        f"sqlite:///{tmp_path}/file/a.sqlite": "cannot be written",
        "postgresql://ada:hunter2@127.0.0.1:1/lab": "cannot be reached",
    }.items():
        (finding,) = check_store(place)
        assert finding.level == "error"
        assert words in finding.sentence and "hunter2" not in str(finding)
        assert "LIGHTBOX_DATABASE_URL" in finding.remedy


@pytest.mark.parametrize(
    ("free_mb", "expected"), [(9000, []), (500, []), (499, ["warning"]), (0, ["warning"])]
)
def test_runs_need_room(tmp_path, monkeypatch, free_mb, expected):
    disk = SimpleNamespace(free=free_mb * 2**20)
    monkeypatch.setattr(core.check.shutil, "disk_usage", lambda path: disk)
    assert levels(check_runs(tmp_path / "deep" / "er")) == expected
    assert not (tmp_path / "deep").exists()


def test_a_folder_for_runs_that_cannot_be_made_is_an_error_while_training_is_on(tmp_path):
    (tmp_path / "file").touch()
    settings = Settings.from_environment({"LIGHTBOX_RUNS": str(tmp_path / "file" / "runs")})
    words = "The folder for training runs cannot be written."
    (finding,) = check_runs(settings.runs)
    assert (finding.level, finding.sentence) == ("error", words)
    assert "LIGHTBOX_RUNS" in finding.remedy
    assert words in [finding.sentence for finding in core.check.check(settings)]
    off = replace(settings, training=False)
    assert words not in [finding.sentence for finding in core.check.check(off)]


def test_summary_is_one_line_and_the_worst_comes_with_its_remedy():
    odd = Finding("warning", "A version differs.", "Install it.")
    wrong = Finding("error", "A model is broken.", "Restore it.")
    assert "Everything is in place" in summary([])
    assert summary([odd]) == "A version differs. Install it."
    assert summary([odd, wrong]).startswith("A model is broken. Restore it. (1 more")


def test_command_line_says_what_is_wrong_without_torch_or_traceback(tmp_path):
    (tmp_path / "file").touch()
    code = (
        "import sys, core.check; status = core.check.main(); assert 'torch' not in sys.modules; "
        "sys.exit(status)"
    )
    for env, words in (
        ({"LIGHTBOX_CHECKPOINTS": str(tmp_path)}, "error: There is no model"),
        ({"LIGHTBOX_DATA": str(tmp_path / "file")}, "error: LIGHTBOX_DATA must name a folder"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=env,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 1
        assert words in done.stdout
        assert done.stderr == ""
