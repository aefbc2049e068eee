"""MobLG: a frozen MobileNet's features → LightGBM's probabilities → a linear classifier.

    python -m trainers.moblg --frozen mobilenetv2_frozen --data fracture.zip --publish moblg

The stack was published with its first stage fitted on every film, test films included. Here the
second stage learns from out-of-fold probabilities (Wolpert 1992), and the leaky way is computed
once beside it: both numbers stand in the card.
"""

import argparse
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import onnx.parser
import onnx.utils
from onnx import helper
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from core import metrics
from core.classify import read_film
from core.models import Model, find, open_model
from core.samples import training_phantom
from trainers.export import save
from trainers.films import Film, Pack
from trainers.publish import Provenance, describe
from trainers.squares import read_grey

TREES = {"n_estimators": 150, "num_leaves": 15, "learning_rate": 0.05, "min_child_samples": 20}
TREES |= {"colsample_bytree": 0.3, "subsample": 0.8, "subsample_freq": 1, "reg_lambda": 5.0}


def stage_one(seed: int) -> lightgbm.LGBMClassifier:
    """Gradient-boosted trees over the pooled features."""
    return lightgbm.LGBMClassifier(**TREES, random_state=seed, n_jobs=2, verbose=-1)


def out_of_fold(features: np.ndarray, labels: np.ndarray, groups: list[str], seed: int):
    """(N,) probability of fracture for each film, by trees that saw none of its group."""
    probabilities = np.zeros(len(labels))
    folds = GroupKFold(5, shuffle=True, random_state=seed).split(features, labels, groups)
    for fit_on, held_out in folds:
        trees = stage_one(seed).fit(features[fit_on], labels[fit_on])
        probabilities[held_out] = trees.predict_proba(features[held_out])[:, 1]
    return probabilities


def exhibit(train: tuple, val: tuple, groups: list[str], seed: int) -> dict[str, dict[str, float]]:
    """AUROC and accuracy on val of the honest stack and of the leaky one, same trees.

    `train` and `val` are (features, labels). The leaky first stage is fitted on both.
    """
    (x, y), (x_val, y_val) = train, val
    honest_inputs = out_of_fold(x, y, groups, seed)
    honest_trees = stage_one(seed).fit(x, y)
    leaky_trees = stage_one(seed).fit(np.concatenate([x, x_val]), np.concatenate([y, y_val]))
    ways = {
        "out_of_fold": (honest_inputs, honest_trees.predict_proba(x_val)[:, 1]),
        "first_stage_saw_val": (
            leaky_trees.predict_proba(x)[:, 1],
            leaky_trees.predict_proba(x_val)[:, 1],
        ),
    }
    found = {}
    for name, (inputs, val_inputs) in ways.items():
        second = LogisticRegression().fit(inputs[:, None], y)
        scores = second.predict_proba(val_inputs[:, None])[:, 1]
        accuracy = float(((scores >= 0.5) == y_val).mean())
        found[name] = {"auroc": metrics.auroc(y_val, scores), "accuracy": accuracy}
    return found


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


def embed(model: Model, pack: Pack, films: list[Film]) -> np.ndarray:
    """(N, E) embeddings of whole films."""
    stream = tqdm(pack.read_all(films), "embedding", total=len(films))
    return np.stack(
        [read_film(read_grey(data, film.name), model).embedding for film, data in stream]
    )


def embed_phantoms(model: Model, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(count, E) embeddings and (count,) labels of synthetic films."""
    phantoms = [training_phantom(seed * 1_000_003 + index) for index in range(count)]
    features = [read_film(phantom.pixels, model).embedding for phantom in phantoms]
    return np.stack(features), np.array([phantom.fractured for phantom in phantoms])


def main() -> None:
    """Fit both stages, publish the stack, and keep the leaky numbers as an exhibit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frozen", required=True, help="published model whose backbone is used")
    parser.add_argument("--data", type=Path, required=True, help="pack: a folder or a zip")
    parser.add_argument("--phantoms", type=float, default=0.06, help="share of synthetic films")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--publish", metavar="NAME", default="moblg")
    parser.add_argument("--title", default="MobLG: MobileNetV2 and LightGBM")
    parser.add_argument("--summary", default="")
    parser.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    arguments = parser.parse_args()
    card = find(arguments.checkpoints, "fracture", arguments.frozen)
    model = open_model(card)
    pack = Pack(arguments.data)
    films, val = pack.split("train"), pack.split("val")
    count = round(len(films) * arguments.phantoms)
    drawn, truths = embed_phantoms(model, count, arguments.seed)
    features = np.concatenate([embed(model, pack, films), drawn])
    labels = np.concatenate([[film.label for film in films], truths])
    groups = [film.group for film in films] + [f"phantom{index}" for index in range(count)]
    val_set = embed(model, pack, val), np.array([film.label for film in val])

    inputs = out_of_fold(features, labels, groups, arguments.seed)
    second = LogisticRegression().fit(inputs[:, None], labels)
    trees = stage_one(arguments.seed).fit(features, labels)
    graph = stack_graph(onnx.load(card.weights), trees, second)
    shown = exhibit((features, labels), val_set, groups, arguments.seed)
    print(shown)
    provenance = Provenance.of(arguments, f"the frozen backbone of {card.name}", pack, len(films))
    folder = describe(
        lambda path: save(graph, path),
        card.input,
        "leave-one-out",
        pack,
        val,
        provenance,
        {"architecture": {"frozen": card.name, "trees": TREES}, "exhibit": shown},
    )
    print(f"published {folder}")


if __name__ == "__main__":
    main()
