"""Milliseconds from a sketch to pictures of lesions, and to what the classifier says of them.

    python -m benchmarks.sketch [--threads 2] [--runs 30]

Every published generator, for 1, 7 and 8 pictures of one sketch: drawing alone, and all that the
page computes after a stroke, from the open contour on its canvas, closed, filled and shown, to
pictures with their diagnoses, ready for the browser; Streamlit and the line to the browser come on
top. Medians, after a first run that does not count.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from core.contours import random_contour
from core.diagnose import probabilities
from core.lesions import CODES, SIDE, mask_to_square
from core.masks import Stroke
from core.models import Model, catalogue, find, open_model
from core.settings import Settings
from core.sketch import check, closed
from core.sketchers import Sketcher, noise, one_hot, open_sketcher
from core.ui import canvas_picture, fabric, sketch_pictures

COUNTS = (1, 7, 8)
SHAPE = (512, 512)  # of the page's canvas
STROKE = Stroke(random_contour(1).points * SHAPE[0] / SIDE)  # by hand: a brush, not yet closed
MASK = mask_to_square(closed([STROKE], SHAPE))
GROUND = np.full((*SHAPE, 3), 200, np.uint8)
VIEW = fabric.part(SHAPE, 1, 0.5, 0.5, (544, 544))


def drawn(
    count: int, sketcher: Sketcher, judge: Model | None = None, mask: np.ndarray = MASK
) -> np.ndarray:
    """Pictures of one sketch, of all diagnoses in turn; no judge is asked."""
    labels = np.stack([one_hot(CODES[at % len(CODES)]) for at in range(count)])
    return sketcher.draw(mask, labels, noise(range(count)))


def judged(count: int, sketcher: Sketcher, judge: Model) -> np.ndarray:
    """What the classifier says of pictures of a stroke that the page has just been given, with
    canvas and pictures made ready for the browser."""
    whole = closed([STROKE], SHAPE)
    canvas_picture.picture(GROUND, whole, VIEW)
    mask = mask_to_square(whole)
    check(mask)
    painted = drawn(count, sketcher, mask=mask)
    said = probabilities(judge, painted)
    for picture in painted:
        sketch_pictures.shown(picture)
    return said


def median_ms(task: Callable[[], object], runs: int) -> float:
    """Median milliseconds of `task`."""
    task()
    spent = []
    for _ in range(runs):
        begun = time.perf_counter()
        task()
        spent.append(1000 * (time.perf_counter() - begun))
    return statistics.median(spent)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    checkpoints = Settings.from_environment().checkpoints
    judge = open_model(find(checkpoints, "lesion", "mobilenetv2"), arguments.threads)
    print(f"median milliseconds of {arguments.runs} runs, {arguments.threads} threads")
    print(f"  {'pictures':<36}" + "".join(f"{count:>10}" for count in COUNTS))
    for card in catalogue(checkpoints, "sketch"):
        sketcher = open_sketcher(card, arguments.threads)
        for title, way in {"drawn": drawn, "from stroke to verdict": judged}.items():
            cells = [median_ms(partial(way, n, sketcher, judge), arguments.runs) for n in COUNTS]
            name = f"{card.name}, {title}"
            print(f"  {name:<36}" + "".join(f"{cell:>10.1f}" for cell in cells))


if __name__ == "__main__":
    main()
