"""Files of a filled film: a radiograph of which a part was replaced by a computed fill.

Every file says in its metadata that it is synthetic and how it was made. `stamp` says so in the
pixels, too; whether it is used is the caller's choice, the metadata is not. Nothing of the file
that the film came from is carried over but its pixels and the listed tags of `core.dicom_export`.
"""

import hashlib
import json
import re
import zlib
from datetime import UTC, datetime
from functools import cache
from io import BytesIO

import numpy as np

from core import mask_files, png_file
from core.images import MedicalImage
from core.settings import CHECKOUT

SCHEMA, VERSION = "lightbox-fill", 1
ENDINGS = {"png": "png", "tiff": "tif", "dicom": "dcm"}  # kind of file → ending of its name
SENTENCE = (
    "Synthetic: a part of this radiograph was replaced by a computed fill. "
    "The fill does not show what was there. Not for diagnosis."
)


def statement(
    film: MedicalImage,
    mask: np.ndarray,
    method: str,
    title: str,
    *,
    model: str | None = None,
    model_sha256: str | None = None,
    seed: int | None = None,
    grain: bool = False,
    stamped: bool = True,
    inverted: bool | None = None,
    holes: int | None = None,
    scale: float | None = None,
    copy_sha256: str | None = None,
    now: datetime | None = None,
) -> dict:
    """What was done to a film, ready for JSON: the film, the mask, the method and the program.

    mask: (H, W) bool, True where the film was filled; the sha256 is that of `core.mask_files.png`.
    method, title: the name that code uses, and the one that people read.
    model, model_sha256: of the network that filled, both or neither.
    grain: whether noise like the film's own was added.
    seed: of the random numbers that were drawn, if any were.
    inverted: whether the film was turned from a negative before it was filled.
    holes: how many separate holes the mask has.
    scale: of the network's view, in its pixels for a pixel of the film.
    copy_sha256: of the file that the pixels were read from, where that is a copy of the film's own
        without its identifiers.
    What is None is not stated. Of a film that was stamped the mark's place is stated, too: x0, y0,
    x1, y1 in pixels, the last two just outside.
    now: the time to state, by default the present.

    The name of the user's file is left out: it often holds a patient's.
    Raises ValueError for a mask that is empty or not of this film, and for a model without its sum.
    """
    if mask.dtype != bool or mask.shape != film.pixels.shape[:2] or not mask.any():
        raise ValueError("The mask must mark a part of this film, True or False for each pixel.")
    if (model is None) != (model_sha256 is None):
        raise ValueError("A model is stated with its name and its sha256, or not at all.")
    area = int(mask.sum())
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "sentence": SENTENCE,
        "app": {"name": "Lightbox", "commit": commit()},
        "time": (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
        "film": {"sha256": film.sha256, **_layout(film.pixels)},
        "copy_sha256": copy_sha256,
        "mask": {
            "pixels": area,
            "share": round(area / mask.size, 6),
            "holes": holes if holes is None else int(holes),
            "png_sha256": hashlib.sha256(mask_files.png(mask)).hexdigest(),
        },
        "method": {"name": method, "title": title},
        "model": model and {"name": model, "sha256": model_sha256},
        "scale": scale if scale is None else float(scale),
        "inverted": inverted if inverted is None else bool(inverted),
        "seed": seed,
        "grain": grain,
        "stamped": stamped,
        "stamp_box": list(stamp_box(mask.shape)) if stamped else None,
    }


def sidecar(statement: dict) -> bytes:
    """The statement as a JSON file, to lie beside the film."""
    return (json.dumps(statement, indent=2) + "\n").encode("ascii")


def export_name(sha256: str, what: str, ending: str) -> str:
    """A file name that says nothing of the patient: "0123456789ab-filled.png".

    sha256: of the film's file, in hexadecimal; what: lower-case words joined by hyphens.
    Raises ValueError for anything else, so that no name of a user's file gets in.
    """
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ValueError("A file is named after the sha256 of the film, 64 hexadecimal digits.")
    if not all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", word) for word in (what, ending)):
        raise ValueError("A file name holds lower-case letters, digits and hyphens only.")
    return f"{sha256[:12]}-{what}.{ending}"


def film_file(
    pixels: np.ndarray,
    kind: str,
    statement: dict,
    source: bytes | None = None,
    spacing_mm: tuple[float, float] | None = None,
) -> bytes:
    """A file of a filled film, lossless: `core.images.decode` gives back `pixels`.

    pixels: (H, W) or (H, W, 3), uint8 or uint16, as decode gave them, with the hole replaced.
    kind: "png", "tiff" or "dicom".
    statement: by the function of that name; it stands in PNG's Comment, TIFF's ImageDescription or
        DICOM's ImageComments, as JSON after a line that says the film is synthetic.
    source: the DICOM file that the film came from, if it came from one; read for DICOM only.
    spacing_mm: millimetres between (rows, columns), for DICOM without a source.

    Raises ValueError, one sentence, where these do not belong together.
    """
    if kind not in ENDINGS:
        raise ValueError(f"A film is written as {', '.join(ENDINGS)}, not as {kind!r}.")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"A film has pixels of uint8 or uint16, not {pixels.dtype}.")
    if pixels.ndim != 2 and (pixels.ndim != 3 or pixels.shape[2] != 3):
        raise ValueError(f"A film has pixels (H, W) or (H, W, 3), not {pixels.shape}.")
    if statement.get("schema") != SCHEMA:
        raise ValueError("A filled film is written with a statement of what was done to it.")
    if statement["film"] != {"sha256": statement["film"]["sha256"], **_layout(pixels)}:
        raise ValueError("The statement is about a film of another size or depth.")
    text = f"{statement['sentence']}\n{json.dumps(statement)}"
    if kind == "png":
        return png_file.write(pixels, text)
    if kind == "tiff":
        return _tiff(pixels, text)
    from core import dicom_export  # pydicom takes long to import, and most films are not DICOM

    return dicom_export.write(pixels, statement, text, source, spacing_mm)


