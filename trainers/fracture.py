"""Train a fracture classifier and publish it.

    python -m trainers.fracture --data fracture.zip --run runs/first --epochs 5 --publish first
    python -m trainers.fracture --data fracture.zip --run runs/second --head evidence --pretrained

DATA is the project's pack, the original FracAtlas folder, or any pair of folders named
"fractured" and "not fractured". Training is resumable: the same command goes on where it stopped.
"""

import argparse

import numpy as np
import torch
from torch import Tensor, nn

from core import metrics
from core.classify import over_film
from core.explain import peak
from core.film_packs import Pack
from core.networks.classifiers import Architecture
from core.preprocess import InputSpec, normalise
from trainers import audit, job, scoring, start
from trainers.loop import fit
from trainers.publish import Provenance, publish
from trainers.sample_grid import Called, fixed
from trainers.squares import Crops, Squares, load_squares
from trainers.tasks import FRACTURE

MAP_STRIDE = 8


def image_loss(outputs: tuple[Tensor, ...], batch: dict[str, Tensor]) -> Tensor:
    """Cross-entropy of the verdict."""
    return nn.functional.cross_entropy(outputs[0].float(), batch["label"])


def evidence_loss(outputs: tuple[Tensor, ...], batch: dict[str, Tensor]) -> Tensor:
    """The verdict's loss, and a focal loss that teaches the map where the fractures are.

    Focal loss with alpha .25 and gamma 2, divided by the number of fractured cells (Lin et al.
    2017, sec. 4.1). Cells marked -1 are unknown and left out.
    """
    evidence, target = outputs[2][:, 1].float(), batch["box_map"]
    known, truth = target >= 0, target.clamp(min=0)
    error = nn.functional.binary_cross_entropy_with_logits(evidence, truth, reduction="none")
    wrong = torch.where(truth > 0, 0.25, 0.75) * (1 - torch.exp(-error)) ** 2
    focal = (wrong * error * known).sum() / truth.sum().clamp(min=1)
    return image_loss(outputs, batch) + focal


@torch.inference_mode()
def predict(network: nn.Module, films: Squares, spec: InputSpec) -> scoring.Reading:
    """Read whole films with a network in training, in bfloat16, batch by batch."""
    network.eval()
    device = next(network.parameters()).device
    scores, peaks = [], []
    for begin in range(0, len(films.films), 32):
        batch = torch.from_numpy(normalise(films.squares[begin : begin + 32], spec)).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            logits, _, class_map, _ = network(batch)
        scores.append((logits[:, 1] - logits[:, 0]).float().cpu().numpy())
        for heat, place in zip(
            class_map[:, 1].float().cpu().numpy(), films.places[begin:], strict=False
        ):
            peaks.append(peak(over_film(heat, place, spec)))
    return scoring.Reading(
        films.films,
        1 / (1 + np.exp(-np.concatenate(scores).astype(float))),
        np.array(peaks),
        np.array([(place.height, place.width) for place in films.places]),
        films.skipped,
    )


def score(network: nn.Module, films: Squares, spec: InputSpec) -> dict[str, float]:
    """AUROC, average precision, loss, and the pointing game at the Youden threshold.

    Of the film as it is: the AUROC of a published model may be higher, as its flipped copy is
    averaged in where that helps (`tasks.measure_fracture`).
    """
    reading = predict(network, films, spec)
    margin = np.where(reading.labels == 1, -1, 1) * reading.scores()
    youden = metrics.operating_points(reading.labels, reading.probabilities)[-1].threshold
    return {
        "auroc": metrics.auroc(reading.labels, reading.probabilities),
        "average_precision": metrics.average_precision(reading.labels, reading.probabilities),
        "loss": float(np.logaddexp(0, margin).mean()),
        "pointing_game": scoring.pointing_game(reading, youden),
    }


def start_network(arguments: argparse.Namespace) -> tuple[nn.Module, Architecture, InputSpec, str]:
    """The network before its first step, how it is built, its input, and where it started.

    Raises BadStart when the options do not go together or the weights do not fit.
    """
    architecture = Architecture(
        arguments.backbone,
        "flatten" if arguments.backbone == "simple_cnn" else arguments.head,
        arguments.size,
        arguments.same_padding,
    )
    network, architecture, spec, origin = start.classifier(arguments, "fracture", architecture)
    if architecture.head == "evidence" and {spec.size % 32, arguments.crop % 32} != {0}:
        raise start.BadStart("The evidence head needs --size and --crop in multiples of 32.")
    if arguments.freeze:
        if not hasattr(network, "freeze"):
            raise start.BadStart(f"{arguments.backbone} has no backbone to freeze.")
        network.freeze()
    return network, architecture, spec, origin


def samples(val: Squares, spec: InputSpec) -> Called:
    """Shows a few films with what the network calls them and where it looks."""
    shown = fixed(val.labels)
    films = val.squares[shown]
    return Called(films, normalise(films, spec), val.labels[shown], FRACTURE.classes, maps=True)


def main(arguments: argparse.Namespace) -> None:
    """Audit the data, train, publish."""
    arguments.crop = arguments.crop or arguments.size
    engine = start.fabric(arguments)
    network, architecture, spec, origin = start_network(arguments)
    pack = Pack(arguments.data)
    audit.require_sound(audit.films(pack), arguments)
    engine.launch()
    train = load_squares(pack, pack.split("train"), spec.size)
    val = load_squares(pack, pack.split("val"), spec.size)
    evidence = architecture.head == "evidence"

    def views(epoch: int) -> Crops:
        return Crops(
            train,
            spec,
            (arguments.seed, epoch),
            arguments.films_per_epoch or len(train.films),
            arguments.crop,
            arguments.balance,
            arguments.phantoms,
            MAP_STRIDE if evidence else 0,
        )

    best = fit(
        engine,
        arguments.run,
        network,
        views,
        evidence_loss if evidence else image_loss,
        lambda candidate: score(candidate, val, spec),
        start.schedule(arguments),
        show=samples(val, spec),
        trial=arguments.trial,
    )
    print("best on val:", {name: round(value, 4) for name, value in best.items()})
    if arguments.publish and engine.is_global_zero:
        provenance = Provenance.of(arguments, origin, pack, len(train.films))
        folder = publish(FRACTURE, network, architecture, spec, pack, val.films, provenance)
        print(f"published {folder}")


if __name__ == "__main__":
    job.run("fracture", main)
