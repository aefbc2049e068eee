"""What an audit looks for, and how it says what it found."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from scipy import stats

from core.audit.confounds import Confound
from core.audit.facts import Facts
from core.audit.layouts import Listing

TELLS, DECIDES = 0.2, 0.6  # strength: AUROC .6 and .8, or Cramér's V
LOPSIDED = 2 / 3  # share of the most frequent class, from which accuracy misleads
FEW = 30  # pictures of a class in a split that is measured on
SHIFT = 0.1  # difference of a class's share between splits
CHANCE = 0.01  # p value from which such a difference is more than chance
INSIDE = " within one split"  # left out where there is none
MEASURED_ON = ("val", "test", "auto_test")


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
    counts: dict[str, Counter] = field(init=False)

    def __post_init__(self) -> None:
        counts: dict[str, Counter] = defaultdict(Counter)
        for fact in self.facts:
            if fact.entry.label is not None:
                counts[fact.entry.split][fact.entry.label] += 1
        object.__setattr__(self, "counts", dict(counts))

    def entries(self, pair: tuple[int, int]):
        """The two entries of a pair."""
        return self.facts[pair[0]].entry, self.facts[pair[1]].entry


@dataclass(frozen=True)
class Check:
    """One thing to look for. `clean` is said where nothing is found; `needs` names what it takes:
    "labels", "splits", "groups" or "films" (pictures in grey)."""

    title: str
    clean: str
    find: Callable[[Seen], Finding | None]
    needs: tuple[str, ...] = ()


def _unreadable(seen: Seen) -> Finding | None:
    items = tuple(Item((name,), reason) for name, reason in seen.unreadable)
    n = len(items) + len(seen.facts)
    return _finding(
        "unreadable",
        Weight.LOOK,
        items,
        f"{_many(items, 'file')} of {n:,} cannot be read.",
        "Export again or take out what cannot be read: it is left out of training and of "
        "measuring, and nobody notices.",
    )


def _across(seen: Seen, pairs, kind: str, what: str, advice: str) -> Finding | None:
    """Pairs of which one picture is learned from and the other is not. How many pictures of every
    other split that concerns is counted over all their copies, for of those only pairs with the
    first are given."""
    items = tuple(_pair(seen, pair) for pair in pairs if _crosses(seen, pair))
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
    return _finding(
        kind,
        Weight.STOPS,
        items,
        f"{_many(items, 'pair')} of {what} {_verb(items, 'lies', 'lie')} in two splits: {told}.",
        advice,
    )


def _identical_across(seen: Seen) -> Finding | None:
    return _across(
        seen,
        seen.identical,
        "identical-across",
        "files that are the same byte for byte",
        "Delete the copies or put both into one split: a network is measured on what it learned "
        "by heart, and its score is too good.",
    )


def _near_across(seen: Seen) -> Finding | None:
    return _across(
        seen,
        seen.near,
        "near-across",
        "pictures that look all but the same",
        "Look at the pairs, and put each into one split: copies that were saved anew, or views a "
        "moment apart, make a score too good.",
    )


def _groups_across(seen: Seen) -> Finding | None:
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
        note = f"group {group}: {len(members[group])} pictures in {_and(sorted(splits[group]))}"
        items.append(Item((one.name, other.name), note))
    return _finding(
        "groups-across",
        Weight.STOPS,
        tuple(items),
        f"{_many(items, 'group')} of pictures, as of one patient, "
        f"{_verb(items, 'lies', 'lie')} in two splits, of {len(splits):,} groups.",
        "Keep all pictures of a patient in one split: they are alike, and the score is too good.",
    )


def _identical_within(seen: Seen) -> Finding | None:
    items = _within(seen, seen.identical)
    return _finding(
        "identical",
        Weight.KNOW,
        items,
        f"{_many(items, 'pair')} of files {_verb(items, 'is', 'are')} the same byte for byte"
        f"{_inside(seen)}.",
        "Keep one of each: the others count twice.",
    )


def _near_within(seen: Seen) -> Finding | None:
    items = _within(seen, seen.near)
    return _finding(
        "near",
        Weight.KNOW,
        items,
        f"{_many(items, 'pair')} of pictures {_verb(items, 'looks', 'look')} all but the same"
        f"{_inside(seen)}.",
        "Look at them: they are copies that were saved anew, or views a moment apart, and belong "
        "into one split whenever it is drawn again.",
    )


def _conflicts(seen: Seen) -> Finding | None:
    pairs = [*seen.identical, *seen.near]
    two = [p for p in pairs if len({e.label for e in seen.entries(p)} - {None}) == 2]
    items = tuple(_pair(seen, pair) for pair in two)
    return _finding(
        "conflicts",
        Weight.LOOK,
        items,
        f"{_many(items, 'pair')} of the same picture {_verb(items, 'has', 'have')} two labels.",
        "Ask who labelled them: one of the two is wrong, and a network would learn both.",
    )


def _unknown_labels(seen: Seen) -> Finding | None:
    unknown = {label or "no folder": n for label, n in (seen.listing.unknown or {}).items()}
    items = tuple(Item((), f"{label}: {n:,}") for label, n in sorted(unknown.items()))
    named = _and([f"“{label}” ({n:,})" for label, n in sorted(unknown.items())][:6])
    more = f" and {len(unknown) - 6} more" if len(unknown) > 6 else ""
    return _finding(
        "unknown-labels",
        Weight.LOOK,
        items,
        f"{sum(unknown.values()):,} of {len(seen.listing.entries):,} pictures have no label that "
        f"is known here: {named}{more}.",
        f"Known are {_and(seen.listing.classes)}: name the others so, or leave them out.",
    )


def _negatives(seen: Seen) -> Finding | None:
    films = [f for f in seen.facts if f.negative is not None]
    items = tuple(Item((f.entry.name,), _where(f)) for f in films if f.negative)
    return _finding(
        "negatives",
        Weight.LOOK,
        items,
        f"{_many(items, 'film')} of {len(films):,} {_verb(items, 'looks', 'look')} like a "
        f"photographic negative: bone dark, air bright.",
        "Turn them positive before anything learns from them; Lightbox's own trainers do.",
    )


def _blurred(seen: Seen) -> Finding | None:
    films = [f for f in seen.facts if f.sharpness is not None]
    items = tuple(
        Item((f.entry.name,), f"sharpness {f.sharpness.value:.1f} %")
        for f in sorted(films, key=lambda f: f.sharpness.value)
        if f.sharpness.word == "blurred"
    )
    return _finding(
        "blurred",
        Weight.KNOW,
        items,
        f"{_many(items, 'film')} of {len(films):,} {_verb(items, 'is', 'are')} blurred.",
        "Look at the worst: a fine fracture or a joint space may not be seen on them at all.",
    )


def _exposed(seen: Seen) -> Finding | None:
    films = [f for f in seen.facts if f.exposure is not None]
    words = Counter(f.exposure.word for f in films)
    items = tuple(
        Item((f.entry.name,), f.exposure.word)
        for f in films
        if f.exposure.word in ("burnt out", "very dark")
    )
    told = _and([f"{words[w]:,} {w}" for w in ("burnt out", "very dark") if words[w]])
    return _finding(
        "exposure",
        Weight.KNOW,
        items,
        f"{_many(items, 'film')} of {len(films):,} {_verb(items, 'is', 'are')} badly exposed: "
        f"{told}.",
        "Look at them: what is burnt out or black cannot be told from them by anybody.",
    )


def _missing_class(seen: Seen) -> Finding | None:
    everywhere = Counter()
    for of_split in seen.counts.values():
        everywhere += of_split
    items = [Item((), f"no {c} at all") for c in seen.listing.classes if not everywhere[c]]
    for split in seen.listing.splits:
        of_split = seen.counts.get(split, Counter())
        items += [Item((), f"no {c} in {split}") for c in everywhere if not of_split[c]]
    worthless = len(everywhere) < 2 or bool(seen.listing.splits)
    return _finding(
        "missing-class",
        Weight.STOPS if worthless else Weight.LOOK,
        tuple(items),
        f"Classes are missing: {_and([item.note for item in items])}.",
        "Bring pictures of them: what is not there is neither learned nor measured.",
    )


def _few(seen: Seen) -> Finding | None:
    splits = [s for s in seen.listing.splits if s in MEASURED_ON] or list(seen.counts)
    items = tuple(
        Item((), f"{n:,} {label}" + (f" in {split}" if split else ""))
        for split in splits
        for label, n in sorted(seen.counts.get(split, {}).items())
        if n < FEW
    )
    return _finding(
        "few",
        Weight.KNOW,
        items,
        f"Few pictures to measure on: {_and([item.note for item in items])}.",
        f"With fewer than {FEW} pictures of a class its sensitivity is uncertain by more than 15 "
        "points either way: give every number its interval.",
    )


def _lopsided(seen: Seen) -> Finding | None:
    everywhere = Counter()
    for of_split in seen.counts.values():
        everywhere += of_split
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


def _shifted(seen: Seen) -> Finding | None:
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
    return _finding(
        "shifted",
        Weight.KNOW,
        tuple(items),
        f"{_many(items, 'class', 'classes')} {_verb(items, 'is', 'are')} not equally frequent in "
        f"the splits: {'; '.join(item.note for item in items)}.",
        "Draw the split again with equal shares, or say that probabilities are not calibrated for "
        "the split they are measured on.",
    )


def _more_than_chance(seen: Seen, label: str, splits) -> bool:
    """Whether the share of a label differs between splits by Pearson's chi-square test."""
    with_label = [seen.counts[split][label] for split in splits]
    without = [seen.counts[split].total() - n for split, n in zip(splits, with_label, strict=True)]
    return stats.chi2_contingency([with_label, without], correction=False).pvalue < CHANCE


