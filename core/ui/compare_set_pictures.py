"""Small pictures of published validation films, where the pack that they come from is at hand."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import streamlit as st

from core.archive import Archive, BadPack
from core.film_packs import is_picture
from core.images import BadImage
from core.labelled_scoring import displayed, thumbnail
from core.settings import Settings


def thumbnails(settings: Settings, task: str, names: Sequence[str]) -> list[bytes | None]:
    """A JPEG of each film, None where it is not at hand or cannot be read.

    The packs are `<task>.zip` or a folder `<task>` in the data folder; knees lie in `knee`.
    """
    pack = {"severity": "knee"}.get(task, task)
    paths = (settings.data / f"{pack}.zip", settings.data / pack)
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        return [None] * len(names)
    return _thumbnails(path, path.stat().st_mtime_ns, task, tuple(names))


@st.cache_data(max_entries=32, max_size="32MB", show_spinner="Fetching pictures")
def _thumbnails(path: Path, changed: int, task: str, names: tuple[str, ...]) -> list[bytes | None]:
    try:
        archive = Archive(path)
        members = _members(archive)
        found = [members[name] for name in names if name in members]
        read = dict(zip(found, archive.stream(found), strict=True))
    except (BadPack, OSError):
        return [None] * len(names)
    return [_thumbnail(read.get(members.get(name, "")), name, task) for name in names]


def _members(archive: Archive) -> dict[str, str]:
    """Name and stem of each picture → its path inside the pack."""
    paths = [PurePosixPath(member) for member in archive.members if is_picture(member)]
    return {path.stem: str(path) for path in paths} | {path.name: str(path) for path in paths}


def _thumbnail(data: bytes | None, name: str, task: str) -> bytes | None:
    if data is None:
        return None
    try:
        return thumbnail(displayed(data, name, task))
    except BadImage:
        return None
