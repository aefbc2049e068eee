"""Which film a reading belongs to, by what its file tells: a hash, a name or a DICOM instance."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from core.annotation_records import Film
from core.images import display_name

MAX_READINGS = 200  # of one film in one file
MAX_MASKS = 4_000_000_000  # pixels, of all masks of a file together: a minute's work


class BadImport(ValueError):
    """A file that is not taken in; `reason` is one sentence: what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KnownFilms:
    """The films that readings may be of."""

    def __init__(self, films: Sequence[Film], data: Callable[[str], bytes] | None) -> None:
        self._films, self._data, self._masks = films, data, 0

    def of(self, told: str, shape: Sequence[int] | None = None) -> Film:
        """The film of this SHA-256, or of this file's name, in whatever folder, and of this
        (height, width)."""
        name = display_name(told)
        found = [film for film in self._films if told == film.sha256 or name == film.name]
        if len(found) > 1:
            raise BadImport(f"Several films here are named “{name}”: choose the film first.")
        digits = re.search("(?<![0-9a-f])([0-9a-f]{12}|[0-9a-f]{64})(?![0-9a-f])", told)
        if not found and digits:
            found = [film for film in self._films if film.sha256.startswith(digits[1])]
        if len(found) != 1:
            which = digits[1][:12] if digits else name
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

    def count(self, shape: Sequence[int]) -> None:
        """Raise BadImport where a mask of (height, width) is one more than is read at once."""
        self._masks += shape[0] * shape[1]
        if self._masks > MAX_MASKS:
            raise BadImport(
                "This file holds more masks than are read at once: export the annotations as drawn "
                "(JSON), or fewer films."
            )

    @staticmethod
    def few(readings: Iterable[str]) -> None:
        """Raise BadImport for more readings of one film than a worklist has; the films of all."""
        if max(Counter(readings).values(), default=0) > MAX_READINGS:
            raise BadImport(
                f"This file holds more than {MAX_READINGS} readings of one film: export those of "
                "fewer readers."
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
