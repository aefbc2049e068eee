"""A published model of a few bytes, without torch: its class map is the film's brightness."""

import hashlib
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

SIZE, CELL = 32, 4


def graph(lean: float = 0.0) -> bytes:
    """An ONNX classifier of (N, 1, 32, 32) films.

    class_map (N, 2, 8, 8) holds zero and the mean of the input in each cell, logits its mean
    weighted by 1 + lean · (-1 ... 1 from left to right), and embedding 8 convolved features.
    """
    cells = SIZE // CELL
    ramp = 1 + lean * np.tile(np.linspace(-1, 1, cells, dtype=np.float32), (cells, 1))
    kernels = np.random.default_rng(0).normal(size=(8, 1, 5, 5)).astype(np.float32)
    constants = {"zero": np.zeros(1, np.float32), "ramp": ramp[None, None], "kernels": kernels}
    node = helper.make_node
    nodes = [
        node("AveragePool", ["input"], ["bright"], kernel_shape=[CELL] * 2, strides=[CELL] * 2),
        node("Mul", ["bright", "zero"], ["dull"]),
        node("Concat", ["dull", "bright"], ["class_map"], axis=1),
        node("Mul", ["class_map", "ramp"], ["weighted"]),
        node("ReduceMean", ["weighted"], ["logits"], axes=[2, 3], keepdims=0),
        node("Conv", ["input", "kernels"], ["convolved"]),
        node("Relu", ["convolved"], ["features"]),
        node("ReduceMean", ["features"], ["embedding"], axes=[2, 3], keepdims=0),
    ]

    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])

    outputs = [
        value("logits", 2),
        value("features", 8, SIZE - 4, SIZE - 4),
        value("class_map", 2, cells, cells),
        value("embedding", 8),
    ]
    built = helper.make_graph(
        nodes,
        "toy",
        [value("input", 1, SIZE, SIZE)],
        outputs,
        [numpy_helper.from_array(np.asarray(v, np.float32), n) for n, v in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(built, opset_imports=opset, ir_version=8).SerializeToString()


def card(name: str, sha256: str, **changes) -> dict:
    """A whole card; `changes` replace entries."""
    point = {"sensitivity": 0.9, "specificity": 0.8, "ppv": 0.6, "n": 10}
    return {
        "task": "fracture",
        "name": name,
        "title": name.title(),
        "summary": "A toy.",
        "classes": ["not fractured", "fractured"],
        "input": {"size": SIZE, "mean": [0.0], "std": [1.0]},
        "heatmap": "Grad-CAM",
        "calibration": {"temperature": 1.0, "bias": 0.0},
        "flips": False,
        "operating_points": [{"name": "Youden", "threshold": 0.5, **point}],
        "metrics": {"auroc": {"value": 0.75, "low": 0.7, "high": 0.8}},
        "validation": {"n": 10, "data": "toys"},
        "sha256": sha256,
    } | changes


def publish(root: Path, name: str = "toy", lean: float = 0.0, **changes) -> Path:
    """Write `<root>/fracture/<name>/` and return it."""
    folder = root / "fracture" / name
    folder.mkdir(parents=True)
    data = graph(lean)
    (folder / "model.onnx").write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    (folder / "card.json").write_text(json.dumps(card(name, sha256, **changes)))
    return folder
