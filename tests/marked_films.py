"""Packs of masks made in tests as a visitor makes them: a worklist, readings, a pack."""

from collections.abc import Mapping
from pathlib import Path

from core.annotations import Reader, Store
from core.artefacts import Annotation
from core.clean_film import clean
from core.training_pack import pack


def write_pack(path: Path, said: Mapping[bytes, Annotation]) -> Path:
    """Write a pack of films, by their bytes, and what one reader says of each."""
    reader = Reader("Ann")
    store = Store.open(f"sqlite:///{path.with_suffix('.sqlite')}")
    worklist = store.create_worklist("Films", reader)
    for data, annotation in said.items():
        film = store.add_film(worklist, clean(data, "film"), reader).film
        reading = store.begin(worklist, film.sha256, reader)
        reading = store.save(reading, reading.revision, annotation, by=reader)
        store.submit(reading, reading.revision, reader)
    path.write_bytes(pack(store, worklist, "submitted", reader))
    store.close()
    return path
