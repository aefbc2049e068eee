"""Paths of this server as a visitor meets them: by the folders that its settings name.

Where the server keeps those folders is nobody's business but its owner's.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import streamlit as st

from core.settings import CHECKOUT, Settings

FOLDERS = ("data", "checkpoints", "home", "runs")  # of the settings; "data": LIGHTBOX_DATA


def named(text: str, settings: Settings) -> str:
    """A text with every path in it told from its folder on: data/knee for /srv/films/knee."""
    names = {str(folder): name for folder, name in _folders(settings)}
    if not names:
        return text
    known = "|".join(map(re.escape, names))
    whole = rf"(?<![\w.-])({known})(?![\w-]|\.\w)"  # and not the beginning of another name
    return re.sub(whole, lambda found: names[found[0]], text)


def show(command: Iterable[str | Path], settings: Settings) -> None:
    """A command to be copied, and where it works: in the checkout, with this server's settings."""
    written = line(command, settings)
    st.code(written, language="bash", wrap_lines=True)
    given = " and with its settings, like `LIGHTBOX_RUNS`" if "$LIGHTBOX_" in written else ""
    st.caption(f"It works in a shell on this server, in the folder of Lightbox{given}.")


def line(command: Iterable[str | Path], settings: Settings) -> str:
    """A command for a shell: what lies in the checkout from there on, else from a variable on,
    which is set wherever one of the folders lies elsewhere."""
    return " ".join(_word(str(word), settings) for word in command)


def _word(word: str, settings: Settings) -> str:
    path = Path(word)
    if not path.is_absolute():
        return shlex.quote(word)
    if path.is_relative_to(CHECKOUT):
        return shlex.quote(str(path.relative_to(CHECKOUT)))
    for folder, name in _folders(settings):
        if path.is_relative_to(folder):
            inside = path.relative_to(folder).as_posix()
            return f'"$LIGHTBOX_{name.upper()}"' + shlex.quote(f"/{inside}") * (inside != ".")
    return shlex.quote(word)


def _folders(settings: Settings) -> list[tuple[Path, str]]:
    """The folders and what they are called, the inner ones first."""
    known = [(getattr(settings, name), name) for name in FOLDERS]
    known.append((CHECKOUT, "."))
    apart = [(folder, name) for folder, name in known if folder.parent != folder]
    return sorted(apart, key=lambda one: len(one[0].parts), reverse=True)
