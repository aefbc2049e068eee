"""Pictures that cannot be read, are negatives, blurred or badly exposed."""

from collections import Counter

from core.audit.facts import Facts
from core.audit.findings import Finding, Item, Seen, Weight, finding, listed, many, verb


def unreadable(seen: Seen) -> Finding | None:
    """Files that are no picture, or a broken one."""
    items = tuple(Item((name,), reason) for name, reason in seen.unreadable)
    n = len(items) + len(seen.facts)
    return finding(
        "unreadable",
        Weight.LOOK,
        items,
        f"{many(items, 'file')} of {n:,} cannot be read.",
        "Export again or take out what cannot be read: it is left out of training and of "
        "measuring, and nobody notices.",
    )


def negatives(seen: Seen) -> Finding | None:
    """Films whose grey values are inverted."""
    films = [f for f in seen.facts if f.negative is not None]
    items = tuple(Item((f.entry.name,), _where(f)) for f in films if f.negative)
    return finding(
        "negatives",
        Weight.LOOK,
        items,
        f"{many(items, 'film')} of {len(films):,} {verb(items, 'looks', 'look')} like a "
        f"photographic negative: bone dark, air bright.",
        "Look at them, and turn positive those that are: a white border or a chest in the frame "
        "misleads this check, and of the 53 films that it named among 3,414 of FracAtlas none was "
        "a negative.",
    )


def blurred(seen: Seen) -> Finding | None:
    """Films without fine detail, the worst first."""
    films = [f for f in seen.facts if f.sharpness is not None]
    items = tuple(
        Item((f.entry.name,), f"sharpness {f.sharpness.value:.1f} %")
        for f in sorted(films, key=lambda f: f.sharpness.value)
        if f.sharpness.word == "blurred"
    )
    return finding(
        "blurred",
        Weight.KNOW,
        items,
        f"{many(items, 'film')} of {len(films):,} {verb(items, 'is', 'are')} blurred.",
        "Look at the worst: a fine fracture or a joint space may not be seen on them at all.",
    )


def exposed(seen: Seen) -> Finding | None:
    """Films that are burnt out or all but black."""
    films = [f for f in seen.facts if f.exposure is not None]
    words = Counter(f.exposure.word for f in films)
    items = tuple(
        Item((f.entry.name,), f.exposure.word)
        for f in films
        if f.exposure.word in ("burnt out", "very dark")
    )
    told = listed([f"{words[w]:,} {w}" for w in ("burnt out", "very dark") if words[w]])
    return finding(
        "exposure",
        Weight.KNOW,
        items,
        f"{many(items, 'film')} of {len(films):,} {verb(items, 'is', 'are')} badly exposed: "
        f"{told}.",
        "Look at them: what is burnt out or black cannot be told from them by anybody.",
    )


def _where(fact: Facts) -> str:
    return ", ".join(filter(None, (fact.entry.label, fact.entry.split)))
