"""Files of generated pictures of lesions: each says in its pixels and in its metadata that it is
synthetic, and how it was made."""

import hashlib
import json
from datetime import UTC, datetime

import numpy as np

from core import export, mask_files, png_file
from core.lesions import CODES
from core.models import ModelCard

SCHEMA, VERSION = "lightbox-sketch", 1
SENTENCE = (
    "Synthetic: a network drew this skin lesion from a sketch. It shows no patient. "
    "Not for diagnosis."
)
MASK_SENTENCE = "The sketch that a synthetic picture of a skin lesion was drawn from."


def statement(
    card: ModelCard,
    mask: np.ndarray,
    label: np.ndarray,
    seed: int,
    strength: float = 1.0,
    *,
    other_seed: int | None = None,
    share: float = 0.0,
    now: datetime | None = None,
) -> dict:
    """How a picture was made, ready for JSON.

    card: of the generator, whose licence goes with the picture.
    mask: (S, S) bool, the filled sketch; the sha256 is that of `core.mask_files.png`.
    label: (7,) weights of `core.lesions.CODES`; those above zero are stated.
    seed, strength: of the noise, stated where the generator takes any; of a picture between two
        seeds, other_seed is the second, and the picture lies `share` of the way to it.
    now: the time to state, by default the present.
    """
    varies = int(card.details["noise"]) > 0
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "sentence": SENTENCE,
        "app": {"name": "Lightbox", "commit": export.commit()},
        "time": (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
        "model": {"name": card.name, "title": card.title, "sha256": card.sha256},
        "licence": card.details.get("licence"),
        "diagnosis": {
            code: round(float(weight), 4)
            for code, weight in zip(CODES, label, strict=True)
            if weight > 0
        },
        "seed": int(seed) if varies else None,
        "strength": float(strength) if varies else None,
        "towards": None
        if other_seed is None
        else {"seed": int(other_seed), "share": round(float(share), 4)},
        "sketch": {
            "pixels": int(mask.sum()),
            "share": round(float(mask.mean()), 6),
            "png_sha256": hashlib.sha256(mask_files.png(mask)).hexdigest(),
        },
        "stamp_box": list(export.stamp_box(mask.shape)),
    }


def picture_png(picture: np.ndarray, statement: dict) -> bytes:
    """A generated picture (S, S, 3) uint8 as a PNG file: with the mark of `core.export.stamp` in
    its corner, and the statement as JSON in its comment, after a line for people."""
    return png_file.write(export.stamp(picture), _comment(statement))


def mask_png(mask: np.ndarray, statement: dict) -> bytes:
    """The filled sketch (S, S) bool of a picture as a PNG file, 0 and 255, without a mark: that
    would be part of the lesion. Its comment says what it belongs to."""
    pixels = np.where(mask, 255, 0).astype(np.uint8)
    return png_file.write(pixels, _comment(statement | {"sentence": MASK_SENTENCE}))


def _comment(statement: dict) -> str:
    return f"{statement['sentence']}\n{json.dumps(statement)}"
