"""Film → network input. The one copy that training and serving both use."""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class InputSpec:
    """What a network wants to see, as written in its card.

    `size` is the side of the square input in pixels. `mean` and `std` hold one value a channel
    (1 or 3) and apply to grey values in [0, 1]; a film is grey, so channels repeat it. In `colour`
    they apply to red, green and blue, and the square is the middle of the picture
    (`core.lesions`).
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    colour: bool = False

    @classmethod
    def from_card(cls, entry: dict) -> "InputSpec":
        """Read the `input` entry of a card. Raises KeyError or TypeError when it is malformed."""
        return cls(
            int(entry["size"]),
            tuple(entry["mean"]),
            tuple(entry["std"]),
            str(entry.get("depth")).startswith("RGB"),
        )

    def to_card(self) -> dict:
        """The `input` entry of a card."""
        return {
            "size": self.size,
            "channels": len(self.mean),
            "fit": "middle square" if self.colour else "letterbox",
            "depth": f"{'RGB' if self.colour else 'grey'} in [0, 1]",
            "mean": list(self.mean),
            "std": list(self.std),
        }


@dataclass(frozen=True)
class Placement:
    """Where a film of `height` by `width` pixels lies inside the letterboxed square."""

    top: int
    left: int
    height: int
    width: int


def letterbox_placement(height: int, width: int, size: int) -> Placement:
    """The centred place of a (height, width) film scaled to fit a square of side `size`."""
    scale = size / max(height, width)
    inner_height = max(1, min(size, round(height * scale)))
    inner_width = max(1, min(size, round(width * scale)))
    return Placement(
        (size - inner_height) // 2, (size - inner_width) // 2, inner_height, inner_width
    )


def to_grey(pixels: np.ndarray, window: tuple[float, float] | None = None) -> np.ndarray:
    """Pixels as displayed grey, (H, W) uint8.

    8-bit pixels without a window pass unchanged. Deeper ones are mapped linearly from `window`
    (low, high), or from their own range where the file names none. Colour is weighted to grey
    (ITU-R BT.601).
    """
    pixels = _weighted(pixels)
    if pixels.dtype == np.uint8 and window is None:
        return pixels
    low, high = window or own_window(pixels)
    # A table over all values spares a float copy of the film.
    values = np.arange(np.iinfo(pixels.dtype).max + 1, dtype=np.float32)
    table = np.clip((values - low) * (255.0 / max(high - low, 1e-6)), 0, 255)
    return np.rint(table).astype(np.uint8)[pixels]


def own_window(pixels: np.ndarray) -> tuple[float, float]:
    """The (low, high) that `to_grey` shows as black and white of pixels of 16 bits whose file names
    no window: their own range, of colour once it is weighted to grey."""
    grey = _weighted(pixels)
    return float(grey.min()), float(grey.max())


def _weighted(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if pixels.ndim == 3 else pixels


def letterbox(grey: np.ndarray, size: int) -> tuple[np.ndarray, Placement]:
    """Fit a (H, W) uint8 film into a (size, size) uint8 square, keeping its proportions.

    The rest is black, as outside a collimator. Shrinking averages over the area, so that a thin
    line fades rather than vanishes.
    """
    place = letterbox_placement(*grey.shape, size)
    shrink = place.height < grey.shape[0]
    inner = cv2.resize(
        grey,
        (place.width, place.height),
        interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR,
    )
    square = np.zeros((size, size), np.uint8)
    square[place.top : place.top + place.height, place.left : place.left + place.width] = inner
    return square, place


def normalise(squares: np.ndarray, spec: InputSpec) -> np.ndarray:
    """(N, S, S) uint8 squares → (N, C, S, S) float32 network input: (grey/255 - mean) / std."""
    mean = np.array(spec.mean, np.float32).reshape(1, -1, 1, 1)
    std = np.array(spec.std, np.float32).reshape(1, -1, 1, 1)
    batch = squares.astype(np.float32)[:, None] * (1 / (255 * std))
    batch -= mean / std
    return batch


def network_input(grey: np.ndarray, spec: InputSpec) -> tuple[np.ndarray, Placement]:
    """A displayed film, (H, W) uint8, as (1, C, S, S) float32 input and its place in the square."""
    square, place = letterbox(grey, spec.size)
    return normalise(square[None], spec), place
