"""What is brought to be audited, opened: a folder, a zip on the disk or in memory, loose files.

A zip is read file by file and is never unpacked as a whole.
"""

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from itertools import chain, count
from pathlib import Path, PurePosixPath

from core.archive import BadPack
from core.images import BadImage
from core.intake import MAX_BYTES

TORN = "This file is damaged inside the zip: pack it again."
GONE = "This file cannot be opened any more: look whether it is still there."


class Zipped(Mapping[str, bytes]):
    """The files of a zip, path → bytes, read when they are asked for. Raises BadPack for what is
    no zip; BadImage, when asked, for a file that is damaged in it."""

    def __init__(self, zip_file: Path | bytes, name: str) -> None:
        try:
            file = BytesIO(zip_file) if isinstance(zip_file, bytes) else zip_file
            self._zip = zipfile.ZipFile(file)
        except Exception:  # a broken zip makes the library stumble in many ways
            raise BadPack(f"{name} is damaged or no zip: pack the films again.") from None
        self._entries = {e.filename: e for e in self._zip.infolist() if not e.is_dir()}

    def __getitem__(self, member: str) -> bytes:
        entry = self._entries[member]
        if entry.file_size > MAX_BYTES:
            raise BadImage(f"This file has more than {MAX_BYTES // 2**20} MB: export it smaller.")
        try:
            # Asked for by its length, since all that is there may be far more than it says.
            with self._zip.open(entry) as file:
                return file.read(entry.file_size)
        except Exception:  # as above
            raise BadImage(TORN) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Loose(Mapping[str, bytes]):
    """Files that were chosen one by one, or with their folders, by path as a table may name them;
    of two that are called alike the later is numbered."""

    def __init__(self, files: Sequence[tuple[str, Callable[[], bytes]]]) -> None:
        self._loads: dict[str, Callable[[], bytes]] = {}
        for given, load in files:
            parts = [part for part in re.split(r"[/\\]", given) if part.strip(". ")]
            self._loads[self._free("/".join(parts) or "image")] = load

    def _free(self, path: str) -> str:
        """The path, numbered where another file has it."""
        wanted = PurePosixPath(path)
        numbered = (str(wanted.with_stem(f"{wanted.stem} ({number})")) for number in count(2))
        return next(each for each in chain([path], numbered) if each not in self._loads)

    def __getitem__(self, member: str) -> bytes:
        return self._loads[member]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._loads)

    def __len__(self) -> int:
        return len(self._loads)


def files_of(path: Path) -> Mapping[str, bytes] | None:
    """The files of a zip on the disk; None of a folder, which `core.archive` reads itself."""
    return None if path.is_dir() else Zipped(path, path.name)
