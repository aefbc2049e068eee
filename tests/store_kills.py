"""Writers that are killed in the middle of their saves, and what the store then holds."""

import os
import random
import signal
import struct
import time
from typing import NamedTuple

import numpy as np

from core.annotations import NewFilm, Reader, Store
from core.artefacts import Annotation
from core.masks import Stroke

SHAPE = (64, 64)
SHA = "a1" * 32
ADA = Reader("Ada")
_NUMBER = struct.Struct("i")


class Outcome(NamedTuple):
    """acknowledged: saves whose writer was told that they are stored. lost: those of them that were
    not there afterwards. torn: kills after which the reading was none that was ever saved. ahead:
    kills that came between a save and its acknowledgement."""

    kills: int
    acknowledged: int
    lost: int
    torn: int
    ahead: int


def content(number: int, strokes: int = 3) -> Annotation:
    """What revision `number` holds: as many strokes, none as in another revision."""
    points = np.arange(12.0).reshape(-1, 2)
    return Annotation(
        tuple(Stroke(points + at / 8 + number / 64, 3, label="screw") for at in range(strokes)),
        f"revision {number}",
    )


def kill_writers(store: Store, kills: int, seed: int = 0, longest_s: float = 0.02) -> Outcome:
    """Start a writer and kill it at a random moment, as often as `kills` says, all on one reading.

    longest_s: after its first save a writer lives at most so long.
    """
    moments = random.Random(seed)
    worklist = store.create_worklist("Kills", ADA)
    store.add_film(worklist, NewFilm(SHA, "film.png", b"film", "png", SHAPE), ADA)
    # Saved once here, so that no writer has to work out the statements anew.
    reading = store.save(store.begin(worklist, SHA, ADA), 0, content(1), by=ADA)
    acknowledged = lost = torn = ahead = 0
    for _ in range(kills):
        begun = store.begin(worklist, SHA, ADA).revision
        store.close()  # connections do not live through a fork
        told, tell = os.pipe()
        writer = os.fork()
        if not writer:
            _write(store, reading.id, begun, tell)
        os.close(tell)
        numbers = os.read(told, _NUMBER.size)
        time.sleep(moments.uniform(0, longest_s))
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        while more := os.read(told, 65536):
            numbers += more
        os.close(told)
        last = begun + len(numbers) // _NUMBER.size
        found = store.begin(worklist, SHA, ADA)
        acknowledged += last - begun
        lost += max(0, last - found.revision)
        ahead += found.revision > last
        whole = not found.damaged and found.annotation.same(content(found.revision))
        torn += not whole or found.revision > last + 1
    return Outcome(kills, acknowledged, lost, torn, ahead)


def _write(store: Store, reading: int, revision: int, tell: int) -> None:
    """Save one revision after the other, and tell the number of each that is stored."""
    try:
        while True:
            store.save(reading, revision, content(revision + 1), by=ADA)
            revision += 1
            os.write(tell, _NUMBER.pack(revision))
    finally:
        os._exit(1)
