"""What the audit found in the data, in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.lesions import DIAGNOSES
from core.ui.words import plain

SPLITS = {"train": "Learned from", "val": "Measured on", "test": "Held out"}
NAMES = {diagnosis.code: diagnosis.name for diagnosis in DIAGNOSES}
NAMES |= {"marked": "With marks", "nothing": "Without", "unknown": "Not known"}


@dataclass(frozen=True)
class Kind:
    """One kind of finding: what one and several of it are called, what it means, and the headings
    of the table of names."""

    one: str
    many: str
    means: str
    columns: tuple[str, ...] = ("One", "Other")
    serious: bool = True


KINDS = {
    "crossing": Kind(
        "pair of the same picture lies on both sides of the split",
        "pairs of the same picture lie on both sides of the split",
        "The network would be measured on what it learned: the score would be too good.",
    ),
    "split_groups": Kind(
        "group of pictures, as of one patient, lies on both sides of the split",
        "groups of pictures, as of one patient, lie on both sides of the split",
        "Pictures of one patient are alike: the score would be too good.",
        ("Group",),
    ),
    "conflicts": Kind(
        "pair of the same picture has two labels",
        "pairs of the same picture have two labels each",
        "One of the two is wrong, and the network learns both.",
    ),
    "unreadable": Kind(
        "file cannot be read",
        "files cannot be read",
        "What cannot be read is left out, of training and of measuring.",
        ("File", "Why"),
    ),
    "identical": Kind(
        "pair of files is the same byte for byte",
        "pairs of files are the same byte for byte",
        "Such a picture counts twice; within one split that does little harm.",
        serious=False,
    ),
    "near": Kind(
        "pair of pictures looks all but the same",
        "pairs of pictures look all but the same",
        "Copies that were saved anew, or views taken a moment apart.",
        serious=False,
    ),
}


def show(found: Mapping, trainer: str) -> None:
    """How many pictures there are of each class, and what is amiss with them, with names."""
    st.markdown("**The data**")
    _counts(found.get("counts") or {}, trainer)
    said = False
    for name, kind in KINDS.items():
        if entries := found.get(name):
            _finding(kind, entries)
            said = True
    if not said:
        st.markdown(
            ":material/check_circle: Every file can be read, none stands there twice, and the "
            "splits share nothing."
        )


def _counts(counts: Mapping[str, Mapping[str, int]], trainer: str) -> None:
    """A row a split, a column a class."""
    classes = sorted({label for of_split in counts.values() for label in of_split})
    if not classes:
        return
    order = [*SPLITS, *counts]
    rows = [
        {"Split": f"{SPLITS.get(split, split)} ({split})"}
        | {_class(label, trainer): f"{counts[split].get(label, 0):,}" for label in classes}
        | {"All": f"{sum(counts[split].values()):,}"}
        for split in sorted(counts, key=order.index)
    ]
    st.table(rows, hide_index=True, alt="How many pictures each split holds of each class")


def _class(label: str, trainer: str) -> str:
    if trainer in ("fracture", "moblg"):
        return {"0": "Not fractured", "1": "Fractured"}.get(label, label)
    if trainer in ("severity", "inpaint"):
        return f"Grade {label}"
    return NAMES.get(label, label)


def _finding(kind: Kind, entries: Sequence) -> None:
    many = len(entries) != 1
    icon = ":material/warning:" if kind.serious else ":material/info:"
    words = f"{icon} **{len(entries):,} {kind.many if many else kind.one}.** {kind.means}"
    st.markdown(words)
    with st.expander(f"Show {'them' if many else 'it'}", type="compact"):
        rows = [
            dict(zip(kind.columns, [each] if isinstance(each, str) else each, strict=False))
            for each in entries
        ]
        st.dataframe(rows, hide_index=True, alt=plain(kind.many.capitalize()))
