"""A report says everything, shows only the pictures it is given, and runs nothing from outside."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.audit import Weight, audit, list_pictures
from core.audit.__main__ import main
from core.audit.report import as_html, as_json, as_rows
from tests.core.test_audit import film, png

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def result():
    """Labels, a conflict, and a file whose name is code."""
    films = [png(film(seed)) for seed in range(5)]
    files = {f"fractured/{at}.png": data for at, data in enumerate(films)}
    files |= {"normal/copy.png": films[0], f"unsure/{EVIL.replace('/', '')}.png": films[0]}
    return audit(list_pictures(Path("=pack.zip"), files | {"normal/torn.png": films[1][:99]}))


def test_html_stands_alone_and_is_well_formed(result):
    page = as_html(result, {}, "1 May 2026").decode()
    seen = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            seen.append((tag, dict(attributes)))

    Reader().feed(page)
    tags = {tag for tag, _ in seen}
    assert not tags & {"script", "link", "iframe", "img"}
    assert not re.search(r"https?://", page)
    for finding in result.findings:
        assert finding.sentence in page.replace("&lt;", "<").replace("&gt;", ">")
    assert all(weight in page for weight in Weight)
    assert "Not looked for" in page and "Looked for and not found" in page


def test_html_shows_the_pictures_it_is_given_and_no_others(result):
    conflict = next(f for f in result.findings if f.kind == "conflicts")
    one, other = conflict.items[0].names
    page = as_html(result, {one: b"JPEG one", other: b"JPEG two"}, "today").decode()
    assert page.count("data:image/jpeg;base64,") == 2 * sum(
        (one, other) == i.names for f in result.findings for i in f.items
    ) + sum((one in i.names) != (other in i.names) for f in result.findings for i in f.items)
    assert all(f'alt="{name}"' in page for name in (one, other))


def test_json_holds_every_case(result):
    told = json.loads(as_json(result))
    assert told["source"] == "=pack.zip" and told["pictures"] == 8 and told["unreadable"] == 1
    assert [f["kind"] for f in told["findings"]] == [f.kind for f in result.findings]
    assert told["findings"][0]["cases"]
    assert told["counts"] == {"all": {"fractured": 5, "not fractured": 1}}


def test_rows_are_one_a_case(result):
    rows = as_rows(result)
    assert len(rows) == sum(max(1, len(f.items)) for f in result.findings)
    assert {"conflicts", "unreadable", "unknown-labels"} <= {row["finding"] for row in rows}


@pytest.mark.parametrize("ending", ["html", "json"])
def test_the_command_line_writes_a_report(tmp_path, monkeypatch, capsys, ending):
    (tmp_path / "films").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "films" / name).write_bytes(png(film(1)))
    out = tmp_path / f"report.{ending}"
    monkeypatch.setattr("sys.argv", ["audit", str(tmp_path / "films"), "--out", str(out)])
    assert main() == 0
    assert "same byte for byte" in capsys.readouterr().out
    assert b"same byte for byte" in out.read_bytes()


def test_the_command_line_says_what_it_cannot_audit(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["audit", str(tmp_path)])
    assert main() == 1
    assert "holds no picture" in capsys.readouterr().err
