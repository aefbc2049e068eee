"""Verdict + heatmap: the app's one pass against eager torch with the pytorch-grad-cam library.

    python -m benchmarks.latency [--model mobilenetv2_frozen] [--threads 2] [--rounds 3]
    python -m benchmarks.latency --task severity --model mobilenetv2

Both sides read the same film with the same network and weights, each in a process of its own, in
turn; a card's test-time flips are left out on both. "cold" is from the first import to the first
verdict. Needs the development requirements.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SIDES = {"ours": "ONNX Runtime, one pass", "torch": "eager torch + pytorch-grad-cam"}


def measure(read, started: float, runs: int) -> dict[str, float]:
    """Cold start, memory and the median time of a verdict, by calling `read()`."""
    import psutil

    read()
    cold = time.perf_counter() - started
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        read()
        times.append(time.perf_counter() - begin)
    memory = psutil.Process().memory_info().rss / 2**20
    return {"cold s": cold, "verdict ms": 1000 * statistics.median(times), "memory MB": memory}


def film_of(task: str):
    """A film for the task, (H, W) uint8."""
    from core.phantoms import knee, long_bone

    return knee(1, 3).pixels if task == "severity" else long_bone(1, fractured=True).pixels


def ours(task: str, name: str, threads: int, runs: int) -> dict[str, float]:
    """The way the app answers."""
    started = time.perf_counter()
    from core.classify import grade_knees, read_film
    from core.models import find, open_model

    card = find(CHECKOUT / "checkpoints", task, name)
    model = open_model(replace(card, flips=False), threads)
    film = film_of(task)

    def read():
        if task == "severity":
            (reading,) = grade_knees([film], model)
            return reading.heat(reading.grade)
        return read_film(film, model)

    return measure(read, started, runs)


def torch_side(task: str, name: str, threads: int, runs: int) -> dict[str, float]:
    """The usual way: forward and backward in torch, Grad-CAM from the library."""
    started = time.perf_counter()
    import torch

    from core import networks  # noqa: F401  (makes torchvision importable before grad-cam asks)

    # isort: split
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    from core.models import find
    from core.networks.published import LogitsOnly, load
    from core.preprocess import network_input

    torch.set_num_threads(threads)
    card = find(CHECKOUT / "checkpoints", task, name)
    network = load(card).requires_grad_(True)  # as the library finds one that was just trained
    wrapped = LogitsOnly(network).eval()
    cam = GradCAM(wrapped, [network.last])
    film = film_of(task)

    def read():
        batch, _ = network_input(film, card.input)
        return cam(torch.from_numpy(batch), [ClassifierOutputTarget(1)]), cam.outputs.softmax(1)

    return measure(read, started, runs)


def main() -> None:
    """Run both sides in turn and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", choices=("fracture", "severity"), default="fracture")
    parser.add_argument("--model", default="mobilenetv2_frozen")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--side", choices=sorted(SIDES), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        side = ours if arguments.side == "ours" else torch_side
        found = side(arguments.task, arguments.model, arguments.threads, arguments.runs)
        print(json.dumps(found))
        return
    found: dict[str, list[dict]] = {side: [] for side in SIDES}
    for _ in range(arguments.rounds):
        for side in SIDES:
            command = [sys.executable, "-m", "benchmarks.latency", "--side", side]
            command += ["--task", arguments.task, "--model", arguments.model]
            command += ["--threads", str(arguments.threads), "--runs", str(arguments.runs)]
            result = subprocess.run(
                command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True
            )
            found[side].append(json.loads(result.stdout.splitlines()[-1]))
    median = {
        side: {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        for side, rounds in found.items()
    }
    print(f"{arguments.task} {arguments.model}, {arguments.threads} threads")
    print(f"median of {arguments.rounds} rounds")
    for key in median["ours"]:
        ours_value, torch_value = median["ours"][key], median["torch"][key]
        ratio = torch_value / ours_value
        print(f"  {key:<11} ours {ours_value:8.1f}   torch {torch_value:8.1f}   {ratio:5.1f} x")


if __name__ == "__main__":
    main()
