"""Real films out of the fracture pack's validation split, where the pack is at hand."""

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PackFilm:
    """One labelled film of a pack: `member` is its path inside the zip or folder."""

    name: str
    pack: Path
    member: str
    fractured: bool

    def data(self) -> bytes:
        """The bytes of the film's file. Raises OSError when the pack is gone or damaged."""
        try:
            return _read(self.pack, self.member)
        except (KeyError, zipfile.BadZipFile) as error:
            raise OSError(f"{self.pack.name} does not hold {self.member}") from error


def validation_films(data: Path, count: int = 12) -> list[PackFilm]:
    """About `count` films of the val split, evenly spread, half of them fractured, by name.

    The pack is `data/fracture.zip` or the folder `data/fracture`; without a readable one the list
    is empty.
    """
    pack = next((p for p in (data / "fracture.zip", data / "fracture") if p.exists()), None)
    if pack is None:
        return []
    try:
        members = _members(pack)
        manifest = next(member for member in members.values() if member.endswith("manifest.csv"))
        rows = csv.DictReader(io.StringIO(_read(pack, manifest).decode("utf-8-sig")))
        films = [
            PackFilm(row["image_id"], pack, members[row["image_id"]], row["fractured"] == "1")
            for row in rows
            if row["split"] == "val" and row["image_id"] in members
        ]
    except (OSError, KeyError, StopIteration, UnicodeDecodeError, zipfile.BadZipFile):
        return []
    broken, whole = ([f for f in films if f.fractured is kind] for kind in (True, False))
    chosen = _spread(broken, count // 2) + _spread(whole, count // 2)
    return sorted(chosen, key=lambda film: film.name)


def _spread(films: list[PackFilm], count: int) -> list[PackFilm]:
    return films[:: max(1, len(films) // count)][:count]


def _members(pack: Path) -> dict[str, str]:
    """File name → path inside the pack."""
    if pack.is_dir():
        paths = [path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_file()]
    else:
        with zipfile.ZipFile(pack) as archive:
            paths = archive.namelist()
    return {path.rpartition("/")[2]: path for path in paths}


def _read(pack: Path, member: str) -> bytes:
    if pack.is_dir():
        return (pack / member).read_bytes()
    with zipfile.ZipFile(pack) as archive:
        return archive.read(member)
