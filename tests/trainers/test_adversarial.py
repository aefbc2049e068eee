"""The loop for a painter and its critics, on a toy: resumable, fair, and plain when it fails."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from trainers.adversarial import Craft, Schedule, fit
from trainers.progress import Stopped, TrainingFailed, TrialDone

# isort: split
# Lightning imports torchvision, which trainers makes importable.
from lightning.fabric import Fabric


class Painter(nn.Module):
    """One grey level for all."""

    def __init__(self) -> None:
        super().__init__()
        self.level = nn.Parameter(torch.zeros(1))

    def forward(self, batch):
        return batch + self.level


class Critic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))

    def forward(self, picture):
        return (self.body(picture),)


def batches(epoch: int) -> list[dict]:
    generator = torch.Generator().manual_seed(epoch)
    return [{"input": torch.rand(8, 4, generator=generator)} for _ in range(6)]


def real(batch):
    return batch["input"] + 0.5


CRAFT = Craft(
    paint=lambda painter, batch: (painter(batch["input"]), 0.0),
    reconstruction=lambda picture, batch: (picture - real(batch)).abs().mean(),
    judge=lambda critics, picture, batch: critics(picture),
    real=lambda batch: (real(batch), batch),
    score=lambda painter: {"level": painter.level.item()},
    show=lambda painter, path: path.write_bytes(b"picture"),
)


def train(run, craft=CRAFT, trial=False, **schedule):
    fabric = Fabric(accelerator="cpu", devices=1)
    schedule = Schedule(**{"epochs": 4, "rate": 0.05, "ema": 0.5, "critics_from": 2} | schedule)
    painter, critic = Painter(), Critic()
    return fit(fabric, run, painter, critic, batches, craft, schedule, trial), painter, critic


def rows(run) -> list[dict]:
    with (run / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "whole"
    return run, *train(run)


class Elsewhere(SimpleNamespace):
    """A Fabric of a device that holds shapes alone; it stops when both networks are set up."""

    device, is_global_zero = torch.device("meta"), True

    def setup(self, network, optimiser):
        self.seen += [state["exp_avg"].device for state in optimiser.state.values()]
        if isinstance(network, Critic):
            raise Stopped
        return network, optimiser


@pytest.mark.filterwarnings("ignore:.*which is a no-op")
def test_what_goes_on_on_a_gpu_has_its_optimisers_there(tmp_path):
    train(tmp_path, epochs=1, critics_from=0)
    elsewhere = Elsewhere(seen=[])
    with pytest.raises(Stopped):
        fit(elsewhere, tmp_path, Painter(), Critic(), batches, CRAFT, Schedule(2))
    assert len(elsewhere.seen) == 5 and set(elsewhere.seen) == {torch.device("meta")}


def test_the_painter_learns_and_every_epoch_is_recorded_and_shown(whole):
    run, scores, painter, _ = whole
    assert scores["level"] == pytest.approx(0.5, abs=0.1)
    assert float(painter.level) == pytest.approx(scores["level"])
    assert [row["epoch"] for row in rows(run)] == ["1", "2", "3", "4"]
    assert sorted(path.name for path in (run / "samples").iterdir()) == [
        f"000{n}.png" for n in (1, 2, 3, 4)
    ]


def test_the_critics_join_when_told_and_learn(whole):
    run, _, _, critic = whole
    assert [float(row["critics"]) > 0 for row in rows(run)] == [False, False, True, True]
    untouched = Critic().body[0].weight
    assert not torch.equal(critic.body[0].weight, untouched)
    assert all(p.requires_grad for p in critic.parameters())


def test_without_critics_they_stay_as_they_were(tmp_path):
    _, _, critic = train(tmp_path / "run", critics_from=None)
    assert torch.equal(critic.body[0].weight, Critic().body[0].weight)


def test_the_last_checkpoint_holds_both_networks_and_both_optimisers(whole):
    saved = torch.load(whole[0] / "last.pt", weights_only=True)
    assert {"network", "critics", "averaged", "optimiser", "critics_optimiser"} <= set(saved)
    assert saved["critics_optimiser"]["state"], "the critics' optimiser had its steps"


def test_an_interrupted_run_ends_like_an_uninterrupted_one(whole, tmp_path):
    _, scores, _, critic = whole
    left = iter([1, 1, 1])  # epochs that are scored before the power fails

    def score(painter):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return CRAFT.score(painter)

    craft = Craft(**{**vars(CRAFT), "score": score})
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", craft)
    assert len(rows(tmp_path / "run")) == 3
    again, _, same_critic = train(tmp_path / "run")
    assert again["level"] == pytest.approx(scores["level"], abs=1e-6)
    assert torch.allclose(same_critic.body[0].weight, critic.body[0].weight, atol=1e-6)
    assert [row["epoch"] for row in rows(tmp_path / "run")] == ["1", "2", "3", "4"]


def test_a_loss_that_is_no_number_stops_with_a_reason(tmp_path):
    craft = Craft(
        **{**vars(CRAFT), "reconstruction": lambda picture, batch: picture.mean() * np.nan}
    )
    with pytest.raises(TrainingFailed, match="epoch 1, step 1"):
        train(tmp_path / "run", craft)


def test_t2_a_run_that_was_asked_to_stop_goes_on_as_if_never_stopped(whole, tmp_path):
    _, scores, painter, critic = whole
    run, stop = tmp_path / "run", tmp_path / "run" / "stop"
    paints = []

    def paint(painter, batch):
        paints.append(1)
        if len(paints) == 15:  # of 6 an epoch
            stop.touch()
        return CRAFT.paint(painter, batch)

    with pytest.raises(Stopped):
        train(run, Craft(**{**vars(CRAFT), "paint": paint}))
    assert len(rows(run)) == 2 and len(paints) == 15
    stop.unlink()
    again, same_painter, same_critic = train(run)
    assert again["level"] == pytest.approx(scores["level"], abs=1e-6)
    assert torch.allclose(same_painter.level, painter.level, atol=1e-6)
    assert torch.allclose(same_critic.body[0].weight, critic.body[0].weight, atol=1e-6)


def test_a_trial_counts_the_critics_and_leaves_nothing_else(tmp_path):
    judged = []

    def judge(critics, picture, batch):
        judged.append(1)
        return critics(picture)

    with pytest.raises(TrialDone):
        train(tmp_path / "run", Craft(**{**vars(CRAFT), "judge": judge}), trial=True)
    assert len(judged) == 2 * 3, "in each of three steps the critics learn and are pleased"
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["trial.json"]
    told = json.loads((tmp_path / "run/trial.json").read_text())
    assert (told["steps"], told["epochs"]) == (6, 4)
    assert told["images_per_second"] == pytest.approx(8 / told["seconds_per_step"])


def test_k3_the_checkpoint_of_other_networks_is_refused_and_left_alone(tmp_path):
    run = tmp_path / "run"
    train(run, epochs=1)
    saved = torch.load(run / "last.pt", weights_only=True)
    saved["critics"] = {"body.0.weight": torch.zeros(3, 4)}
    torch.save(saved, run / "last.pt")
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    with pytest.raises(
        TrainingFailed, match=r"4 differences: body\.0\.weight is 3 by 4 and should"
    ):
        train(run)
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()} == before
