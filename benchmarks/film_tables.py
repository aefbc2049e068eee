"""Tables of the validation films, to compare models on them: who belongs together, what is shown.

    python -m benchmarks.film_tables --data data

Writes `checkpoints/<task>/films.csv` for fracture and lesion from the packs' own tables: one row an
image that a published model's predictions name, its group (neighbouring films, pictures of one
lesion) and what the pack tells of it. No picture is read. Knees need no table: a film's name begins
with its patient.
"""

import argparse
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from core.archive import Archive
from core.film_packs import Pack
from core.labelled_pack import attributes_of
from core.models import catalogue

CONFIRMED = {
    "histo": "histology",
    "follow_up": "follow-up",
    "consensus": "consensus",
    "confocal": "confocal microscopy",
}
SPAN = 20  # years


def fracture_rows(path: Path) -> Iterator[dict[str, str]]:
    """Region, view and hardware of every film of the fracture pack."""
    for film in Pack(path).films:
        yield {"image": film.name, "group": film.group, **attributes_of(film.flags)}


def lesion_rows(path: Path) -> Iterator[dict[str, str]]:
    """Site, sex, age and how the diagnosis was confirmed, of every picture of the lesion pack."""
    table = Archive(path).read("labels.csv").decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(table)):
        yield {
            "image": row["image_id"],
            "group": row["lesion_id"],
            "Site": row["localization"],
            "Sex": row["sex"],
            "Age": _span(row["age"]),
            "Confirmed by": CONFIRMED.get(row["dx_type"], "unknown"),
        }


def _span(age: str) -> str:
    """A span of 20 years: "40 to 59"."""
    if not age:
        return "unknown"
    begin = int(float(age)) // SPAN * SPAN
    return f"{begin} to {begin + SPAN - 1}"


TABLES = {"fracture": fracture_rows, "lesion": lesion_rows}


def main() -> None:
    """Write both tables and say how many rows each has."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the packs' zips")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    arguments = parser.parse_args()
    for task, rows_of in TABLES.items():
        wanted = set()
        for card in catalogue(arguments.checkpoints, task):
            if card.predictions:
                with card.predictions.open(newline="", encoding="utf-8") as file:
                    wanted |= {row["image"] for row in csv.DictReader(file)}
        rows = [row for row in rows_of(arguments.data / f"{task}.zip") if row["image"] in wanted]
        path = arguments.checkpoints / task / "films.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(sorted(rows, key=lambda row: row["image"]))
        print(f"{path}: {len(rows)} rows, {len({row['group'] for row in rows})} groups")


if __name__ == "__main__":
    main()
