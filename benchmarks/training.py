"""Images per second of our training loop against the plain loop of the systems we learned from.

    python -m benchmarks.training --data data/FracAtlas
    python -m benchmarks.training --data data/FracAtlas --backbone simple_cnn --size 150

The plain loop opens each film with PIL when its turn comes, turns, shrinks and mirrors it, and
learns in full precision, 32 films a step, without a cache. Both learn the same network from the
same films on the same device, in turn, round by round; the first steps of a round are not counted.
"network" is a step of ours on a batch that is ready: what is above it is not the network. Ours
reads its films once beforehand: the last line says what that costs.
"""

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

from core.film_packs import Film, Pack
from core.networks.classifiers import Architecture, build, input_statistics
from core.preprocess import InputSpec
from core.settings import Settings
from trainers.loop import Schedule, fit
from trainers.squares import Crops, load_squares

# isort: split
# Lightning imports torchvision, which trainers makes importable.
from lightning.fabric import Fabric

BATCH = 32
WARM = 2  # steps of a round that are not counted


class PlainFilms(Dataset):
    """Films as the plain loop reads them, each decoded when its turn comes: ((C, S, S), label)."""

    def __init__(self, pack: Pack, films: list[Film], spec: InputSpec) -> None:
        self.spec = spec
        # Compressed, but off the disk: opening a zip for each film is not the plain loop's fault.
        self.files = [(data, film.label) for film, data in pack.read_all(films)]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        data, label = self.files[index]
        film = Image.open(io.BytesIO(data)).convert("L" if len(self.spec.mean) == 1 else "RGB")
        film = film.rotate(np.random.uniform(-20, 20)).resize((self.spec.size, self.spec.size))
        if np.random.random() < 0.5:
            film = film.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        values = np.asarray(film, np.float32).reshape(self.spec.size, self.spec.size, -1) / 255
        return torch.from_numpy((values.transpose(2, 0, 1) - 0.5) / 0.5), label


def plain_steps(network: nn.Module, films: PlainFilms, device: torch.device, steps: int) -> list:
    """Seconds of each of so many steps of the plain loop."""
    network.to(device).train()
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    loss_of, losses, times = nn.CrossEntropyLoss(), [], []
    loader = DataLoader(films, BATCH, shuffle=True, drop_last=True)
    started = time.perf_counter()
    for batch, labels in loader:
        optimiser.zero_grad()
        loss = loss_of(network(batch.to(device))[0], labels.to(device))
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        times.append(time.perf_counter() - started)
        started = time.perf_counter()
        if len(times) == steps:
            return times
    raise SystemExit(
        f"The pack holds fewer than {steps * BATCH} training films: ask fewer --steps."
    )


def our_steps(network: nn.Module, views: Crops, fabric: Fabric, compiled: bool = False) -> list:
    """Seconds of each step of an epoch of `trainers.loop.fit`, from loss to loss."""
    seen = []

    def loss_of(outputs, batch):
        seen.append(time.perf_counter())
        return nn.functional.cross_entropy(outputs[0].float(), batch["label"])

    with tempfile.TemporaryDirectory() as run:
        schedule = Schedule(1, BATCH, compile=compiled)
        fit(fabric, Path(run), network, lambda _: views, loss_of, lambda _: {"none": 0.0}, schedule)
    return np.diff(seen).tolist()


def network_steps(network: nn.Module, views: Crops, fabric: Fabric, steps: int) -> list:
    """Seconds of each of so many steps on one batch that is ready."""
    network.to(memory_format=torch.channels_last).train()
    network, optimiser = fabric.setup(network, torch.optim.AdamW(network.parameters(), 5e-4))
    items = [views[index] for index in range(BATCH)]
    batch = fabric.to_device(torch.stack([item["input"] for item in items]))
    labels = fabric.to_device(torch.stack([item["label"] for item in items]))
    times = []
    for _ in range(steps):
        started = time.perf_counter()
        loss = nn.functional.cross_entropy(network(batch)[0].float(), labels)
        fabric.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
        loss.item()
        times.append(time.perf_counter() - started)
    return times


def main() -> None:
    """Measure in turn, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Settings.from_environment().data)
    parser.add_argument("--backbone", default="mobilenetv2_100")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6, help="counted steps a round")
    parser.add_argument("--precision", default="bf16-mixed", help="of our loop")
    arguments = parser.parse_args()
    steps = WARM + arguments.steps

    fabric = Fabric(devices=1, precision=arguments.precision)
    head = "flatten" if arguments.backbone in ("simple_cnn", "plain_cnn") else "average"
    architecture = Architecture(arguments.backbone, head, arguments.size)
    spec = InputSpec(arguments.size, *input_statistics(architecture))
    pack = Pack(arguments.data)
    films = pack.split("train")[: (steps + 1) * BATCH]
    plain = PlainFilms(pack, films, spec)
    started = time.perf_counter()
    squares = load_squares(pack, films, spec.size)
    reading = (time.perf_counter() - started) / len(films)
    views = Crops(squares, spec, (0, 0), (steps + 1) * BATCH, spec.size)

    sides: dict[str, Callable[[nn.Module], list]] = {
        "plain loop": lambda network: plain_steps(network, plain, fabric.device, steps),
        "ours": lambda network: our_steps(network, views, fabric),
        "ours --compile": lambda network: our_steps(network, views, fabric, compiled=True),
        "network": lambda network: network_steps(network, views, fabric, steps),
    }
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(arguments.rounds):
        for side, measure in sides.items():
            times[side] += measure(build(architecture))[WARM:]
    medians = {side: statistics.median(found) for side, found in times.items()}
    print(f"\n{arguments.backbone}, {spec.size} px, batches of {BATCH}, {fabric.device}")
    for side, seconds in medians.items():
        ratio = medians["plain loop"] / seconds
        print(f"{side:14} {BATCH / seconds:8.1f} images/s {1000 * seconds:8.0f} ms {ratio:6.2f}x")
    share = 1 - medians["network"] / medians["ours"]
    print(f"{share:.0%} of a step of ours is not the network.")
    epochs = reading / ((medians["plain loop"] - medians["ours"]) / BATCH)
    cost = f"Reading costs {1000 * reading:.1f} ms a film, once"
    print(f"{cost}: it has paid after {epochs:.2f} epochs.")


if __name__ == "__main__":
    main()
