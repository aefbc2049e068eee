"""A run's files: checkpoints that are always whole and never another run's, and `metrics.csv`."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from core.jobs.records import write_whole
from trainers.progress import TrainingFailed
from trainers.weights import BadStart, read_plain

ANOTHER = "give another folder with --run, or the options it was begun with"
NAMED = 3  # differences between two networks that are told


def save(content: Mapping, path: Path) -> None:
    """Write tensors and plain values so that the file is always whole. Raises OSError."""
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except RuntimeError as error:
        # What torch's writer says hides why the file could not be written.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def restore(run: Path, parts: Mapping[str, object], state: dict) -> dict:
    """Fill the parts from the run's `last.pt`, if there is one, and return where it stands:
    `state`, brought up to date.

    Raises TrainingFailed, naming the first differences, when the file is damaged or of another
    network; then nothing has changed.
    """
    path = run / "last.pt"
    if not path.exists():
        return state
    saved = read(path)
    if not isinstance(saved, dict) or set(saved) != {*parts, "state"}:
        raise TrainingFailed(f"{path} is no checkpoint of this trainer: {ANOTHER}.")
    for name, part in parts.items():
        found = differences(part, saved[name])
        if found:
            shown = "; ".join(found[:NAMED])
            raise TrainingFailed(
                f"{path} belongs to another network ({len(found)} differences: {shown}): {ANOTHER}."
            )
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    return state | saved["state"]


def read(path: Path) -> object:
    """What a checkpoint holds, on the CPU. Raises TrainingFailed when it is missing, damaged or
    holds more than tensors and plain values."""
    try:
        return read_plain(path)
    except BadStart:
        raise TrainingFailed(
            f"{path} is missing, damaged or no checkpoint: remove last.pt to begin anew, or give "
            "another folder with --run."
        ) from None


def differences(part: object, saved: object) -> list[str]:
    """How a saved state differs from what a network or an optimiser holds, in names and shapes."""
    own = _shapes(part.state_dict())
    other = _shapes(saved) if isinstance(saved, dict) else {}
    return [
        f"{name} is {other.get(name, 'missing')} and should be {own.get(name, 'missing')}"
        for name in [*own, *(name for name in other if name not in own)]
        if own.get(name) != other.get(name)
    ]


def _shapes(state: Mapping) -> dict[str, str]:
    if "param_groups" in state:  # an optimiser's
        return {
            f"parameter group {at}": f"{len(group['params'])} tensors"
            for at, group in enumerate(state["param_groups"])
        }
    return {
        str(name): " by ".join(map(str, value.shape)) or "a single number"
        for name, value in state.items()
        if isinstance(value, Tensor)
    }


def finite(network: nn.Module) -> bool:
    """Is every weight a number?"""
    sums = [value.sum() for value in network.state_dict().values() if value.is_floating_point()]
    return not sums or bool(torch.isfinite(torch.stack(sums)).all())


def record(run: Path, row: dict[str, float]) -> None:
    """Add a row to the run's `metrics.csv`, whose columns the first row settles; print it. Raises
    OSError; then the file is as it was."""
    path = run / "metrics.csv"
    row = {key: round(value, 5) for key, value in row.items()}
    lines = _lines(path) or [",".join(row)]
    columns = lines[0].split(",")
    _write(path, [*lines, ",".join(str(row.get(column, "")) for column in columns)])
    tqdm.write("  ".join(f"{key} {value:.4g}" for key, value in row.items()))


def forget_after(run: Path, epochs: int) -> None:
    """Drop the rows of an epoch that was recorded but stopped before its checkpoint was whole.
    Raises OSError; then the file is as it was."""
    path = run / "metrics.csv"
    lines = _lines(path)
    if len(lines) > epochs + 1:
        _write(path, lines[: epochs + 1])


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _write(path: Path, lines: list[str]) -> None:
    write_whole(path, "".join(f"{line}\n" for line in lines).encode())
