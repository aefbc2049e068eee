"""Train the network that outlines a skin lesion in a photo, and publish it.

    python -m trainers.segment --data lesion.zip --run runs/unet --publish unet

DATA is the project's lesion pack, HAM10000 as published, or ISIC 2016, as a folder or a zip.
Training is resumable: the same command goes on where it stopped.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from onnxruntime import InferenceSession
from torch import Tensor, nn
from torch.nn import functional as F

from core.archive import Archive
from core.images import BadImage, decode
from core.lesions import SIDE, network_input
from core.models import ModelCard, open_session
from core.networks.unet import UNet
from core.preprocess import InputSpec
from core.quality import Gate
from core.segment import OUTPUTS, BadPhoto, Segmenter, contour, open_segmenter, read
from trainers import audit, job, start
from trainers import gate as gates
from trainers.export import export
from trainers.lesion_scoring import (
    outline_all,
    outline_intervals,
    outline_numbers,
    outlined,
)
from trainers.lesion_views import Views
from trainers.lesions import LesionPack, Squares
from trainers.loop import Schedule, fit
from trainers.publish import UNCALIBRATED, Provenance, appearing, write_card
from trainers.sample_grid import SHOWN, Outlined
from trainers.tasks import with_ranges
from trainers.torch_check import INPUTS, against_torch


def outline_loss(outputs: tuple[Tensor, ...], batch: dict[str, Tensor]) -> Tensor:
    """Cross-entropy of each pixel, and one less the soft overlap (IoU) of each picture."""
    logits, truth = outputs[0].float(), batch["mask"]
    chances = logits.sigmoid()
    both = (chances * truth).sum((1, 2, 3))
    either = (chances + truth - chances * truth).sum((1, 2, 3))
    overlap = (both + 1) / (either + 1)
    return F.binary_cross_entropy_with_logits(logits, truth) + 1 - overlap.mean()


@torch.inference_mode()
def score(network: nn.Module, val: Squares) -> dict[str, float]:
    """Mean IoU and loss of the raw outlines, in bfloat16."""
    network.eval()
    device = next(network.parameters()).device
    overlaps, losses = [], []
    for begin in range(0, len(val), 64):
        part = np.s_[begin : begin + 64]
        batch = torch.from_numpy(network_input(val.images[part])).to(device)
        truth = torch.from_numpy(val.masks[part])[:, None].to(device)
        with torch.autocast(device.type, torch.bfloat16):
            outputs = network(batch)
        losses.append(outline_loss(outputs, {"mask": truth.float()}).item() * len(batch))
        found = outputs[0] > 0
        overlaps += ((found & truth).sum((1, 2, 3)) / (found | truth).sum((1, 2, 3))).tolist()
    return {"iou": float(np.mean(overlaps)), "loss": sum(losses) / len(val)}


def samples(val: Squares) -> Outlined:
    """Shows a few lesions with the outlines that the network finds."""
    images = val.images[:SHOWN]
    return Outlined(images, network_input(images), val.masks[:SHOWN])


def main(arguments: argparse.Namespace) -> None:
    """Audit the data, train, publish."""
    engine = start.fabric(arguments)
    network, origin = start.whole(UNet(), arguments, "segment")
    pack = LesionPack(arguments.data)
    audit.require_sound(audit.lesions(pack), arguments)
    engine.launch()
    train, val = (outlined(pack, split) for split in ("train", "val"))
    best = fit(
        engine,
        arguments.run,
        network,
        lambda epoch: Views(
            train,
            np.random.default_rng((arguments.seed, epoch)).permutation(len(train)),
            (arguments.seed, epoch),
        ),
        outline_loss,
        lambda candidate: score(candidate, val),
        Schedule(arguments.epochs, arguments.batch, arguments.rate, keep_last=True),
        show=samples(val),
        trial=arguments.trial,
    )
    print("on val:", {name: round(value, 4) for name, value in best.items()})
    if arguments.publish and engine.is_global_zero:
        provenance = Provenance.of(arguments, origin, pack, len(train))
        folder = publish(network, train, val, provenance, arguments.against)
        print(f"published {folder}")


def publish(
    network: nn.Module, train: Squares, val: Squares, provenance: Provenance, against: Path | None
) -> Path:
    """Export `network`, check it against torch, fit its gate, measure both on `val`, and write its
    folder. Raises BadModel."""
    spec = InputSpec(SIDE, (0.5,) * 3, (0.5,) * 3, colour=True)
    with appearing("segment", provenance) as folder:
        sha256 = export(network, spec, folder / "model.onnx", OUTPUTS)
        seen = {"input": network_input(val.images[:INPUTS])}
        card = {
            "task": "segment",
            "classes": [],
            "input": spec.to_card(),
            "outputs": OUTPUTS,
            "heatmap": "none",
            **UNCALIBRATED,
            "metrics": {},
            "validation": {"n": 0, "data": provenance.data},
            "check": against_torch(network, folder / "model.onnx", seen, OUTPUTS),
            **provenance.to_card(sha256),
        }
        write_card(card, folder)
        session = open_session(ModelCard.read(folder), OUTPUTS)
        gate = fitted_gate(session, train, val, provenance.seed)
        gates.save(gate, folder)
        segmenter = open_segmenter(ModelCard.read(folder))
        reading = outline_all(segmenter, val)
        numbers = outline_numbers(reading.overlaps)
        card["metrics"] = with_ranges(numbers, outline_intervals(reading))
        card["validation"] = {
            "n": len(val),
            "lesions": len({lesion.group for lesion in val.lesions}),
            "data": f"val split of {provenance.data}, masks of the whole frame left out",
        }
        card["gate"] = {
            "val pictures": len(val),
            "passing": gates.PASSING,
            "threshold": gate.threshold,
        }
        if against:
            card["gate"]["against"] = refusals(segmenter, Archive(against))
        write_card(card, folder)
        reading.write(folder / "predictions.csv")
    return provenance.folder("segment")


def fitted_gate(session: InferenceSession, train: Squares, val: Squares, seed: int) -> Gate:
    """A gate around the training pictures and a random view of each, which lets 99 % of
    the validation pictures pass."""
    views = Views(train, np.arange(len(train)), (seed, 0))
    seen = np.stack([views.look(position)[0] for position in range(len(views))])
    gate = gates.fit([read(session, images)[1] for images in (train.images, seen)])
    distances = gate.distance(read(session, val.images)[1])
    return replace(gate, threshold=float(np.quantile(distances, gates.PASSING)))


def refusals(segmenter: Segmenter, others: Archive) -> dict[str, dict]:
    """The share of other pictures, by folder, of which the app outlines nothing."""
    found = {}
    for kind, members in gates.kinds_of(others).items():
        refused = [_refused(segmenter, others.read(member), member) for member in members]
        found[kind] = {"refused": float(np.mean(refused)), "n": len(refused)}
    return found


def _refused(segmenter: Segmenter, data: bytes, name: str) -> bool:
    try:
        contour(segmenter, decode(data, name).pixels)
    except (BadImage, BadPhoto):
        return True
    return False


if __name__ == "__main__":
    job.run("segment", main)