def stamp(pixels: np.ndarray) -> np.ndarray:
    """A copy of a film, (H, W) or (H, W, 3), with a mark in its lower right corner: SYNTHETIC.

    Bright letters and frame on a dark ground, in the darkest and brightest values of the film, so
    that the mark looks alike on bright and dark corners and leaves the range of values alone.
    """
    mark = _mark(*pixels.shape[:2])
    low, high = int(pixels.min()), int(pixels.max())
    if high - low < 64:  # too flat a film to read letters in its own greys
        low, high = 0, max(255, 2 ** high.bit_length() - 1)
    stamped = pixels.copy()
    corner = stamped[-mark.shape[0] :, -mark.shape[1] :]
    corner[mark], corner[~mark] = high, low
    return stamped


def stamp_box(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 in pixels, the last two just outside: what `stamp` may change on a film."""
    height, width = shape[:2]
    down, across = _mark(height, width).shape
    return max(0, width - across), max(0, height - down), width, height


def stamp_mask(shape: tuple[int, ...]) -> np.ndarray:
    """(H, W) bool: the pixels that `stamp` may change on a film of this shape."""
    touched = np.zeros(shape[:2], bool)
    x0, y0, x1, y1 = stamp_box(shape)
    touched[y0:y1, x0:x1] = True
    return touched


# Letters of 5 by 7 pixels, one pixel apart: drawn, because fonts differ between machines.
_WORD = (
    " #### #   # #   # ##### #   # ##### ##### #####  ####",
    "#     #   # ##  #   #   #   # #       #     #   #    ",
    "#      # #  # # #   #   #   # #       #     #   #    ",
    " ###    #   #  ##   #   ##### ####    #     #   #    ",
    "    #   #   #   #   #   #   # #       #     #   #    ",
    "    #   #   #   #   #   #   # #       #     #   #    ",
    "####    #   #   #   #   #   # #####   #   #####  ####",
)


def _mark(height: int, width: int) -> np.ndarray:
    """(h, w) bool: letters and frame of the mark, a tenth to a fifth of the width of a large film.

    The word on one line, on narrow films on three, and its first letter where nothing else fits.
    """
    word = np.array([[char == "#" for char in row] for row in _WORD])
    for starts, letters in (((0,), 9), ((0, 3, 6), 3), ((0,), 1)):
        lines = [word[:, 6 * start : 6 * (start + letters) - 1] for start in starts]
        text = np.vstack([np.pad(line, ((0, 1), (0, 0))) for line in lines])[:-1]
        mark = np.pad(np.pad(text, 1), 1, constant_values=True)
        if mark.shape[0] <= height and mark.shape[1] <= width:
            break
    scale = max(1, min(height // mark.shape[0], width // mark.shape[1]) // 5)
    return mark.repeat(scale, axis=0).repeat(scale, axis=1)


def _layout(pixels: np.ndarray) -> dict:
    return {
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "channels": 3 if pixels.ndim == 3 else 1,
        "bits": 8 * pixels.itemsize,
    }


@cache
def commit() -> str | None:
    """The commit that is checked out, or None where git does not say so plainly."""
    try:
        head = (CHECKOUT / ".git/HEAD").read_text().strip()
        if head.startswith("ref: "):
            head = (CHECKOUT / ".git" / head.removeprefix("ref: ")).read_text().strip()
    except OSError:
        return None
    return head if re.fullmatch("[0-9a-f]{40,64}", head) else None


def _tiff(pixels: np.ndarray, text: str) -> bytes:
    """A little-endian TIFF file: one strip, deflated."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    strip = zlib.compress(pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(), level=1)
    layout = _layout(pixels)
    directory = ImageFileDirectory_v2()
    directory[256], directory[257] = layout["width"], layout["height"]
    directory[258] = (layout["bits"],) * layout["channels"]
    directory[259] = 8  # deflate
    directory[262] = 2 if pixels.ndim == 3 else 1  # RGB, or black is zero
    directory[270] = text
    directory[273] = 0  # the strip begins here, counted from the end of the directory
    directory[277] = layout["channels"]
    directory[278], directory[279] = layout["height"], len(strip)
    file = BytesIO()
    directory.save(file)
    return file.getvalue() + strip
