"""Pictures that stand there twice, and patients, on both sides of a split or with two labels."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from operator import attrgetter

from core.audit.facts import Entry
from core.audit.findings import Finding, Item, Seen, Weight, finding, listed, many, pair_item, verb

INSIDE = " within one split"  # left out where there is none
Pair = tuple[int, int]  # indices of `Seen.facts`
Told = Callable[[Entry], str | None]  # of a picture: its split or label, nothing where unknown
SPLIT, LABEL = attrgetter("split"), attrgetter("label")


def identical_across(seen: Seen) -> Finding | None:
    """Files of one content in two splits."""
    return _across(
        seen,
        _identical(seen, SPLIT),
        "identical-across",
        "files that are the same byte for byte",
        "Delete the copies or put both into one split: a network is measured on what it learned "
        "by heart, and its score is too good.",
    )


def near_across(seen: Seen) -> Finding | None:
    """Pictures that look all but the same in two splits."""
    return _across(
        seen,
        _near(seen, SPLIT),
        "near-across",
        "pictures that look all but the same",
        "Look at the pairs, and put each into one split: copies that were saved anew, or views a "
        "moment apart, make a score too good.",
    )


def groups_across(seen: Seen) -> Finding | None:
    """Patients, or other groups, with pictures in two splits."""
    splits: dict[str, set] = defaultdict(set)
    members: dict[str, list] = defaultdict(list)
    for entry in (fact.entry for fact in seen.facts if fact.entry.split):
        splits[entry.group].add(entry.split)
        members[entry.group].append(entry)
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
        f"{many(items, 'group')} of pictures that belong together by {seen.listing.grouped}, as of "
        f"one patient, {verb(items, 'lies', 'lie')} in two splits, of {len(splits):,} groups.",
        "Keep all pictures of a patient in one split: they are alike, and the score is too good.",
    )


def identical_within(seen: Seen) -> Finding | None:
    """Files of one content in one split."""
    items, inside = _within(seen, seen.identical)
    return finding(
        "identical",
        Weight.KNOW,
        items,
        f"{many(items, 'pair')} of files {verb(items, 'is', 'are')} the same byte for byte"
        f"{inside}.",
        "Keep one of each: the others count twice.",
    )


def near_within(seen: Seen) -> Finding | None:
    """Pictures that look all but the same in one split."""
    items, inside = _within(seen, seen.near)
    return finding(
        "near",
        Weight.KNOW,
        items,
        f"{many(items, 'pair')} of pictures {verb(items, 'looks', 'look')} all but the same"
        f"{inside}.",
        "Look at them: they are copies that were saved anew, or views a moment apart, and belong "
        "into one split whenever it is drawn again.",
    )


def conflicts(seen: Seen) -> Finding | None:
    """One picture, two labels."""
    items = [pair_item(seen, p) for p in [*_identical(seen, LABEL), *_near(seen, LABEL)]]
    return finding(
        "conflicts",
        Weight.LOOK,
        items,
        f"{many(items, 'pair')} of the same picture {verb(items, 'has', 'have')} two labels.",
        "Ask who labelled them: one of the two is wrong, and a network would learn both.",
    )


def _across(seen: Seen, pairs: list[Pair], kind: str, what: str, advice: str) -> Finding | None:
    """Pairs of which one picture is learned from and the other is not. How many pictures of every
    other split that concerns is counted over all their copies, which the pairs do not name."""
    splits = [fact.entry.split for fact in seen.facts]
    concerned = {copy for pair in pairs for at in pair for copy in _copies(seen, at)}
    held = Counter(splits[at] for at in concerned)
    told = ", ".join(
        f"{held[split]:,} of the {splits.count(split):,} of {split}"
        for split in seen.listing.splits[1:]
        if held[split]
    )
    return finding(
        kind,
        Weight.STOPS,
        [pair_item(seen, pair) for pair in pairs],
        f"{many(pairs, 'pair')} of {what} {verb(pairs, 'lies', 'lie')} in two splits: {told}.",
        advice,
    )


def _within(seen: Seen, pairs: Sequence[Pair]) -> tuple[list[Item], str]:
    """Pairs that do not lie in two splits; and " within one split", where both of all do."""
    splits = {pair: {entry.split for entry in seen.entries(pair)} for pair in pairs}
    inside = [pair for pair in pairs if len(splits[pair] - {""}) < 2]
    one = len(seen.listing.splits) > 1 and all(len(splits[pair]) == 1 for pair in inside)
    return [pair_item(seen, pair) for pair in inside], INSIDE if one else ""


def _identical(seen: Seen, told: Told) -> list[Pair]:
    """Files of one content of which two things are told: the first of which anything is, with every
    other."""
    pairs = []
    for copies in seen.copies.values():
        known = [(at, word) for at in copies if (word := told(seen.facts[at].entry))]
        pairs += [(known[0][0], at) for at, word in known if word != known[0][1]]
    return pairs


def _near(seen: Seen, told: Told) -> list[Pair]:
    """Pictures all but the same of which two things are told. Of the copies of each the first of
    which anything is told stands for all."""
    pairs = []
    for pair in seen.near:
        known = [[c for c in _copies(seen, at) if told(seen.facts[c].entry)][:1] for at in pair]
        one_and_other = [at for first in known for at in first]
        if len({told(seen.facts[at].entry) for at in one_and_other}) == 2:
            pairs.append(tuple(one_and_other))
    return pairs


def _copies(seen: Seen, at: int) -> list[int]:
    """All files of the content of one, with itself."""
    return seen.copies[seen.facts[at].sha256]
