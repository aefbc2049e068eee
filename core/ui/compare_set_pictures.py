"""Small pictures of published validation films, where the pack that they come from is at hand."""

import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import streamlit as st

from core.archive import Archive, BadPack
from core.images import BadImage
from core.labelled_scoring import displayed, thumbnail
from core.settings import Settings

MOST = 4_000


def thumbnails(settings: Settings, task: str, names: Sequence[str]) -> list[bytes | None]:
    """A JPEG of each film, None where it is not at hand or cannot be read.

    The packs are `<task>.zip` or a folder `<task>` in the data folder; knees lie in `knee`.
    """
    pack = {"severity": "knee"}.get(task, task)
    path = next(
        (p for p in (settings.data / f"{pack}.zip", settings.data / pack) if p.exists()), None
    )
    if path is None:
        return [None] * len(names)
    members = _members(path, path.stat().st_mtime_ns)
    return [_thumbnail(path, members.get(name), task) for name in names]


@st.cache_resource(max_entries=4, show_spinner=False)
def _members(path: Path, changed: int) -> dict[str, str]:
    """Name and stem of each file → its path inside the pack; masks left out."""
    try:
        members = [m for m in Archive(path).members if "/masks/" not in f"/{m}"]
    except (BadPack, OSError, zipfile.BadZipFile):
        return {}
    files = [(PurePosixPath(member), member) for member in members]
    return {p.stem: m for p, m in files} | {p.name: m for p, m in files}


@st.cache_data(max_entries=MOST, max_size="32MB", show_spinner=False)
def _thumbnail(path: Path, member: str | None, task: str) -> bytes | None:
    if member is None:
        return None
    try:
        return thumbnail(displayed(Archive(path).read(member), member, task))
    except (BadImage, BadPack, OSError, KeyError, zipfile.BadZipFile):
        return None
