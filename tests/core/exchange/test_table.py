"""Tables of regions open in spreadsheets without running anything, and come back as they were."""

import csv
import io

import pytest

from core.exchange.table import COLUMNS, read, write

ROW = dict.fromkeys(COLUMNS, "")


def cells(data: bytes) -> dict:
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return row


@pytest.mark.parametrize(
    "text, written",
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("'=1", "''=1"),
        ("'a", "'a"),
        ("", ""),
        ('Zoë, “a”;\r\n"b"', 'Zoë, “a”;\r\n"b"'),
    ],
)
def test_u7_no_cell_is_a_formula_and_all_are_read_back(text, written):
    data = write([{**ROW, "comment": text, "rle": text}])
    assert cells(data)["comment"] == cells(data)["rle"] == written
    (row,) = read(data)
    assert row["comment"] == row["rle"] == text


def test_run_lengths_longer_than_pythons_reader_takes_come_back():
    (row,) = read(write([{**ROW, "rle": "0" * 200_000}]))
    assert len(row["rle"]) == 200_000


def test_numbers_are_left_as_they_are():
    assert cells(write([{**ROW, "x0": -1, "area_mm2": None}]))["x0"] == "-1"


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2\n", b"film_sha256\n\xff\xfe", b"film_sha256,a\n1\n"]
)
def test_other_tables_are_refused(data):
    with pytest.raises(ValueError):
        read(data)
