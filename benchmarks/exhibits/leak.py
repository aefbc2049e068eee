"""What a leaking split does: `simple_cnn` learned with and without half of its test films.

The test films are the val split. One network learns from training films alone; the other, in the
same number of epochs, also from the test films of every second group, byte for byte. The table
holds what each then says of every test film, and which ones the second had learned from: drawing a
test set from both halves gives the score at any share of leaked films. Without turned copies, so
that films are learned by heart in minutes; mirrored at random.
"""

import argparse

import numpy as np
import torch
from torch import nn

from core.film_packs import Pack
from core.networks.classifiers import Architecture, build
from core.preprocess import InputSpec, normalise
from trainers.squares import Squares, load_squares

SIZE, BATCH, RATE, EPOCHS, SEED = 150, 32, 1e-3, 30, 0
SOUND = 1000  # training films without a fracture, beside all that have one
SPEC = InputSpec(SIZE, (0.5,), (0.5,))


def tables(arguments: argparse.Namespace) -> dict[str, list[dict]]:
    """Of each test film, whether it leaked and what both networks say of it."""
    pack = Pack(arguments.data)
    train = load_squares(pack, pack.split("train"), SIZE)
    test = load_squares(pack, pack.split("val"), SIZE)
    chosen, leaked = training_films(train), every_second_group(test)
    squares, labels = train.squares[chosen], train.labels[chosen]
    clean = probabilities(learned(squares, labels), test.squares)
    squares = np.concatenate([squares, test.squares[leaked]])
    labels = np.concatenate([labels, test.labels[leaked]])
    leaking = probabilities(learned(squares, labels), test.squares)
    rows = [
        {
            "image": film.name,
            "label": film.label,
            "group": film.group,
            "leaked": int(leaked[at]),
            "clean": f"{clean[at]:.6f}",
            "leaking": f"{leaking[at]:.6f}",
        }
        for at, film in enumerate(test.films)
    ]
    return {"leak": rows}


def learned(squares: np.ndarray, labels: np.ndarray) -> nn.Module:
    """A `simple_cnn` that has learned from (N, S, S) uint8 films and their (N,) labels."""
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    network = build(Architecture("simple_cnn", "flatten", SIZE)).train()
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    for epoch in range(EPOCHS):
        order, losses = rng.permutation(len(squares)), []
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            mirrored = rng.random(BATCH) < 0.5
            films = np.where(mirrored[:, None, None], squares[chosen][:, :, ::-1], squares[chosen])
            with torch.autocast("cpu", torch.bfloat16):
                logits = network(torch.from_numpy(normalise(films, SPEC)))[0]
            loss = nn.functional.cross_entropy(logits.float(), torch.from_numpy(labels[chosen]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.4f}", flush=True)
    return network.eval()


@torch.inference_mode()
def probabilities(network: nn.Module, squares: np.ndarray) -> np.ndarray:
    """(N,) probability of a fracture."""
    parts = np.array_split(squares, max(1, len(squares) // BATCH))
    logits = [network(torch.from_numpy(normalise(part, SPEC)))[0] for part in parts]
    return torch.cat(logits).softmax(1)[:, 1].numpy()


def training_films(films: Squares) -> np.ndarray:
    """Indices of all fractured films and of `SOUND` that are not, chosen at random."""
    sound = np.flatnonzero(films.labels == 0)
    chosen = np.random.default_rng(SEED).permutation(sound)[:SOUND]
    return np.sort(np.concatenate([np.flatnonzero(films.labels == 1), chosen]))


def every_second_group(films: Squares) -> np.ndarray:
    """(N,) whether a film's group is in the half that leaks."""
    groups = sorted({film.group for film in films.films})
    half = set(groups[::2])
    return np.array([film.group in half for film in films.films])
