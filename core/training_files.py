"""Files that training may use: found under the data root, or brought and kept.

Nothing outside the root is ever named: a path goes to the page as it is called under the root, and
comes back through `under`.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import zipfile
from io import BytesIO
from pathlib import Path

TABLE = ".csv"
WEIGHTS = (".safetensors", ".pt", ".pth")
MOST_MEMBERS = 200_000
MOST_MEMBER_BYTES = 64 * 2**20  # as much as a film's file may have
MOST_UNPACKED = 8 * 2**30  # bytes
MOST_HEADER_BYTES = 2**20  # of a .safetensors file
_ENCRYPTED = 0x1


class BadFile(ValueError):
    """A file that cannot be used; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def packs(root: Path) -> list[str]:
    """What may be a data pack, at most two levels under `root`: zips and folders, by their paths
    from there.

    Of a folder that holds nothing but packs only those are named.
    """
    found: list[str] = []
    for path in _inside(root, root):
        if not path.is_dir():
            found += [path.path] * _is_zip(path)
            continue
        entries = _inside(path, root)
        packed = [entry.path for entry in entries if _is_zip(entry) or _holds_a_table(entry)]
        found += [path.path] * (len(packed) < len(entries)) + packed
    return [Path(path).relative_to(root).as_posix() for path in found]


def weights(root: Path) -> list[str]:
    """Files of weights at most two levels under `root`, by their paths from there."""
    first = _inside(root, root)
    second = [entry for path in first if path.is_dir() for entry in _inside(path, root)]
    found = (e.path for e in first + second if e.name.lower().endswith(WEIGHTS) and e.is_file())
    return sorted(Path(path).relative_to(root).as_posix() for path in found)


def under(root: Path, name: str) -> Path:
    """The path that is called so under `root`. Raises BadFile where it leads out (U9) or nothing
    is there."""
    path = root / name
    if _stays(path, root) and os.path.exists(path):
        return path.resolve()
    raise BadFile("What you chose is not in the data folder any more: choose again.")


def keep(home: Path, data: bytes, ending: str) -> Path:
    """Keep a file that was brought in `home/uploads`, named after its SHA-256 (U1), and return
    where. Raises BadFile where it cannot be written."""
    path = home / "uploads" / f"{hashlib.sha256(data).hexdigest()[:16]}{ending}"
    if path.exists():
        return path
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise BadFile(
            f"The file could not be kept ({error.strerror}): make room on the server's disk, or "
            "let LIGHTBOX_HOME name a folder that can be written."
        ) from None
    return path


def check_zip(data: bytes) -> None:
    """Raise BadFile for what is no zip of films that can be read file by file (U8)."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except Exception:  # a broken zip makes the library stumble in many ways
        raise BadFile("The zip is damaged or none: pack the films again.") from None
    if not entries:
        raise BadFile("The zip holds no file: choose one with films in it.")
    if len(entries) > MOST_MEMBERS or sum(e.file_size for e in entries) > MOST_UNPACKED:
        raise BadFile(
            f"The zip holds more than {MOST_MEMBERS:,} files or {MOST_UNPACKED // 2**30} GB: put "
            "it into the data folder of the server instead."
        )
    if any(entry.file_size > MOST_MEMBER_BYTES for entry in entries):
        raise BadFile(
            f"The zip holds a file of more than {MOST_MEMBER_BYTES // 2**20} MB, as no film is: "
            "leave it out."
        )
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise BadFile("The zip is encrypted: pack it again without a password.")


def check_weights(data: bytes) -> None:
    """Raise BadFile for what is no .safetensors file: its head is read, no number in it (K7)."""
    length = int.from_bytes(data[:8], "little") if len(data) >= 8 else 0
    if length > MOST_HEADER_BYTES:
        raise BadFile(
            f"The file's head is longer than {MOST_HEADER_BYTES // 2**20} MB, as of no network: "
            "save the weights again as .safetensors."
        )
    try:
        head = json.loads(data[8 : 8 + length])
        tensors = [name for name in head if name != "__metadata__"]
        ends = [int(head[name]["data_offsets"][1]) for name in tensors]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        tensors, ends = [], []
    if not tensors or 8 + length + max(ends) != len(data):
        raise BadFile("The file is no whole .safetensors file: save the weights again as one.")


def _inside(folder: os.DirEntry | Path, root: Path) -> list[os.DirEntry]:
    """What lies in a folder, by name, but for what is hidden or a link that leads out of the root;
    nothing where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []
    kept = (entry for entry in shown if not entry.is_symlink() or _stays(Path(entry.path), root))
    return sorted(kept, key=lambda entry: entry.name)


def _stays(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):  # links in a ring, a name that no file can have
        return False


def _is_zip(entry: os.DirEntry) -> bool:
    return entry.name.lower().endswith(".zip") and entry.is_file()


def _holds_a_table(entry: os.DirEntry) -> bool:
    """Whether it is a folder with a table in it, as packs have; those of films alone are not told
    from the parts of one."""
    if not entry.is_dir():
        return False
    try:
        with os.scandir(entry) as inner:
            return any(each.name.lower().endswith(TABLE) for each in inner)
    except OSError:
        return False
