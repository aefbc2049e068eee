"""Whether a published file answers as what it was exported from, which is a network in torch
mostly."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from core.models import BadModel

INPUTS = 4  # validation inputs are enough: what an exporter gets wrong, it gets wrong everywhere
TOLERANCE = 1e-3


def against_torch(
    network: nn.Module, path: Path, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]
) -> dict:
    """Ask the file at `path` and `network` the same, and return what a card says of it.

    Args:
        inputs: name → (n, ...) float32, in the order in which the network takes them.
        outputs: names, in the order in which the network returns them.

    The network's matrices are rounded to float16 first, as the file stores them, so that what is
    left is the exporter's doing. The difference is the largest of any number of any output, as a
    share of that output's largest number where that is above 1. Raises BadModel where it is above
    TOLERANCE or no number, and where there are no inputs.
    """
    require_inputs(inputs)
    with torch.inference_mode():
        answer = _as_stored(network)(*(torch.from_numpy(value) for value in inputs.values()))
    expected = [answer] if isinstance(answer, Tensor) else answer
    return {"torch": compared(path, inputs, dict(zip(outputs, expected, strict=True)))}


def require_inputs(inputs: Mapping[str, np.ndarray]) -> None:
    """Raise BadModel where there is nothing to ask."""
    if not min(map(len, inputs.values())):
        raise BadModel("No validation input can be read, so the exported file cannot be checked.")


def compared(
    path: Path, inputs: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray | Tensor]
) -> dict[str, float]:
    """Ask the file at `path` for these outputs; what a card says of how they differ. Raises
    BadModel as `against_torch` does."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(list(expected), dict(inputs))
    pairs = zip(found, expected.values(), strict=True)
    largest = max(_difference(ours, np.asarray(theirs)) for ours, theirs in pairs)
    if not largest <= TOLERANCE:
        raise BadModel(
            f"The exported file answers otherwise than what was trained (by {largest:.2g}, and "
            f"{TOLERANCE:g} is allowed), so it was not published: report this with the log."
        )
    n = min(map(len, inputs.values()))
    return {"n": n, "largest_difference": largest, "tolerance": TOLERANCE}


def _as_stored(network: nn.Module) -> nn.Module:
    """A copy of the network on the CPU with the weights that `trainers.export` keeps of it."""
    copy = deepcopy(network).eval().float().cpu()
    for values in (*copy.parameters(), *copy.buffers()):
        if values.is_floating_point() and values.ndim > 1:
            values.data = values.data.half().float()
    return copy


def _difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    scale = max(1.0, float(np.abs(theirs).max()))
    return float(np.abs(ours - theirs).max() / scale)
