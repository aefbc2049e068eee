"""The files of a folder or a zip, read alike."""

import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


class BadPack(ValueError):
    """A data pack that cannot be used; the message says why and what to do."""


class Archive:
    """A folder or a zip of files. `members` are their sorted paths, with forward slashes.

    Files that are in memory already (path → bytes, as `core.film_zip.unpack` gives them) are given
    as `files`; `path` is then only what they are called. Raises BadPack when the path is neither a
    folder nor a zip.
    """

    def __init__(self, path: str | Path, files: Mapping[str, bytes] | None = None) -> None:
        self.path, self.files = Path(path), files
        if files is not None:
            self.members = sorted(files)
        elif self.path.is_dir():
            files = (file for file in self.path.rglob("*") if file.is_file())
            self.members = sorted(file.relative_to(self.path).as_posix() for file in files)
        elif zipfile.is_zipfile(self.path):
            with zipfile.ZipFile(self.path) as archive:
                self.members = sorted(n for n in archive.namelist() if not n.endswith("/"))
        else:
            raise BadPack(f"{self.path} is neither a folder nor a zip: give the path of a pack.")

    def read(self, member: str) -> bytes:
        """One file's bytes. Raises as `stream` does."""
        return next(self.stream([member]))

    def stream(self, members: Iterable[str]) -> Iterator[bytes]:
        """The bytes of several files in turn, opening a zip once. Raises OSError where one of them
        is gone or damaged."""
        if self.files is not None:
            yield from (self.files[member] for member in members)
            return
        if self.path.is_dir():
            for member in members:
                yield (self.path / member).read_bytes()
            return
        try:
            with zipfile.ZipFile(self.path) as archive:
                for member in members:
                    yield archive.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError) as error:
            raise OSError(f"{self.path} is damaged or has changed: pack it again.") from error
