"""Torch network → model.onnx: half the size, and still the place where torch gets its weights."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxscript import optimizer
from torch import nn

from core.lesions import CODES, SIDE
from core.models import OUTPUTS
from core.networks.sketch_gan import NOISE
from core.preprocess import InputSpec


def export(
    network: nn.Module, spec: InputSpec, path: Path, outputs: Sequence[str] = OUTPUTS
) -> str:
    """Write `network` as ONNX with a free batch size; return the file's sha256.

    Weights are stored as float16 behind Cast nodes, under their parameter names. ONNX Runtime
    folds the casts when it opens the file. Vectors (biases, batch statistics) stay float32: they
    are small, and a variance can be too small for half precision.
    """
    network = network.eval().float().cpu()
    example = torch.zeros(2, len(spec.mean), spec.size, spec.size)
    program = torch.onnx.export(
        network,
        (example,),
        dynamo=True,
        optimize=False,
        verbose=False,
        input_names=["input"],
        output_names=list(outputs),
        dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
    )
    return store(program, path)


def export_fill(network: nn.Module, side: int, stride: int, path: Path) -> str:
    """Write a network that fills holes, (N, 2, H, W) → "filled" (N, 1, H, W), as ONNX; return the
    file's sha256. With a `stride` the sides are any of its multiples, with 0 they are `side`."""
    network = network.eval().float().cpu()
    sizes: dict = {0: torch.export.Dim("batch", min=1, max=64)}
    if stride:
        for axis, name in ((2, "rows"), (3, "columns")):
            sizes[axis] = stride * torch.export.Dim(name, min=1, max=64)
    program = torch.onnx.export(
        network,
        (torch.rand(2, 2, side, side if not stride else side + stride),),
        dynamo=True,
        optimize=False,
        verbose=False,
        input_names=["input"],
        output_names=["filled"],
        dynamic_shapes=(sizes,),
    )
    return store(program, path)


def export_sketcher(generator: nn.Module, path: Path) -> str:
    """Write a generator of lesions, (sketch (N, 2, 128, 128), label (N, 7), noise (N, 64)) →
    "image" (N, 3, 128, 128), as ONNX with a free batch size; return the file's sha256."""
    generator = generator.eval().float().cpu()
    examples = (torch.rand(2, 2, SIDE, SIDE), torch.rand(2, len(CODES)), torch.randn(2, NOISE))
    batch = torch.export.Dim("batch", min=1, max=1024)
    program = torch.onnx.export(
        generator,
        examples,
        dynamo=True,
        optimize=False,
        verbose=False,
        input_names=["sketch", "label", "noise"],
        output_names=["image"],
        dynamic_shapes=tuple({0: batch} for _ in examples),
    )
    return store(program, path)


def store(program: torch.onnx.ONNXProgram, path: Path) -> str:
    """Write an exported network with its constants folded; return the file's sha256."""
    # The exporter casts and expands constants at run time, which would keep ONNX Runtime from
    # fusing a convolution with its normalisation and activation.
    optimizer.fold_constants(program.model)
    optimizer.remove_unused_nodes(program.model)
    return save(program.model_proto, path)


def save(model: onnx.ModelProto, path: Path) -> str:
    """Store matrices as float16, check the graph, write it; return the sha256."""
    store_half(model)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(model.SerializeToString())
    os.replace(temporary, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def store_half(model: onnx.ModelProto) -> None:
    """Turn float32 initialisers of two or more dimensions into float16 behind a Cast, in place."""
    graph = model.graph
    renamed, casts = {}, []
    for initialiser in graph.initializer:
        if initialiser.data_type != TensorProto.FLOAT or len(initialiser.dims) < 2:
            continue
        values = numpy_helper.to_array(initialiser).astype(np.float16)
        initialiser.CopyFrom(numpy_helper.from_array(values, initialiser.name))
        renamed[initialiser.name] = f"{initialiser.name}_float32"
        casts.append(
            helper.make_node(
                "Cast", [initialiser.name], [renamed[initialiser.name]], to=TensorProto.FLOAT
            )
        )
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = renamed.get(name, name)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
