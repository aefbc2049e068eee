"""The training loop on a toy: resumable, careful with its files, and plain when it fails."""

import csv
import errno
import json
import multiprocessing
import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from tqdm import tqdm

from core.jobs import records
from trainers import checkpoint, course, progress
from trainers.loop import Schedule, fit
from trainers.progress import Stopped, TrainingFailed, TrialDone

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


def train(
    run,
    network=None,
    dataset_of=films_of,
    loss=loss_of,
    scorer=score,
    show=None,
    trial=False,
    **schedule,
):
    fabric = Fabric(accelerator="cpu", devices=1)
    schedule = Schedule(**{"epochs": 3, "batch": 8, "rate": 0.05, "ema": 0.8} | schedule)
    network = network or Toy()
    return network, fit(fabric, run, network, dataset_of, loss, scorer, schedule, show, trial)


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


class Elsewhere(SimpleNamespace):
    """A Fabric of a device that holds shapes alone; it stops as training would begin."""

    device, is_global_zero = torch.device("meta"), True

    def setup(self, network, optimiser):
        self.seen = [
            value.device
            for state in optimiser.state.values()
            for name, value in state.items()
            if name != "step"  # is on the CPU wherever the others are
        ]
        raise Stopped


@pytest.mark.filterwarnings("ignore:.*which is a no-op")
def test_what_goes_on_on_a_gpu_has_its_optimiser_there(tmp_path):
    train(tmp_path, epochs=1)
    elsewhere = Elsewhere()
    with pytest.raises(Stopped):
        fit(elsewhere, tmp_path, Toy(), films_of, loss_of, score, Schedule(2))
    assert len(elsewhere.seen) == 12 and set(elsewhere.seen) == {torch.device("meta")}


def test_what_is_learned_does_not_depend_on_how_many_prepare_films(tmp_path, whole, monkeypatch):
    monkeypatch.setattr(course, "readers", lambda fabric: 2)
    same_as(whole, tmp_path, *train(tmp_path))


@pytest.mark.parametrize(
    ("device", "cores", "devices", "expected"),
    [
        ("cpu", 16, 1, 0),
        ("cuda", 6, 1, 6),
        ("cuda", 16, 1, 8),
        ("cuda", 12, 4, 3),
        ("cuda", 2, 4, 0),
    ],
)
def test_cores_are_shared_out_among_those_who_prepare_films(
    monkeypatch, device, cores, devices, expected
):
    monkeypatch.setattr(course, "usable_cores", lambda: cores)
    strategy = SimpleNamespace(num_processes=devices) if devices > 1 else SimpleNamespace()
    fabric = SimpleNamespace(device=torch.device(device), strategy=strategy)
    assert course.readers(fabric) == expected


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


def test_t5_a_network_whose_weights_are_no_numbers_is_never_kept(tmp_path):
    def loss(outputs, batch):
        # The root's slope at zero is no number, while the loss itself still is one.
        good = loss_of(outputs, batch)
        late = (tmp_path / "last.pt").exists()
        return good + (outputs[0] * 0).abs().sqrt().mean() if late else good

    one_step = {"dataset_of": lambda epoch: films_of(epoch, 8)}
    with pytest.raises(TrainingFailed, match="weights are no longer numbers"):
        train(tmp_path, loss=loss, **one_step)
    kept = torch.load(tmp_path / "best.pt", weights_only=True).values()
    assert all(torch.isfinite(value).all() for value in kept)
    assert len(recorded(tmp_path)) == 1


def at(epoch: int, position: int, act):
    """Films of which one cannot be had before something else happens."""

    class Eventful(list):
        def __getitem__(self, index):
            if index == position:
                act()
            return super().__getitem__(index)

    return lambda number: Eventful(films_of(number)) if number == epoch else films_of(number)


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_t2_a_run_that_was_asked_to_stop_goes_on_as_if_never_stopped(tmp_path, whole, epoch):
    stop = tmp_path / "stop"
    with pytest.raises(Stopped):
        train(tmp_path, dataset_of=at(epoch, 12, stop.touch))
    assert (tmp_path / "last.pt").exists() == bool(epoch)
    assert epoch == 0 or len(recorded(tmp_path)) == epoch
    stop.unlink()
    same_as(whole, tmp_path, *train(tmp_path, Toy(seed=7 if epoch else 0)))


def learn_alone(run: Path, begun) -> None:
    """Train in a forked process, where only one thread may compute."""
    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())  # its own is shared with all processes, and dies locked
    begun.set()
    train(run)


