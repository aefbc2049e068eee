"""The suggestion of metal: Dice on knees with a drawn implant, alarms on those without.

    python -m benchmarks.metal [--data FOLDER] [--sheets FOLDER]

FOLDER holds the packs, and is LIGHTBOX_DATA's unless given: `knee` for the table, a zip or a
folder, and where they are at hand `knee_hardware` and the films of `fracture` with hardware, whose
shares are printed. `--sheets` draws all of these, the suggestion in red. Real metal that nobody
noted, and burned-in letters, count as false alarms: look at the sheet.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from core.archive import Archive
from core.film_packs import Pack
from core.masks import dice
from core.metal import find_metal
from core.phantoms.implants import KINDS, implanted
from core.settings import Settings
from trainers.squares import read_grey

SEED, DRAWN, PLAIN = 20, 200, 800
TILE, COLUMNS = 224, 10
Found = tuple[str, np.ndarray, np.ndarray]  # what is written on the tile, film, suggestion


def found(folder: Path, name: str) -> Path | None:
    """The pack of this name, or None."""
    paths = (folder / name, folder / f"{name}.zip")
    return next((path for path in paths if path.exists()), None)


def measure_drawn(films: list[np.ndarray]) -> list[tuple[str, float, Found]]:
    """Kind, Dice and picture of an implant on every film, kinds taking turns."""
    rows = []
    for seed, grey in enumerate(films):
        film = implanted(grey, seed, KINDS[seed % len(KINDS)])
        suggested = find_metal(film.film)
        score = dice(suggested, film.mask)
        rows.append((film.kind, score, (f"{film.kind} {score:.2f}", film.film, suggested)))
    return rows


def report_drawn(rows: list[tuple[str, float, Found]]) -> None:
    """Print the table of Dice by kind."""
    print(f"{'implant':12}{'n':>5}{'mean':>8}{'median':>8}{'found':>8}   Dice on val knees")
    for kind in (*KINDS, "all"):
        chosen = [(score, f) for name, score, f in rows if kind in (name, "all")]
        scores = [score for score, _ in chosen]
        share = np.mean([mask.any() for _, (_, _, mask) in chosen])
        mean, median = statistics.mean(scores), statistics.median(scores)
        print(f"{kind:12}{len(scores):5}{mean:8.3f}{median:8.3f}{share:8.1%}")


def report_plain(films: list[Found]) -> None:
    """Print how often, and over how much of a film, metal is suggested."""
    areas = [mask.mean() for _, _, mask in films if mask.any()]
    area = f", over {statistics.median(areas):.2%} of them (median)" if areas else ""
    print(f"{len(films)} untouched val knees: metal on {len(areas) / len(films):.1%}{area}")


def real(folder: Path) -> Iterator[tuple[str, list[Found]]]:
    """Films of real hardware, and what is suggested on each, by pack."""
    if path := found(folder, "knee_hardware"):
        archive = Archive(path)
        names = [name for name in archive.members if name.endswith((".jpg", ".png"))]
        yield path.stem, suggest(archive.stream(names), names)
    if path := found(folder, "fracture"):
        pack = Pack(path)
        films = [film for name in ("train", "val") for film in pack.split(name)]
        films = [film for film in films if "hardware" in film.flags]
        files = (data for _, data in pack.read_all(films))
        yield path.stem, suggest(files, [film.name for film in films])


def suggest(files, names: list[str]) -> list[Found]:
    """Name, film and suggestion of each file."""
    shown = []
    for name, data in zip(names, files, strict=True):
        grey = read_grey(data, name)
        shown.append((Path(name).stem, grey, find_metal(grey)))
    return shown


def tile(text: str, grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A square of a sheet: the film with what is suggested in red."""
    scale = TILE / max(grey.shape)
    size = tuple(max(1, round(side * scale)) for side in grey.shape[::-1])
    film = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)[..., None]
    red = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)[..., None] * 0.6
    square = np.zeros((TILE, TILE, 3), np.uint8)
    square[: size[1], : size[0]] = film * (1 - red) + np.array([0, 0, 255]) * red
    cv2.putText(square, text, (3, TILE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 255, 255))
    return square


def draw_sheet(path: Path, films: list[Found]) -> None:
    """Write tiles, ten in a row."""
    tiles = [tile(*film) for film in films]
    tiles += [np.zeros((TILE, TILE, 3), np.uint8)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(path), np.vstack(rows))


def main() -> None:
    """Measure, print, and draw the sheets if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of the packs")
    parser.add_argument("--sheets", type=Path, help="write contact sheets into this folder")
    arguments = parser.parse_args()
    folder = arguments.data or Settings.from_environment().data
    cv2.setNumThreads(1)
    path = found(folder, "knee")
    if path is None:
        parser.error(f"{folder} holds no pack of knees: name the folder of the packs with --data")
    pack = Pack(path)
    films = pack.split("val")
    rng = np.random.default_rng(SEED)
    chosen = [films[at] for at in rng.permutation(len(films))[:PLAIN]]
    knees = [read_grey(data, film.name) for film, data in pack.read_all(chosen)]

    rows = measure_drawn(knees[:DRAWN])
    report_drawn(rows)
    begin = time.process_time()
    plain = [(Path(f.name).stem, g, find_metal(g)) for f, g in zip(chosen, knees, strict=True)]
    spent = 1000 * (time.process_time() - begin) / len(plain)
    report_plain(plain)
    print(f"mean {spent:.0f} ms of processor time a knee")
    sheets = {"drawn": [film for *_, film in sorted(rows, key=lambda row: row[1])]}
    sheets["alarms"] = [film for film in plain if film[2].any()]
    for name, suggested in real(folder):
        hits = sum(mask.any() for *_, mask in suggested)
        print(f"{name}: metal suggested on {hits} of {len(suggested)} films with hardware")
        sheets[name] = suggested
    if arguments.sheets:
        arguments.sheets.mkdir(parents=True, exist_ok=True)
        for name, pictures in sheets.items():
            if pictures:
                draw_sheet(arguments.sheets / f"metal_{name}.png", pictures)


if __name__ == "__main__":
    main()
