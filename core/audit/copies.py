"""Pictures that stand there twice, and patients, on both sides of a split or with two labels."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from core.audit.findings import Finding, Item, Seen, Weight, finding, listed, many, pair_item, verb

INSIDE = " within one split"  # left out where there is none


def identical_across(seen: Seen) -> Finding | None:
    """Files of one content in two splits."""
    return _across(
        seen,
        seen.identical,
        "identical-across",
        "files that are the same byte for byte",
        "Delete the copies or put both into one split: a network is measured on what it learned "
        "by heart, and its score is too good.",
    )


def near_across(seen: Seen) -> Finding | None:
    """Pictures that look all but the same in two splits."""
    return _across(
        seen,
        seen.near,
        "near-across",
        "pictures that look all but the same",
        "Look at the pairs, and put each into one split: copies that were saved anew, or views a "
        "moment apart, make a score too good.",
    )


def groups_across(seen: Seen) -> Finding | None:
    """Patients, or other groups, with pictures in two splits."""
    splits: dict[str, set] = defaultdict(set)
    members: dict[str, list] = defaultdict(list)
    for fact in seen.facts:
        splits[fact.entry.group] |= {fact.entry.split} - {""}
        members[fact.entry.group].append(fact.entry)
    torn = sorted(group for group, found in splits.items() if len(found) > 1)
    items = []
    for group in torn:
        one = members[group][0]
        other = next(e for e in members[group] if e.split != one.split)
        note = f"group {group}: {len(members[group])} pictures in {listed(sorted(splits[group]))}"
        items.append(Item((one.name, other.name), note))
    return finding(
        "groups-across",
        Weight.STOPS,
        tuple(items),
        f"{many(items, 'group')} of pictures, as of one patient, "
        f"{verb(items, 'lies', 'lie')} in two splits, of {len(splits):,} groups.",
        "Keep all pictures of a patient in one split: they are alike, and the score is too good.",
    )


def identical_within(seen: Seen) -> Finding | None:
    """Files of one content in one split."""
    items = _within(seen, seen.identical)
    return finding(
        "identical",
        Weight.KNOW,
        items,
        f"{many(items, 'pair')} of files {verb(items, 'is', 'are')} the same byte for byte"
        f"{_inside(seen)}.",
        "Keep one of each: the others count twice.",
    )


def near_within(seen: Seen) -> Finding | None:
    """Pictures that look all but the same in one split."""
    items = _within(seen, seen.near)
    return finding(
        "near",
        Weight.KNOW,
        items,
        f"{many(items, 'pair')} of pictures {verb(items, 'looks', 'look')} all but the same"
        f"{_inside(seen)}.",
        "Look at them: they are copies that were saved anew, or views a moment apart, and belong "
        "into one split whenever it is drawn again.",
    )


def conflicts(seen: Seen) -> Finding | None:
    """One picture, two labels."""
    pairs = [*seen.identical, *seen.near]
    two = [p for p in pairs if len({e.label for e in seen.entries(p)} - {None}) == 2]
    items = tuple(pair_item(seen, pair) for pair in two)
    return finding(
        "conflicts",
        Weight.LOOK,
        items,
        f"{many(items, 'pair')} of the same picture {verb(items, 'has', 'have')} two labels.",
        "Ask who labelled them: one of the two is wrong, and a network would learn both.",
    )


def _across(seen: Seen, pairs, kind: str, what: str, advice: str) -> Finding | None:
    """Pairs of which one picture is learned from and the other is not. How many pictures of every
    other split that concerns is counted over all their copies, for of those only pairs with the
    first are given."""
    items = tuple(pair_item(seen, pair) for pair in pairs if _crosses(seen, pair))
    splits = [fact.entry.split for fact in seen.facts]
    held: Counter[str] = Counter()
    for cluster in _clusters(pairs):
        inside = [splits[at] for at in cluster if splits[at]]
        if len(set(inside)) > 1:
            held.update(inside)
    told = ", ".join(
        f"{held[split]:,} of the {splits.count(split):,} of {split}"
        for split in seen.listing.splits[1:]
        if held[split]
    )
    return finding(
        kind,
        Weight.STOPS,
        items,
        f"{many(items, 'pair')} of {what} {verb(items, 'lies', 'lie')} in two splits: {told}.",
        advice,
    )


def _crosses(seen: Seen, pair: tuple[int, int]) -> bool:
    one, other = (entry.split for entry in seen.entries(pair))
    return bool(one and other and one != other)


def _clusters(pairs: Sequence[tuple[int, int]]) -> list[set[int]]:
    """The indices that pairs join, directly or by others."""
    of: dict[int, set[int]] = {}
    for one, other in pairs:
        joined = of.get(one, {one}) | of.get(other, {other})
        of |= dict.fromkeys(joined, joined)
    return list({id(cluster): cluster for cluster in of.values()}.values())


def _within(seen: Seen, pairs) -> tuple[Item, ...]:
    return tuple(pair_item(seen, pair) for pair in pairs if not _crosses(seen, pair))


def _inside(seen: Seen) -> str:
    return INSIDE if len(seen.listing.splits) > 1 else ""