def test_t1_killed_at_50_random_moments_it_ends_as_if_never_stopped(tmp_path, whole):
    processes, rng = multiprocessing.get_context("fork"), np.random.default_rng(0)

    def learn(run: Path, kill_after: float | None = None) -> float:
        """Seconds from the beginning to the end, or to the kill."""
        begun = processes.Event()
        child = processes.Process(target=learn_alone, args=(run, begun))
        child.start()
        assert begun.wait(60)
        began = time.monotonic()
        child.join(60 if kill_after is None else kill_after)
        child.kill()
        child.join(60)
        return time.monotonic() - began

    patience = learn(tmp_path / "unharmed")
    checkpoints = 0
    for run in (tmp_path / name for name in "abcde"):
        for _ in range(10):
            learn(run, rng.uniform(0, patience))
            for path in run.glob("*.pt"):
                torch.load(path, weights_only=True)
                checkpoints += 1
        same_as(whole, run, *train(run))
    assert checkpoints, "no run lived long enough to be a test"


def test_t6_a_full_disk_leaves_the_last_whole_epoch(tmp_path, whole):
    def scorer(network):
        if (tmp_path / "last.pt").exists():
            (tmp_path / "last.tmp").symlink_to("/dev/full")
        return score(network)

    with pytest.raises(OSError) as full:
        train(tmp_path, scorer=scorer)
    assert full.value.errno == errno.ENOSPC
    assert list(tmp_path.glob("*.tmp")) == []
    assert torch.load(tmp_path / "last.pt", weights_only=True)["state"]["epoch"] == 1
    torch.load(tmp_path / "best.pt", weights_only=True)
    same_as(whole, tmp_path, *train(tmp_path))


