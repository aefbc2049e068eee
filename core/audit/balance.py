"""Labels that are unknown, missing, rare, in a large majority, or unequal in the splits."""

from collections import Counter

import numpy as np

from core.audit.association import chance
from core.audit.findings import Finding, Item, Seen, Weight, finding, first, listed, many, verb

LOPSIDED = 2 / 3  # share of the most frequent class, from which accuracy misleads
FEW = 30  # pictures of a class in a split that is measured on
SHIFT = 0.1  # difference of a class's share between splits
CHANCE = 0.01  # that a class is told to differ though none does
MEASURED_ON = ("val", "test", "auto_test")


def unknown_labels(seen: Seen) -> Finding | None:
    """Labels that name no class of the layout, and pictures without any."""
    unknown = {label or "no folder": n for label, n in (seen.listing.unknown or {}).items()}
    items = tuple(Item((), f"{label}: {n:,}") for label, n in sorted(unknown.items()))
    named = listed(first([f"“{label}” ({n:,})" for label, n in sorted(unknown.items())]))
    return finding(
        "unknown-labels",
        Weight.LOOK,
        items,
        f"{sum(unknown.values()):,} of {len(seen.listing.entries):,} pictures have no label that "
        f"is known here: {named}.",
        f"Known are {listed(seen.listing.classes)}: name the others so, or leave them out.",
    )


def missing_class(seen: Seen) -> Finding | None:
    """Classes without a picture, at all or in one split."""
    everywhere = seen.everywhere
    items = [Item((), f"{c} everywhere") for c in seen.listing.classes if not everywhere[c]]
    for split in seen.listing.splits:
        of_split = seen.counts.get(split, Counter())
        items += [Item((), f"{c} in {split}") for c in everywhere if not of_split[c]]
    worthless = len(everywhere) < 2 or bool(seen.listing.splits)
    return finding(
        "missing-class",
        Weight.STOPS if worthless else Weight.LOOK,
        tuple(items),
        f"Classes are missing: {listed(first([item.note for item in items]))}.",
        "Bring pictures of them: what is not there is neither learned nor measured.",
    )


def lopsided(seen: Seen) -> Finding | None:
    """One class in a large majority."""
    everywhere = seen.everywhere
    label, most = max(everywhere.items(), key=lambda one: one[1])
    n = sum(everywhere.values())
    if most < LOPSIDED * n or len(everywhere) < 2:
        return None
    return Finding(
        "lopsided",
        Weight.KNOW,
        f"{most:,} of {n:,} labelled pictures are “{label}”, so that to answer so every time, "
        f"without looking, is right in {100 * most / n:.0f} %.",
        "Measure balanced accuracy, or sensitivity and specificity, beside plain accuracy.",
        tuple(Item((), f"{count:,} {name}") for name, count in everywhere.most_common()),
    )


def shifted(seen: Seen) -> Finding | None:
    """A class whose share differs between splits."""
    shares = {
        split: {c: of_split[c] / of_split.total() for c in seen.listing.classes}
        for split in seen.listing.splits
        if (of_split := seen.counts.get(split, Counter())).total() >= FEW
    }
    items = []
    for label in seen.listing.classes:
        found = {split: of_split[label] for split, of_split in shares.items()}
        far = found and max(found.values()) - min(found.values()) > SHIFT
        if far and _more_than_chance(seen, label, found):
            told = ", ".join(f"{100 * share:.0f} % of {split}" for split, share in found.items())
            items.append(Item((), f"{label}: {told}"))
    return finding(
        "shifted",
        Weight.KNOW,
        tuple(items),
        f"{many(items, 'class', 'classes')} {verb(items, 'is', 'are')} not equally frequent in "
        f"the splits: {'; '.join(first([item.note for item in items]))}.",
        "Draw the split again with equal shares, or say that probabilities are not calibrated for "
        "the split they are measured on.",
    )


def few(seen: Seen) -> Finding | None:
    """Classes with few pictures to measure on."""
    splits = [s for s in seen.listing.splits if s in MEASURED_ON] or list(seen.counts)
    items = tuple(
        Item((), f"{n:,} {label}" + (f" in {split}" if split else ""))
        for split in splits
        for label, n in sorted(seen.counts.get(split, {}).items())
        if n < FEW
    )
    return finding(
        "few",
        Weight.KNOW,
        items,
        f"Few pictures to measure on: {listed(first([item.note for item in items]))}.",
        f"With {FEW} pictures of a class its sensitivity is uncertain by up to 17 points either "
        "way, with fewer by more: give every number its interval.",
    )


def _more_than_chance(seen: Seen, label: str, splits) -> bool:
    """Whether a label is more frequent in one split than in another, by one picture of every group,
    so that no patient counts twice."""
    labels: dict[tuple[str, str], str] = {}
    for entry in (fact.entry for fact in seen.facts if fact.entry.label is not None):
        labels.setdefault((entry.split, entry.group), entry.label)
    table = np.zeros((2, len(splits)), int)
    for at, split in enumerate(splits):
        shown = [found == label for (where, _), found in labels.items() if where == split]
        table[:, at] = sum(shown), len(shown) - sum(shown)
    level = CHANCE / len(seen.listing.classes)
    return chance(table, level) <= level
