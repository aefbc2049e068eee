"""What the pages say of paths on the server, and commands that can be pasted there."""

import subprocess
from pathlib import Path

import pytest

from core.settings import CHECKOUT, Settings
from core.ui import train_paths

ROOTS = {
    "LIGHTBOX_DATA": "/srv/big films",
    "LIGHTBOX_HOME": "/srv/home",
    "LIGHTBOX_RUNS": "/srv/home/runs",
    "LIGHTBOX_CHECKPOINTS": "/",
}
ELSEWHERE = Settings.from_environment(ROOTS)
AT_HOME = Settings.from_environment({})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("No path / at all.", "No path / at all."),
        ("/srv/big films/knee holds no film: look.", "data/knee holds no film: look."),
        ("The pack /srv/big films.", "The pack data."),
        ("--data=/srv/big films/a --run /srv/home/runs/b", "--data=data/a --run runs/b"),
        ("/srv/home/uploads/a.zip", "home/uploads/a.zip"),
        ("/srv/homes and /srv/home.old stay", "/srv/homes and /srv/home.old stay"),
        ("/mnt/srv/home/a", "/mnt/srv/home/a"),
        (f"{CHECKOUT}/trainers/loop.py:7", "./trainers/loop.py:7"),
    ],
)
def test_a_path_is_told_from_its_folder_on(text, said):
    assert train_paths.named(text, ELSEWHERE) == said


def test_folders_of_the_checkout_are_told_as_others_are():
    assert train_paths.named(f"{CHECKOUT}/data/knee is gone", AT_HOME) == "data/knee is gone"


@pytest.mark.parametrize(
    ("settings", "word", "written"),
    [
        (AT_HOME, CHECKOUT / "data/knee", "data/knee"),
        (AT_HOME, CHECKOUT / "data/a b", "'data/a b'"),
        (AT_HOME, "it's", "'it'\"'\"'s'"),
        (ELSEWHERE, Path("/srv/big films/a b"), "\"$LIGHTBOX_DATA\"'/a b'"),
        (ELSEWHERE, Path("/srv/big films"), '"$LIGHTBOX_DATA"'),
        (ELSEWHERE, Path("/srv/home/runs/x"), '"$LIGHTBOX_RUNS"/x'),
        (ELSEWHERE, Path("/srv/home/uploads/x"), '"$LIGHTBOX_HOME"/uploads/x'),
        (ELSEWHERE, Path("/mnt/x"), "/mnt/x"),
        (ELSEWHERE, "$HOME", "'$HOME'"),
    ],
)
def test_a_command_means_the_same_when_it_is_pasted(settings, word, written):
    assert train_paths.line([word], settings) == written
    shown = subprocess.check_output(
        ["sh", "-c", f"printf %s {written}"], cwd=CHECKOUT, env=ROOTS, text=True
    )
    assert (CHECKOUT / shown if isinstance(word, Path) else shown) == word
