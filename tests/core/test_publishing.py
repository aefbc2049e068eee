"""A model published from a run: named anew, noted on, withdrawn, and nothing lost on the way."""

import errno
import json
import os
import shutil
import threading
import time

import pytest

from core import publishing
from core.models import BadModel, find, open_model, verify
from tests.toy_models import publish


@pytest.fixture
def root(tmp_path):
    """A model published from the run r1, with side files, and one that came with Lightbox."""
    folder = publish(tmp_path, "mine", run="r1", date="2026-11-21", notes="")
    (folder / "predictions.csv").write_text("image,label\na,1\n")
    publish(tmp_path, "shipped", title="Shipped")
    return tmp_path


def names(root) -> set[str]:
    """All that lies in the folder of fracture models, hidden things too."""
    return {path.name for path in (root / "fracture").iterdir()}


def test_only_what_was_published_from_a_run_is_offered(root):
    publish(root, "newer", run="r2", date="2026-11-22")
    assert [card.name for card in publishing.made_here(root)] == ["newer", "mine"]


def test_a_renamed_model_keeps_all_its_files_and_opens(root):
    before = find(root, "fracture", "mine")
    card = publishing.rename(before, "yours", " Yours\n", "Better\x00 now.")
    assert (card.name, card.title, card.summary) == ("yours", "Yours", "Better now.")
    assert names(root) == {"yours", "shipped"}
    assert card.predictions.read_text() == "image,label\na,1\n"
    assert card.details["run"] == "r1" and card.sha256 == before.sha256
    verify(card)
    open_model(card)


def test_new_words_alone_leave_the_folder_where_it_is(root):
    card = publishing.rename(find(root, "fracture", "mine"), "mine", "", "Short.")
    assert (card.name, card.title, card.summary) == ("mine", "mine", "Short.")
    assert names(root) == {"mine", "shipped"}


@pytest.mark.parametrize(
    "change",
    [lambda card: publishing.rename(card, "yours", "", ""), publishing.unpublish],
    ids=["rename", "unpublish"],
)
def test_what_a_killed_change_left_goes_with_the_next_one(root, change):
    for name, age in (("old", 2 * 3600), ("now", 60)):
        left = root / "fracture" / f".{name}.aside"
        (left / "mine").mkdir(parents=True)
        os.utime(left, (time.time() - age, time.time() - age))
    change(find(root, "fracture", "mine"))
    assert {name for name in names(root) if name.startswith(".")} == {".now.aside"}


@pytest.mark.parametrize(
    ("name", "title", "summary", "reason"),
    [
        ("", "T", "S", "letters"),
        ("../fracture2", "T", "S", "letters"),
        (".hidden", "T", "S", "letters"),
        ("-flag", "T", "S", "begins with"),
        ("über", "T", "S", "letters"),
        ("two words", "T", "S", "letters"),
        ("a" * 61, "T", "S", "up to 60"),
        ("shipped", "T", "S", "another fracture model"),
        ("fine", "T" * 81, "S", "at most 80"),
        ("fine", "T", "S" * 301, "at most 300"),
    ],
)
def test_a_name_or_words_that_cannot_be_are_refused_and_nothing_changes(
    root, name, title, summary, reason
):
    before = (root / "fracture/mine/card.json").read_bytes()
    with pytest.raises(BadModel, match=reason) as refused:
        publishing.rename(find(root, "fracture", "mine"), name, title, summary)
    assert refused.value.reason.endswith(".")
    assert (root / "fracture/mine/card.json").read_bytes() == before
    assert names(root) == {"mine", "shipped"}


def test_whoever_looks_while_a_model_is_renamed_finds_it(root):
    looks, done = [], threading.Event()

    def look():
        while not done.is_set():
            looks.append([name for name in os.listdir(root / "fracture") if name[:4] == "name"])

    card = publishing.rename(find(root, "fracture", "mine"), "name", "T", "S")
    looker = threading.Thread(target=look)
    looker.start()
    for turn in range(20):
        card = publishing.rename(card, f"name{turn}", "T", "S")
    done.set()
    looker.join()
    assert looks and all(looks)


@pytest.mark.parametrize("fails", ["copytree", "rename"])
def test_t6_a_full_disk_leaves_the_model_under_its_old_name(root, monkeypatch, fails):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil if fails == "copytree" else publishing.os, fails, full)
    with pytest.raises(BadModel, match="No space left on device"):
        publishing.rename(find(root, "fracture", "mine"), "yours", "T", "S")
    monkeypatch.undo()
    assert names(root) == {"mine", "shipped"}
    verify(find(root, "fracture", "mine"))


def test_notes_are_plain_lines_in_the_card(root):
    written = "First *try*.\r\n\r\nSee\tthe second.\x1b[31m\n"
    card = publishing.write_notes(find(root, "fracture", "mine"), written)
    assert card.details["notes"] == "First *try*.\n\nSee the second. [31m"
    told = json.loads((root / "fracture/mine/card.json").read_text())
    assert told["notes"] == card.details["notes"] and told["run"] == "r1"
    assert publishing.write_notes(card, "x" * 2000).details["notes"] == "x" * 2000
    with pytest.raises(BadModel, match="2,001 characters: use at most 2,000"):
        publishing.write_notes(card, "x" * 2001)


def test_an_unpublished_model_is_gone_with_all_its_files(root):
    publishing.unpublish(find(root, "fracture", "mine"))
    assert names(root) == {"shipped"}


@pytest.mark.parametrize(
    "change",
    [
        lambda card: publishing.rename(card, "yours", "T", "S"),
        lambda card: publishing.write_notes(card, "Mine."),
        publishing.unpublish,
    ],
)
def test_models_that_came_with_lightbox_and_models_that_are_gone_are_left_alone(root, change):
    with pytest.raises(BadModel, match="not published from a run here"):
        change(find(root, "fracture", "shipped"))
    card = find(root, "fracture", "mine")
    publishing.unpublish(card)
    with pytest.raises(BadModel, match="mine is gone"):
        change(card)
    assert names(root) == {"shipped"}
    assert "notes" not in find(root, "fracture", "shipped").details


@pytest.mark.parametrize(
    ("name", "run", "reason"),
    [
        ("new", "r1", None),
        ("mine", "r1", None),
        ("mine", "r2", "from the run r1"),
        ("shipped", "r1", "another source"),
        ("damaged", "r1", "another source"),
        ("a/b", "r1", "letters"),
    ],
)
def test_a_run_may_publish_under_new_names_and_its_own(root, name, run, reason):
    (root / "fracture/damaged").mkdir()
    if reason is None:
        publishing.require_free(root, "fracture", name, run)
        return
    with pytest.raises(BadModel, match=reason):
        publishing.require_free(root, "fracture", name, run)
