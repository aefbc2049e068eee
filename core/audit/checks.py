"""All that an audit looks for."""

from collections.abc import Callable
from dataclasses import dataclass

from core.audit.balance import FEW, few, lopsided, missing_class, shifted, unknown_labels
from core.audit.copies import (
    INSIDE,
    conflicts,
    groups_across,
    identical_across,
    identical_within,
    near_across,
    near_within,
)
from core.audit.findings import Finding, Seen
from core.audit.giveaways import tells
from core.audit.pictures import blurred, exposed, negatives, unreadable


@dataclass(frozen=True)
class Check:
    """One thing to look for. `clean` is said where nothing is found; `needs` names what it takes:
    "labels", "classes" (two that enough groups carry), "splits", "groups" or "films" (pictures in
    grey)."""

    title: str
    clean: str
    find: Callable[[Seen], Finding | None]
    needs: tuple[str, ...] = ()


CHECKS = (
    Check("Unreadable files", "Every file can be read.", unreadable),
    Check("Copies across splits", "No file lies in two splits.", identical_across, ("splits",)),
    Check(
        "Near-copies across splits",
        "No picture of one split looks like one of another.",
        near_across,
        ("splits",),
    ),
    Check(
        "Patients across splits",
        "Every group of pictures, as of one patient, lies in one split.",
        groups_across,
        ("splits", "groups"),
    ),
    Check(
        "Label conflicts",
        "No picture has two labels.",
        conflicts,
        ("labels",),
    ),
    Check(
        "Properties that give the label away",
        "No size, format or machine decides the label.",
        lambda seen: tells(seen, True),
        ("labels", "classes"),
    ),
    Check(
        "Properties that help to guess the label",
        "No property helps to guess the label (AUROC .6 or more, and more than chance).",
        lambda seen: tells(seen, False),
        ("labels", "classes"),
    ),
    Check("Missing classes", "No class is missing.", missing_class, ("labels",)),
    Check("Labels that match no class", "Every label is known.", unknown_labels, ("labels",)),
    Check("Negatives", "No film looks like a photographic negative.", negatives, ("films",)),
    Check("Copies", f"No file occurs twice{INSIDE}.", identical_within),
    Check("Near-copies", f"No two pictures look all but the same{INSIDE}.", near_within),
    Check("Blur", "No film is blurred.", blurred, ("films",)),
    Check("Exposure", "No film is burnt out or black.", exposed, ("films",)),
    Check("Class balance", "No class is in a large majority.", lopsided, ("labels",)),
    Check(
        "Class balance between splits",
        "The classes are about equally frequent in the splits.",
        shifted,
        ("labels", "splits"),
    ),
    Check(
        "Small classes", f"Every class has {FEW} pictures or more to measure on.", few, ("labels",)
    ),
)
