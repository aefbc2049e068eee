"""The catalogue of published models: cards, and networks that any thread may ask.

A published model is a folder `<root>/<task>/<name>/` with `model.onnx`, `card.json` and the side
files that the card names.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime

from core.metrics import OperatingPoint
from core.preprocess import InputSpec
from core.quality import Gate

OUTPUTS = ("logits", "features", "class_map", "embedding")
# Words in a card, which change nothing that its model answers.
WORDS = ("name", "title", "summary", "notes")
# The measure of each task by which its models are ranked; higher is better, but for distances.
RANKED_BY = {
    "fracture": "auroc",
    "severity": "qwk",
    "inpaint": "psnr_centre_model",
    "artefact": "dice",
    "lesion": "balanced_accuracy",
    "segment": "iou",
    "sketch": "fid",
}
DISTANCES = ("fid",)
# Films or pictures. On fewer the best of some epochs can be perfect by chance, so a model that was
# measured on fewer ranks after all others.
FEW = 50


class BadModel(Exception):
    """A model that cannot be used; `reason` says why and what to do, in one sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Metric:
    """A validation number with its 95 % interval (None where none was computed)."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ModelCard:
    """All that is known of a published model. `classes[1]` is disease; of a knee's grader, the
    classes are the grades.

    `temperature` and `bias` calibrate: see `core.classify.calibrated`.
    `metrics` were measured on `validation["n"]` films of `validation["data"]`.
    """

    folder: Path
    task: str
    name: str
    title: str
    summary: str
    classes: tuple[str, ...]
    input: InputSpec
    heatmap: str
    temperature: float
    bias: float
    flips: bool
    operating_points: tuple[OperatingPoint, ...]
    metrics: Mapping[str, Metric]
    validation: Mapping[str, object]
    sha256: str
    details: Mapping[str, object] = field(repr=False)

    @classmethod
    def read(cls, folder: Path) -> "ModelCard":
        """Read `folder/card.json`. Raises BadModel when it is missing or malformed."""
        path = folder / "card.json"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                folder=folder,
                task=raw["task"],
                name=raw["name"],
                title=raw["title"],
                summary=raw["summary"],
                classes=tuple(raw["classes"]),
                input=InputSpec.from_card(raw["input"]),
                heatmap=raw["heatmap"],
                temperature=float(raw["calibration"]["temperature"]),
                bias=float(raw["calibration"]["bias"]),
                flips=bool(raw["flips"]),
                operating_points=tuple(OperatingPoint(**p) for p in raw["operating_points"]),
                metrics={name: Metric(**m) for name, m in raw["metrics"].items()},
                validation=raw["validation"] | {"n": int(raw["validation"].get("n", 0))},
                sha256=raw["sha256"],
                details=raw,
            )
        except OSError:
            raise BadModel(
                f"The model folder {folder.name} has no readable card.json: restore it or train "
                "the model again."
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadModel(
                f"The card of {folder.name} is damaged ({error}): restore card.json."
            ) from None

    @property
    def balanced(self) -> OperatingPoint | None:
        """The operating point that weighs sensitivity and specificity alike (Youden's)."""
        return next((point for point in self.operating_points if point.name == "Youden"), None)

    @property
    def measured_on(self) -> int:
        """How many validation films, or pictures, its metrics were measured on."""
        return self.validation["n"]

    @cached_property
    def version(self) -> str:
        """Tells this model from another that is published under its name: what answers depend on.

        The network alone does not: its calibration, its gate or its thresholds may be new.
        """
        told = {name: value for name, value in self.details.items() if name not in WORDS}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @property
    def weights(self) -> Path:
        """The network's file."""
        return self.folder / "model.onnx"

    @property
    def predictions(self) -> Path | None:
        """CSV of the validation predictions, or None if there is none."""
        path = self.folder / "predictions.csv"
        return path if path.exists() else None

    @property
    def has_gate(self) -> bool:
        """Whether the model can tell films of its kind from anything else."""
        return (self.folder / "gate.npz").exists()


def catalogue(root: Path, task: str | None = None) -> list[ModelCard]:
    """All readable cards under `root` by task, best first by the task's own measure, and those last
    that were measured on fewer than `FEW` films; unreadable folders are left out.

    `faults` names those.
    """
    cards = []
    for folder in _folders(root, task):
        try:
            cards.append(ModelCard.read(folder))
        except BadModel:
            continue
    return sorted(cards, key=lambda card: (card.task, card.measured_on < FEW, -_rank(card)))


def signature(root: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes whenever a model under `root` is published, changed or withdrawn: of each folder
    its name, when its card was written, and how long that is."""
    found = []
    for folder in _folders(root, None):
        try:
            card = (folder / "card.json").stat()
        except OSError:  # no card, or gone just now
            continue
        found.append((f"{folder.parent.name}/{folder.name}", card.st_mtime_ns, card.st_size))
    return tuple(found)


def faults(root: Path) -> list[str]:
    """One sentence for each model folder under `root` that cannot be used."""
    found = []
    for folder in _folders(root, None):
        try:
            verify(ModelCard.read(folder))
        except BadModel as error:
            found.append(error.reason)
    return found


def find(root: Path, task: str, name: str) -> ModelCard:
    """The card of one model. Raises BadModel naming those that exist."""
    folder = next((f for f in _folders(root, task) if f.name == name), None)
    if folder is None:
        known = ", ".join(card.name for card in catalogue(root, task)) or "none"
        raise BadModel(f"There is no {task} model named {name}: available are {known}.")
    return ModelCard.read(folder)


def verify(card: ModelCard) -> None:
    """Compare the network's file with its card. Raises BadModel."""
    try:
        digest = hashlib.sha256(card.weights.read_bytes()).hexdigest()
    except OSError:
        raise BadModel(
            f"The file of model {card.name} is missing: restore model.onnx or train it again."
        ) from None
    if digest != card.sha256:
        raise BadModel(
            f"The file of model {card.name} is not the one its card describes (its sha256 "
            "differs): restore model.onnx or train it again."
        )


@dataclass(frozen=True)
class Outputs:
    """What a classifier says of a batch."""

    logits: np.ndarray  # (N, K)
    class_map: np.ndarray  # (N, K, h, w)
    embedding: np.ndarray  # (N, E)


class Model:
    """An opened network. `predict` may be called from any thread."""

    def __init__(self, card: ModelCard, session: onnxruntime.InferenceSession) -> None:
        self.card = card
        self._session = session

    def predict(self, batch: np.ndarray) -> Outputs:
        """(N, C, S, S) float32 network input → outputs, one forward pass."""
        names = ["logits", "class_map", "embedding"]
        return Outputs(*self._session.run(names, {"input": batch}))

    @cached_property
    def gate(self) -> Gate:
        """The gate fitted on this network's embedding. Raises BadModel when it is missing."""
        try:
            gate = Gate.load(self.card.folder / "gate.npz")
        except (OSError, KeyError, ValueError):
            gate = None
        width = next(o.shape[1] for o in self._session.get_outputs() if o.name == "embedding")
        if gate is None or gate.mean.shape[1:] != (width,):
            raise BadModel(
                f"The gate of model {self.card.name} is missing or damaged: restore gate.npz, or "
                f"run python -m trainers.gate {self.card.name}."
            )
        return gate


def open_model(card: ModelCard, threads: int = 2) -> Model:
    """Open a classifier on the CPU after checking its sha256. Raises BadModel."""
    return Model(card, open_session(card, OUTPUTS, threads))


def open_session(
    card: ModelCard, outputs: Sequence[str], threads: int = 2
) -> onnxruntime.InferenceSession:
    """Open a network that has these outputs, after checking its sha256. Raises BadModel."""
    verify(card)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # The arena would keep the largest film's activations for ever.
    options.enable_cpu_mem_arena = False
    try:
        session = onnxruntime.InferenceSession(
            card.weights, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        # ONNX Runtime's exceptions share no public base class.
        raise BadModel(f"The network of model {card.name} cannot be opened: {error}") from None
    missing = set(outputs) - {output.name for output in session.get_outputs()}
    if missing:
        raise BadModel(f"The network of model {card.name} is not one of ours: publish it again.")
    return session


def _folders(root: Path, task: str | None) -> list[Path]:
    tasks = [root / task] if task else sorted(p for p in root.glob("*") if p.is_dir())
    return [folder for path in tasks for folder in sorted(path.glob("[!.]*")) if folder.is_dir()]


def _rank(card: ModelCard) -> float:
    measure = RANKED_BY.get(card.task)
    if measure not in card.metrics:
        return -math.inf
    value = card.metrics[measure].value
    return -value if measure in DISTANCES else value
