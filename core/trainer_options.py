"""The options that several trainers share; what a trainer has alone stands in `core.learning`."""

from pathlib import Path

from core.options import Option

PRECISIONS = ("bf16-mixed", "16-mixed", "32-true", "bf16-true", "16-true", "64-true")
DATA, START, NETWORK, MACHINE = "Data", "Starting point", "Network", "Machine"
LEARNING, RUN, PUBLISHING = "Learning", "Run", "Publishing"


def common(data: str) -> tuple[Option, ...]:
    """Options that mean the same in every trainer; `data` says what data it takes."""
    return (
        Option("data", Path, data, DATA, required=True),
        Option(
            "allow_leak",
            bool,
            "score a split that leaks all the same: the numbers will be too good",
            DATA,
        ),
        Option("seed", int, "the same seed gives the same run", LEARNING, 0, 2**31 - 1),
        Option("devices", int, "GPUs of each machine, or processes on a CPU", MACHINE, 1, 64),
        Option("num_nodes", int, "machines that train together", MACHINE, 1, 64),
        Option(
            "precision", str, "of the numbers a step computes with", MACHINE, choices=PRECISIONS
        ),
        Option(
            "run",
            Path,
            "folder of this run; an unfinished one goes on there",
            RUN,
            required=True,
            hidden=True,
        ),
        Option("publish", str, "publish as CHECKPOINTS/TASK/NAME", PUBLISHING, hidden=True),
        Option(
            "title",
            str,
            "the model's title in the app; its name unless given",
            PUBLISHING,
            hidden=True,
        ),
        Option("summary", str, "one sentence on what the model is", PUBLISHING, hidden=True),
        Option("checkpoints", Path, "where published models lie", PUBLISHING, hidden=True),
        Option(
            "replace",
            bool,
            "publish in the place of a model that is not from this run",
            PUBLISHING,
            hidden=True,
        ),
        Option(
            "source",
            str,
            "name and licence of the data, for the card; known collections are recognised",
            PUBLISHING,
        ),
        Option(
            "started_from",
            str,
            "what the starting weights are, for the card; told by where they lie unless given",
            PUBLISHING,
        ),
    )


RATE = Option(
    "rate",
    float,
    "peak learning rate: higher learns faster, too high not at all",
    LEARNING,
    1e-7,
    1,
    first=True,
)
BATCH = Option(
    "batch", int, "pictures a step: more need more memory", LEARNING, 1, 4096, first=True
)
PHANTOMS = Option(
    "phantoms", float, "share of synthetic films among those learned from", DATA, 0, 1
)
WEIGHTS = Option(
    "weights", Path, "start the backbone from this .pt, .pth or .safetensors file", START
)
EMA = Option(
    "ema",
    float,
    "decay a step of the averaged weights, which are the ones kept",
    LEARNING,
    0,
    0.99999,
)
CRITICS = (
    Option(
        "critics_from",
        int,
        "epoch, counted from 0, in which critics join; never unless given",
        LEARNING,
        0,
        1000,
        first=True,
    ),
    Option("pleasing", float, "weight of pleasing the critics", LEARNING, 0, 10, first=True),
    EMA,
)


def epochs(low: int = 1) -> Option:
    """How long to learn; 0 where a trainer can publish without learning."""
    help = "how often the training data is gone through"
    return Option("epochs", int, help, LEARNING, low, 1000, first=True)


def steps(help: str = "batches an epoch") -> Option:
    """How long an epoch is, where the data can be drawn from without end."""
    return Option("steps", int, help, LEARNING, 1, 100_000, first=True)


def size(help: str = "side of the network's input, px") -> Option:
    """How large a network sees its pictures."""
    return Option("size", int, help, NETWORK, 32, 1024, first=True)


def model(task: str) -> Option:
    """A published model to start from."""
    help = "go on from a published model, by its name"
    return Option("from_model", str, help, START, model_of=task)


def runs(help: str) -> Option:
    """Other runs to start from."""
    return Option("from_run", Path, help, START, many=True)


def classifier(task: str, backbones: str, fewest_epochs: int = 1) -> tuple[Option, ...]:
    """Options that mean the same in every trainer of a classifier."""
    return (
        Option("backbone", str, f"any of timm's names{backbones}", NETWORK, first=True),
        WEIGHTS,
        Option(
            "pretrained", bool, "start the backbone from timm's hub (downloads its weights)", START
        ),
        model(task),
        Option(
            "same_padding",
            bool,
            "pad as TensorFlow does, for weights that were born there",
            START,
        ),
        epochs(fewest_epochs),
        BATCH,
        RATE,
        Option("stop_below", float, "stop once the validation loss is lower", LEARNING, 0, 100),
        Option("score_every", int, "epochs between scorings", LEARNING, 1, 1000),
        Option("last", bool, "keep the last weights, not the best by validation", LEARNING),
        Option("compile", bool, "compile the step: slow to begin, a quarter faster after", MACHINE),
    )
