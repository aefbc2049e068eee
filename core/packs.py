"""Real films out of the validation splits of the packs, where a pack is at hand."""

import csv
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PackFilm:
    """One labelled film of a pack: `member` is its path inside the zip or folder.

    `label` is 1 for fractured and 0 for not, or the grade of a knee.
    """

    name: str
    pack: Path
    member: str
    label: int

    def data(self) -> bytes:
        """The bytes of the film's file. Raises OSError when the pack is gone or damaged."""
        try:
            return _read(self.pack, self.member)
        except (KeyError, zipfile.BadZipFile) as error:
            raise OSError(f"{self.pack.name} does not hold {self.member}") from error


def fracture_films(data: Path, count: int = 12) -> list[PackFilm]:
    """About `count` films of the val split, evenly spread, half of them fractured, by name.

    The pack is `data/fracture.zip` or the folder `data/fracture`; without a readable one the list
    is empty.
    """
    films = [film for film, _ in _fracture_val(data)]
    broken, whole = ([f for f in films if f.label == kind] for kind in (1, 0))
    chosen = _spread(broken, count // 2) + _spread(whole, count // 2)
    return sorted(chosen, key=lambda film: film.name)


def hardware_films(data: Path) -> list[PackFilm]:
    """The films of the same split that carry hardware, by name; empty without a readable pack."""
    films = [film for film, row in _fracture_val(data) if row.get("hardware") == "1"]
    return sorted(films, key=lambda film: film.name)


def _fracture_val(data: Path) -> list[tuple[PackFilm, dict[str, str]]]:
    """The val films of the fracture pack, each with its row of the manifest."""
    pack = at_hand(data, "fracture")
    if pack is None:
        return []
    try:
        members = _members(pack)
        manifest = next(member for member in members.values() if member.endswith("manifest.csv"))
        rows = csv.DictReader(io.StringIO(_read(pack, manifest).decode("utf-8-sig")))
        return [
            (PackFilm(name, pack, members[name], int(row["fractured"] == "1")), row)
            for row in rows
            if row["split"] == "val" and (name := row["image_id"]) in members
        ]
    except (OSError, KeyError, StopIteration, UnicodeDecodeError, zipfile.BadZipFile):
        return []


def knee_films(data: Path, each: int = 2) -> list[PackFilm]:
    """Up to `each` films of every grade of the val split, evenly spread, by grade and name.

    The pack is `data/knee.zip` or the folder `data/knee`, with `val/0` to `val/4` in it; without a
    readable one the list is empty.
    """
    pack = at_hand(data, "knee")
    if pack is None:
        return []
    try:
        members = sorted(_paths(pack))
    except (OSError, zipfile.BadZipFile):
        return []
    chosen = []
    for grade in range(5):
        films = [
            PackFilm(member.rpartition("/")[2], pack, member, grade)
            for member in members
            if f"/val/{grade}/" in f"/{member}"
        ]
        chosen += _spread(films, each)
    return chosen


def at_hand(data: Path, name: str) -> Path | None:
    """The pack of this name in the folder `data`, a zip or a folder, or None."""
    return next((p for p in (data / f"{name}.zip", data / name) if p.exists()), None)


def _spread(films: list[PackFilm], count: int) -> list[PackFilm]:
    return films[:: max(1, len(films) // count)][:count]


def _members(pack: Path) -> dict[str, str]:
    """File name → path inside the pack."""
    return {path.rpartition("/")[2]: path for path in _paths(pack)}


def _paths(pack: Path) -> list[str]:
    if pack.is_dir():
        return [path.relative_to(pack).as_posix() for path in pack.rglob("*") if path.is_file()]
    with zipfile.ZipFile(pack) as archive:
        return [name for name in archive.namelist() if not name.endswith("/")]


def _read(pack: Path, member: str) -> bytes:
    if pack.is_dir():
        return (pack / member).read_bytes()
    with zipfile.ZipFile(pack) as archive:
        return archive.read(member)