def _tells(seen: Seen, decides: bool) -> Finding | None:
    """Properties that tell the label without the picture, so well that nothing else need be learned
    (`decides`), or well enough to help a network cheat."""

    def wanted(found: Confound) -> bool:
        entire = found.strength >= DECIDES and not found.property.content
        return found.sure and found.strength >= TELLS and entire == decides

    chosen = [found for found in seen.confounds if wanted(found)]
    if not chosen:
        return None
    others = len({found.property.name for found in chosen} - {chosen[0].property.name})
    more = f", and so {_verb('x' * others, 'does', 'do')} {others} more" if others else ""
    return Finding(
        "confound-strong" if decides else "confound",
        Weight.STOPS if decides else Weight.LOOK,
        f"{confound_words(chosen[0])}{more}.",
        "Find out why, and save all pictures in one way (size, format, machine) or stratify by it: "
        "a network that sees this need not look at the disease.",
        tuple(Item((), confound_words(found)) for found in chosen),
    )


def confound_words(found: Confound) -> str:
    """What one property tells of a label, as the main clause of a sentence."""
    title = found.property.title
    if found.measure == "V":
        return (
            f"{title} goes along with the label: Cramér's V {_score(found.value)} (permutation p "
            f"{found.p:.4f}, n = {found.groups[0]:,} groups)"
        )
    unit = f" {found.property.unit}" if found.property.unit else ""
    with_label, without = (f"{mean:.3g}" for mean in found.means)
    return (
        f"{title} alone tells “{found.label}” from the rest with AUROC "
        f"{_score(max(found.value, 1 - found.value))} ({_score(_low(found))} to "
        f"{_score(_high(found))}; {found.n[0]:,} against {found.n[1]:,} pictures, on average "
        f"{with_label} and {without}{unit})"
    )


