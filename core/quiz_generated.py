"""Drafts of cases that ask whether a picture is real or generated.

Real and generated pictures of a quiz go the same way: a lesion is the middle square of its picture
at the 128 px that generators paint, enlarged like theirs; a knee is shown whole, and is filled or
left alone.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from core import packs
from core.archive import Archive, BadPack
from core.contours import random_contour
from core.film_packs import Film, Pack
from core.images import BadImage, decode
from core.lesions import CODES, DIAGNOSES, SIDE, mask_to_square, to_square
from core.masks import rasterise
from core.metal import find_metal
from core.models import BadModel
from core.quiz_cases import Draft
from core.quiz_fills import repaired
from core.quiz_films import KNEE, OAI, balanced, bytes_of, film_of
from core.quiz_networks import Networks
from core.quiz_pictures import eight_bits, enlarged
from core.sketch import BadSketch, check
from core.sketchers import noise, one_hot

LESION = "Picture of a skin lesion"
HAM = "HAM10000, Tschandl et al. 2018, doi 10.7910/DVN/DBW86T, CC BY-NC 4.0 (non-commercial)."
REAL, GENERATED = 0, 1
NO_PAINTER = (
    "No network that fills holes is published here: restore the folder checkpoints/inpaint."
)


@dataclass(frozen=True)
class Lesion:
    """A real picture of a pack, its files inside, and its diagnosis: a code of
    `core.lesions.CODES`."""

    name: str
    image: str
    mask: str
    code: str


@dataclass(frozen=True)
class LesionPack:
    """A pack of lesions, and those of them that a quiz takes."""

    archive: Archive
    lesions: tuple[Lesion, ...]


def lesion_pack(data: Path, checkpoints: Path) -> LesionPack | None:
    """The real lesions with an outline in the pack `lesion` of the folder `data`; None where there
    is none that can be read. Where published classifiers list their validation pictures, only
    those: no network learned from them."""
    path = packs.at_hand(data, "lesion")
    if path is None:
        return None
    try:
        archive = Archive(path)
        table = next(name for name in archive.members if name.endswith("labels.csv"))
        rows = list(csv.DictReader(io.StringIO(archive.read(table).decode("utf-8-sig"))))
        files = {PurePosixPath(member).stem: member for member in archive.members}
        found = [
            Lesion(name, files[name], files[f"{name}_segmentation"], row["dx"])
            for row in rows
            if (name := row["image_id"]) in files
            and f"{name}_segmentation" in files
            and row["dx"] in CODES
        ]
    except (BadPack, OSError, KeyError, StopIteration, UnicodeDecodeError, zipfile.BadZipFile):
        return None
    held_out = _held_out(checkpoints)
    found = [lesion for lesion in found if lesion.name in held_out] or found
    return LesionPack(archive, tuple(found)) if found else None


def _held_out(checkpoints: Path) -> set[str]:
    """The validation pictures of the published classifiers of lesions."""
    names: set[str] = set()
    for path in checkpoints.glob("lesion/*/predictions.csv"):
        try:
            with open(path, newline="", encoding="utf-8") as file:
                names |= {row["image"] for row in csv.DictReader(file)}
        except (OSError, KeyError, UnicodeDecodeError, csv.Error):
            continue
    return names


def lesions(pack: LesionPack, count: int, seed: int, but: Collection[str] = ()) -> list[Draft]:
    """`count` cases, half of them real lesions and half generated ones, of all diagnoses alike.

    A generated one is drawn from the outline and with the diagnosis of another real lesion of the
    pack. Those whose key is in `but` are left out.
    """
    groups = [[one for one in pack.lesions if one.code == code] for code in CODES]
    chosen = balanced(groups, len(pack.lesions), seed)
    drafts: list[Draft] = []
    for lesion in chosen:
        if len(drafts) == count:
            break
        # Diagnoses come round by chance, so every second one of them is real.
        draft = _drawn(pack, lesion) if len(drafts) % 2 else _photo(pack, lesion)
        if draft and draft.key not in but:
            drafts.append(draft)
    return balanced([drafts], count, seed)


def _photo(pack: LesionPack, lesion: Lesion) -> Draft:
    name = _name(lesion.code)
    return Draft(
        f"lesion {lesion.name}",
        "generated",
        LESION,
        f"{lesion.name}, {name}",
        REAL,
        lambda _networks: real_lesion(bytes_of(pack.archive.read, lesion.image), lesion.name),
        told=f"Real: {lesion.name}, {name}. {HAM}",
    )


def _drawn(pack: LesionPack, lesion: Lesion) -> Draft | None:
    """A generated lesion; None where the mask outlines nothing or is gone."""
    mask = _mask(pack, lesion)
    if mask is None:
        return None
    whose = f"the outline of the real lesion {lesion.name}"
    return generated(f"drawn after {lesion.name}", mask, lesion.code, whose)


def _mask(pack: LesionPack, lesion: Lesion) -> np.ndarray | None:
    try:
        data = np.frombuffer(bytes_of(pack.archive.read, lesion.mask), np.uint8)
    except OSError:
        return None
    pixels = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if pixels is None:
        return None
    mask = mask_to_square(pixels > 127)
    try:
        check(mask)
    except BadSketch:
        return None
    return mask


def real_lesion(data: bytes, name: str) -> np.ndarray:
    """A picture's file as a generator would paint it: its middle square at 128 px, enlarged,
    (S, S, 3) uint8. Raises BadImage."""
    pixels = eight_bits(decode(data, name).pixels)
    colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
    return enlarged(to_square(colour))


def generated(key: str, mask: np.ndarray, code: str, whose: str) -> Draft:
    """A case about a lesion that the best generator draws into `mask` (128, 128) bool, which is
    `whose` outline, with a diagnosis; always the same for a key."""
    seed = zlib.crc32(key.encode())

    def pixels(networks: Networks) -> np.ndarray:
        drawn = networks.sketcher.draw(mask, one_hot(code)[None], noise([seed]))
        return enlarged(drawn[0])

    return Draft(
        key,
        "generated",
        LESION,
        f"{_name(code).capitalize()}, drawn",
        GENERATED,
        pixels,
        told=f"Generated: a network drew it from {whose}, as {_name(code)}. It shows no patient. "
        f"The network learned from {HAM}",
    )


def invented(key: str) -> Draft:
    """A case about a generated lesion whose outline and diagnosis are chance's."""
    seed = zlib.crc32(key.encode())
    mask = rasterise([random_contour(seed % 10_000)], (SIDE, SIDE))
    return generated(key, mask, CODES[seed % len(CODES)], "an outline drawn by code")


