"""The training loop on a toy: resumable, careful with its files, and plain when it fails."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from trainers import checkpoint
from trainers.loop import Schedule, fit
from trainers.progress import TrainingFailed

# isort: split
# Lightning imports torchvision, which trainers makes importable.
from lightning.fabric import Fabric


class Toy(nn.Module):
    """Depends on all that a checkpoint must keep: weights, batch statistics, chance."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.body = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2)
        )

    def forward(self, batch):
        return (self.body(batch),)


def films_of(epoch: int, count: int = 40) -> list[dict]:
    inputs = torch.randn(count, 4, generator=torch.Generator().manual_seed(epoch))
    return [{"input": x, "label": (x[0] > 0).long()} for x in inputs]


def loss_of(outputs, batch):
    return nn.functional.cross_entropy(outputs[0], batch["label"])


def score(network) -> dict[str, float]:
    network.eval()
    val = films_of(99)
    with torch.no_grad():
        logits = network(torch.stack([item["input"] for item in val]))[0]
    labels = torch.stack([item["label"] for item in val])
    loss = nn.functional.cross_entropy(logits, labels).item()
    return {"goodness": -loss, "loss": loss}


def scripted(*values: dict[str, float]):
    """A score that ignores the network."""
    rest = iter(values)
    return lambda network: next(rest)


def train(run, network=None, dataset_of=films_of, loss=loss_of, scorer=score, **schedule):
    fabric = Fabric(accelerator="cpu", devices=1)
    schedule = Schedule(**{"epochs": 3, "batch": 8, "rate": 0.05, "ema": 0.8} | schedule)
    network = network or Toy()
    return network, fit(fabric, run, network, dataset_of, loss, scorer, schedule)


def recorded(run) -> list[dict[str, str]]:
    with (run / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def numbers(run) -> np.ndarray:
    """What metrics.csv holds, save for the time it took."""
    return np.array([[float(v) for k, v in row.items() if k != "seconds"] for row in recorded(run)])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """(run, network, scores) of a run that was never stopped."""
    run = tmp_path_factory.mktemp("whole")
    return run, *train(run)


def same_as(whole, run, network, scores) -> None:
    expected_run, expected_network, expected_scores = whole
    np.testing.assert_allclose(numbers(run), numbers(expected_run), atol=1e-5)
    assert scores == pytest.approx(expected_scores, abs=1e-5)
    for key, value in expected_network.state_dict().items():
        torch.testing.assert_close(network.state_dict()[key], value, atol=1e-5, rtol=0)


def test_it_learns_and_records_every_epoch(whole):
    run, network, scores = whole
    rows = recorded(run)
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert set(rows[0]) == {"epoch", "seconds", "train_loss", "goodness", "loss"}
    assert scores["loss"] == pytest.approx(min(float(row["loss"]) for row in rows), abs=1e-5)
    assert scores["loss"] < 0.9 * score(Toy())["loss"]
    assert score(network) == pytest.approx(scores, abs=1e-6)


def stopping_at(epoch: int, position: int):
    """Films of which one cannot be had: the run is stopped there."""

    class Stopping(list):
        def __getitem__(self, index):
            if index == position:
                raise KeyboardInterrupt
            return super().__getitem__(index)

    return lambda number: Stopping(films_of(number)) if number == epoch else films_of(number)


@pytest.mark.parametrize(
    "stops", [[(0, 0)], [(1, 20)], [(2, 39)], [(1, 0), (2, 9)]], ids=["0", "1", "2", "1 and 2"]
)
def test_resumed_run_ends_as_if_never_stopped(tmp_path, whole, stops):
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, dataset_of=stopping_at(*stop))
    # Weights of another seed: they must all come from the checkpoint, unless it was epoch 0.
    fresh = Toy(seed=0 if stops == [(0, 0)] else 7)
    same_as(whole, tmp_path, *train(tmp_path, fresh))


def test_finished_run_only_gives_its_result_again(tmp_path, whole):
    train(tmp_path)
    same_as(whole, tmp_path, *train(tmp_path, Toy(seed=7), dataset_of=None, scorer=None))


def test_more_epochs_go_on_after_the_last(tmp_path):
    train(tmp_path, epochs=1)
    train(tmp_path, epochs=2)
    assert [row["epoch"] for row in recorded(tmp_path)] == ["1", "2"]


