"""How well a label can be told without looking at the content: by size, format, machine, grey.

Pictures of one group (patient) are no independent witnesses, so uncertainty counts groups, and it
is corrected for how many questions were asked (Bonferroni): a small set does not cry wolf.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from core.audit.association import chance, cramers_v
from core.audit.facts import Facts, column
from core.metrics import auroc

FAMILY = 0.05  # chance that any of the questions cries wolf
FEWEST = 5  # groups of a class, below which nothing is asked
RARE = 5  # pictures: rarer makers or endings count as one, "other"


@dataclass(frozen=True)
class Property:
    """Something about a picture that should tell nothing of its label.

    content: it is measured on the grey values, where a disease may leave its mark, too.
    """

    name: str
    title: str
    unit: str = ""
    content: bool = False


NUMBERS = (
    Property("width", "Width", "px"),
    Property("height", "Height", "px"),
    Property("aspect", "Width to height"),
    Property("kilobytes", "File size", "kB"),
    Property("density", "Bytes per pixel"),
    Property("spacing", "Pixel spacing", "mm"),
    Property("grey", "Mean grey", "of 255", content=True),
    Property("sharp", "Sharpness", "%", content=True),
)
KINDS = (
    Property("suffix", "File ending"),
    Property("kind", "File format"),
    Property("bits", "Bits per value"),
    Property("colour", "Colour or grey"),
    Property("maker", "Machine"),
)


@dataclass(frozen=True)
class Confound:
    """How well one property tells a label.

    measure: "AUROC" of the pictures of `label` against all others, told by a higher value (below
    .5: by a lower one), with its 95 % interval; or "V", Cramér's V (0 to 1) of all labels with
    `p` of a permutation. n: pictures with and without the label; groups: the same in groups.
    means: of the property, with and without. sure: more than chance, corrected for the number
    of questions. strength: 0 (nothing) to 1 (the label entire), alike for both.
    """

    property: Property
    measure: str
    label: str
    value: float
    low: float | None
    high: float | None
    p: float | None
    n: tuple[int, int]
    groups: tuple[int, int]
    means: tuple[float, float] | None
    sure: bool
    strength: float


def confounds(facts: Sequence[Facts], classes: Sequence[str]) -> list[Confound]:
    """Every property that differs between pictures, against the labels; the strongest first."""
    known = [f for f in facts if f.entry.label is not None]
    labels = np.array([f.entry.label for f in known])
    groups = np.array([f.entry.group for f in known])
    asked = _classes(labels, groups, classes)
    if len(asked) < 2:
        return []
    targets = asked[1:] if len(asked) == 2 else asked
    counted = [
        (p, v) for p in NUMBERS if np.unique((v := numbers(known, p.name))[np.isfinite(v)]).size > 1
    ]
    kinds = [(p, v) for p in KINDS if len(set((v := _kinds(known, p.name)).tolist())) > 1]
    level = FAMILY / max(1, len(counted) * len(targets) + len(kinds))
    found = [
        _by_number(prop, values, labels == target, groups, target, level)
        for prop, values in counted
        for target in targets
    ]
    found += [_by_kind(prop, values, labels, groups, level) for prop, values in kinds]
    return sorted(filter(None, found), key=lambda c: (-c.sure, -c.strength))


def auroc_interval(value: float, m: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of an AUROC measured on m diseased and n sound: Newcombe 2006 (part 2), method 5.

    The limits are the values θ that lie z standard errors from the measured one, by the standard
    error at θ itself; so a perfect separation of few pictures has a wide interval, too.
    """
    z = float(stats.norm.ppf((1 + level) / 2))

    def beyond(theta: float) -> float:
        spread = 1 + ((m + n) / 2 - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return abs(theta - value) - z * np.sqrt(theta * (1 - theta) * spread / (m * n))

    inside = min(max(value, 1e-9), 1 - 1e-9)  # at 0 and 1 the equation holds, too, and says nothing
    low = optimize.brentq(beyond, 0, inside) if value > 0 else 0.0
    high = optimize.brentq(beyond, inside, 1) if value < 1 else 1.0
    return float(low), float(high)


def _classes(labels, groups, classes: Sequence[str]) -> list[str]:
    """Labels that enough groups carry, in their own order; others are not asked about."""
    known = [*classes, *sorted(set(labels) - set(classes))]
    return [label for label in known if len(set(groups[labels == label])) >= FEWEST]


def numbers(facts: Sequence[Facts], name: str) -> np.ndarray:
    """(N,) one of `NUMBERS` of every picture; NaN where a picture has none."""
    facts = list(facts)
    if name == "aspect":
        return np.round(column(facts, "width") / column(facts, "height"), 4)
    if name == "kilobytes":
        return column(facts, "size") / 1000
    if name == "density":
        pixels = column(facts, "width") * column(facts, "height")
        # Of pictures of one size it is but the size of their files.
        return (
            column(facts, "size") / pixels if len(set(pixels)) > 1 else np.full(len(pixels), np.nan)
        )
    if name == "sharp":
        return np.array([f.sharpness.value if f.sharpness else np.nan for f in facts])
    return column(facts, name)


def _kinds(facts: Sequence[Facts], name: str) -> np.ndarray:
    values = [str(getattr(f, name)) for f in facts]
    if name == "colour":
        values = ["colour" if f.colour else "grey" for f in facts]
    often = Counter(values)
    return np.array([value if often[value] >= RARE else "other" for value in values])


def _by_number(
    prop: Property, values: np.ndarray, shown: np.ndarray, groups: np.ndarray, label: str, level
) -> Confound | None:
    there = np.isfinite(values)
    values, shown, groups = values[there], shown[there], groups[there]
    sides = len(set(groups[shown])), len(set(groups[~shown]))
    if min(sides) < FEWEST or len(set(values.tolist())) < 2:
        return None
    value = auroc(shown, values)
    low, high = auroc_interval(value, *sides)
    strict = auroc_interval(value, *sides, 1 - level)
    return Confound(
        prop,
        "AUROC",
        label,
        value,
        low,
        high,
        None,
        (int(shown.sum()), int((~shown).sum())),
        sides,
        (float(values[shown].mean()), float(values[~shown].mean())),
        not strict[0] <= 0.5 <= strict[1],
        abs(2 * value - 1),
    )


def _by_kind(
    prop: Property, values: np.ndarray, labels: np.ndarray, groups: np.ndarray, level: float
) -> Confound | None:
    """Cramér's V on one picture of every group, so that no patient counts twice."""
    _, first = np.unique(groups, return_index=True)
    rows, columns = (np.unique(v[first], return_inverse=True)[1] for v in (labels, values))
    if rows.max(initial=0) < 1 or columns.max(initial=0) < 1:
        return None
    table = np.zeros((rows.max() + 1, columns.max() + 1), int)
    np.add.at(table, (rows, columns), 1)
    p, value = chance(table, level), cramers_v(table)
    n = len(values), len(first)
    return Confound(
        prop, "V", "", value, None, None, p, (n[0], 0), (n[1], 0), None, p <= level, value
    )