def knees(
    found: tuple[Pack, Sequence[Film]], count: int, seed: int, but: Collection[str] = ()
) -> list[Draft]:
    """`count` cases about real knees of `core.quiz_films.val_films`, of all grades alike, half of
    them untouched and half with a hole in the shape of an implant that a network has filled.

    Left out are knees that cannot be read, those with anything on them that looks like metal, and
    those whose key is in `but`.
    """
    pack, films = found
    by_grade = [[film for film in films if film.label == grade] for grade in range(5)]
    drafts: list[Draft] = []
    for film in balanced(by_grade, len(films), seed):
        if len(drafts) == count:
            break
        filled = len(drafts) % 2 == GENERATED
        load = partial(film_of, pack, film)
        draft = knee(f"knee {film.name}", film.name, load, filled, f"Film {film.name}. {OAI}")
        if draft.key not in but and _bare(load):
            drafts.append(draft)
    return balanced([drafts], count, seed)


def _bare(load: Callable[[], np.ndarray]) -> bool:
    """Whether a film can be read and nothing on it looks like metal."""
    try:
        return not find_metal(load()).any()
    except (BadImage, OSError):
        return False


def knee(key: str, name: str, load: Callable[[], np.ndarray], filled: bool, source: str) -> Draft:
    """A case about a knee, untouched or with a hole that the best network has `filled`. `load`
    returns it, (H, W) uint8; `source` is said with the truth."""

    def pixels(networks: Networks) -> np.ndarray:
        film = load()
        if filled:
            if not networks.painters:
                raise BadModel(NO_PAINTER)
            film = repaired(film, key, networks.painters[0])
        return enlarged(film)

    done = (
        "Generated in part: a hole in the shape of an implant was cut into a real knee, and a "
        "network filled it."
    )
    return Draft(
        key,
        "generated",
        KNEE,
        f"{name}, {'filled' if filled else 'untouched'}",
        GENERATED if filled else REAL,
        pixels,
        told=f"{done if filled else 'Real: nothing was done to it.'} {source}",
    )


def _name(code: str) -> str:
    return next(one.name for one in DIAGNOSES if one.code == code).lower()
