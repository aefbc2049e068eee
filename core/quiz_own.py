"""Drafts of cases about films that a teacher brings."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from core.classify import embeddings
from core.film_packs import CLASS_NAMES, GRADE_FOLDER, IMAGE_SUFFIXES
from core.images import BadImage, decode, display_name
from core.knees import find_knees
from core.lesions import to_square
from core.preprocess import to_grey
from core.quiz_cases import BadCase, Draft, shown_film
from core.quiz_films import KINDS, balanced
from core.quiz_generated import LESION, REAL, invented, knee, real_lesion
from core.quiz_networks import Networks
from core.quiz_pictures import SQUARE, eight_bits
from core.quiz_records import Question

ORIGINS = {"real": 0, "original": 0, "generated": 1, "synthetic": 1, "fake": 1}
KNOWN = {
    "fracture": "“fractured” and “not fractured”",
    "grade": "“0” to “4”",
    "generated": "“real” and “generated”",
}
MAX_HELD = 256 * 2**20  # bytes of files, as they are, of all cases together
BROUGHT = "A picture that your teacher brought."
# What own pictures are to be told from, of "generated"
AS_TOLD, AGAINST_LESIONS, AGAINST_FILLS = "told", "lesions", "fills"


def films(files: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
    """The pictures of a zip by their paths; tables and other files are passed over. Raises BadCase
    where there is none."""
    found = {
        path: data for path, data in files if PurePosixPath(path).suffix.lower() in IMAGE_SUFFIXES
    }
    if not found:
        raise BadCase("The zip holds no picture: pack PNG, JPEG, TIFF, BMP or DICOM films.")
    return found


def labels(paths: Sequence[str], question: Question) -> tuple[dict[str, int], str]:
    """The truth of the pictures of a zip by the folders they lie in: path → answer, from 0; and a
    sentence that names the folders found and the classes known, where a picture lies in none of
    them, or "". The nearest folder that names a class counts."""
    found = {path: _label(path, question) for path in paths}
    known = {path: label for path, label in found.items() if label is not None}
    without = [path for path in found if path not in known]
    if not without:
        return known, ""
    folders = sorted({PurePosixPath(path).parent.name for path in without} - {""})
    what = f"choose the truth below, or put each film into a folder of its class, {KNOWN[question]}"
    if not folders:
        return known, f"{len(without)} of the zip's films lie in no folder: {what}."
    named = ", ".join(f"“{display_name(folder)}”" for folder in folders[:5])
    more = f" and {len(folders) - 5} more" if len(folders) > 5 else ""
    return known, f"The zip's folders {named}{more} match no class: {what}."


def _label(path: str, question: Question) -> int | None:
    parents = [re.sub(r"[_\-]+", " ", part).strip().lower() for part in PurePosixPath(path).parts]
    return next(
        (
            label
            for parent in reversed(parents[:-1])
            if (label := _class_of(parent, question)) is not None
        ),
        None,
    )


def _class_of(folder: str, question: Question) -> int | None:
    if question == "grade":
        named = GRADE_FOLDER.fullmatch(folder.removeprefix("grade ").removeprefix("kl "))
        return int(named[1]) if named else None
    return {"fracture": CLASS_NAMES, "generated": ORIGINS}[question].get(folder)


def own(
    question: Question,
    files: Mapping[str, bytes],
    truths: Mapping[str, int],
    against: str = AS_TOLD,
) -> list[Draft]:
    """A case for each file, by its name; `truths` are known of some.

    Of "generated", `against` says what pictures these are told from: each other, AS_TOLD; as many
    lesions by our generator, AGAINST_LESIONS, all of these being real; or, AGAINST_FILLS, every
    second one of these, which are real knees, has a hole that our network fills.

    Raises BadCase for no file, for more than MAX_HELD bytes, and a file that cannot be read.
    """
    if not files:
        raise BadCase("There is no film yet: choose files first.")
    check_size(sum(map(len, files.values())))
    drafts: list[Draft] = []
    for at, (name, data) in enumerate(files.items()):
        try:
            if question == "generated":
                found = _told_apart(at, name, data, truths.get(name), against)
                drafts += [replace(found[0], size=len(data)), *found[1:]]
            else:
                drafts.append(_film(question, name, data, truths.get(name)))
        except BadImage as error:
            raise BadCase(f"{display_name(name)}: {error.reason}") from error
    if against == AS_TOLD:
        return drafts
    # Real ones and generated ones in turn would give them away, and so would one order for all.
    return balanced([drafts], len(drafts), zlib.crc32(drafts[0].key.encode()))


def check_film(data: bytes, name: str) -> None:
    """Raises BadCase, which names the film, where it cannot be read."""
    try:
        decode(data, name)
    except BadImage as error:
        raise BadCase(f"{display_name(name)}: {error.reason}") from error


def check_size(held: int) -> None:
    """Raises BadCase where this many bytes of files are more than a list of cases holds."""
    if held > MAX_HELD:
        raise BadCase(
            f"Your films take more than the {MAX_HELD // 2**20} MB that a quiz is made of: take "
            "fewer of them, or export them smaller."
        )


def _film(question: Question, name: str, data: bytes, truth: int | None) -> Draft:
    shown_film(data, name)  # raises where it cannot be read
    return Draft(
        _key(data, question),
        question,
        KINDS[question],
        display_name(name),
        None if question == "fill" else truth,
        partial(_one_knee, data, name) if question == "grade" else partial(_whole, data, name),
        told=BROUGHT,  # not its name, which may be a patient's
        size=len(data),
    )


def _whole(data: bytes, name: str, _networks: Networks) -> np.ndarray:
    return shown_film(data, name)


def _one_knee(data: bytes, name: str, networks: Networks) -> np.ndarray:
    """The knee on a film as the Severity page cuts it out, (H, W) uint8; all of the film where none
    is found, or no model has a gate to find one by. Raises BadImage where there are two."""
    film = shown_film(data, name)
    model = networks.gatekeeper
    if model is None:
        return film
    gate = model.gate
    found = find_knees(film, lambda crops: gate.distance(embeddings(crops, model)), gate.threshold)
    if len(found) > 1:
        raise BadImage("This film shows both knees: cut it, so that it shows the one to grade.")
    return found[0].box.of(film) if found else film


def _told_apart(at: int, name: str, data: bytes, truth: int | None, against: str) -> list[Draft]:
    key, title = _key(data, "generated"), display_name(name)
    if against == AGAINST_FILLS:
        shown_film(data, name)
        return [knee(key, title, lambda: shown_film(data, name), bool(at % 2), BROUGHT)]
    if against == AGAINST_LESIONS:
        real_lesion(data, name)
        real = _picture(
            key, title, partial(real_lesion, data, name), REAL, LESION, f"Real. {BROUGHT}"
        )
        return [real, invented(f"beside {key}")]
    square(data, name)
    return [_picture(key, title, partial(square, data, name), truth, "Picture", BROUGHT)]


def _picture(key, title, pixels: Callable[[], np.ndarray], truth, kind, told) -> Draft:
    return Draft(key, "generated", kind, title, truth, lambda _networks: pixels(), told=told)


def square(data: bytes, name: str) -> np.ndarray:
    """A picture's file as its middle square of one size, so that the size tells nothing: (S, S) or
    (S, S, 3) uint8. Raises BadImage."""
    image = decode(data, name)
    if image.pixels.ndim == 2:
        grey = to_grey(image.pixels, image.window)
        return to_square(grey, SQUARE)
    return to_square(eight_bits(image.pixels), SQUARE)


def _key(data: bytes, question: Question) -> str:
    return f"{question} of {hashlib.sha256(data).hexdigest()}"
