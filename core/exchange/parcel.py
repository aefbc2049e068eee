"""A zip that is packed file by file, in memory, and knows the sum of each."""

import hashlib
import zipfile
import zlib
from datetime import datetime
from io import BytesIO

from core.film_zip import MAX_RATIO

MAX_PARCEL = 256 * 2**20  # bytes, as it lies in memory whole
_PIECE, _PIECES = 2**16, 16  # of a file, to tell by how far it shrinks


class Parcel:
    """The same files packed at the same time are the same bytes.

    members: of every file, by its name, how many "bytes" it has and their "sha256".
    """

    def __init__(self, now: datetime) -> None:
        self.members: dict[str, dict] = {}
        self._file = BytesIO()
        self._zip = zipfile.ZipFile(self._file, "w")
        self._time = now.timetuple()[:6]

    def add(self, name: str, data: bytes) -> str:
        """Pack a file; returns its name. Raises ValueError, one sentence, where the zip is too
        large with it."""
        entry = zipfile.ZipInfo(name, self._time)
        entry.create_system, entry.external_attr = 3, 0o644 << 16  # wherever this runs
        # A PNG is packed already; and what is nearly empty would be taken for a bomb.
        sample = _sample(data)
        empty = MAX_RATIO / 2 * len(zlib.compress(sample, 1)) < len(sample)
        stored = name.endswith(".png") or empty
        entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        # Pixels grow no smaller by trying harder.
        self._zip.writestr(entry, data, compresslevel=1 if name.endswith(".dcm") else None)
        if self._file.tell() > MAX_PARCEL:
            self._zip.close()
            raise ValueError(
                f"This would be a zip of more than {MAX_PARCEL // 2**20} MB: leave out the films, "
                "or some formats."
            )
        self.members[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return name

    def close(self) -> bytes:
        """The zip."""
        self._zip.close()
        return self._file.getvalue()


def _sample(data: bytes) -> bytes:
    """A megabyte from all over a file, or all of a smaller one."""
    if len(data) <= _PIECE * _PIECES:
        return data
    return b"".join(data[at : at + _PIECE] for at in range(0, len(data), len(data) // _PIECES))
