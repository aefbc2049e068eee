"""Which film a reading belongs to, by what its file tells: a hash, a name or a DICOM instance."""

import re
from collections.abc import Callable, Sequence

from core.annotation_records import Film
from core.images import display_name


class BadImport(ValueError):
    """A file that is not taken in; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KnownFilms:
    """The films that readings may be of."""

    def __init__(self, films: Sequence[Film], data: Callable[[str], bytes] | None) -> None:
        self._films, self._data = films, data

    def of(self, told: str, shape: Sequence[int] | None = None) -> Film:
        """The film of this SHA-256, or of this file's name, and of this (height, width)."""
        found = [film for film in self._films if told in (film.sha256, film.name)]
        digits = re.search("(?<![0-9a-f])([0-9a-f]{12}|[0-9a-f]{64})(?![0-9a-f])", told)
        if not found and digits:
            found = [film for film in self._films if film.sha256.startswith(digits[1])]
        if len(found) != 1:
            which = digits[1][:12] if digits else display_name(told)
            raise BadImport(
                f"This file belongs to another film ({which}): add that film here, or choose the "
                "readings of these films."
            )
        self.fit(found[0], shape)
        return found[0]

    def of_file(self, name: str) -> Film:
        """The film that a file was named after here, else the only one."""
        if re.search("[0-9a-f]{12}-(r[0-9]+|consensus)", name):
            return self.of(name)
        if len(self._films) != 1:
            raise BadImport(
                f"“{name}” does not tell which film it belongs to: choose the film first."
            )
        return self._films[0]

    def of_instance(self, instances: frozenset[str]) -> Film:
        """The film whose clean copy is one of these DICOM instances."""
        from core.exchange import dicom_seg

        for film in self._films if self._data else ():
            if film.kind == "dicom" and dicom_seg.instance(self._data(film.sha256)) in instances:
                return film
        raise BadImport(
            "This DICOM segmentation refers to another film: add the film that it was drawn on, as "
            "it was exported from here."
        )

    @staticmethod
    def fit(film: Film, shape: Sequence[int] | None) -> None:
        """Raise BadImport for a reading of a film of another (height, width)."""
        if shape is not None and tuple(shape) != tuple(film.shape):
            raise BadImport(
                f"This file is of a film of {shape[1]} by {shape[0]} pixels, and the film "
                f"{film.sha256[:12]} here has {film.shape[1]} by {film.shape[0]}: choose the "
                "readings of this one."
            )
