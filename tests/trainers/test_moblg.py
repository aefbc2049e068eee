import csv
import json
import shutil
from types import SimpleNamespace

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from core import metrics
from core.models import BadModel, find
from core.networks.classifiers import Architecture, build, input_statistics
from core.phantoms import long_bone
from core.preprocess import InputSpec
from core.samples import png
from core.settings import CHECKOUT
from trainers import moblg
from trainers.export import export, save
from trainers.moblg import Rows, honest_stack, leaky_stack, numbers, out_of_fold, stage_one
from trainers.options import parse
from trainers.progress import TrainingFailed, TrialDone
from trainers.stack_graph import stack_graph


def noise(n, seed):
    """Rows whose features say nothing of the labels, two films a group."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(rng.integers(0, 2, n // 2), 2)
    return Rows(rng.normal(size=(n, 8)), labels, [f"{seed} {i // 2}" for i in range(n)])


def test_out_of_fold_probabilities_know_nothing_where_there_is_nothing_to_know():
    rows = noise(200, 0)
    held_out = out_of_fold(rows, seed=0)
    seen = stage_one(0).fit(rows.features, rows.labels).predict_proba(rows.features)[:, 1]
    assert metrics.auroc(rows.labels, seen) > 0.9
    assert metrics.auroc(rows.labels, held_out) < 0.7


def test_a_first_stage_that_saw_the_validation_films_shines_on_noise():
    rows, val = noise(200, 1), noise(100, 2)
    assert numbers(leaky_stack(rows, val, seed=0), val)["auroc"] > 0.9
    assert numbers(honest_stack(rows, seed=0), val)["auroc"] < 0.75


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A frozen network of random weights under both stages: (session, trees, second, batch)."""
    folder = tmp_path_factory.mktemp("stack")
    torch.manual_seed(0)
    architecture = Architecture("mobilenetv2_035", "average", 64)
    spec = InputSpec(64, *input_statistics(architecture))
    export(build(architecture), spec, folder / "frozen.onnx")
    batch = np.random.default_rng(0).normal(size=(3, 3, 64, 64)).astype(np.float32)
    frozen = onnxruntime.InferenceSession(folder / "frozen.onnx")
    features, embedding = frozen.run(["features", "embedding"], {"input": batch})
    rng = np.random.default_rng(1)
    rows = np.concatenate([embedding + rng.normal(size=embedding.shape) for _ in range(40)])
    labels = (rows[:, 0] > np.median(rows[:, 0])).astype(int)
    trees = stage_one(0).fit(rows.astype(np.float32), labels)
    second = LogisticRegression().fit(trees.predict_proba(rows)[:, 1:], labels)
    save(stack_graph(onnx.load(folder / "frozen.onnx"), trees, second), folder / "stack.onnx")
    session = onnxruntime.InferenceSession(folder / "stack.onnx")
    return session, trees, second, batch, features, embedding


def test_the_graph_scores_as_both_stages_do(stack):
    session, trees, second, batch, _, embedding = stack
    logits, embedded = session.run(["logits", "embedding"], {"input": batch})
    wanted = second.decision_function(trees.predict_proba(embedding)[:, 1:])
    assert logits[:, 1] - logits[:, 0] == pytest.approx(wanted, abs=1e-4)
    assert embedded == pytest.approx(embedding)


def test_the_class_map_is_the_fall_of_the_score_without_a_place(stack):
    session, trees, second, batch, features, embedding = stack
    (class_map,) = session.run(["class_map"], {"input": batch})
    assert class_map.shape == (3, 2, *features.shape[2:])

    def score(rows):
        return second.decision_function(trees.predict_proba(rows)[:, 1:])

    places = features.reshape(*features.shape[:2], -1)
    count = places.shape[2]
    for place in range(count):
        rest = (places.sum(2) - places[:, :, place]) / (count - 1)
        wanted = score(embedding) - score(rest)
        assert class_map[:, 1].reshape(3, -1)[:, place] == pytest.approx(wanted, abs=1e-3)


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A folder with data/ and run/ of a stack on a published network."""
    root = tmp_path_factory.mktemp("moblg")
    for seed in range(24):
        fractured = seed % 2 == 1
        folder = root / "data" / ("train", "val")[seed % 3 == 0] / ("normal", "fracture")[fractured]
        folder.mkdir(parents=True, exist_ok=True)
        grey = cv2.resize(long_bone(seed, fractured).pixels, (120, 160))
        (folder / f"film{seed}.png").write_bytes(png(grey))
    moblg.main(asked(root))
    return root


def asked(root, *more):
    words = ["--data", root / "data", "--run", root / "run", "--frozen", "simple_cnn"]
    words += ["--checkpoints", CHECKOUT / "checkpoints", *more]
    return parse("moblg", list(map(str, words)))


def test_a_run_keeps_what_it_learned_and_from_what(learned):
    (row,) = csv.DictReader((learned / "run/metrics.csv").open())
    assert set(row) == {"epoch", "auroc", "accuracy"}
    kept = torch.load(learned / "run/last.pt", weights_only=True)
    assert len(kept["train"]["labels"]) == 16 + 1 and len(kept["val"]["labels"]) == 8
    assert "tree" in torch.load(learned / "run/best.pt", weights_only=True)["trees"]


def test_a_run_that_goes_on_looks_at_no_film_again(learned, monkeypatch):
    before = (learned / "run/metrics.csv").read_text()
    monkeypatch.setattr(moblg, "embed", lambda *_: pytest.fail("it looked again"))
    moblg.main(asked(learned))
    assert (learned / "run/metrics.csv").read_text() == before


def test_the_published_file_is_held_against_both_stages(learned, monkeypatch):
    checkpoints = learned / "checkpoints"
    shutil.copytree(
        CHECKOUT / "checkpoints/fracture/simple_cnn", checkpoints / "fracture/simple_cnn"
    )
    more = ("--publish", "stack", "--checkpoints", checkpoints)
    moblg.main(asked(learned, *more))
    check = find(checkpoints, "fracture", "stack").details["check"]["stages"]
    assert check["n"] == 4 and check["largest_difference"] <= check["tolerance"]

    def other(frozen, trees, second):
        return stack_graph(frozen, trees, SimpleNamespace(coef_=second.coef_ + 1, intercept_=[9.0]))

    monkeypatch.setattr(moblg, "stack_graph", other)
    with pytest.raises(BadModel, match="answers otherwise than what was trained"):
        moblg.main(asked(learned, *more))


@pytest.mark.parametrize(
    "changed", [("--seed", 1), ("--phantoms", 0.5), ("--frozen", "densenet121")]
)
def test_what_was_made_from_something_else_is_refused_and_stays(learned, changed):
    before = (learned / "run/last.pt").read_bytes()
    with pytest.raises(TrainingFailed, match="give another folder with --run"):
        moblg.main(asked(learned, *changed))
    assert (learned / "run/last.pt").read_bytes() == before


def test_a_trial_tells_how_long_all_films_take(learned, tmp_path):
    with pytest.raises(TrialDone):
        moblg.main(asked(learned, "--run", tmp_path / "tried", "--trial"))
    told = json.loads((tmp_path / "tried/trial.json").read_text())
    assert told["steps"] == 24 + 1 and told["epochs"] == 1
    assert told["seconds_total"] == pytest.approx(25 * told["seconds_per_step"])
    assert not list(tmp_path.rglob("*.pt"))
