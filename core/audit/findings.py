"""What a finding is, what it is found in, and the words that findings share."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from core.audit.confounds import Confound
from core.audit.facts import Entry, Facts
from core.audit.layouts import Listing

NAMED = 6  # cases that a sentence names


class Weight(StrEnum):
    """How much a finding matters."""

    STOPS = "Stops a score"
    LOOK = "Look at it"
    KNOW = "Good to know"


@dataclass(frozen=True)
class Item:
    """What one finding holds of: the pictures' names, and what is to be said of them."""

    names: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """Something amiss: one sentence with counts, what to do, and every case of it."""

    kind: str
    weight: Weight
    sentence: str
    advice: str
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Seen:
    """All that was measured. Pairs are indices into `facts`; none of `near` is in `identical`."""

    listing: Listing
    facts: Sequence[Facts]
    unreadable: Sequence[tuple[str, str]]
    identical: Sequence[tuple[int, int]]
    near: Sequence[tuple[int, int]]
    confounds: Sequence[Confound]

    @cached_property
    def copies(self) -> dict[str, list[int]]:
        """The indices of all files of one content, by its SHA-256."""
        copies: dict[str, list[int]] = defaultdict(list)
        for at, fact in enumerate(self.facts):
            copies[fact.sha256].append(at)
        return dict(copies)

    @cached_property
    def counts(self) -> dict[str, Counter]:
        """How many pictures of each label every split has."""
        counts: dict[str, Counter] = defaultdict(Counter)
        for fact in self.facts:
            if fact.entry.label is not None:
                counts[fact.entry.split][fact.entry.label] += 1
        return dict(counts)

    @property
    def everywhere(self) -> Counter:
        """How many pictures of each label there are in all splits."""
        return sum(self.counts.values(), Counter())

    def entries(self, pair: tuple[int, int]) -> tuple[Entry, Entry]:
        """The two entries of a pair."""
        return self.facts[pair[0]].entry, self.facts[pair[1]].entry


def finding(kind: str, weight: Weight, items, sentence: str, advice: str) -> Finding | None:
    """The finding, where there is any case of it."""
    return Finding(kind, weight, sentence, advice, tuple(items)) if items else None


def pair_item(seen: Seen, pair: tuple[int, int]) -> Item:
    """A pair with its labels and splits."""
    one, other = seen.entries(pair)
    facts = [e.label or "no label" for e in (one, other)]
    splits = [e.split for e in (one, other)]
    told = [" in ".join(filter(None, each)) for each in zip(facts, splits, strict=True)]
    return Item((one.name, other.name), " / ".join(told) if any(splits) or one.label else "")


def many(items: Sequence, one: str, several: str = "") -> str:
    """How many there are, and what they are called."""
    return f"{len(items):,} {one if len(items) == 1 else several or one + 's'}"


def verb(items: Sequence, one: str, several: str) -> str:
    """The verb for so many."""
    return one if len(items) == 1 else several


def listed(words: Sequence[str]) -> str:
    """Words in a row: a, b and c."""
    words = list(words)
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def first(words: Sequence[str]) -> list[str]:
    """As many words as a sentence names, and how many more there are."""
    more = len(words) - NAMED
    return [*words[:NAMED], *([f"{more:,} more"] if more > 0 else [])]
