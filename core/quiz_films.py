"""Drafts of cases about films whose truth is known: synthetic ones, and real ones of packs."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from core import packs, samples
from core.archive import BadPack
from core.film_packs import Film, Pack
from core.phantoms import knee, long_bone
from core.quiz_cases import ANSWERS, Draft, shown_film
from core.quiz_records import Question

BONE, KNEE, HOLED = "X-ray film", "Knee film", "Film with a hole"
KINDS = {"fracture": BONE, "grade": KNEE, "fill": HOLED}
FRACATLAS = (
    "FracAtlas, Abedeen et al. 2023, doi 10.6084/m9.figshare.22363012, CC BY 4.0; no model here "
    "was trained on it."
)
OAI = "OAI knees, Chen 2018, doi 10.17632/56rmx5bjcr.1, CC BY 4.0; no model here learned from it."
PACKS = {"fracture": "fracture", "grade": "knee", "fill": "knee"}  # question → pack
GRADES = len(ANSWERS["grade"])
NEW = 1_000_000  # above the seeds that networks learned from
Thing = TypeVar("Thing")


def balanced(groups: Sequence[Sequence[Thing]], count: int, seed: int) -> list[Thing]:
    """`count` things, of each group as many as of the others where it has them, in an order by
    chance that is always the same for a seed; fewer where there are no more."""
    rng = np.random.default_rng([seed, 8])
    waiting = [[group[at] for at in rng.permutation(len(group))] for group in groups]
    found: list[Thing] = []
    while len(found) < count and any(waiting):
        for at in rng.permutation(len(waiting)):
            if waiting[at] and len(found) < count:
                found.append(waiting[at].pop())
    return [found[at] for at in rng.permutation(len(found))]


def synthetic(question: Question, count: int, seed: int, but: Collection[str] = ()) -> list[Draft]:
    """`count` cases about films drawn by a program: bones, half of them fractured, the samples of
    the Fracture page first; knees of all grades; or whole knees to cut a hole into. No anatomy is
    drawn twice: the other film of a pair would tell the truth of the first. Samples whose key is in
    `but` are left out."""
    if question == "fracture":
        gallery = [draft for draft in map(_sample, samples.gallery()) if draft.key not in but]
        halves = [[draft for draft in gallery if draft.truth == truth] for truth in (1, 0)]
        more = [
            [
                _bone(seed + 2 * at + truth, truth)
                for at in range(max(0, (count + 1) // 2 - len(half)))
            ]
            for half, truth in zip(halves, (1, 0), strict=True)
        ]
        return balanced([one + other for one, other in zip(halves, more, strict=True)], count, seed)
    each = -(-count // GRADES)
    knees = [
        [_knee(question, seed + GRADES * at + grade, grade) for at in range(each)]
        for grade in range(GRADES)
    ]
    return balanced(knees, count, seed)


def _sample(sample: samples.Sample) -> Draft:
    truth = int(sample.truth.startswith("fractured"))
    return Draft(
        f"sample {sample.slug}",
        "fracture",
        BONE,
        sample.title,
        truth,
        lambda _networks: shown_film(sample.data(), sample.filename),
        sample.draw().boxes_xyxy_relative if truth else (),
        f"{sample.title}: {sample.description} {samples.SYNTHETIC}",
    )


def _bone(seed: int, truth: int) -> Draft:
    seed += NEW
    return Draft(
        f"bone {seed} {truth}",
        "fracture",
        BONE,
        f"Bone {seed % NEW} (synthetic)",
        truth,
        lambda _networks: long_bone(seed, bool(truth)).pixels,
        long_bone(seed, bool(truth)).boxes_xyxy_relative,
        samples.SYNTHETIC,
    )


def _knee(question: Question, seed: int, grade: int) -> Draft:
    seed += NEW
    return Draft(
        f"{question} of knee {seed} {grade}",
        question,
        KINDS[question],
        f"Knee {seed % NEW} (synthetic)",
        grade if question == "grade" else None,
        lambda _networks: knee(seed, grade).pixels,
        told=f"Drawn with the signs of grade {grade}. {samples.SYNTHETIC}",
    )


def val_films(data: Path, question: Question) -> tuple[Pack, list[Film]] | None:
    """The pack of real films for a question, and the films of its validation split, in the folder
    `data`; None where there is none that can be read."""
    path = packs.at_hand(data, PACKS[question])
    if path is None:
        return None
    try:
        pack = Pack(path)
    except (BadPack, OSError, zipfile.BadZipFile):
        return None
    films = pack.split("val")
    return (pack, films) if films else None


def real(
    question: Question,
    found: tuple[Pack, Sequence[Film]],
    count: int,
    seed: int,
    but: Collection[str] = (),
) -> list[Draft]:
    """`count` cases about films of `val_films`, as many of each label; not those whose key is in
    `but`."""
    pack, films = found
    drafts = [_real(question, pack, film) for film in films]
    drafts = [draft for draft in drafts if draft.key not in but]
    labels = {film.name: film.label for film in films}
    groups = [
        [draft for draft in drafts if labels[draft.name] == label]
        for label in sorted(set(labels.values()))
    ]
    return balanced(groups, count, seed)


def _real(question: Question, pack: Pack, film: Film) -> Draft:
    label = f"grade {film.label}" if question != "fracture" else ANSWERS["fracture"][film.label]
    source = FRACATLAS if question == "fracture" else OAI
    return Draft(
        f"{question} of {film.name}",
        question,
        KINDS[question],
        film.name,
        film.label if question != "fill" else None,
        lambda _networks: film_of(pack, film),
        film.boxes or (),
        f"Real film {film.name}, {label} by its label. {source}",
    )


def film_of(pack: Pack, film: Film) -> np.ndarray:
    """A film of a pack as it is shown, (H, W) uint8. Raises BadImage, and OSError where the pack is
    gone or damaged."""
    return shown_film(bytes_of(pack.read, film.path), film.name)


def bytes_of(read: Callable[[str], bytes], member: str) -> bytes:
    """The bytes of a pack's member. Raises OSError where it is gone or damaged."""
    try:
        return read(member)
    except (KeyError, zipfile.BadZipFile) as error:
        raise OSError(f"{member} cannot be read") from error
