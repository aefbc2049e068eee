"""What every model of a task says of several films, without the pictures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.images import BadImage, display_name
from core.models import BadModel, ModelCard
from core.ui import cached, cached_knees
from core.ui.batch import PATIENCE_S, polarity
from core.ui.source import Entry
from core.ui.verdict import is_inverted

TOGETHER = 24  # films that every model reads before the next are decoded: as many stay cached


@dataclass(frozen=True, eq=False)
class Read:
    """A film, or one knee of a film of both, and what each model says of it.

    side: of the film. probabilities: (M, K), a row for each model of `Readings.cards`.
    """

    entry: Entry
    side: str | None
    inverted: bool
    notes: tuple[str, ...]
    probabilities: np.ndarray

    @property
    def title(self) -> str:
        """The film's name, and which knee on it."""
        return self.called(display_name(self.entry.name))

    def called(self, name: str) -> str:
        """Another name for the film, and which knee on it."""
        return f"{name}, {self.side} of the film" if self.side else name


@dataclass(frozen=True, eq=False)
class Readings:
    """`reads` of the films by the `cards` that could be opened; `faults` says why the others could
    not. `unread` tells films that are none, `foreign` names those that the gate keeps out."""

    cards: tuple[ModelCard, ...]
    reads: tuple[Read, ...]
    faults: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]
    foreign: tuple[str, ...]


Said = list[tuple[str | None, tuple[float, ...]]]  # of each knee, or of the film: side, (K,)
Reader = Callable[..., Said]


def fracture(label: cached.Label, inverted: bool, card: ModelCard, keeper, film) -> Said:
    """What a model says of a film; nothing where the gate keeps it out. Raises BadModel."""
    reading = cached.reading(label, inverted, card, keeper, film)
    chances = (1 - reading.probability, reading.probability)
    return [(None, chances)] if reading.bone else []


def severity(label: cached.Label, inverted: bool, card: ModelCard, keeper, film) -> Said:
    """What a model says of each knee on a film; nothing where there is none. Raises BadModel."""
    found = cached_knees.readings(label, inverted, card, keeper, film)
    return [(reading.side, reading.probabilities) for reading in found]


READERS: dict[str, Reader] = {"fracture": fracture, "severity": severity}


def read(
    task: str,
    entries: Sequence[Entry],
    cards: Sequence[ModelCard],
    keeper: cached.Gatekeeper | None,
    anyway: bool,
) -> Readings:
    """Let every model read every film, with a progress bar; what was read before is kept.

    anyway: read films that the gate keeps out, too.
    """
    labels, said, faults = _said(READERS[task], entries, cards, keeper, anyway)
    kept = tuple(card for card in cards if card.name not in faults)
    reads, unread, foreign = [], [], []
    for entry in entries:
        label = labels[entry.key]
        if isinstance(label, BadImage):
            unread.append((display_name(entry.name), label.reason))
            continue
        found = _reads(entry, label, [said[entry.key, card.name] for card in kept])
        reads += found
        if kept and not found:
            foreign.append(display_name(entry.name))
    return Readings(kept, tuple(reads), tuple(faults.values()), tuple(unread), tuple(foreign))


def _said(reader: Reader, entries, cards, keeper, anyway) -> tuple[dict, dict, dict[str, str]]:
    """The label of each film, what each model says by (film, model), and why a model says nothing
    by its name.

    A few films at a time are read by one model after the other, for neither all films stay decoded
    nor all models open.
    """
    labels, said, faults = {}, {}, {}
    started, bar, done = time.monotonic(), st.empty(), 0
    for begin in range(0, len(entries), TOGETHER):
        some = entries[begin : begin + TOGETHER]
        labels |= {entry.key: cached.label(entry.key, entry.film) for entry in some}
        for card in cards:
            for entry in some:
                done += 1
                if time.monotonic() - started > PATIENCE_S:
                    bar.progress(done / len(entries) / len(cards), f"Reading with {card.title}")
                label = labels[entry.key]
                if card.name in faults or isinstance(label, BadImage):
                    continue
                inverted = is_inverted(label.sha256, label.negative)
                try:
                    found = reader(label, inverted, card, keeper, entry.film)
                    if not found and anyway:
                        found = reader(label, inverted, card, None, entry.film)
                except BadModel as error:
                    faults[card.name] = error.reason
                    continue
                said[entry.key, card.name] = found
    bar.empty()
    return labels, said, faults


def _reads(entry: Entry, label: cached.Label, said: Sequence[Said]) -> list[Read]:
    """One for each knee, or for the film; `said` by each model, which all saw the same knees."""
    inverted = is_inverted(label.sha256, label.negative)
    notes = (*label.notes, *polarity(label.negative, inverted))
    return [
        Read(entry, knee[0][0], inverted, notes, np.array([chances for _, chances in knee]))
        for knee in zip(*said, strict=True)
    ]
