"""Many generated pictures in a zip that the trainers read: does synthetic data help?"""

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from core.contours import random_contour
from core.lesions import CODES, DIAGNOSES
from core.models import ModelCard
from core.sketch import BadSketch, closed
from core.sketch_export import SENTENCE, mask_png, picture_png, statement
from core.sketchers import Sketcher, noise, one_hot

COLUMNS = ("image_id", "lesion_id", "dx", "dx_type", "age", "sex", "localization", "seed")
AT_ONCE = 8  # pictures that are in memory

README = """\
Synthetic skin lesions
======================

{sentence}

{total} pictures, {per_class} of each diagnosis, drawn by "{title}" ({name}), each with the sketch
it was drawn from. All diagnoses have the same sketches.
Noise: {noise}.

labels.csv                          a row for each picture; dx is the diagnosis that was asked for
images/<image_id>.png               the pictures
masks/<image_id>_segmentation.png   the sketches, white where the lesion is

{diagnoses}

The layout is that of our lesion pack. To train with these pictures beside a pack of real ones:

    python -m trainers.lesion --data REAL_PACK --run RUN --also THIS_ZIP

They are learned from only: what is measured is the validation split of the real pack. Without
--also it is the same training without them; take another RUN for it.

Before you conclude that such pictures help:
- Measure on real pictures that the generator never learned from, never on these.
- Compare with the same training without them, from several seeds.
- Every picture carries the word SYNTHETIC in its lower right corner. Add as many of every
  diagnosis: if only rare ones are added, a network can learn the word instead of the lesion.

Licence: {licence}
"""


def batch(
    sketcher: Sketcher,
    per_class: int,
    seed: int,
    masks: Sequence[np.ndarray] = (),
    strength: float = 1.0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> bytes:
    """A zip of `per_class` pictures of each diagnosis, with labels and masks, as
    `trainers.lesions.LesionPack` reads it; each is marked as synthetic.

    masks: filled sketches (128, 128) bool, taken in turn; without any, lesions by
        `random_contour`, from `seed` on. Every diagnosis has the same ones.
    seed: of the first picture's noise; each next picture has the next.
    strength: of the noise.
    progress: is told how many of how many pictures are done.

    Raises BadSketch where pictures would be the same: more than one of a sketch without noise.
    """
    noisy = sketcher.varies and strength > 0
    if not noisy and 0 < len(masks) < per_class:
        raise BadSketch(
            "Without noise all pictures of a sketch are the same: ask for one of each diagnosis, "
            "or for random outlines."
        )
    orders = [(code, turn) for code in CODES for turn in range(per_class)]
    sketches = list(masks) or [closed([random_contour(seed + at)]) for at in range(per_class)]
    now = datetime.now(UTC)
    table, file = io.StringIO(), io.BytesIO()
    rows = csv.DictWriter(table, COLUMNS, restval="", lineterminator="\n")
    rows.writeheader()
    with zipfile.ZipFile(file, "w") as archive:  # stored as they are: PNG is packed already
        words = noise_words(sketcher, seed, strength)
        archive.writestr("README.txt", _readme(sketcher.card, per_class, words))
        for start in range(0, len(orders), AT_ONCE):
            some = orders[start : start + AT_ONCE]
            seeds = range(seed + start, seed + start + len(some))
            drawn_from = np.stack([sketches[turn % len(sketches)] for _, turn in some])
            labels = np.stack([one_hot(code) for code, _ in some])
            pictures = sketcher.draw(drawn_from, labels, noise(seeds, strength))
            for (code, turn), own, mask, label, picture in zip(
                some, seeds, drawn_from, labels, pictures, strict=True
            ):
                name = f"SYNTHETIC_{code}_{turn + 1:04d}"
                said = statement(sketcher.card, mask, label, own, strength, now=now)
                archive.writestr(f"images/{name}.png", picture_png(picture, said))
                archive.writestr(f"masks/{name}_segmentation.png", mask_png(mask, said))
                rows.writerow(
                    {
                        "image_id": name,
                        # One lesion each: pictures of one lesion are kept on one side of a split.
                        "lesion_id": name,
                        "dx": code,
                        "dx_type": "synthetic",
                        "seed": own if sketcher.varies else "",
                    }
                )
            progress(start + len(some), len(orders))
        archive.writestr("labels.csv", table.getvalue())
    return file.getvalue()


def noise_words(sketcher: Sketcher, seed: int, strength: float) -> str:
    """What noise a batch was drawn with."""
    if not sketcher.varies:
        return "this generator takes no noise"
    if not strength:
        return "none, as its strength was 0"
    return f"strength {strength:g}, seeds from {seed} on, one for each picture"


def _readme(card: ModelCard, per_class: int, noise: str) -> str:
    return README.format(
        sentence=SENTENCE,
        total=per_class * len(CODES),
        per_class=per_class,
        title=card.title,
        name=card.name,
        noise=noise,
        diagnoses="\n".join(f"{one.code:6}{one.name}" for one in DIAGNOSES),
        licence=card.details.get("licence", "that of the generator's training data"),
    )
