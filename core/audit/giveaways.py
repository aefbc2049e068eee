"""Properties that tell a label without a look at the picture, as findings."""

from core.audit.confounds import Confound
from core.audit.findings import Finding, Item, Seen, Weight

TELLS, DECIDES = 0.2, 0.6  # strength: AUROC .6 and .8, or Cramér's V


def tells(seen: Seen, decides: bool) -> Finding | None:
    """Properties that tell the label without the picture, so well that nothing else need be learned
    (`decides`), or well enough to help a network cheat."""

    def wanted(found: Confound) -> bool:
        entire = found.strength >= DECIDES and not found.property.content
        return found.sure and found.strength >= TELLS and entire == decides

    chosen = [found for found in seen.confounds if wanted(found)]
    if not chosen:
        return None
    others = len({found.property.name for found in chosen} - {chosen[0].property.name})
    more = f", and so {'does' if others == 1 else 'do'} {others} more" if others else ""
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


def _score(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")
