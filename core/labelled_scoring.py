"""Labelled films that somebody brings, read by every model as the pages read them."""

import hashlib
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from core.archive import Archive
from core.classify import grade_knees, read_film
from core.diagnose import probabilities
from core.images import BadImage, decode
from core.labelled import BadSet, LabelledSet, ModelReading, checked, truth
from core.labelled_pack import LabelledFilm
from core.lesions import SIDE, to_square
from core.models import Model, ModelCard
from core.preprocess import to_grey
from core.quality import is_negative

THUMBNAIL = 112  # px of the longer side


@dataclass
class Said:
    """What was read so far: `chances` (path, model's version) → (K,), `thumbnails` path → JPEG
    bytes, `skipped` path → why it cannot be read, `digests` path → SHA-256 of the file. Reading
    goes on where it was left."""

    chances: MutableMapping[tuple[str, str], np.ndarray] = field(default_factory=dict)
    thumbnails: MutableMapping[str, bytes] = field(default_factory=dict)
    skipped: MutableMapping[str, str] = field(default_factory=dict)
    digests: MutableMapping[str, bytes] = field(default_factory=dict)


def unread(
    films: Sequence[LabelledFilm], cards: Sequence[ModelCard], said: Said
) -> list[LabelledFilm]:
    """The films that some of these models have not read yet, but for those that none can."""
    return [
        film
        for film in films
        if film.path not in said.skipped
        and any((film.path, card.version) not in said.chances for card in cards)
    ]


def read_all(
    archive: Archive,
    films: Sequence[LabelledFilm],
    task: str,
    models: Sequence[Model],
    said: Said,
) -> Iterator[tuple[int, int]]:
    """Read what `said` does not hold yet, and yield after every film how many were read now and how
    many are left."""
    wanted = unread(films, [model.card for model in models], said)
    for done, (film, data) in enumerate(zip(wanted, _loaded(archive, wanted), strict=True), 1):
        try:
            if data is None:
                raise BadImage("This file is damaged in the pack, or gone: pack it again.")
            shown = displayed(data, film.name, task)
        except BadImage as error:
            said.skipped[film.path] = error.reason
        else:
            said.thumbnails[film.path] = thumbnail(shown)
            said.digests[film.path] = hashlib.sha256(data).digest()
            for model in models:
                said.chances[film.path, model.card.version] = _read(task, shown, model)
        yield done, len(wanted) - done


def _loaded(archive: Archive, films: Sequence[LabelledFilm]) -> Iterator[bytes | None]:
    """The bytes of each film, None where they cannot be read; a zip is opened anew only after
    that."""
    left = [film.path for film in films]
    while left:
        try:
            for data in archive.stream(tuple(left)):
                del left[0]
                yield data
        except OSError:
            del left[0]
            yield None


def collected(
    films: Sequence[LabelledFilm], task: str, data: str, cards: Sequence[ModelCard], said: Said
) -> LabelledSet:
    """The set of all films that could be read; copies of a file are of one group. Raises BadSet
    where there is none, or films of one kind alone."""
    read = [film for film in films if film.path not in said.skipped]
    if not read:
        reason = next(iter(said.skipped.values()), "It is empty.")
        raise BadSet(f"No film of the {len(films):,} can be read; of the first: {reason}")
    labels = np.array([film.label for film in read])
    titles = list(dict.fromkeys(title for film in read for title in film.attributes))
    attributes = {
        title: np.array([film.attributes.get(title, "unknown") for film in read], object)
        for title in titles
    }
    return checked(
        LabelledSet(
            task,
            data,
            tuple(film.name for film in read),
            labels,
            np.array([first.group for first in _firsts(read, said)], object),
            attributes | truth(task, labels),
            tuple(
                ModelReading(
                    card, np.array([said.chances[film.path, card.version] for film in read])
                )
                for card in cards
            ),
        )
    )


def copies(films: Sequence[LabelledFilm], said: Said) -> tuple[int, int]:
    """How many films that could be read are copies of an earlier one, byte for byte, and how many
    of these carry another label than that."""
    read = [film for film in films if film.path not in said.skipped]
    firsts = list(zip(read, _firsts(read, said), strict=True))
    copied = [(film, first) for film, first in firsts if film is not first]
    return len(copied), sum(film.label != first.label for film, first in copied)


def _firsts(films: Sequence[LabelledFilm], said: Said) -> list[LabelledFilm]:
    """Of each film the first that is the same file."""
    met: dict[bytes, LabelledFilm] = {}
    return [met.setdefault(said.digests[film.path], film) for film in films]


def displayed(data: bytes, name: str, task: str) -> np.ndarray:
    """A file as the models of a task see it, uint8: (H, W) grey, a negative turned positive; of a
    lesion the middle square (128, 128, 3) RGB. Raises BadImage."""
    image = decode(data, name)
    if task == "lesion":
        pixels = image.pixels
        eight = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
        colour = eight if eight.ndim == 3 else np.repeat(eight[..., None], 3, axis=2)
        return to_square(colour, SIDE)
    grey = to_grey(image.pixels, image.window)
    return 255 - grey if is_negative(grey) else grey


def thumbnail(shown: np.ndarray) -> bytes:
    """A small JPEG of a displayed film, (H, W) or (H, W, 3) RGB, uint8."""
    scale = THUMBNAIL / max(shown.shape[:2])
    size = (max(1, round(shown.shape[1] * scale)), max(1, round(shown.shape[0] * scale)))
    small = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    small = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def _read(task: str, shown: np.ndarray, model: Model) -> np.ndarray:
    if task == "fracture":
        chance = read_film(shown, model).probability
        return np.array([1 - chance, chance])
    if task == "severity":
        return grade_knees([shown], model)[0].probabilities
    return probabilities(model, shown[None])[0]
