"""Published models of a few bytes, without torch: their class map is the film's brightness."""

import hashlib
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from core.lesions import CODES

SIZE, CELL = 32, 4


def graph(lean: float = 0.0, classes: int = 2) -> bytes:
    """An ONNX classifier of (N, 1, 32, 32) films.

    class_map (N, K, 8, 8) holds the mean of the input in each cell times a slope for each class;
    logits its mean weighted by 1 + lean · (-1 ... 1 from left to right), less a level for each
    class; and embedding 8 convolved features. Of two classes the slopes are 0 and 1, the levels
    0. Of more, the most probable class is the film's mean brightness times K - 1.
    """
    cells = SIZE // CELL
    steps = np.arange(classes, dtype=np.float32)
    ramp = 1 + lean * np.tile(np.linspace(-1, 1, cells, dtype=np.float32), (cells, 1))
    kernels = np.random.default_rng(0).normal(size=(8, 1, 5, 5)).astype(np.float32)
    constants = {
        "slopes": steps.reshape(1, -1, 1, 1) * (1 if classes == 2 else 2 * (classes - 1)),
        "levels": np.zeros(2, np.float32) if classes == 2 else steps**2,
        "ramp": ramp[None, None],
        "kernels": kernels,
    }
    node = helper.make_node
    nodes = [
        node("AveragePool", ["input"], ["bright"], kernel_shape=[CELL] * 2, strides=[CELL] * 2),
        node("Mul", ["bright", "slopes"], ["class_map"]),
        node("Mul", ["class_map", "ramp"], ["weighted"]),
        node("ReduceMean", ["weighted"], ["means"], axes=[2, 3], keepdims=0),
        node("Sub", ["means", "levels"], ["logits"]),
        node("Conv", ["input", "kernels"], ["convolved"]),
        node("Relu", ["convolved"], ["features"]),
        node("ReduceMean", ["features"], ["embedding"], axes=[2, 3], keepdims=0),
    ]

    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])

    outputs = [
        value("logits", classes),
        value("features", 8, SIZE - 4, SIZE - 4),
        value("class_map", classes, cells, cells),
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


def graded_card(name: str, sha256: str, **changes) -> dict:
    """A whole card of a model that grades knees; `changes` replace entries."""
    fracture = card(name, sha256)
    return (
        fracture
        | {
            "task": "severity",
            "classes": ["0", "1", "2", "3", "4"],
            "operating_points": [],
            "metrics": {
                "qwk": {"value": 0.75, "low": 0.7, "high": 0.8},
                "accuracy": {"value": 0.6},
            },
        }
        | changes
    )


def painting_graph() -> bytes:
    """An ONNX painter: of (N, 2, H, W), a view spanned smoothly and its hole, it returns the view
    (N, 1, H, W) as it is."""

    def value(name, channels):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", channels, "h", "w"])

    first = numpy_helper.from_array(np.array([0]), "first")
    take = helper.make_node("Gather", ["input", "first"], ["filled"], axis=1)
    built = helper.make_graph([take], "toy", [value("input", 2)], [value("filled", 1)], [first])
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(built, opset_imports=opset, ir_version=8).SerializeToString()


def painter_card(name: str, sha256: str, **changes) -> dict:
    """A whole card of a network that fills holes; `changes` replace entries."""
    numbers = {"psnr": 30.0, "l1": 5.0, "ssim": 0.875}
    return (
        card(name, sha256)
        | {
            "task": "inpaint",
            "classes": [],
            "input": {"size": 64, "mean": [0.0, 0.0], "std": [1.0, 1.0]},
            "outputs": ["filled"],
            "view": "hole and surroundings",
            "largest_view": 128,
            "stride": 8,
            "heatmap": "none",
            "operating_points": [],
            "metrics": {
                f"{measure}_{kind}_{method}": {"value": value, "low": value - 0.1, "high": value}
                for kind in ("centre", "strokes", "hardware")
                for method in ("model", "telea", "ns", "biharmonic")
                for measure, value in numbers.items()
            },
            "validation": {
                "n": 12,
                "holes": {"centre": 12, "strokes": 12, "hardware": 12},
                "data": "toys",
            },
        }
        | changes
    )


def sketching_graph(noise: int = 64) -> bytes:
    """An ONNX generator of lesions, 128 px a side: grey skin, and in the sketch a lesion of one
    colour by its label, shifted a little by the noise if it takes any."""
    rng = np.random.default_rng(0)
    constants = {
        "palette": rng.uniform(-1, 0.6, (7, 3)),
        "shift": rng.normal(size=(64, 3)) * (0.03 if noise else 0),
        "skin": np.full((1, 3, 1, 1), 0.7),
        "layer": np.array([0]),
        "corners": np.array([2, 3]),
    }
    node = helper.make_node
    nodes = [
        node("Gather", ["sketch", "layer"], ["mask"], axis=1),
        node("MatMul", ["label", "palette"], ["plain"]),
        node("MatMul", ["noise", "shift"], ["shifted"]),
        node("Add", ["plain", "shifted"], ["summed"]),
        node("Unsqueeze", ["summed", "corners"], ["colour"]),
        node("Sub", ["colour", "skin"], ["difference"]),
        node("Mul", ["mask", "difference"], ["lesion"]),
        node("Add", ["skin", "lesion"], ["image"]),
    ]

    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])

    whole = {"layer": np.int64, "corners": np.int64}
    built = helper.make_graph(
        nodes,
        "toy",
        [value("sketch", 2, 128, 128), value("label", 7), value("noise", 64)],
        [value("image", 3, 128, 128)],
        [
            numpy_helper.from_array(v.astype(whole.get(n, np.float32)), n)
            for n, v in constants.items()
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(built, opset_imports=opset, ir_version=8).SerializeToString()


def sketcher_card(name: str, sha256: str, **changes) -> dict:
    """A whole card of a generator of lesions; `changes` replace entries."""
    numbers = {
        "fid": 60.0,
        "fid_floor": 12.0,
        "balanced_accuracy": 0.64,
        "balanced_accuracy_real": 0.75,
        "mask_iou": 0.88,
        "diversity": 0.125,
    }
    return (
        card(name, sha256)
        | {
            "task": "sketch",
            "classes": list(CODES),
            "input": {"size": 128, "mean": [0.5] * 3, "std": [0.5] * 3},
            "outputs": ["image"],
            "noise": 64,
            "heatmap": "none",
            "operating_points": [],
            "metrics": {name: {"value": value} for name, value in numbers.items()},
            "validation": {"n": 20, "data": "toys"},
            "licence": "Apache-2.0 (code); weights: CC BY-NC 4.0, non-commercial",
        }
        | changes
    )


# What the toy classifier of lesions takes each diagnosis for: a colour, RGB in [-1, 1].
COLOURS = np.array(
    [[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1], [-1, -1, -1], [0, 0, 0], [1, -1, -1]],
    np.float32,
)


def diagnosing_graph() -> bytes:
    """An ONNX classifier of lesions: the diagnosis whose colour in `COLOURS` is nearest to the
    mean of (N, 3, 128, 128); its embedding is that mean."""
    constants = {
        "weight": 4 * COLOURS[:, :, None, None],
        "bias": -2 * (COLOURS**2).sum(1),
    }
    node = helper.make_node
    nodes = [
        node("AveragePool", ["input"], ["features"], kernel_shape=[32] * 2, strides=[32] * 2),
        node("Conv", ["features", "weight", "bias"], ["class_map"]),
        node("ReduceMean", ["class_map"], ["logits"], axes=[2, 3], keepdims=0),
        node("ReduceMean", ["features"], ["embedding"], axes=[2, 3], keepdims=0),
    ]
    outputs = {
        "logits": (7,),
        "features": (3, 4, 4),
        "class_map": (7, 4, 4),
        "embedding": (3,),
    }
    return _colour_graph(nodes, outputs, constants)


def outlining_graph() -> bytes:
    """An ONNX segmenter: lesion is what is darker than middle grey; the embedding is the mean
    colour."""
    node = helper.make_node
    nodes = [
        node("ReduceMean", ["input"], ["grey"], axes=[1], keepdims=1),
        node("Mul", ["grey", "slope"], ["mask"]),
        node("ReduceMean", ["input"], ["embedding"], axes=[2, 3], keepdims=0),
    ]
    outputs = {"mask": (1, 128, 128), "embedding": (3,)}
    return _colour_graph(nodes, outputs, {"slope": np.float32(-10)})


def _colour_graph(nodes: list, outputs: dict[str, tuple], constants: dict) -> bytes:
    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])

    built = helper.make_graph(
        nodes,
        "toy",
        [value("input", 3, 128, 128)],
        [value(name, *shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(v, np.float32), n) for n, v in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(built, opset_imports=opset, ir_version=8).SerializeToString()


def lesion_card(name: str, sha256: str, **changes) -> dict:
    """A whole card of a classifier of lesions; `changes` replace entries."""
    return (
        card(name, sha256)
        | {
            "task": "lesion",
            "classes": list(CODES),
            "input": {"size": 128, "mean": [0.5] * 3, "std": [0.5] * 3, "depth": "RGB in [0, 1]"},
            "operating_points": [],
            "metrics": {"balanced_accuracy": {"value": 0.75}, "accuracy": {"value": 0.8125}},
        }
        | changes
    )


def outliner_card(name: str, sha256: str, **changes) -> dict:
    """A whole card of a segmenter of lesions; `changes` replace entries."""
    changes = {"task": "segment", "classes": [], "metrics": {"iou": {"value": 0.875}}} | changes
    return lesion_card(name, sha256, **changes)


def publish(root: Path, name: str = "toy", lean: float = 0.0, **changes) -> Path:
    """Write `<root>/fracture/<name>/` and return it."""
    return _write(root / "fracture" / name, graph(lean), card, changes)


def publish_graded(root: Path, name: str = "toy", lean: float = 0.0, **changes) -> Path:
    """Write `<root>/severity/<name>/`, which grades 0 to 4, and return it."""
    return _write(root / "severity" / name, graph(lean, 5), graded_card, changes)


def publish_painter(root: Path, name: str = "filler", **changes) -> Path:
    """Write `<root>/inpaint/<name>/`, which fills holes smoothly, and return it."""
    return _write(root / "inpaint" / name, painting_graph(), painter_card, changes)


def publish_sketcher(root: Path, name: str = "cgan", noise: int = 64, **changes) -> Path:
    """Write `<root>/sketch/<name>/`, which draws lesions of one colour, and return it. With
    `noise=0` every picture of a sketch and a label is the same."""
    changes = {"noise": noise} | changes
    return _write(root / "sketch" / name, sketching_graph(noise), sketcher_card, changes)


def publish_diagnoser(root: Path, name: str = "mobilenetv2", **changes) -> Path:
    """Write `<root>/lesion/<name>/`, which tells lesions by their colour, and return it."""
    return _write(root / "lesion" / name, diagnosing_graph(), lesion_card, changes)


def publish_outliner(root: Path, name: str = "unet", **changes) -> Path:
    """Write `<root>/segment/<name>/`, which outlines what is dark, with a gate that passes what
    is brownish in the mean, and return it."""
    folder = _write(root / "segment" / name, outlining_graph(), outliner_card, changes)
    np.savez(
        folder / "gate.npz",
        mean=np.array([[0.45, 0.05, -0.05]]),
        basis=np.eye(3)[None],
        spread=np.full((1, 3), 0.2),
        residual=np.ones(1),
        threshold=2.0,
    )
    return folder


def publish_suggester(root: Path, name: str = "unet", **changes) -> Path:
    """Write `<root>/artefact/<name>/`, which marks what is dark, and return it."""
    metrics = {"dice": {"value": 0.625}, "false_alarms": {"value": 0.25, "low": 0.0, "high": 0.75}}
    seen = {"size": 384, "mean": [0.5] * 3, "std": [0.5] * 3, "depth": "grey in [0, 1]"}
    changes = {"task": "artefact", "metrics": metrics, "input": seen} | changes
    return _write(root / "artefact" / name, outlining_graph(), outliner_card, changes)


def _write(folder: Path, data: bytes, describe, changes: dict) -> Path:
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    (folder / "card.json").write_text(json.dumps(describe(folder.name, sha256, **changes)))
    return folder
