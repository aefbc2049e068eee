"""A toy classifier of what the toy generator of lesions paints."""

from pathlib import Path

import numpy as np
from onnx import helper

from core.lesions import CODES, SIDE
from tests.toy_models import _colour_graph, _write, lesion_card

MIDDLE = 24  # px of the square in which a lesion's colour is read


def reading_graph(shift: int = 0) -> bytes:
    """An ONNX classifier: the diagnosis whose colour, of `toy_models.sketching_graph`, is nearest
    to that in the middle of (N, 3, 128, 128); with a `shift` it is as many diagnoses off."""
    palette = np.random.default_rng(0).uniform(-1, 0.6, (7, 3))
    colours = np.roll(palette, shift, axis=0)
    middle = np.zeros((1, 1, SIDE, SIDE))
    begin = (SIDE - MIDDLE) // 2
    middle[:, :, begin : begin + MIDDLE, begin : begin + MIDDLE] = SIDE**2 / MIDDLE**2
    node = helper.make_node
    nodes = [
        node("Mul", ["input", "middle"], ["features"]),
        node("Conv", ["features", "slopes", "levels"], ["class_map"]),
        node("ReduceMean", ["class_map"], ["logits"], axes=[2, 3], keepdims=0),
        node("ReduceMean", ["features"], ["embedding"], axes=[2, 3], keepdims=0),
    ]
    outputs = {
        "logits": (7,),
        "features": (3, SIDE, SIDE),
        "class_map": (7, SIDE, SIDE),
        "embedding": (3,),
    }
    constants = {
        "middle": middle,
        "slopes": 40 * colours[:, :, None, None],
        "levels": -20 * (colours**2).sum(1),
    }
    return _colour_graph(nodes, outputs, constants)


def publish_reader(root: Path, name: str = "mobilenetv2", shift: int = 0, **changes) -> Path:
    """Write `<root>/lesion/<name>/`, which reads what the toy generator paints, and return it."""
    numbers = {"balanced_accuracy": 0.75} | {f"recall_{code}": 0.7 for code in CODES}
    metrics = {name: {"value": value} for name, value in numbers.items()}
    changes = {"metrics": metrics} | changes
    return _write(root / "lesion" / name, reading_graph(shift), lesion_card, changes)
