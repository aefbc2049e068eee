"""What a run notes of its training in its folder, for the card of what is published later."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.film_packs import Pack
from core.jobs.records import write_json
from trainers.lesions import LesionPack
from trainers.progress import first_process
from trainers.publish import TOLD_OPTIONS, Provenance
from trainers.start import BadStart

NOTE = "training.json"


def note_training(arguments: argparse.Namespace, origin: str, n_train: int) -> None:
    """Keep in the run's folder what a card will say of it: options, start, number of films. Of
    several processes the first one does; a trial learns nothing, so it notes nothing."""
    if arguments.trial or not first_process():
        return
    arguments.run.mkdir(parents=True, exist_ok=True)
    asked = {key: value for key, value in vars(arguments).items() if key in TOLD_OPTIONS}
    note = {"training": asked, "started_from": origin, "n_train": n_train}
    write_json(arguments.run / NOTE, note)


def noted(
    arguments: argparse.Namespace, pack: Pack | LesionPack, runs: Sequence[Path]
) -> Provenance:
    """Where a network comes from; one joined from two runs comes from both. Raises BadStart when a
    run did not note it."""
    missing = [str(run / NOTE) for run in runs if not (run / NOTE).exists()]
    if missing:
        raise BadStart(f"{missing[0]} is missing, so a card could not say how it was trained.")
    notes = {run.name: json.loads((run / NOTE).read_text()) for run in runs}
    first = next(iter(notes.values()))
    found = Provenance.of(arguments, first["started_from"], pack, first["n_train"])
    if len(notes) == 1:
        return replace(found, training=first["training"])
    words = {
        name: ", ".join(f"{key} {value}" for key, value in note["training"].items())
        for name, note in notes.items()
    }
    starts = dict.fromkeys(note["started_from"] for note in notes.values())
    return replace(found, training=words, weights_started_from="; ".join(starts))
