"""Audit a folder or zip from the command line:

python -m core.audit data/knee.zip --out report.html
"""

import argparse
import sys
from datetime import date
from pathlib import Path

from core.archive import BadPack
from core.audit.examples import thumbnails
from core.audit.layouts import list_pictures
from core.audit.report import MARKS, as_html, as_json
from core.audit.run import audit


def main() -> int:
    """Print the findings and write the report; the exit status is 1 when the audit cannot be."""
    parser = argparse.ArgumentParser(prog="python -m core.audit", description=__doc__)
    parser.add_argument("data", type=Path, help="a folder or a zip of films")
    parser.add_argument("--out", type=Path, help="the report: report.html or report.json")
    parser.add_argument("--pictures", action="store_true", help="with thumbnails in the HTML")
    parser.add_argument("--folder-labels", action="store_true", help="names of folders are labels")
    given = parser.parse_args()
    if given.out and given.out.suffix not in (".html", ".json"):
        parser.error("--out must end in .html or .json")
    try:
        listing = list_pictures(given.data, folder_labels=given.folder_labels)
    except (BadPack, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    result = audit(listing, _tell)
    print(f"{len(listing.entries):,} pictures, read as {listing.layout}")
    for finding in result.findings:
        print(f"{MARKS[finding.weight]} {finding.weight}: {finding.sentence} {finding.advice}")
    if given.out and given.out.suffix == ".json":
        given.out.write_bytes(as_json(result))
    elif given.out:
        pictures = thumbnails(listing, result) if given.pictures else {}
        given.out.write_bytes(as_html(result, pictures, f"{date.today():%d %B %Y}"))
    return 0


def _tell(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done:,} of {of:,}", end="" if done < of else "\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
