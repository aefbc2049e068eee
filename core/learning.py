"""What can be learned here: the trainers, their options, and what each option may be.

The command lines of `trainers` and the Train page are both made from this table. The values that
options have unless given lie in `trainers/configs/<trainer>.yaml`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core import trainer_options as shared
from core.artefacts import LABELS
from core.options import Option
from core.trainer import Trainer
from core.trainer_options import DATA, LEARNING, MACHINE, NETWORK, PUBLISHING, START

FILMS = (
    "a folder or zip: the project's fracture pack, FracAtlas, or folders named fractured and "
    "not fractured"
)
KNEES = "a folder or zip: the project's knee pack, or films in folders by grade, 0 to 4"
LESIONS = "a folder or zip: the project's lesion pack, HAM10000"

_FRACTURE = Trainer(
    name="fracture",
    task="fracture",
    title="Fracture: is a bone broken?",
    summary="A classifier of bone X-rays that can say where it looked.",
    data="Films with and without a fracture: FracAtlas, a pack, or two folders named fractured and "
    "not fractured.",
    starts=("scratch", "hub", "weights", "model", "run"),
    measure="auroc",
    higher_is_better=True,
    options=(
        *shared.common(FILMS),
        *shared.classifier("fracture", ", or simple_cnn or resnetv2_50_cut"),
        Option(
            "head",
            str,
            "average: mean of the features; evidence: a map of fractures, which learns from boxes",
            NETWORK,
            choices=("average", "evidence"),
            first=True,
        ),
        shared.size("px of the network's view; the evidence head wants multiples of 32"),
        Option(
            "crop", int, "train on crops of this side, px; the size unless given", NETWORK, 32, 1024
        ),
        Option(
            "films_per_epoch",
            int,
            "films drawn for an epoch; as many as there are unless given",
            DATA,
            1,
            1_000_000,
        ),
        Option(
            "balance", float, "share of fractured films drawn; as it is unless given", DATA, 0, 1
        ),
        shared.PHANTOMS,
        shared.runs("go on from other runs' best weights, averaged"),
        Option("freeze", bool, "learn only the head; the backbone stays as it starts", START),
    ),
)

_MOBLG = Trainer(
    name="moblg",
    task="fracture",
    title="Fracture, stacked: MobLG",
    summary="Gradient-boosted trees on the features of a published network. Takes a minute or two.",
    data=_FRACTURE.data,
    starts=(),
    measure="auroc",
    higher_is_better=True,
    options=(
        # It learns in one process of a processor.
        *(option for option in shared.common(FILMS) if option.group != MACHINE),
        Option(
            "frozen",
            str,
            "published model whose backbone is used",
            NETWORK,
            required=True,
            first=True,
            model_of="fracture",
        ),
        replace(shared.PHANTOMS, first=True),
    ),
)

_SEVERITY = Trainer(
    name="severity",
    task="severity",
    title="Severity: how worn is a knee?",
    summary="A classifier of knee X-rays by the five grades of Kellgren and Lawrence.",
    data="Knee films in folders by grade, 0 to 4, under train and val: the OAI's, or a pack.",
    starts=("scratch", "hub", "weights", "model", "run"),
    measure="qwk",
    higher_is_better=True,
    options=(
        *shared.common(KNEES),
        *shared.classifier("severity", ", or plain_cnn", fewest_epochs=0),
        Option(
            "objective",
            str,
            "softmax knows no order of grades; soft forgives a near miss; corn and coral learn "
            "thresholds in order",
            LEARNING,
            choices=("softmax", "soft", "corn", "coral"),
            first=True,
        ),
        shared.size(),
        shared.PHANTOMS,
        shared.runs("go on from other runs' best weights, averaged"),
    ),
)

_INPAINT = Trainer(
    name="inpaint",
    task="inpaint",
    title="Inpaint: what lies under the metal?",
    summary="A context encoder that fills holes in knee films, helped by critics.",
    data="Knee films; their grades are not used, and films with metal are kept apart.",
    starts=("scratch", "model", "run"),
    measure="distance",
    higher_is_better=False,
    options=(
        *shared.common(KNEES),
        Option(
            "network",
            str,
            "thin or wide holes; classic: the middle alone; both: two runs joined, no learning",
            NETWORK,
            choices=("thin", "wide", "classic", "both"),
            required=True,
            first=True,
        ),
        shared.runs("start from the weights of runs; of both: the thin one's, then the wide one's"),
        shared.model("inpaint"),
        Option(
            "keep_out", Path, "pack of masks from Annotate: films marked there are not used", DATA
        ),
        shared.epochs(0),
        shared.steps("batches an epoch, of all devices together"),
        shared.RATE,
        *shared.CRITICS,
    ),
)

_LESION = Trainer(
    name="lesion",
    task="lesion",
    title="Lesion: which of seven diagnoses?",
    summary="A classifier of skin lesions on dermatoscopic pictures.",
    data="Pictures of skin lesions with diagnoses: HAM10000, or a pack like it.",
    starts=("scratch", "hub", "weights", "model"),
    measure="balanced_accuracy",
    higher_is_better=True,
    options=(
        *shared.common(f"{LESIONS} as published"),
        *shared.classifier("lesion", ""),
        Option(
            "also", Path, "packs that are learned from only, never measured on", DATA, many=True
        ),
        Option(
            "balance",
            float,
            "0 draws every diagnosis as often as any other, 1 as often as it occurs",
            DATA,
            0,
            1,
            first=True,
        ),
        Option(
            "from_side",
            int,
            "px of the first epoch's pictures; they grow to 128, and small ones cost less",
            LEARNING,
            32,
            128,
        ),
    ),
)

_SEGMENT = Trainer(
    name="segment",
    task="segment",
    title="Segment: where is the lesion?",
    summary="A U-Net that outlines a skin lesion on a picture.",
    data="Pictures of skin lesions with masks: HAM10000, ISIC 2016, or a pack like them.",
    starts=("scratch", "model"),
    measure="iou",
    higher_is_better=True,
    options=(
        *shared.common(f"{LESIONS} or ISIC 2016 as published"),
        shared.model("segment"),
        shared.epochs(),
        shared.BATCH,
        shared.RATE,
        Option("against", Path, "other pictures, to measure on them what is refused", PUBLISHING),
    ),
)

_SKETCH = Trainer(
    name="sketch",
    task="sketch",
    title="Sketch: paint a lesion into an outline",
    summary="A conditional GAN that paints a skin lesion of a diagnosis into a sketch.",
    data="Pictures of skin lesions with diagnoses and masks: HAM10000, or a pack like it.",
    starts=("scratch", "model"),
    measure="distance",
    higher_is_better=False,
    options=(
        *shared.common(f"{LESIONS} as published"),
        Option(
            "network",
            str,
            "cgan: variants and a critic that looks through ImageNet; seed: the first idea",
            NETWORK,
            choices=("cgan", "seed"),
            required=True,
            first=True,
        ),
        shared.model("sketch"),
        Option("eyes", Path, "ImageNet weights of the eyes; from timm's hub unless given", NETWORK),
        Option("sketches", Path, "folders or zips of masks that have no picture", DATA, many=True),
        shared.epochs(),
        shared.steps(),
        replace(shared.RATE, help=f"{shared.RATE.help}; the network's own unless given"),
        *shared.CRITICS,
    ),
)

_ARTEFACT = Trainer(
    name="artefact",
    task="artefact",
    title="Artefact: where is the metal?",
    summary="A U-Net that suggests masks of what readers marked on the Annotate page.",
    data="A pack of finished masks from the Annotate page.",
    starts=("scratch", "model"),
    measure="dice",
    higher_is_better=True,
    options=(
        *shared.common("a pack of finished masks from the Annotate page, a folder or zip"),
        Option(
            "labels",
            str,
            "what to find",
            DATA,
            choices=tuple(LABELS),
            many=True,
            first=True,
        ),
        Option(
            "side", int, "px of the network's view, a multiple of 16", NETWORK, 32, 1024, first=True
        ),
        shared.model("artefact"),
        shared.epochs(),
        shared.BATCH,
        shared.RATE,
    ),
)

_ALL = (_FRACTURE, _MOBLG, _SEVERITY, _INPAINT, _LESION, _SEGMENT, _SKETCH, _ARTEFACT)
TRAINERS: dict[str, Trainer] = {trainer.name: trainer for trainer in _ALL}
