"""Seconds per fill, and the grade of a knee before and after its metal is filled in.

    python -m benchmarks.fill [--threads 2] [--runs 10]
    python -m benchmarks.fill --data knee.zip [--films 10] [--names A.jpg B.jpg] [--sheet films.png]

Times: every published network and the classical ways, on a phantom knee of 224 px with thin holes
and with its middle gone, and on the same film at 2,240 px and 16 bit; median of some runs, grain
on. With --data: the first films of the pack on which metal is suggested, or those of --names; the
suggestion, grown by 2 px, is filled by the default network, and the default grader grades before
and after. --sheet shows each such film, its mask and its fill.
"""

import argparse
import statistics
from pathlib import Path

import cv2
import numpy as np

from core import inpaint
from core.classify import grade_knees
from core.film_packs import Pack
from core.mask_edits import grow
from core.metal import find_metal
from core.models import catalogue, find, open_model
from core.painters import open_painter
from core.phantoms import implants, knee
from core.settings import Settings
from trainers.squares import read_grey

RIM = 2  # px by which a suggested mask is grown: metal glares


def times(settings: Settings, threads: int, runs: int) -> None:
    """Print the median seconds of each method on each film."""
    film = knee(3, 2).pixels
    screws = implants.silhouette(film.shape, np.random.default_rng(0), "screws") > implants.SEEN
    middle = inpaint.middle(film.shape)
    large = cv2.resize(film, None, fx=10, fy=10, interpolation=cv2.INTER_CUBIC)
    films = {
        "screws, 224 px, 8 bit": (film, screws),
        "middle, 224 px, 8 bit": (film, middle),
        "screws, 2,240 px, 16 bit": (large.astype(np.uint16) * 257, _enlarged(screws)),
        "middle, 2,240 px, 16 bit": (large.astype(np.uint16) * 257, _enlarged(middle)),
    }
    methods = {name: name for name in inpaint.CLASSICAL}
    for card in catalogue(settings.checkpoints, "inpaint"):
        methods = {card.name: open_painter(card, threads), **methods}
    print(f"median seconds of {runs} fills, {threads} threads")
    print(f"  {'':<26}" + "".join(f"{name:>26}" for name in methods))
    for title, (pixels, mask) in films.items():
        cells = []
        for method in methods.values():
            try:
                spent = [
                    inpaint.fill(pixels, mask, method, grain=True).seconds for _ in range(runs)
                ]
                cells.append(f"{statistics.median(spent):.3f}")
            except inpaint.BadHole:
                cells.append("cannot")
        print(f"  {title:<26}" + "".join(f"{cell:>26}" for cell in cells))


def _enlarged(mask: np.ndarray) -> np.ndarray:
    return cv2.resize(mask.astype(np.uint8), None, fx=10, fy=10) > 0


def grades(
    settings: Settings, pack: Pack, count: int, names: list[str], sheet: Path | None
) -> None:
    """Print the grade of films with metal, before and after it is filled in."""
    painter = open_painter(find(settings.checkpoints, "inpaint", "context_encoder"))
    grader = open_model(find(settings.checkpoints, "severity", "mobilenetv2"))
    rows = []
    print("film            split  truth  before  P     after  P     mask")
    chosen = [film for film in pack.films if not names or film.name in names]
    for film, data in pack.read_all(chosen):
        grey = read_grey(data, film.name)
        mask = find_metal(grey)
        if not mask.any():
            continue
        mask = grow(mask, RIM)
        filled = inpaint.fill(grey, mask, painter, grain=True).pixels
        before, after = grade_knees([grey, filled], grader)
        print(
            f"{film.name:<16}{film.split:<7}{film.label:<7}"
            + "".join(f"{r.grade:<8}{r.probabilities[r.grade]:.2f}  " for r in (before, after))
            + f"{mask.mean():.1%}"
        )
        rows.append([grey, np.where(mask, 255, grey // 2), filled])
        if len(rows) == count:
            break
    if sheet:
        cv2.imwrite(str(sheet), np.hstack([np.vstack(row) for row in rows]))


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--data", type=Path, help="pack of knees: a folder or a zip")
    parser.add_argument("--films", type=int, default=10)
    parser.add_argument("--names", nargs="*", default=[])
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    settings = Settings.from_environment()
    if arguments.data:
        grades(settings, Pack(arguments.data), arguments.films, arguments.names, arguments.sheet)
    else:
        times(settings, arguments.threads, arguments.runs)


if __name__ == "__main__":
    main()
