"""Annotations as a table for spreadsheets: a row a region, with size, place and run lengths."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO, StringIO

COLUMNS = (
    *("film", "film_sha256", "width", "height", "reader", "verified", "status", "revision"),
    *("saved_at", "blind", "nothing", "comment", "region", "label", "source"),
    *("area_px", "area_mm2", "x0", "y0", "x1", "y1", "rle"),
)
_FORMULA = re.compile("'*[=+\\-@\t\r]")
_PREFIXED = re.compile("'+[=+\\-@\t\r]")


def write(rows: Iterable[Mapping[str, object]]) -> bytes:
    """A CSV file of rows with COLUMNS, in UTF-8 with its mark, which spreadsheets need.

    Text that a spreadsheet would take for a formula is prefixed by an apostrophe.
    """
    file = StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return file.getvalue().encode("utf-8-sig")


def read(data: bytes) -> list[dict[str, str]]:
    """The rows of a table that `write` wrote, all cells as text, prefixes taken off.

    Raises ValueError for a file that is no such table.
    """
    import pandas as pd  # Python's own reader refuses cells as long as run lengths are

    table = pd.read_csv(BytesIO(data), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    missing = {"film_sha256", "label", "rle"} - set(table.columns)
    if missing:
        raise ValueError(f"no column {', '.join(sorted(missing))}")
    rows: Sequence[dict] = table.to_dict("records")
    return [{str(name): _plain(str(value)) for name, value in row.items()} for row in rows]


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _plain(value: str) -> str:
    return value[1:] if _PREFIXED.match(value) else value
