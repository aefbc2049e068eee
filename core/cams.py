"""Other heatmaps than our own, by the pytorch-grad-cam library: a second opinion, with gradients.

Needs torch and the library, and loads them when first asked.
"""

from importlib.util import find_spec
from threading import Lock

import numpy as np

from core.classify import over_film, scaled
from core.models import BadModel, ModelCard
from core.preprocess import InputSpec, network_input

# Name → class in the library.
METHODS = {
    "Grad-CAM++": "GradCAMPlusPlus",  # Chattopadhay et al. 2018
    "LayerCAM": "LayerCAM",  # Jiang et al. 2021
    "EigenCAM": "EigenCAM",  # Muhammad & Yeasin 2020; the same for every grade
    "HiResCAM": "HiResCAM",  # Draelos & Carin 2020; Grad-CAM itself where features are mean-pooled
}
REFERENCE = {"Grad-CAM": "GradCAM"}  # Selvaraju et al. 2017; ours comes with the grade for free


def installed() -> bool:
    """Whether torch and the library are there; nothing is loaded."""
    return all(find_spec(package) for package in ("torch", "timm", "pytorch_grad_cam"))


class TorchCams:
    """The library's heatmaps of one network. Any thread may ask; they take turns.

    `network` is one of `core.networks` in eval mode, `spec` its input. With `flips` the mirrored
    film is read too and the maps are averaged, as in `core.classify.grade_knees`; EigenCAM does
    without.
    """

    def __init__(self, network, spec: InputSpec, flips: bool = False) -> None:
        from core.networks.published import LogitsOnly

        self._logits = LogitsOnly(network).eval()
        self._layer = network.last
        self._spec, self._flips = spec, flips
        # The library hooks the network itself: two at a time would read each other's film.
        self._lock = Lock()

    @classmethod
    def of_card(cls, card: ModelCard) -> "TorchCams":
        """For a published model. Raises BadModel when it cannot be opened in torch, or when torch
        or the library is missing."""
        if not installed():
            raise BadModel(
                "Other heatmaps need torch and the grad-cam library, which are not installed here."
            )
        from core.networks.published import load

        return cls(load(card), card.input, card.flips)

    def heat(self, grey: np.ndarray, method: str, grade: int) -> np.ndarray:
        """Heat for a grade over a film (H, W) uint8, as `Grading.heat` gives it.

        (h, w) float32, 0 to 1 relative to its peak: the positive part, not stretched to begin at
        0 as the library's own pictures are. ValueError names an unknown method.
        """
        known = METHODS | REFERENCE
        if method not in known:
            raise ValueError(f"unknown method {method!r}: choose {', '.join(known)}")
        batch, place = network_input(grey, self._spec)
        with self._lock:
            heat = self._map(known[method], batch, grade)
        return over_film(scaled(heat, "Grad-CAM"), place, self._spec)

    def _map(self, name: str, batch: np.ndarray, grade: int) -> np.ndarray:
        """The library's raw map, (h, w) over the square, at the resolution of the features."""
        import torch

        # isort: split
        # Makes torchvision importable, which grad-cam asks for.
        from core import networks  # noqa: F401

        # isort: split
        import pytorch_grad_cam

        cam = getattr(pytorch_grad_cam, name)(self._logits, [self._layer])
        hooks = cam.activations_and_grads
        if self._flips and cam.uses_gradients:
            batch = np.concatenate([batch, batch[..., ::-1]])
        try:
            with torch.enable_grad():
                # The weights want no gradients, so the film has to.
                film = torch.from_numpy(np.ascontiguousarray(batch)).requires_grad_()
                torch.autograd.grad(hooks(film)[:, grade].sum(), film)
            features, gradients = hooks.activations[0].numpy(), hooks.gradients[0].numpy()
            maps = cam.get_cam_image(film, self._layer, None, features, gradients, False)
            if not cam.uses_gradients:
                maps = _upright(maps, features)
        finally:
            hooks.release()
        if len(maps) == 2:
            maps = np.stack([maps[0], maps[1][:, ::-1]])
        return maps.mean(0)


def _upright(maps: np.ndarray, features: np.ndarray) -> np.ndarray:
    """(N, h, w) principal maps, whose sign is left to chance, turned so that they rise with the
    mean of the (N, F, h, w) features."""
    mean = features.mean(1)
    mean = mean - mean.mean((1, 2), keepdims=True)
    sign = np.sign((maps * mean).sum((1, 2), keepdims=True))
    return maps * np.where(sign == 0, 1, sign)