def _low(found: Confound) -> float:
    return found.low if found.value >= 0.5 else 1 - found.high


def _high(found: Confound) -> float:
    return found.high if found.value >= 0.5 else 1 - found.low


CHECKS = (
    Check("Unreadable files", "Every file can be read.", _unreadable),
    Check("Copies across splits", "No file lies in two splits.", _identical_across, ("splits",)),
    Check(
        "Near-copies across splits",
        "No picture of one split looks like one of another.",
        _near_across,
        ("splits",),
    ),
    Check(
        "Patients across splits",
        "Every group of pictures, as of one patient, lies in one split.",
        _groups_across,
        ("splits", "groups"),
    ),
    Check(
        "Label conflicts",
        "No picture stands there with two labels.",
        _conflicts,
        ("labels",),
    ),
    Check(
        "Properties that give the label away",
        "No size, format or machine decides the label.",
        lambda seen: _tells(seen, True),
        ("labels", "classes"),
    ),
    Check(
        "Properties that help to guess the label",
        "No property helps to guess the label (AUROC .6 or more, and more than chance).",
        lambda seen: _tells(seen, False),
        ("labels", "classes"),
    ),
    Check("Missing classes", "No class is missing.", _missing_class, ("labels",)),
    Check("Labels that match no class", "Every label is known.", _unknown_labels, ("labels",)),
    Check("Negatives", "No film looks like a photographic negative.", _negatives, ("films",)),
    Check("Copies", f"No file stands there twice{INSIDE}.", _identical_within),
    Check("Near-copies", f"No two pictures look all but the same{INSIDE}.", _near_within),
    Check("Blur", "No film is blurred.", _blurred, ("films",)),
    Check("Exposure", "No film is burnt out or black.", _exposed, ("films",)),
    Check("Class balance", "No class is in a large majority.", _lopsided, ("labels",)),
    Check(
        "Class balance between splits",
        "The classes are about equally frequent in the splits.",
        _shifted,
        ("labels", "splits"),
    ),
    Check(
        "Small classes", f"Every class has {FEW} pictures or more to measure on.", _few, ("labels",)
    ),
)


def _finding(kind: str, weight: Weight, items, sentence: str, advice: str) -> Finding | None:
    return Finding(kind, weight, sentence, advice, tuple(items)) if items else None


def _pair(seen: Seen, pair: tuple[int, int]) -> Item:
    one, other = seen.entries(pair)
    facts = [e.label or "no label" for e in (one, other)]
    splits = [e.split for e in (one, other)]
    told = [" in ".join(filter(None, each)) for each in zip(facts, splits, strict=True)]
    return Item((one.name, other.name), " / ".join(told) if any(splits) or one.label else "")


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
    return tuple(_pair(seen, pair) for pair in pairs if not _crosses(seen, pair))


def _inside(seen: Seen) -> str:
    return INSIDE if len(seen.listing.splits) > 1 else ""


def _where(fact: Facts) -> str:
    return ", ".join(filter(None, (fact.entry.label, fact.entry.split)))


def _many(items: Sequence, one: str, several: str = "") -> str:
    return f"{len(items):,} {one if len(items) == 1 else several or one + 's'}"


def _verb(items: Sequence, one: str, several: str) -> str:
    return one if len(items) == 1 else several


def _and(words: Sequence[str]) -> str:
    words = list(words)
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _score(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")
