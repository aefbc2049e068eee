"""The audit itself: every picture once, then all that was seen against every check."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.archive import Archive
from core.audit.checks import CHECKS, Check
from core.audit.confounds import Confound, confounds
from core.audit.copies import INSIDE
from core.audit.duplicates import Print, identical_pairs, near_pairs
from core.audit.facts import Facts, look
from core.audit.findings import Finding, Seen, Weight
from core.audit.intake import GONE
from core.audit.layouts import Listing
from core.images import BadImage

REASONS = {
    "labels": "no picture has a label",
    "splits": "there is no split into pictures to learn from and to measure on",
    "groups": "nothing tells which pictures are of one patient",
    "films": "no picture is in grey, as a radiograph is",
    "classes": "no two classes have five groups of pictures each",
}


@dataclass(frozen=True)
class Audit:
    """The result; no file of the listing is open any more.

    clean: what was looked for and not found, in sentences; skipped: what was not looked for, and
    why. counts: split → label → pictures.
    """

    listing: Listing
    facts: tuple[Facts, ...]
    findings: tuple[Finding, ...]
    clean: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    confounds: tuple[Confound, ...]
    counts: dict[str, Counter]
    unreadable: int

    def of(self, weight: Weight) -> list[Finding]:
        """The findings of one weight."""
        return [finding for finding in self.findings if finding.weight == weight]


def audit(listing: Listing, told: Callable[[int, int], None] = lambda done, of: None) -> Audit:
    """Look at every picture of a listing. `told` hears how many of how many are done."""
    facts: list[Facts] = []
    prints: list[Print] = []
    unreadable: list[tuple[str, str]] = []
    for done, entry in enumerate(listing.entries):
        told(done, len(listing.entries))
        try:
            seen, known_by = look(entry, _read(listing, entry.member))
        except BadImage as error:
            unreadable.append((entry.name, error.reason))
            continue
        facts.append(seen)
        prints.append(known_by)
    told(len(listing.entries), len(listing.entries))
    identical = identical_pairs([fact.sha256 for fact in facts])
    copies = {fact.sha256: index for index, fact in reversed(list(enumerate(facts)))}
    same = set(identical)
    near = [
        pair
        for pair in near_pairs(prints)
        # A copy of a picture resembles what that resembles: told once is enough.
        if pair not in same and all(copies[facts[at].sha256] == at for at in pair)
    ]
    found = Seen(listing, facts, unreadable, identical, near, confounds(facts, listing.classes))
    return _judged(found)


def _read(listing: Listing, member: str) -> bytes:
    try:
        return listing.archive.read(member)
    except OSError:
        raise BadImage(GONE) from None


def _judged(seen: Seen) -> Audit:
    findings, clean, skipped = [], [], []
    lacking = _lacking(seen)
    for check in CHECKS:
        if reason := _why_not(check, lacking):
            skipped.append((check.title, reason))
        elif finding := check.find(seen):
            findings.append(finding)
        else:
            clean.append(check.clean.replace(INSIDE, "" if "splits" in lacking else INSIDE))
    order = list(Weight)
    findings.sort(key=lambda finding: order.index(finding.weight))
    closed = replace(seen.listing, archive=Archive(seen.listing.archive.path, {}))
    return Audit(
        closed,
        tuple(seen.facts),
        tuple(findings),
        tuple(clean),
        tuple(skipped),
        tuple(seen.confounds),
        seen.counts,
        len(seen.unreadable),
    )


def _lacking(seen: Seen) -> set[str]:
    """What checks need and this set has not."""
    groups = Counter(fact.entry.group for fact in seen.facts)
    lacks = {
        "labels": not seen.counts,
        "splits": len(seen.listing.splits) < 2,
        "groups": max(groups.values(), default=0) < 2,
        "films": all(fact.colour for fact in seen.facts),
        "classes": not seen.confounds,
    }
    return {need for need, missing in lacks.items() if missing}


def _why_not(check: Check, lacking: set[str]) -> str:
    return next((REASONS[need] for need in check.needs if need in lacking), "")
