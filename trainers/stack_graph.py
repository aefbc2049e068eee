"""MobLG as one ONNX graph: the frozen network, LightGBM's trees and the linear classifier."""

import lightgbm
import onnx
import onnx.parser
import onnx.utils
from onnx import helper
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression

LEAVE_ONE_OUT = """
leave_one_out (float[N, C, H, W] features) => (float[R, C] rows) {
    flat = Constant <value_ints = [0, 0, -1]> ()
    axis = Constant <value_ints = [2]> ()
    one = Constant <value_float = 1.0> ()
    minus = Constant <value_ints = [-1]> ()
    places = Reshape (features, flat)
    total = ReduceSum <keepdims = 1> (places, axis)
    cells = Shape <start = 2, end = 3> (places)
    count = Cast <to = 1> (cells)
    others = Sub (count, one)
    rest = Sub (total, places)
    without = Div (rest, others)
    mean = Div (total, count)
    both = Concat <axis = 2> (mean, without)
    turned = Transpose <perm = [0, 2, 1]> (both)
    channels = Shape <start = 1, end = 2> (features)
    shape = Concat <axis = 0> (minus, channels)
    rows = Reshape (turned, shape)
}
"""

STAGE_TWO = """
stage_two (float[R, K] probabilities, float[N, C, H, W] features)
    => (float[N, K] logits, float[N, K, H, W] class_map) {
    slope = Constant <value_float = SLOPE> ()
    offset = Constant <value_float = OFFSET> ()
    zero = Constant <value_ints = [0]> ()
    one = Constant <value_ints = [1]> ()
    end = Constant <value_ints = [9223372036854775807]> ()
    minus = Constant <value_ints = [-1]> ()
    fractured = Slice (probabilities, one, end, one)
    sloped = Mul (fractured, slope)
    scores = Add (sloped, offset)
    films = Shape <start = 0, end = 1> (features)
    table_shape = Concat <axis = 0> (films, minus)
    table = Reshape (scores, table_shape)
    whole = Slice (table, zero, one, one)
    without = Slice (table, one, end, one)
    fall = Sub (whole, without)
    size = Shape <start = 2, end = 4> (features)
    map_shape = Concat <axis = 0> (films, one, size)
    evidence = Reshape (fall, map_shape)
    no_evidence = Sub (evidence, evidence)
    class_map = Concat <axis = 1> (no_evidence, evidence)
    no_score = Sub (whole, whole)
    logits = Concat <axis = 1> (no_score, whole)
}
"""


def stack_graph(
    frozen: onnx.ModelProto, trees: lightgbm.LGBMClassifier, second: LogisticRegression
) -> onnx.ModelProto:
    """The frozen network with both stages behind it, in place of its own head.

    The class map tells how far the score falls when a place is left out of the pooled features:
    the trees are asked once for the whole film and once for each place.
    """
    forest = convert_lightgbm(
        trees,
        initial_types=[("rows", FloatTensorType([None, trees.n_features_in_]))],
        zipmap=False,
        target_opset=15,
    )
    stage_two = STAGE_TWO.replace("SLOPE", repr(float(second.coef_[0, 0])))
    stage_two = stage_two.replace("OFFSET", repr(float(second.intercept_[0])))
    graph = onnx.utils.Extractor(frozen).extract_model(["input"], ["features", "embedding"]).graph
    for part in (
        onnx.parser.parse_graph(LEAVE_ONE_OUT),
        forest.graph,
        onnx.parser.parse_graph(stage_two),
    ):
        prefix = f"{part.name}/"
        shared = {"features", "rows", "probabilities", "logits", "class_map"}
        _absorb(graph, part, prefix, shared)
    del graph.output[2:]
    graph.output.extend(onnx.parser.parse_graph(stage_two).output)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def _absorb(graph: onnx.GraphProto, part: onnx.GraphProto, prefix: str, shared: set[str]) -> None:
    """Add the nodes of `part` to `graph`; names outside `shared` get the prefix."""

    def name(old: str) -> str:
        return old if old in shared or not old else prefix + old

    for index, source in enumerate(part.node):
        node = graph.node.add()
        node.CopyFrom(source)
        node.name = f"{prefix}{index}"
        node.input[:] = [name(old) for old in source.input]
        node.output[:] = [name(old) for old in source.output]
    for source in part.initializer:
        initialiser = graph.initializer.add()
        initialiser.CopyFrom(source)
        initialiser.name = name(source.name)
