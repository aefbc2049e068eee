"""Train a network that suggests masks of artefacts on films, and publish it.

    python -m trainers.artefact --data masks.zip --run runs/artefact --publish unet
    python -m trainers.artefact --data masks.zip --run runs/screw --labels screw --publish screws

DATA is a pack of finished masks from the Annotate page, as a folder or a zip. Films on which
readers found nothing teach what is none. Training is resumable: the same command goes on where it
stopped.
"""

import argparse
import csv
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset

from core import metrics
from core.masks import dice
from core.models import ModelCard, open_session
from core.networks.unet import UNet
from core.preprocess import InputSpec, normalise
from core.segment import OUTPUTS
from trainers import audit, job, start
from trainers.export import export
from trainers.lesion_views import view
from trainers.loop import Schedule, fit
from trainers.mask_pack import MaskedFilms, MaskPack
from trainers.publish import UNCALIBRATED, Provenance, appearing, write_card
from trainers.sample_grid import SHOWN, Outlined
from trainers.segment import outline_loss
from trainers.torch_check import INPUTS, against_torch

SIDE = 384  # px: a screw is still a few of them wide
BATCH = 16  # films at a time when they are read
VIEWS = 256  # an epoch has at least so many, as packs are small


class Views(Dataset):
    """One epoch of random views of films, decided by `seed` alone; every film comes equally often.

    Metal lies in any direction, so films are turned and flipped as photos of skin are. Items: input
    (3, S, S) float32, mask (1, S, S) float32 of 0 and 1.
    """

    def __init__(self, films: MaskedFilms, seed: tuple[int, int]) -> None:
        self.films, self.seed = films, seed
        rng = np.random.default_rng(seed)
        rounds = [rng.permutation(len(films)) for _ in range(-(-VIEWS // len(films)))]
        self.order = np.concatenate(rounds)

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, position: int) -> dict[str, torch.Tensor]:
        index = int(self.order[position])
        rng = np.random.default_rng((*self.seed, position))
        colour = cv2.cvtColor(self.films.squares[index], cv2.COLOR_GRAY2RGB)
        image, mask = view(colour, self.films.masks[index], rng)
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return {
            "input": torch.from_numpy(normalise(grey[None], spec(len(grey)))[0]),
            "mask": torch.from_numpy(mask[None].astype(np.float32)),
        }


def spec(side: int) -> InputSpec:
    """What the network wants to see: the film letterboxed, grey in each of three channels."""
    return InputSpec(side, (0.5,) * 3, (0.5,) * 3)


@torch.inference_mode()
def score(network: nn.Module, val: MaskedFilms) -> dict[str, float]:
    """Mean Dice of the raw masks, 1 where a film has none and none is found, and the loss."""
    network.eval()
    device = next(network.parameters()).device
    agreements, losses = [], []
    for begin in range(0, len(val), BATCH):
        part = np.s_[begin : begin + BATCH]
        squares, truth = val.squares[part], torch.from_numpy(val.masks[part])[:, None]
        batch = torch.from_numpy(normalise(squares, spec(squares.shape[1]))).to(device)
        outputs = network(batch)
        loss = outline_loss(outputs, {"mask": truth.to(device).float()})
        losses.append(loss.item() * len(batch))
        found = (outputs[0] > 0).cpu().numpy()
        agreements += map(dice, found, truth.numpy())
    return {"dice": float(np.mean(agreements)), "loss": sum(losses) / len(val)}


def samples(val: MaskedFilms) -> Outlined:
    """Shows a few films, those with artefacts first, with the masks that the network suggests."""
    shown = np.argsort(~val.masks.any((1, 2)), kind="stable")[:SHOWN]
    squares = val.squares[shown]
    return Outlined(squares, normalise(squares, spec(squares.shape[1])), val.masks[shown])


def main(arguments: argparse.Namespace) -> None:
    """Audit the data, train, publish."""
    if arguments.side % 16:
        raise start.BadStart(f"--side {arguments.side} is no multiple of 16: choose {SIDE}.")
    engine = start.fabric(arguments)
    network, origin = start.whole(UNet(), arguments, "artefact")
    pack = MaskPack(arguments.data)
    audit.require_sound(audit.masked(pack, arguments.labels), arguments)
    engine.launch()
    train, val = (
        pack.squares(films, arguments.side, arguments.labels)
        for films in pack.split(arguments.labels)
    )
    best = fit(
        engine,
        arguments.run,
        network,
        lambda epoch: Views(train, (arguments.seed, epoch)),
        outline_loss,
        lambda candidate: score(candidate, val),
        Schedule(arguments.epochs, arguments.batch, arguments.rate, keep_last=True),
        show=samples(val),
        trial=arguments.trial,
    )
    print("on val:", {name: round(value, 4) for name, value in best.items()})
    if arguments.publish and engine.is_global_zero:
        provenance = Provenance.of(arguments, origin, pack, len(train))
        print(f"published {publish(network, pack, val, provenance, arguments.labels)}")


def publish(
    network: nn.Module,
    pack: MaskPack,
    val: MaskedFilms,
    provenance: Provenance,
    labels: list[str],
) -> Path:
    """Export `network`, check the file against torch, measure it on `val`, and write its folder.
    Raises BadModel."""
    seen = spec(val.squares.shape[1])
    with appearing("artefact", provenance) as folder:
        sha256 = export(network, seen, folder / "model.onnx", OUTPUTS)
        inputs = {"input": normalise(val.squares[:INPUTS], seen)}
        card = {
            "task": "artefact",
            "classes": [],
            "labels": labels,
            "input": seen.to_card(),
            "outputs": OUTPUTS,
            "heatmap": "none",
            **UNCALIBRATED,
            "metrics": {},
            "masks": dict(Counter(film.source for film in pack.films)),
            "validation": {
                "n": len(val),
                "with artefacts": int(val.masks.any((1, 2)).sum()),
                "data": f"a fifth of {provenance.data}, told by the films' hashes; films of one "
                "patient may lie on both sides, and the truth is what the readers marked",
            },
            "check": against_torch(network, folder / "model.onnx", inputs, OUTPUTS),
            **provenance.to_card(sha256),
        }
        write_card(card, folder)
        agreements, areas = measured(ModelCard.read(folder), val)
        card["metrics"] = numbers(agreements, areas, val)
        write_card(card, folder)
        with (folder / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["image", "marked", "found", "dice"])
            marked = val.masks.mean((1, 2))
            for film, *shares, value in zip(val.films, marked, areas, agreements, strict=True):
                writer.writerow([film.name, *(f"{share:.5f}" for share in shares), f"{value:.4f}"])
    return provenance.folder("artefact")


def measured(card: ModelCard, val: MaskedFilms) -> tuple[np.ndarray, np.ndarray]:
    """(N,) Dice of the published network's masks, and (N,) the share of the film they cover."""
    session = open_session(card, OUTPUTS)
    found = [
        session.run(["mask"], {"input": normalise(square[None], card.input)})[0][0, 0] > 0
        for square in val.squares
    ]
    return np.array(list(map(dice, found, val.masks))), np.array([mask.mean() for mask in found])


def numbers(agreements: np.ndarray, areas: np.ndarray, val: MaskedFilms) -> dict[str, dict]:
    """Mean Dice on films with artefacts, the share of those that are overlapped by half (IoU), and
    the share of the others on which anything is found; with 95 % intervals over films."""
    shows = val.masks.any((1, 2))
    kinds = {
        "dice": agreements[shows],
        "found": agreements[shows] > 2 / 3,  # an IoU above a half
        "false_alarms": areas[~shows] > 0,
    }
    card = {}
    for name, values in kinds.items():
        if len(values):
            names = range(len(values))
            low, high = metrics.grouped_bootstrap(names, lambda i, v=values: float(v[i].mean()))
            card[name] = {"value": float(values.mean()), "low": float(low), "high": float(high)}
    return card


if __name__ == "__main__":
    job.run("artefact", main)
