"""What can be said of a film before its content: polarity, sharpness, exposure, and whether it is
a bone radiograph at all."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

# At -0.1, 3 of the 603 val films of the fracture pack and none of the 826 val knees are mistaken.
NEGATIVE_BELOW = -0.1


def polarity_score(grey: np.ndarray) -> float:
    """How much a (H, W) uint8 film looks like a positive, -2 to 2; a negative scores the opposite.

    In a positive, air at the border is dark and the limb in the middle brighter than the sides:
    (share of dark less share of bright border pixels) + (mean of the centre less mean of the
    sides), on grey values stretched between the 1st and the 99th percentile.
    """
    small = cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32)
    low, high = np.percentile(small, [1, 99])
    small = np.clip((small - low) / max(high - low, 1e-3), 0, 1)
    sides = np.concatenate([small[:, :4].ravel(), small[:, -4:].ravel()])
    border = np.concatenate([small[:4].ravel(), small[-4:].ravel(), sides])
    air = (border < 0.15).mean() - (border > 0.85).mean()
    return float(air + small[16:48, 16:48].mean() - sides.mean())


def is_negative(grey: np.ndarray) -> bool:
    """Whether a (H, W) uint8 film is a photographic negative (bones dark, air bright)."""
    return polarity_score(grey) < NEGATIVE_BELOW


@dataclass(frozen=True)
class Measure:
    """A number about a film and the plain word for it."""

    value: float
    word: str


def sharpness(grey: np.ndarray) -> Measure:
    """Standard deviation of the Laplacian on float grey in [0, 255], at 400 px on the longer side.

    Divided by the film's own contrast (standard deviation of grey), so that a dark film is not
    called blurred; in percent. Words are set by the fracture pack's val films: 3 % lie below the
    first bound. A film smaller than 400 px is measured as it is.
    """
    scale = min(1.0, 400 / max(grey.shape))
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    value = 100 * float(cv2.Laplacian(small, cv2.CV_32F).std() / max(small.std(), 1.0))
    word = "blurred" if value < 6 else "soft" if value < 9 else "sharp"
    return Measure(value, word)


def exposure(grey: np.ndarray) -> Measure:
    """Median grey of the exposed part of the film, 0 to 100 %, and the plain word for it.

    The exposed part is what is brighter than a fiftieth of the range; an empty one counts as 0.
    """
    lit = grey[grey > 5]
    value = 100 * float(np.median(lit)) / 255 if lit.size else 0.0
    clipped = float((grey >= 254).mean())
    if clipped > 0.25:
        return Measure(value, "burnt out")
    word = (
        "very dark" if value < 3 else "dark" if value < 4.5 else "bright" if value > 92 else "good"
    )
    return Measure(value, word)


@dataclass(frozen=True)
class Gate:
    """Distance of a film's embedding from those of the training films, of K kinds.

    For each kind the Mahalanobis distance in a principal subspace plus the residual outside it,
    both scaled by their spread on that kind's films (after Lee et al. 2018, sec. 2.1, and the
    residual of Wang et al. 2022, ViM); a film's distance is that from the nearest kind. One
    further away than `threshold` is of none of them.
    """

    mean: np.ndarray  # (K, E)
    basis: np.ndarray  # (K, D, E), orthonormal rows
    spread: np.ndarray  # (K, D), standard deviation along each row
    residual: np.ndarray  # (K,), mean length outside the subspace
    threshold: float

    @classmethod
    def load(cls, path: Path) -> "Gate":
        """Read a gate's .npz. Raises OSError, KeyError or ValueError when it is damaged."""
        try:
            with np.load(path, allow_pickle=False) as data:
                names = ("mean", "basis", "spread", "residual")
                arrays = [data[name].astype(np.float32) for name in names]
                return cls(*arrays, threshold=float(data["threshold"]))
        except (EOFError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"{path.name} is damaged: {error}") from error

    def distance(self, embeddings: np.ndarray) -> np.ndarray:
        """(N, E) embeddings → (N,) distances from the nearest kind; 2 is usual."""
        kinds = []
        for mean, basis, spread, residual in zip(
            self.mean, self.basis, self.spread, self.residual, strict=True
        ):
            centred = embeddings - mean
            inside = centred @ basis.T
            outside = np.linalg.norm(centred - inside @ basis, axis=1)
            kinds.append(np.sqrt(np.mean((inside / spread) ** 2, 1)) + outside / residual)
        return np.min(kinds, axis=0)
