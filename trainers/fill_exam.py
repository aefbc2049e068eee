"""What a painter in training is measured by after every epoch, and shown with."""

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn

from core.fidelity import fidelity
from core.models import Model, catalogue, open_model
from trainers import holes
from trainers.distance import features, kernel_distance
from trainers.fill_scoring import KINDS

JUDGE = "mobilenetv2"  # the published grader whose features tell real from painted


class Exam:
    """Fixed holes of some kinds in validation films (N, S, S) uint8, evenly spread."""

    def __init__(
        self, films: np.ndarray, kinds: list[str], judge: Model | None, each: int = 60
    ) -> None:
        self.views: list[tuple[str, np.ndarray, np.ndarray]] = []
        self.judge = judge
        rng = np.random.default_rng(7)
        for kind in kinds:
            for film in films[:: max(1, len(films) // each)][:each]:
                mask = KINDS[kind](film.shape, rng)
                if mask.any():
                    self.views.append((kind, film, mask))

    def fill(self, network: nn.Module, each: int | None = None) -> list[tuple]:
        """(kind, film, mask, the film filled by a network, (S, S) uint8) of all views, or of about
        `each` of every kind."""
        network.eval()
        device = next(network.parameters()).device
        filled = []
        with torch.inference_mode():
            for kind, film, mask in self._some(each):
                view = holes.with_hole(film.astype(np.float32) / 255, mask)
                picture = network(torch.from_numpy(view[None]).to(device))[0, 0].float().cpu()
                grey = np.clip(np.rint(picture.numpy() * 255), 0, 255)
                picture = np.where(mask, grey, film).astype(np.uint8)
                filled.append((kind, film, mask, picture))
        return filled

    def _some(self, each: int | None) -> list[tuple]:
        if each is None:
            return self.views
        chosen = []
        for kind in dict.fromkeys(kind for kind, _, _ in self.views):
            views = [view for view in self.views if view[0] == kind]
            chosen += views[:: max(1, len(views) // each)][:each]
        return chosen

    def score(self, network: nn.Module) -> dict[str, float]:
        """Mean numbers by kind of hole, and `distance`: the kernel distance of the filled films
        from the whole ones in the features of the published knee grader (its mean features of
        stride 8 to 32), where there is one."""
        found: dict[str, list[float]] = {}
        filled = self.fill(network)
        for kind, film, mask, picture in filled:
            for name, value in fidelity(picture, film, mask).items():
                found.setdefault(f"{name}_{kind}", []).append(value)
        means = {name: float(np.mean(values)) for name, values in found.items()}
        if self.judge is None:
            return means
        whole, painted = (features([each[i] for each in filled], self.judge) for i in (1, 3))
        return means | {"distance": kernel_distance(whole, painted)}

    def sheet(self, network: nn.Module, each: int = 4) -> np.ndarray:
        """A few of each kind, one a column: film with its hole, fill and truth."""
        return np.hstack(
            [
                np.vstack([np.where(mask, 0, film), picture, film])
                for _, film, mask, picture in self.fill(network, each)
            ]
        )

    def show(self, network: nn.Module, path: Path) -> None:
        """Write the sheet as a picture."""
        cv2.imwrite(str(path), self.sheet(network))


def published_judge(checkpoints: Path) -> Model | None:
    """The published knee grader, or None where there is none."""
    cards = {card.name: card for card in catalogue(checkpoints, "severity")}
    return open_model(cards[JUDGE]) if JUDGE in cards else None
