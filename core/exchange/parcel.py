"""A zip that is packed file by file, and knows the sum of each."""

import hashlib
import zipfile
import zlib
from datetime import datetime
from io import BytesIO

from core.film_zip import MAX_RATIO


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
        """Pack a file; returns its name."""
        entry = zipfile.ZipInfo(name, self._time)
        entry.create_system, entry.external_attr = 3, 0o644 << 16  # wherever this runs
        # A PNG is packed already; and what is nearly empty would be taken for a bomb.
        stored = name.endswith(".png") or MAX_RATIO / 2 * len(zlib.compress(data, 1)) < len(data)
        entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        # Pixels grow no smaller by trying harder.
        self._zip.writestr(entry, data, compresslevel=1 if name.endswith(".dcm") else None)
        self.members[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        return name

    def close(self) -> bytes:
        """The zip."""
        self._zip.close()
        return self._file.getvalue()
