"""What a session knows of the reading on its desk: what is stored, what is not yet, and why not.

A run of the page may end anywhere, even between a save and what follows it. So a `Work` is changed
in place, at once and in one go, as soon as the store has answered; and what was stored under an
answer that was never heard is found stored by the next save.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core import artefacts
from core.annotations import (
    Conflict,
    Reader,
    Reading,
    Refused,
    Store,
    StoreError,
    Unreachable,
)
from core.artefacts import MAX_COMMENT, Annotation, from_masks, label_masks
from core.masks import BadMask, Stroke

# To say that a film has no artefact is a step of its drawing like any other: a stroke of no points.
NOTHING = Stroke(np.empty((0, 2)))
SCHEMA, VERSION = "lightbox-unsaved", 1
Strokes = tuple[Stroke, ...]


def said(strokes: Sequence[Stroke], comment: str) -> Annotation:
    """What a drawing on the desk and the comment beside it come to."""
    drawn = tuple(stroke for stroke in strokes if len(stroke.points))
    return Annotation(drawn, comment.strip(), nothing=bool(strokes) and not drawn)


def strokes_of(annotation: Annotation) -> Strokes:
    """The drawing on the desk that `said` turns back into the annotation."""
    return (NOTHING,) if annotation.nothing else annotation.strokes


@dataclass(frozen=True)
class Draft:
    """What a browser kept as it was not stored. revision: of the reading that it was made from;
    name: under which the browser keeps it."""

    name: str
    revision: int
    annotation: Annotation


@dataclass(eq=False)
class Work:
    """One reading on the desk.

    reading: as the store last gave it; its revision is what the next save is made from.
    stored: what that revision holds, as this session knows. comment: as it stands beside the
    drawing. restored_from: the revision that the next save repeats. problem: why the last save
    found no store, refusal: why it was refused, in a sentence each. conflict: what is stored, where
    that is not what this session's work was made from. notice: what was done for the reader.
    drafts: kept by the browser and not yet on the desk; adopted: names of those that are.
    session: tells this session's own widgets, and its own draft, from all others.
    """

    reading: Reading
    stored: Annotation
    comment: str
    restored_from: int | None = None
    problem: str = ""
    refusal: str = ""
    conflict: Reading | None = None
    notice: str = ""
    drafts: tuple[Draft, ...] = ()
    adopted: tuple[str, ...] = ()
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    steps: list[tuple[tuple[Strokes, str], tuple[Strokes, str]]] = field(default_factory=list)
    seen: Strokes = ()

    @classmethod
    def begin(cls, reading: Reading) -> "Work":
        """The work on a reading as it is stored."""
        return cls(reading, reading.annotation, reading.annotation.comment)

    @property
    def closed(self) -> bool:
        """Whether the reading can only be looked at."""
        return self.reading.status in ("submitted", "reviewed")

    def unsaved(self, annotation: Annotation) -> bool:
        """Whether the annotation is not what is stored."""
        return not annotation.same(self.stored)

    def save(self, store: Store, annotation: Annotation, by: Reader) -> None:
        """Store the annotation if it is not stored. Never raises StoreError: keeps the reason."""
        if self.closed or self.conflict:
            return
        if not self.unsaved(annotation) and self.restored_from is None:
            self.problem = self.refusal = ""
            return
        now = self.reading
        try:
            reading = store.save(
                now.id, now.revision, annotation, restored_from=self.restored_from, by=by
            )
        except Conflict as error:
            self.conflict = error.current
            self.problem = self.refusal = self.notice = ""
        except Refused as error:
            self.problem, self.refusal = "", error.reason
        except StoreError as error:
            self.problem, self.refusal = error.reason, ""
        else:
            self._has(reading, annotation)

    def submit(self, store: Store, annotation: Annotation, by: Reader) -> None:
        """Save, and hand the reading in if that could be done."""
        self.save(store, annotation, by)
        if self.conflict or self.problem or self.refusal or self.closed:
            return
        try:
            self.reading = store.submit(self.reading.id, self.reading.revision, by)
        except Conflict as error:
            self.conflict = error.current
        except Unreachable as error:
            self.notice = f"Not submitted: {error.reason}"
        except StoreError as error:
            self.notice = error.reason

    def reopen(self, store: Store, by: Reader) -> None:
        """Make the submitted reading a draft again."""
        try:
            reading = store.reopen(self.reading.id, by)
        except StoreError as error:
            self.notice = error.reason
            return
        # What is not stored yet was made from the revision it was made from.
        self.reading = replace(reading, revision=self.reading.revision)
        self.refusal = self.notice = ""

    def meet(self, reading: Reading, annotation: Annotation) -> bool:
        """Take note of the reading as it is stored now, while `annotation` is on the desk. Returns
        whether what is stored is newer and should be on the desk instead."""
        if reading.revision == self.reading.revision or annotation.same(reading.annotation):
            self.stored = reading.annotation
            self.reading, self.conflict = reading, None
            return False
        if self.unsaved(annotation):
            self.conflict = reading
            return False
        self._has(reading, reading.annotation)
        return True

    def adopt(self) -> Draft | None:
        """The next draft of the browser's that is to be laid on the desk, now that all that lies
        there is stored; those that say nothing new are passed over."""
        while self.drafts and not (self.closed or self.conflict or self.reading.damaged):
            draft, *others = self.drafts
            self.drafts, self.adopted = tuple(others), (*self.adopted, draft.name)
            if self.unsaved(draft.annotation):
                # Where that is not the newest revision the next save finds so, and asks.
                self.reading = replace(self.reading, revision=draft.revision)
                return draft
        return None

    def keep_mine(self) -> None:
        """Let the next save be the one after the conflicting revision."""
        if self.conflict:
            self.restored_from = 0 if self.conflict.damaged else None
            self.reading, self.stored = self.conflict, self.conflict.annotation
            self.conflict = None

    def follow(self, strokes: Strokes, comment: str) -> str:
        """The comment that belongs to the strokes on the desk: undoing what replaced both brings
        back both."""
        if strokes is not self.seen:
            ways = [way for step in self.steps for way in (step, step[::-1])]
            for (before, then), (after, belongs) in ways:
                if self.seen is before and strokes is after and comment == then:
                    comment = belongs
                    break
            self.seen = strokes
        self.comment = comment
        return comment

    def replaced(self, before: tuple[Strokes, str], after: tuple[Strokes, str]) -> None:
        """Remember that one step put other strokes and another comment on the desk."""
        if before[0] is not after[0]:
            self.steps.append((before, after))
        self.seen, self.comment = after

    def _has(self, reading: Reading, annotation: Annotation) -> None:
        self.reading, self.stored = reading, annotation
        self.restored_from, self.conflict = None, None
        self.problem = self.refusal = self.notice = ""


def join(one: Annotation, other: Annotation, shape: tuple[int, int]) -> Annotation:
    """What either of two annotations of a (height, width) film marks, and both comments.

    Where they begin alike and nothing was erased since, strokes stay strokes; else the joined
    masks are outlined. Marks outweigh the statement that there are none. A joined comment that is
    too long ends early. Raises BadMask where the joined masks are too intricate to be kept.
    """
    comment = one.comment
    if other.comment not in one.comment:
        comment = " / ".join(filter(None, (one.comment, other.comment)))[:MAX_COMMENT]
    alike = 0
    for mine, theirs in zip(one.strokes, other.strokes, strict=False):
        if not Annotation((mine,)).same(Annotation((theirs,))):
            break
        alike += 1
    added = one.strokes[alike:], other.strokes[alike:]
    if not any(stroke.erase for strokes in added for stroke in strokes):
        strokes = one.strokes[:alike] + added[0] + added[1]
    else:
        strokes = _united(one, other, shape)
    return Annotation(strokes, comment, nothing=not strokes and (one.nothing or other.nothing))


def _united(one: Annotation, other: Annotation, shape: tuple[int, int]) -> Strokes:
    masks = label_masks(one.strokes, shape)
    for label, mask in label_masks(other.strokes, shape).items():
        masks[label] = masks[label] | mask if label in masks else mask
    drawn = [stroke for stroke in (*one.strokes, *other.strokes) if not stroke.erase]
    by_hand = {stroke.label for stroke in drawn if stroke.source == "manual"}
    found: Strokes = ()
    for label, mask in masks.items():
        found += from_masks({label: mask}, "manual" if label in by_hand else "auto")
    return found


def to_text(annotation: Annotation, revision: int, shape: tuple[int, int], sha256: str) -> str:
    """An annotation of a film that is not stored yet, and the revision it was made from, as text
    for the reader's browser."""
    text = artefacts.to_json(annotation, shape, sha256)
    return json.dumps(
        {"schema": SCHEMA, "version": VERSION, "revision": revision, "annotation": text}
    )


def from_text(name: str, text: str, shape: tuple[int, int], sha256: str) -> Draft | None:
    """Read what `to_text` wrote of this film; None for any other text."""
    try:
        found = json.loads(text)
        if found["schema"] != SCHEMA or found["version"] != VERSION:
            return None
        revision, kept = found["revision"], artefacts.from_json(found["annotation"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, BadMask):
        return None
    if type(revision) is not int or (kept.sha256, *kept.shape) != (sha256, *shape):
        return None
    return Draft(name, revision, kept.annotation)
