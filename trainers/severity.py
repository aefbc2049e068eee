"""Train a network on knee films by Kellgren-Lawrence grade.

    python -m trainers.severity --data knee.zip --run runs/knee --weights IMAGENET.pth

The fracture models with a frozen backbone take theirs from here.
"""

import argparse

import torch
from sklearn.metrics import cohen_kappa_score

from core.networks.classifiers import Architecture, build, input_statistics
from core.preprocess import InputSpec, normalise
from trainers import audit, start
from trainers.films import Pack
from trainers.loop import fit
from trainers.squares import Crops, Squares, load_squares


@torch.inference_mode()
def score(network: torch.nn.Module, films: Squares, spec: InputSpec) -> dict[str, float]:
    """Quadratic weighted kappa, accuracy and loss on whole films."""
    network.eval()
    device = next(network.parameters()).device
    batches = [normalise(films.squares[i : i + 64], spec) for i in range(0, len(films.films), 64)]
    with torch.autocast(device.type, torch.bfloat16):
        logits = torch.cat([network(torch.from_numpy(b).to(device))[0].float() for b in batches])
    labels = torch.from_numpy(films.labels).to(device)
    grades = logits.argmax(1)
    return {
        "qwk": float(cohen_kappa_score(labels.cpu(), grades.cpu(), weights="quadratic")),
        "accuracy": float((grades == labels).float().mean()),
        "loss": float(torch.nn.functional.cross_entropy(logits, labels)),
    }


def main() -> None:
    """Train, and leave the weights in the run's `best.pt`."""
    parser = argparse.ArgumentParser(description=__doc__)
    start.add_arguments(parser)
    parser.add_argument("--backbone", default="mobilenetv2_100", help="any timm name")
    parser.add_argument("--size", type=int, default=224)
    arguments = parser.parse_args()

    architecture = Architecture(
        arguments.backbone, "average", arguments.size, arguments.same_padding, classes=5
    )
    spec = InputSpec(arguments.size, *input_statistics(architecture, arguments.pretrained))
    engine = start.fabric(arguments)
    network = build(architecture)
    start.load_backbone(network, architecture, arguments.weights, arguments.pretrained)
    pack = Pack(arguments.data)
    audit.require_sound(pack, arguments.run)
    train = load_squares(pack, pack.split("train"), arguments.size)
    val = load_squares(pack, pack.split("val"), arguments.size)
    count = len(train.films)
    scores = fit(
        engine,
        arguments.run,
        network,
        lambda epoch: Crops(train, spec, (arguments.seed, epoch), count, arguments.size),
        lambda outputs, batch: torch.nn.functional.cross_entropy(
            outputs[0], batch["label"], label_smoothing=0.05
        ),
        lambda candidate: score(candidate, val, spec),
        start.schedule(arguments),
    )
    print("best on val:", {name: round(value, 4) for name, value in scores.items()})


if __name__ == "__main__":
    start.run(main)
