"""Films in memory as letterboxed squares, and the random crops an epoch is made of."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from core.film_packs import Film, Pack
from core.images import BadImage, decode
from core.phantoms import Phantom
from core.preprocess import InputSpec, Placement, letterbox, normalise, to_grey
from core.quality import is_negative
from core.samples import training_phantom
from trainers.augment import ANY_LIMB, Handling, random_view
from trainers.progress import current

log = logging.getLogger(__name__)


def read_grey(data: bytes, name: str) -> np.ndarray:
    """A film as the app shows it: decoded, polarity corrected, (H, W) uint8. Raises BadImage."""
    image = decode(data, name)
    grey = to_grey(image.pixels, image.window)
    return 255 - grey if is_negative(grey) else grey


@dataclass(frozen=True)
class Squares:
    """Films ready for a network: `squares` (N, S, S) uint8 and their places, in step with `films`.

    `skipped` lists what could not be read: (name, reason).
    """

    films: list[Film]
    squares: np.ndarray
    places: list[Placement]
    skipped: list[tuple[str, str]]

    @property
    def labels(self) -> np.ndarray:
        """(N,) int labels."""
        return np.array([film.label for film in self.films])

    def boxes(self, index: int) -> np.ndarray | None:
        """(n, 4) xyxy boxes in the square's pixels; None where the film was never annotated."""
        film = self.films[index]
        return None if film.boxes is None else place_boxes(film.boxes, self.places[index])


def place_boxes(boxes, place: Placement) -> np.ndarray:
    """Boxes in fractions of the film → (n, 4) xyxy in pixels of the square."""
    scale = np.array([place.width, place.height] * 2, np.float32)
    offset = np.array([place.left, place.top] * 2, np.float32)
    return np.asarray(boxes, np.float32).reshape(-1, 4) * scale + offset


def load_squares(pack: Pack, films: list[Film], size: int) -> Squares:
    """Read and letterbox films; unreadable ones are skipped, listed and logged, in a job's folder,
    too."""
    kept, squares, places, skipped = [], [], [], []
    for film, data in current().watch(pack.read_all(films), "reading films", len(films)):
        try:
            square, place = letterbox(read_grey(data, film.name), size)
        except BadImage as error:
            skipped.append((film.name, error.reason))
            log.warning("skipped %s: %s", film.name, error.reason)
            continue
        kept.append(film)
        squares.append(square)
        places.append(place)
    current().skipped(skipped)
    stack = np.stack(squares) if squares else np.zeros((0, size, size), np.uint8)
    return Squares(kept, stack, places, skipped)


def fracture_phantom(seed: int) -> tuple[Phantom, int]:
    """One synthetic film of the fracture mixture, and 1 if it is fractured."""
    phantom = training_phantom(seed)
    return phantom, phantom.fractured


class Crops(Dataset):
    """One epoch of random views, decided by (seed, epoch) alone.

    Args:
        count: views an epoch.
        crop: side of a view in pixels; the squares' own side means whole films.
        balance: share of positive films (None: as they come, every film equally likely).
        phantoms: share of synthetic films among the views.
        handling: how much a view may differ from its film.
        phantom: seed → a synthetic film and its label.
        stride: pixels a cell of the box map spans; 0 leaves the map out.

    Items: input (C, crop, crop) float32, label, and with a stride `box_map` (h, w) float32, where
    1 is a fracture, 0 none and -1 unknown.
    """

    def __init__(
        self,
        films: Squares,
        spec: InputSpec,
        seed: tuple[int, int],
        count: int,
        crop: int,
        balance: float | None = None,
        phantoms: float = 0.0,
        stride: int = 0,
        handling: Handling = ANY_LIMB,
        phantom: Callable[[int], tuple[Phantom, int]] = fracture_phantom,
    ) -> None:
        self.films, self.spec, self.seed, self.crop = films, spec, seed, crop
        self.phantoms, self.stride, self.handling = phantoms, stride, handling
        self.phantom = phantom
        self.order = self._order(np.random.default_rng(seed), count, balance)

    def _order(self, rng, count: int, balance: float | None) -> np.ndarray:
        def draw(pool: np.ndarray, n: int) -> np.ndarray:
            rounds = [rng.permutation(pool) for _ in range(-(-n // len(pool)))]
            return np.concatenate(rounds)[:n] if n else np.zeros(0, int)

        labels = self.films.labels
        if balance is None:
            return draw(np.arange(len(labels)), count)
        positive = round(count * balance)
        chosen = [
            draw(np.flatnonzero(labels == 1), positive),
            draw(np.flatnonzero(labels == 0), count - positive),
        ]
        return rng.permutation(np.concatenate(chosen))

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, position: int) -> dict[str, torch.Tensor]:
        rng = np.random.default_rng((*self.seed, position))
        if rng.random() < self.phantoms:
            square, boxes, label = self._phantom(int(rng.integers(2**31)))
        else:
            index = int(self.order[position])
            square, boxes = self.films.squares[index], self.films.boxes(index)
            label = self.films.films[index].label
        known = boxes is not None
        boxes = boxes if known else np.zeros((0, 4))
        view = random_view(square, boxes, self.crop, rng, self.handling)
        if self.stride and known and label == 1 and not len(view.boxes):
            label = 0  # the crop shows none of the film's fractures
        item = {
            "input": torch.from_numpy(normalise(view.square[None], self.spec)[0]),
            "label": torch.tensor(label),
        }
        if self.stride:
            item["box_map"] = torch.from_numpy(
                box_map(view.boxes, self.crop, self.stride)
                if known
                else np.full((self.crop // self.stride,) * 2, -1, np.float32)
            )
        return item

    def _phantom(self, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
        phantom, label = self.phantom(seed)
        size = self.films.squares.shape[1]
        square, place = letterbox(phantom.pixels, size)
        return square, place_boxes(phantom.boxes_xyxy_relative, place), label


def box_map(boxes: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Boxes (n, 4) in pixels → (h, w) float32: 1 inside, -1 (unknown) in a rim around, else 0.

    A cell counts by its centre; a box smaller than a cell claims the one it lies in.
    """
    cells = size // stride
    centres = (np.arange(cells) + 0.5) * stride
    result = np.zeros((cells, cells), np.float32)
    insides = []
    for x0, y0, x1, y1 in boxes:
        rim = np.maximum(stride, 0.25 * np.array([x1 - x0, y1 - y0]))
        for value, (dx, dy) in ((-1, rim), (1, (0, 0))):
            columns = (centres >= min(x0, (x0 + x1 - stride) / 2) - dx) & (
                centres <= max(x1, (x0 + x1 + stride) / 2) + dx
            )
            rows = (centres >= min(y0, (y0 + y1 - stride) / 2) - dy) & (
                centres <= max(y1, (y0 + y1 + stride) / 2) + dy
            )
            if value < 0:
                result[np.ix_(rows, columns)] = -1
            else:
                insides.append(np.ix_(rows, columns))
    for inside in insides:
        result[inside] = 1
    return result
