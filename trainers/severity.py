"""Train a network to grade knee films after Kellgren and Lawrence, and publish it.

    python -m trainers.severity --data knee.zip --run runs/knee --pretrained --publish mobilenetv2
    python -m trainers.severity --data knee.zip --run runs/corn --objective corn --epochs 8

DATA is the project's pack, the folders of the original data set (train, val, test, auto_test), or
grade folders named 0Normal to 4Severe. Training is resumable: the same command goes on where it
stopped. With --epochs 0 nothing is learned: --from-run's weights are scored and published.
"""

import argparse

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import nn

from core import grading
from core.film_packs import Pack
from core.networks.classifiers import Architecture
from core.networks.simple_cnn import CHANNELS
from core.preprocess import InputSpec, normalise
from core.samples import graded_phantom
from trainers import audit, job, ordinal, start
from trainers.augment import UPRIGHT_JOINT
from trainers.loop import fit
from trainers.publish import Provenance, publish
from trainers.sample_grid import Called, fixed
from trainers.squares import Crops, Squares, load_squares
from trainers.tasks import SEVERITY

GRADES = 5


@torch.inference_mode()
def predict(network: nn.Module, films: Squares, spec: InputSpec) -> np.ndarray:
    """(N, K) grade probabilities of whole films, in bfloat16, batch by batch."""
    network.eval()
    device = next(network.parameters()).device
    found = []
    for begin in range(0, len(films.films), 64):
        batch = torch.from_numpy(normalise(films.squares[begin : begin + 64], spec)).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            found.append(network(batch)[0].float().softmax(1).cpu().numpy())
    return np.concatenate(found)


def score(network: nn.Module, films: Squares, spec: InputSpec) -> dict[str, float]:
    """Quadratic kappa, accuracy, mean absolute error in grades, and log loss."""
    probabilities = predict(network, films, spec)
    called = grading.called_grades(probabilities)
    truth = films.labels
    likelihood = probabilities[np.arange(len(truth)), truth]
    return {
        "qwk": grading.quadratic_kappa(truth, called),
        "accuracy": grading.accuracy(truth, called),
        "mae": grading.mean_absolute_error(truth, called),
        "loss": float(-np.log(np.maximum(likelihood, 1e-9)).mean()),
    }


def start_network(arguments: argparse.Namespace) -> tuple[nn.Module, Architecture, InputSpec, str]:
    """The network before its first step, how it is built, its input, and where it started.

    Raises BadStart when the options do not go together or the weights do not fit.
    """
    head = ordinal.HEADS[arguments.objective]
    asked = Architecture(
        arguments.backbone,
        "flatten" if arguments.backbone in CHANNELS else head,
        arguments.size,
        arguments.same_padding,
        GRADES,
        wide_embedding=arguments.backbone not in CHANNELS,
    )
    network, architecture, spec, origin = start.classifier(arguments, "severity", asked)
    if architecture.head not in ("flatten", head):
        fitting = [name for name, its in ordinal.HEADS.items() if its == architecture.head]
        raise start.BadStart(
            f"{arguments.from_model} has another head than --objective {arguments.objective} "
            f"needs: choose --objective {' or '.join(fitting)}."
        )
    return network, architecture, spec, origin


def samples(val: Squares, spec: InputSpec) -> Called:
    """Shows a few films with the grade that the network calls and where it sees that."""
    shown = fixed(val.labels)
    films, grades = val.squares[shown], [f"grade {grade}" for grade in range(GRADES)]
    return Called(films, normalise(films, spec), val.labels[shown], grades, maps=True)


def main(arguments: argparse.Namespace) -> None:
    """Audit the data, train, publish."""
    engine = start.fabric(arguments)
    network, architecture, spec, origin = start_network(arguments)
    pack = Pack(arguments.data)
    audit.require_sound(audit.films(pack), arguments)
    engine.launch()
    val = load_squares(pack, pack.split("val"), spec.size)
    if arguments.epochs:
        scores = learn(arguments, engine, network, pack, val, spec)
    else:
        scores = score(network, val, spec)
    print("best on val:", {name: round(value, 4) for name, value in scores.items()})
    if arguments.publish and engine.is_global_zero:
        provenance = Provenance.of(arguments, origin, pack, len(pack.split("train")))
        folder = publish(SEVERITY, network, architecture, spec, pack, val.films, provenance)
        print(f"published {folder}")


def learn(
    arguments: argparse.Namespace,
    engine: Fabric,
    network: nn.Module,
    pack: Pack,
    val: Squares,
    spec: InputSpec,
) -> dict[str, float]:
    """Train on the pack's training films; leaves the best weights, returns their scores."""
    train = load_squares(pack, pack.split("train"), spec.size)
    loss = ordinal.objective(arguments.objective, GRADES)

    def views(epoch: int) -> Crops:
        return Crops(
            train,
            spec,
            (arguments.seed, epoch),
            len(train.films),
            spec.size,
            phantoms=arguments.phantoms,
            handling=UPRIGHT_JOINT,
            phantom=graded_phantom,
        )

    return fit(
        engine,
        arguments.run,
        network,
        views,
        lambda outputs, batch: loss(outputs[0], batch["label"]),
        lambda candidate: score(candidate, val, spec),
        start.schedule(arguments),
        show=samples(val, spec),
        trial=arguments.trial,
    )


if __name__ == "__main__":
    job.run("severity", main)
