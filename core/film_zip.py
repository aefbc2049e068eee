"""Films that come in a zip: read in memory alone, and refused as a whole where it is not safe."""

import re
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from core.images import display_name

MAX_MEMBERS = 500
MAX_UNPACKED = 200 * 2**20  # bytes
MAX_RATIO = 100  # times that a file may grow
MAX_ENTRIES = 5_000  # folders and what is passed over count here, before any is looked at
# Other ways of packing are unpacked without a limit by Python's library.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_SYSTEM = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$)")


class BadZip(ValueError):
    """A zip that is not opened; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def unpack(
    data: bytes, name: str, most: int = MAX_MEMBERS, unread: str | None = None
) -> list[tuple[str, bytes]]:
    """The files of a zip, (path inside it, bytes), in their order; nothing is written to the disk.

    Folders and what operating systems leave behind (__MACOSX, .DS_Store and their like) are passed
    over, and so are members whose path begins with `unread`, however large they are. What the
    files are is not looked at: a member may be no film.

    Raises BadZip, and nothing else, for what is no zip, is damaged, holds more than `most` files,
    more than 200 MB or a file that grows more than a hundredfold, and for members that are
    encrypted, links, or would lie outside a folder it is unpacked to. `name` is the file's, for the
    sentence.
    """
    with _opened(data, name, most, MAX_UNPACKED, unread) as (archive, entries):
        return [(entry.filename, _read(archive, entry)) for entry in entries]


def check(data: bytes, name: str, most: int, most_bytes: int) -> None:
    """Raise BadZip as `unpack` does, where a zip is read file by file later: none is read here."""
    with _opened(data, name, most, most_bytes):
        pass


@contextmanager
def _opened(
    data: bytes, name: str, most: int, most_bytes: int, unread: str | None = None
) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """A zip and its files, once they were looked over. Raises BadZip, in the block, too."""
    zip_name = f"The zip “{display_name(name)}”"
    if data.count(_ENTRY) > max(most, MAX_ENTRIES):
        raise _too_many(zip_name, most)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = [
                e for e in archive.infolist() if not unread or not e.filename.startswith(unread)
            ]
            for entry in entries:
                _check(entry, zip_name)
            entries = [e for e in entries if not e.is_dir() and not _SYSTEM.search(e.filename)]
            if not entries:
                raise BadZip(f"{zip_name} holds no file: choose one with films in it.")
            if len(entries) > most:
                raise _too_many(zip_name, most)
            if sum(entry.file_size for entry in entries) > most_bytes:
                raise BadZip(
                    f"{zip_name} holds more than {most_bytes // 2**20} MB: pack fewer films."
                )
            yield archive, entries
    except BadZip:
        raise
    except MemoryError:
        raise BadZip(f"{zip_name} needs more memory than there is: pack fewer films.") from None
    except Exception:  # a broken zip makes the library stumble in many ways
        raise BadZip(f"{zip_name} is damaged or no zip: pack the films again.") from None


def _too_many(zip_name: str, most: int) -> BadZip:
    return BadZip(f"{zip_name} holds more than {most:,} files: pack fewer films.")


def _check(entry: zipfile.ZipInfo, zip_name: str) -> None:
    """Raise BadZip for a member that no honest zip of films has."""
    path, kind = entry.orig_filename.replace("\\", "/"), stat.S_IFMT(entry.external_attr >> 16)
    if path.startswith("/") or re.match("[A-Za-z]:", path) or ".." in path.split("/"):
        raise BadZip(
            f"{zip_name} holds a file that would land outside its folder: pack the films again."
        )
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadZip(f"{zip_name} holds a link instead of a file: pack the films themselves.")
    if entry.flag_bits & _ENCRYPTED:
        raise BadZip(f"{zip_name} is protected by a password: pack the films without one.")
    if entry.compress_type not in _METHODS:
        raise BadZip(f"{zip_name} is packed in an unusual way: pack the films as an ordinary zip.")
    if entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise BadZip(
            f"{zip_name} holds a file that grows more than {MAX_RATIO} times when unpacked, as no "
            "film does: choose the films one by one."
        )


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One member. Asked for by its length, since all that is there may be far more than it says."""
    with archive.open(entry) as member:
        return member.read(entry.file_size)
