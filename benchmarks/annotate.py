"""How long a save of an annotation takes, and what is left when its writer is killed.

    python -m benchmarks.annotate [--postgres] [--saves 40] [--kills 200]

Saves: an annotation of 10, 100 and 1,000 brush strokes of 20 points gets one more stroke a save,
as it does while somebody draws; a save returns when it is on disk. Kills: a process that saves
without end gets SIGKILL within 20 ms of its first acknowledged save; then a save is lost whose
acknowledgement was read but which is not in the store, and a reading is torn that holds what was
never saved. --postgres: on a server of its own, too, as it is installed with every synchronisation
on; its files and those of SQLite lie in the system's folder for temporary files.
"""

import argparse
import tempfile
import time

import numpy as np

from core.annotations import NewFilm, Reader, Store
from core.artefacts import Annotation
from core.masks import Stroke
from tests.postgres import Cluster
from tests.store_kills import kill_writers

SIZES = (10, 100, 1000)  # strokes
POINTS = 20  # of each
SHAPE = (2048, 1536)
ADA, SHA = Reader("Ada"), "b2" * 32


def latencies(store: Store, strokes: int, saves: int) -> np.ndarray:
    """Seconds that each save of an annotation of about so many strokes took."""
    rng = np.random.default_rng(strokes)
    worklist = store.create_worklist(f"{strokes} strokes", ADA)
    store.add_film(worklist, NewFilm(SHA, "film.png", b"film", "png", SHAPE), ADA)
    reading = store.begin(worklist, SHA, ADA)

    def stroke() -> Stroke:
        way = np.cumsum(rng.normal(0, 6, (POINTS, 2)), axis=0) + rng.uniform(200, 1300, 2)
        return Stroke(way.round(2), 12, label="screw")

    drawn = [stroke() for _ in range(strokes - 1)]
    spent = []
    for _ in range(saves + 1):
        drawn.append(stroke())
        begun = time.perf_counter()
        reading = store.save(reading, reading.revision, Annotation(tuple(drawn)), by=ADA)
        spent.append(time.perf_counter() - begun)
    return np.array(spent[1:])  # the first one works out the statements


def measure(name: str, store: Store, saves: int, kills: int) -> None:
    """Print what was found on one database."""
    print(f"{name}: milliseconds of {saves} saves")
    print(f"  {'strokes':>8}{'median':>10}{'95 %':>10}{'max':>10}")
    for strokes in SIZES:
        spent = 1000 * latencies(store, strokes, saves)
        numbers = (np.median(spent), np.percentile(spent, 95), spent.max())
        print(f"  {strokes:>8,}" + "".join(f"{number:>10.1f}" for number in numbers))
    found = kill_writers(store, kills)
    print(
        f"  {found.kills} kills: {found.acknowledged} acknowledged saves, {found.lost} lost, "
        f"{found.torn} torn readings; {found.ahead} came just before an acknowledgement"
    )
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--postgres", action="store_true", help="measure PostgreSQL, too")
    parser.add_argument("--saves", type=int, default=40, help="of each size")
    parser.add_argument("--kills", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{folder}/annotations.sqlite")
        measure("SQLite", store, asked.saves, asked.kills)
    if asked.postgres:
        cluster = Cluster()
        try:
            store = Store.open(cluster.empty_database())
            measure("PostgreSQL", store, asked.saves, asked.kills)
        finally:
            cluster.close()


if __name__ == "__main__":
    main()
