"""A toy classifier and a toy segmenter of skin lesions, which fit `toy_models.publish_sketcher`."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from core.lesions import CODES, SIDE
from tests.toy_models import _write, card

SKIN = 0.7  # of 1: how bright the toy sketcher paints skin
MIDDLE = 24  # px of the square in which a lesion's colour is read


def palette() -> np.ndarray:
    """(7, 3): the colours that the toy sketcher paints, in [-1, 1]."""
    return np.random.default_rng(0).uniform(-1, 0.6, (7, 3)).astype(np.float32)


def _value(name: str, *shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])


def _model(nodes, outputs, constants: dict) -> bytes:
    whole = {"starts", "ends", "axes"}
    kept = [
        numpy_helper.from_array(np.asarray(v, np.int64 if n in whole else np.float32), n)
        for n, v in constants.items()
    ]
    built = helper.make_graph(nodes, "toy", [_value("input", 3, SIDE, SIDE)], outputs, kept)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(built, opset_imports=opset, ir_version=8).SerializeToString()


def reading_graph(shift: int = 0) -> bytes:
    """An ONNX classifier: the diagnosis whose colour of the toy sketcher is nearest to that in the
    middle; with a `shift` it is as many classes off."""
    colours = np.roll(palette(), shift, axis=0)
    begin = (SIDE - MIDDLE) // 2
    node = helper.make_node
    nodes = [
        node("Slice", ["input", "starts", "ends", "axes"], ["features"]),
        node("Conv", ["features", "slopes", "levels"], ["class_map"]),
        node("ReduceMean", ["class_map"], ["logits"], axes=[2, 3], keepdims=0),
        node("ReduceMean", ["features"], ["embedding"], axes=[2, 3], keepdims=0),
    ]
    outputs = [
        _value("logits", 7),
        _value("features", 3, MIDDLE, MIDDLE),
        _value("class_map", 7, MIDDLE, MIDDLE),
        _value("embedding", 3),
    ]
    constants = {
        "starts": [begin, begin],
        "ends": [begin + MIDDLE] * 2,
        "axes": [2, 3],
        "slopes": 40 * colours[:, :, None, None],
        "levels": -20 * (colours**2).sum(1),
    }
    return _model(nodes, outputs, constants)


def outlining_graph() -> bytes:
    """An ONNX segmenter: a lesion is what is darker than skin; the embedding is the brightest of
    each colour."""
    node = helper.make_node
    nodes = [
        node("ReduceMean", ["input"], ["bright"], axes=[1], keepdims=1),
        node("Sub", ["level", "bright"], ["darker"]),
        node("Mul", ["darker", "slope"], ["mask"]),
        node("ReduceMax", ["input"], ["embedding"], axes=[2, 3], keepdims=0),
    ]
    outputs = [_value("mask", 1, SIDE, SIDE), _value("embedding", 3)]
    return _model(nodes, outputs, {"level": [0.3], "slope": [20.0]})


def _lesion_card(task: str, **entries):
    """What describes a toy of a task: `toy_models.card` with these entries."""

    def describe(name: str, sha256: str, **changes) -> dict:
        shape = {"size": SIDE, "mean": [0.5] * 3, "std": [0.5] * 3}
        ours = {"task": task, "input": shape, "heatmap": "none", "operating_points": []}
        return card(name, sha256) | ours | entries | changes

    return describe


def publish_reader(root: Path, name: str = "mobilenetv2", shift: int = 0, **changes) -> Path:
    """Write `<root>/lesion/<name>/`, which reads what the toy sketcher paints, and return it."""
    numbers = {"balanced_accuracy": 0.75} | {f"recall_{code}": 0.7 for code in CODES}
    metrics = {name: {"value": value} for name, value in numbers.items()}
    describe = _lesion_card("lesion", classes=list(CODES), metrics=metrics)
    return _write(root / "lesion" / name, reading_graph(shift), describe, changes)


def publish_outliner(root: Path, name: str = "unet", **changes) -> Path:
    """Write `<root>/segment/<name>/`, which outlines what is dark on bright grey skin and refuses
    pictures without any, and return it."""
    describe = _lesion_card("segment", classes=[], metrics={"iou": {"value": 0.9}})
    folder = _write(root / "segment" / name, outlining_graph(), describe, changes)
    skin = np.full((1, 3), SKIN, np.float32)
    np.savez(
        folder / "gate.npz",
        mean=skin,
        basis=np.zeros((1, 1, 3)),
        spread=np.ones((1, 1)),
        residual=np.ones(1),
        threshold=0.5,
    )
    return folder
