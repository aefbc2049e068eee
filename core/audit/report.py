"""An audit written down: HTML to print or send, JSON and rows of a table for programs."""

import json
from base64 import b64encode
from collections.abc import Mapping
from html import escape

from core.audit.confounds import Confound
from core.audit.examples import MOST
from core.audit.findings import Finding, Item, Weight
from core.audit.run import Audit

MARKS = {Weight.STOPS: "■", Weight.LOOK: "▲", Weight.KNOW: "●"}  # told apart without colour
LISTED = 40  # cases that the HTML names of one finding
STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #0f1113; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; } p { margin: .3rem 0; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .9rem; }
th, td { border: 1px solid #d3d6d9; padding: .2rem .6rem; text-align: left; }
.quiet { color: #565b60; font-size: .9rem; }
.finding { border-left: 4px solid #0b6e7a; padding-left: .9rem; margin: 1rem 0;
  break-inside: avoid; }
.cases { display: flex; flex-wrap: wrap; gap: .8rem; }
figure { margin: .4rem 0; border: 1px solid #d3d6d9; padding: .4rem; max-width: 29rem;
  break-inside: avoid; }
figure img { height: 9rem; margin-right: .3rem; background: #000; }
figcaption { font-size: .8rem; overflow-wrap: anywhere; }
li { overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } }
"""
NOTES = (
    "Copies are files with one SHA-256. Near-copies differ in at most 12 of 256 bits of a "
    "difference hash, correlate by more than .985 at 32 by 32 pixels and by more than .75 in fine "
    "detail at 96 by 96; mirrored, turned or cropped copies are not found.",
    "Negatives, blur and exposure are judged on pictures in grey alone, by bounds set on a "
    "validation set of 603 bone radiographs (FracAtlas).",
    "What gives a label away: the AUROC of one property for one label against all others, with a "
    "95 % interval (Newcombe 2006, method 5) that counts groups instead of pictures; for kinds, "
    "Cramér's V corrected for bias (Bergsma 2013) with a permutation test on one picture of every "
    "group. A finding needs AUROC .6 or V .2, and more than chance at 5 % shared among all "
    "questions (Bonferroni); from AUROC .8 or V .6 it stops a score.",
)


def as_json(result: Audit) -> bytes:
    """Everything that was found, with every case."""
    listing = result.listing
    told = {
        "source": listing.name,
        "read_as": listing.layout,
        "pictures": len(listing.entries),
        "unreadable": result.unreadable,
        "counts": {split or "all": dict(counts) for split, counts in result.counts.items()},
        "findings": [
            {
                "kind": finding.kind,
                "weight": finding.weight,
                "sentence": finding.sentence,
                "advice": finding.advice,
                "cases": [{"pictures": item.names, "note": item.note} for item in finding.items],
            }
            for finding in result.findings
        ],
        "not_found": result.clean,
        "not_looked_for": dict(result.skipped),
        "properties": [
            {
                "property": found.property.title,
                "measure": found.measure,
                "label": found.label,
                "value": round(found.value, 4),
                "interval": found.low is not None and [round(found.low, 4), round(found.high, 4)],
                "p": found.p,
                "pictures": found.n,
                "groups": found.groups,
                "more_than_chance": bool(found.sure),
            }
            for found in result.confounds
        ],
        "how": NOTES,
    }
    return json.dumps(told, indent=1, ensure_ascii=False).encode()


def as_rows(result: Audit) -> list[dict[str, str]]:
    """A row a case, for a CSV; a finding without cases has one row."""
    return [
        {
            "finding": finding.kind,
            "weight": str(finding.weight),
            "picture": item.names[0] if item.names else "",
            "other picture": item.names[1] if len(item.names) > 1 else "",
            "note": item.note,
            "sentence": finding.sentence,
        }
        for finding in result.findings
        for item in finding.items or (Item(()),)
    ] or [dict.fromkeys(("finding", "weight", "picture", "other picture", "note", "sentence"), "")]


def as_html(result: Audit, pictures: Mapping[str, bytes], made: str) -> bytes:
    """A page of its own, without scripts and without anything fetched.

    pictures: name → JPEG, shown beside the cases; made: when, in words.
    """
    listing = result.listing
    n = len(listing.entries)
    body = [
        f"<h1>Audit of {escape(listing.name)}</h1>",
        f'<p class="quiet">{n:,} pictures, {result.unreadable:,} of them unreadable; read as '
        f"{escape(listing.layout)}. Made by Lightbox on {escape(made)}, for research and teaching "
        "alone.</p>",
    ]
    for weight in Weight:
        findings = result.of(weight)
        body.append(f"<h2>{MARKS[weight]} {weight}: {len(findings) or 'nothing'}</h2>")
        body += [_finding(finding, pictures) for finding in findings]
    body += [*_balance(result), *_properties(result.confounds)]
    body.append("<h2>Looked for and not found</h2>")
    body.append(_list(result.clean))
    if result.skipped:
        body.append("<h2>Not looked for</h2>")
        body.append(
            _list(
                [
                    f"{', '.join(titles).capitalize()}: {reason}."
                    for reason, titles in not_looked_for(result)
                ]
            )
        )
    body += ["<h2>How it was judged</h2>", _list(NOTES)]
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Audit of {escape(listing.name)}</title><style>{STYLE}</style></head><body>"
    )
    return "\n".join([head, *body, "</body></html>"]).encode()


def not_looked_for(result: Audit) -> list[tuple[str, list[str]]]:
    """(reason, what was not looked for because of it)."""
    reasons: dict[str, list[str]] = {}
    for title, reason in result.skipped:
        reasons.setdefault(reason, []).append(title.lower())
    return list(reasons.items())


def _finding(finding: Finding, pictures: Mapping[str, bytes]) -> str:
    shown = [item for item in finding.items[:MOST] if any(n in pictures for n in item.names)]
    figures = "".join(_figure(item, pictures) for item in shown)
    told = (i for i in finding.items if i.names or i.note not in finding.sentence)
    rest = [item for item in told if item not in shown]
    named = [_case(item) for item in rest[:LISTED]]
    more = len(rest) - len(named)
    if more:
        named.append(f"and {more:,} more, which the JSON and CSV files name")
    return (
        f'<div class="finding"><h3>{escape(finding.sentence)}</h3><p>{escape(finding.advice)}</p>'
        f'<div class="cases">{figures}</div>{_list(named)}</div>'
    )


def _figure(item: Item, pictures: Mapping[str, bytes]) -> str:
    images = "".join(
        f'<img alt="{escape(name)}" src="data:image/jpeg;base64,'
        f'{b64encode(pictures[name]).decode()}">'
        for name in item.names
        if name in pictures
    )
    return f"<figure>{images}<figcaption>{escape(_case(item))}</figcaption></figure>"


def _case(item: Item) -> str:
    return ": ".join(filter(None, [" and ".join(item.names), item.note]))


def _balance(result: Audit) -> list[str]:
    """A row a split, a column a class."""
    classes = list(result.listing.classes)
    classes = [c for c in classes if any(counts[c] for counts in result.counts.values())]
    if not classes:
        return []
    rows = [
        [split or "all", *(f"{counts[c]:,}" for c in classes), f"{counts.total():,}"]
        for split, counts in result.counts.items()
    ]
    return ["<h2>Pictures of each class</h2>", _table(["Split", *classes, "All"], rows)]


def _properties(found: tuple[Confound, ...]) -> list[str]:
    if not found:
        return []
    headings = ["Property", "Label", "Measure", "Value", "95 % interval or p", "n", "Sure"]
    rows = [
        [
            each.property.title,
            each.label or "all",
            "Cramér's V" if each.measure == "V" else each.measure,
            f"{each.value:.3f}",
            f"p {each.p:.4f}" if each.low is None else f"{each.low:.3f} to {each.high:.3f}",
            f"{sum(each.n):,}",
            "yes" if each.sure else "no",
        ]
        for each in found
    ]
    return ["<h2>How well each property tells a label</h2>", _table(headings, rows)]


def _table(headings: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _list(lines) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>" if lines else ""
