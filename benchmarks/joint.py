"""The joint space of every val knee: share found, widths by grade, share of half knees refused.

    python -m benchmarks.joint --data knee.zip [--sheet out.png]

Widths are of the narrower compartment, in pixels of the film; a closed one counts as 0. `--sheet`
draws 100 films chosen with a fixed seed: the box, the femur's edge in red, the tibia's in green,
and both widths.
"""

import argparse
import random
import statistics
import time
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np

from core.film_packs import Film, Pack
from core.joint import Gap, Joint, NoJoint, find_joint
from trainers.squares import read_grey

SEED, SHOWN, TILE = 1, 100, 448


def joint_or_reason(grey: np.ndarray) -> Joint | str:
    """The joint, or why there is none."""
    try:
        return find_joint(grey)
    except NoJoint as error:
        return error.reason


def narrower(joint: Joint) -> float:
    """The smaller width; a compartment without one counts as closed, 0."""
    return min(gap.width_px or 0.0 for gap in (joint.left, joint.right))


def spearman(one: list[float], other: list[float]) -> float:
    """Rank correlation; equal values share their mean rank."""
    ranks = []
    for values in (one, other):
        _, inverse, count = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(count) - (count - 1) / 2)[inverse])
    return float(np.corrcoef(*ranks)[0, 1])


def halves(grey: np.ndarray) -> list[np.ndarray]:
    """Half a knee: either half of the film, and either 45 % of it."""
    width = grey.shape[1]
    half, less = width // 2, width * 45 // 100
    return [grey[:, :half], grey[:, half:], grey[:, :less], grey[:, -less:]]


def drawn(grey: np.ndarray, found: Joint | str, name: str) -> np.ndarray:
    """A tile of the sheet: the film, contrast raised, with what was found on it."""
    scale = TILE / max(grey.shape)
    film = cv2.createCLAHE(2, (4, 4)).apply(grey)
    film = cv2.resize(film, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    tile = np.zeros((TILE, TILE, 3), np.uint8)
    tile[: film.shape[0], : film.shape[1]] = film[..., None]
    put = {"fontFace": cv2.FONT_HERSHEY_SIMPLEX, "fontScale": 0.6, "thickness": 2}
    if isinstance(found, str):
        cv2.putText(tile, found[:36], (4, TILE // 2), color=(0, 0, 255), **put)
    else:
        box = np.rint(np.array(found.box) * scale).astype(int).tolist()
        cv2.rectangle(tile, box[:2], box[2:], (255, 255, 0))
        for gap in (found.left, found.right):
            draw_gap(tile, gap, scale, put)
    cv2.putText(tile, name, (4, 100), color=(255, 0, 255), **put)
    return tile[80:370]


def draw_gap(tile: np.ndarray, gap: Gap, scale: float, put: dict) -> None:
    """One compartment's edges and width."""
    for edge, colour in ((gap.upper, (0, 0, 255)), (gap.lower, (0, 255, 0))):
        points = np.rint(((edge + 0.5) * scale - 0.5) * 8).astype(np.int32)
        cv2.polylines(tile, [points], False, colour, 1, cv2.LINE_AA, 3)
    text = "none" if gap.width_px is None else f"{gap.width_px:.1f}"
    place = (int(np.mean(gap.span) * scale) - 20, int(gap.lower[:, 1].mean() * scale) + 50)
    cv2.putText(tile, text, place, color=(0, 255, 255), **put)


def measure(pack: Pack, films: list[Film], shown: set[str]) -> dict:
    """Every film's joint and half knees; what the report needs of them."""
    found = {"reasons": Counter(), "halves": [], "ms": [], "tiles": []}
    found |= {"widths": defaultdict(list), "unmeasured": Counter()}
    for film, data in pack.read_all(films):
        grey = read_grey(data, film.name)
        begin = time.process_time()
        joint = joint_or_reason(grey)
        found["ms"].append(1000 * (time.process_time() - begin))
        if film.path in shown:
            found["tiles"].append(drawn(grey, joint, f"{film.label} {film.name}"))
        found["halves"] += [isinstance(joint_or_reason(half), str) for half in halves(grey)]
        if isinstance(joint, str):
            found["reasons"][joint] += 1
            continue
        found["unmeasured"][film.label] += sum(
            g.width_px is None for g in (joint.left, joint.right)
        )
        found["widths"][film.label].append(narrower(joint))
    return found


def report(found: dict, count: int) -> None:
    """Print the figures."""
    refused = sum(found["reasons"].values())
    print(f"{count} films: joint found on {1 - refused / count:.1%}")
    for reason, times in found["reasons"].most_common():
        print(f"  {times:4} refused: {reason}")
    for grade, widths in sorted(found["widths"].items()):
        low, middle, high = np.percentile(widths, [25, 50, 75])
        print(
            f"  grade {grade}: n {len(widths):4}  width {middle:5.1f} px ({low:.1f} to {high:.1f})"
            f"  compartments without a width {found['unmeasured'][grade]}"
        )
    pairs = [(width, grade) for grade, widths in found["widths"].items() for width in widths]
    print(f"Spearman of width and grade {spearman(*zip(*pairs, strict=True)):+.2f}")
    print(f"half knees refused {np.mean(found['halves']):.1%} of {len(found['halves'])}")
    print(f"median {statistics.median(found['ms']):.1f} ms of processor time a film")


def main() -> None:
    """Measure the val split, print, and draw the sheet if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="pack of knees by grade")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet here (.png)")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    pack = Pack(arguments.data)
    films = pack.split("val")
    paths = sorted(film.path for film in films)
    shown = set(random.Random(SEED).sample(paths, min(SHOWN, len(paths))))
    found = measure(pack, films, shown if arguments.sheet else set())
    report(found, len(films))
    if arguments.sheet:
        tiles = found["tiles"] + [np.zeros_like(found["tiles"][0])] * (-len(found["tiles"]) % 10)
        rows = [np.hstack(tiles[at : at + 10]) for at in range(0, len(tiles), 10)]
        cv2.imwrite(str(arguments.sheet), np.vstack(rows))


if __name__ == "__main__":
    main()