def test_t6_a_full_disk_leaves_the_rows_of_all_epochs(tmp_path, whole, monkeypatch):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, dataset_of=stopping_at(2, 0))
    table = tmp_path / "metrics.csv"
    rows = table.read_text()
    table.write_text(f"{rows}3,0.1,")  # of an epoch that was stopped as it was recorded
    before = table.read_text()

    def full(path, content):
        path.open("wb").write(content[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for going_on in (lambda: train(tmp_path), lambda: checkpoint.record(tmp_path, {"epoch": 3})):
        with monkeypatch.context() as patch, pytest.raises(OSError):
            patch.setattr(Path, "write_bytes", full)
            going_on()
        assert table.read_text() == before
    same_as(whole, tmp_path, *train(tmp_path))


def test_metrics_without_a_word_get_their_columns(tmp_path):
    (tmp_path / "metrics.csv").touch()
    train(tmp_path, epochs=1)
    assert recorded(tmp_path)[0]["epoch"] == "1"


@pytest.mark.parametrize("size", [1, 10**6], ids=["small", "large"])
def test_t6_what_a_full_disk_cannot_hold_is_told_as_such(tmp_path, size):
    (tmp_path / "last.tmp").symlink_to("/dev/full")
    with pytest.raises(OSError) as full:
        checkpoint.save({"weights": torch.zeros(size)}, tmp_path / "last.pt")
    assert full.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_k8_what_is_saved_is_what_is_read(tmp_path):
    state = {"network": Toy().state_dict(), "state": {"epoch": 3, "scores": {"auroc": 0.1}}}
    checkpoint.save(state, tmp_path / "last.pt")
    again = checkpoint.read(tmp_path / "last.pt")
    assert again["state"] == state["state"]
    for name, value in state["network"].items():
        assert torch.equal(again["network"][name], value)


class Payload:
    """What runs a command in whoever unpickles it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


class Wider(Toy):
    def __init__(self) -> None:
        super().__init__()
        self.body[0], self.body[4] = nn.Linear(5, 8), nn.Linear(8, 3)


def cut(share: float):
    def damage(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return damage


def with_parts(**parts):
    def change(path: Path) -> None:
        torch.save(torch.load(path, weights_only=True) | parts, path)

    return change


DAMAGES = {
    "K1 payload": (lambda path: torch.save(Payload(path.with_name("marker")), path), "damaged"),
    "K2 nothing": (cut(0), "damaged"),
    "K2 a tenth": (cut(0.1), "damaged"),
    "K2 half": (cut(0.5), "damaged"),
    "K2 almost all": (cut(0.99), "damaged"),
    "K3 another loop's": (with_parts(critics={}), "no checkpoint of this trainer"),
    "K3 no network": (with_parts(network=3), "another network"),
    "K3 more tensors": (with_parts(optimiser={"state": {}, "param_groups": []}), "another"),
    "K5 a path": (with_parts(state={"epoch": Path("x")}), "damaged or no checkpoint"),
}


@pytest.mark.parametrize(("damage", "sentence"), DAMAGES.values(), ids=DAMAGES)
def test_a_checkpoint_that_cannot_be_gone_on_from_is_refused_and_left_alone(
    tmp_path, damage, sentence
):
    train(tmp_path, epochs=1)
    damage(tmp_path / "last.pt")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    network = Toy(seed=7)
    with pytest.raises(TrainingFailed, match=sentence):
        train(tmp_path, network)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    for name, value in Toy(seed=7).state_dict().items():
        assert torch.equal(network.state_dict()[name], value)


def test_k3_a_checkpoint_of_another_network_names_the_first_three_differences(tmp_path):
    train(tmp_path, epochs=1)
    with pytest.raises(TrainingFailed) as refused:
        train(tmp_path, Wider(), epochs=2)
    said = str(refused.value)
    assert "(3 differences: body.0.weight is 8 by 4 and should be 8 by 5;" in said
    assert said.count(" should be ") == 3 and "--run" in said and "\n" not in said


def test_a_job_tells_how_it_stands(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "REPORTS", 0.0)
    records.write_status(tmp_path, state="running")
    seen = []

    def loss(outputs, batch):
        seen.append(records.read_status(tmp_path))
        return loss_of(outputs, batch)

    train(tmp_path, loss=loss)
    assert [told.phase for told in seen] == ["training"] * 15
    assert [(told.epoch, told.step) for told in seen[4:8]] == [(0, 4), (1, 0), (1, 1), (1, 2)]
    assert {told.epochs for told in seen} == {3} and {told.steps for told in seen[1:]} == {5}
    assert seen[0].images_per_second is None and seen[3].images_per_second > 0
    assert all(told.seconds_left > 0 for told in seen[2:5] + seen[7:])
    last = records.read_status(tmp_path)
    assert (last.state, last.epoch) == ("running", 3)
    assert "loss" in last.scores and last.memory_mb > 50 and "thread" in last.device


def test_speed_is_measured_over_the_latest_steps_but_the_first(tmp_path, monkeypatch):
    clock = iter([0.0, 0.0, 0.0, *np.arange(50.0, 100.0, 2.0)])
    monkeypatch.setattr(course, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(progress, "REPORTS", 0.0)
    records.write_status(tmp_path, state="running")
    fabric = Fabric(accelerator="cpu", devices=1)
    watched = course.Course(fabric, tmp_path, 0, 2, lambda epoch: True)
    next(watched.epochs())
    watched.score(nn.Identity(), lambda network: {"auroc": 0.5}, 0)
    for step, _ in enumerate(watched.steps(watched.loader(films_of(0), 8), 0)):
        watched.add(loss=torch.zeros(()))
        told = records.read_status(tmp_path)
        assert told.images_per_second == (None if step < 2 else 4.0)


def test_a_trial_tells_how_long_the_whole_takes_and_leaves_nothing_else(tmp_path):
    steps, scorings = [], []

    def loss(outputs, batch):
        steps.append(len(batch["label"]))
        return loss_of(outputs, batch)

    def scorer(network):
        scorings.append(1)
        return score(network)

    with pytest.raises(TrialDone):
        train(tmp_path, loss=loss, scorer=scorer, trial=True, epochs=5, score_every=2)
    assert (steps, scorings) == ([8, 8, 8], [1])
    assert [path.name for path in tmp_path.iterdir()] == ["trial.json"]
    told = json.loads((tmp_path / "trial.json").read_text())
    assert (told["steps"], told["epochs"]) == (5, 5)
    wanted = 25 * told["seconds_per_step"] + 4 * told["seconds_scoring"]
    assert told["seconds_total"] == pytest.approx(wanted)
    assert told["images_per_second"] == pytest.approx(8 / told["seconds_per_step"])
    assert told["device"] and told["memory_mb"] > 50


def test_a_trial_of_epochs_of_one_step_times_that(tmp_path):
    with pytest.raises(TrialDone):
        train(tmp_path, trial=True, dataset_of=lambda epoch: films_of(epoch, 5))
    told = json.loads((tmp_path / "trial.json").read_text())
    assert told["steps"] == 1 and told["seconds_per_step"] > 0
    assert told["images_per_second"] == pytest.approx(5 / told["seconds_per_step"])


def test_a_trial_of_a_run_that_has_begun_leaves_it_alone(tmp_path, whole):
    train(tmp_path, epochs=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(TrialDone):
        train(tmp_path, trial=True)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert json.loads(after.pop("trial.json"))["epochs"] == 2
    assert after == before


def test_samples_are_shown_after_every_scoring(tmp_path):
    def show(network, path):
        path.write_text(f"{isinstance(network, Toy)}")

    train(tmp_path, epochs=4, score_every=3, show=show)
    shown = {path.name: path.read_text() for path in (tmp_path / "samples").iterdir()}
    assert shown == dict.fromkeys(("0001.png", "0003.png", "0004.png"), "True")


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