@pytest.mark.parametrize("file", ["best.pt", "last.pt"])
@pytest.mark.parametrize("epoch", [0, 1])
def test_half_written_checkpoint_is_never_seen(tmp_path, whole, monkeypatch, file, epoch):
    saved, original = [], torch.save

    def full_disk(content, opened):
        saved.append(Path(opened.name).stem)
        if saved.count(file[:-3]) == epoch + 1 and saved[-1] == file[:-3]:
            opened.write(b"half")
            raise OSError("No space left on device")
        original(content, opened)

    monkeypatch.setattr(checkpoint.torch, "save", full_disk)
    with pytest.raises(OSError, match="No space"):
        train(tmp_path)
    monkeypatch.undo()
    for path in tmp_path.glob("*.pt"):
        torch.load(path, weights_only=True)
    assert (tmp_path / "last.pt").exists() == (epoch == 1)
    if epoch:
        assert torch.load(tmp_path / "last.pt", weights_only=True)["state"]["epoch"] == 1
    same_as(whole, tmp_path, *train(tmp_path))


def test_checkpoints_hold_plain_values_and_tensors_only(whole):
    run, network, scores = whole
    last = torch.load(run / "last.pt", weights_only=True)
    assert set(last) == {"network", "averaged", "optimiser", "state"}
    assert last["state"]["epoch"] == 3 and last["state"]["scores"] == scores
    best = torch.load(run / "best.pt", weights_only=True)
    assert set(best) == set(network.state_dict())
    assert list(run.glob("*.tmp")) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_with_one_sentence(tmp_path, value):
    def loss(outputs, batch):
        good = loss_of(outputs, batch)
        return good * value if (tmp_path / "last.pt").exists() else good

    with pytest.raises(TrainingFailed, match=r"epoch 2, step 1.*lower learning rate\.$"):
        train(tmp_path, loss=loss)
    assert len(recorded(tmp_path)) == 1  # what was learned before is kept


LOSSES = [{"goodness": 0.1, "loss": loss} for loss in (0.9, 0.4, 0.2)]


@pytest.mark.parametrize(
    ("bound", "epochs"), [(None, 3), (0.1, 3), (0.3, 3), (0.5, 2), (0.4, 3), (2.0, 1)]
)
def test_stop_below_stops(tmp_path, bound, epochs):
    train(tmp_path, scorer=scripted(*LOSSES), stop_below=bound)
    assert len(recorded(tmp_path)) == epochs


def test_a_run_that_stopped_below_stays_stopped(tmp_path):
    train(tmp_path, scorer=scripted(*LOSSES), stop_below=0.5)
    train(tmp_path, scorer=scripted(*LOSSES), stop_below=0.5)
    assert len(recorded(tmp_path)) == 2


def test_best_weights_are_kept_not_the_last(tmp_path):
    seen = []

    def scorer(network):
        seen.append({key: value.clone() for key, value in network.state_dict().items()})
        return {"auroc": (0.6, 0.9, 0.7)[len(seen) - 1]}

    network, scores = train(tmp_path, scorer=scorer)
    assert scores == {"auroc": 0.9}
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, seen[1][key])
    assert not torch.equal(seen[1]["body.0.weight"], seen[2]["body.0.weight"])


def test_scoring_may_be_rarer_than_epochs(tmp_path):
    values = [{"auroc": value} for value in (0.5, 0.6, 0.7, 0.8)]
    _, scores = train(tmp_path, scorer=scripted(*values), epochs=5, score_every=2)
    assert [row["auroc"] for row in recorded(tmp_path)] == ["0.5", "0.6", "", "0.7", "0.8"]
    assert scores == {"auroc": 0.8}


def test_fewer_films_than_a_batch_are_still_learned_from(tmp_path):
    network, _ = train(tmp_path, dataset_of=lambda epoch: films_of(epoch, 5), epochs=1)
    assert not torch.equal(network.body[0].weight, Toy().body[0].weight)
    assert float(recorded(tmp_path)[0]["train_loss"]) > 0


def test_frozen_weights_do_not_move(tmp_path):
    network = Toy()
    network.body[0].requires_grad_(False)
    train(tmp_path, network, epochs=1)
    assert torch.equal(network.body[0].weight, Toy().body[0].weight)
    assert not torch.equal(network.body[4].weight, Toy().body[4].weight)
