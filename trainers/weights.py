"""Weights from files of whatever origin: read without running what they hold, and never in part.

A file is read as numbers or not at all: never is one unpickled as code, not even after the safe way
refused it.
"""

import errno
import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from trainers import memory

# What a zip may declare beyond its own size. torch.save packs without compression, so weights of
# any size fit; what would grow by a gigabyte while it is unpacked was not written by torch.
MOST_GROWTH = 2**30
SUFFIXES = (".pt", ".pth", ".safetensors")


class BadStart(ValueError):
    """Weights that cannot start a network; the message says why."""


def read_weights(path: Path) -> dict[str, Tensor]:
    """A file of plain weights, on the CPU: parameter name → tensor.

    .safetensors, or .pt and .pth as `torch.save(network.state_dict())` writes them. Raises BadStart
    when it is missing, damaged, anything else, or larger unpacked than it can honestly be.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise BadStart(f"{path} is no file of weights: give one in {', '.join(SUFFIXES)}.")
    state = read_plain(path)
    tensors = isinstance(state, Mapping) and all(isinstance(v, Tensor) for v in state.values())
    if not state or not tensors:
        raise BadStart(
            f"{path} holds no plain weights: save the network's state_dict() alone, "
            "not a whole checkpoint."
        )
    return dict(state)


def read_plain(path: Path) -> object:
    """What a file holds of tensors and plain values, on the CPU.

    Raises BadStart as `read_weights` does, and what says nothing about the file as it is: OSError,
    or what a library raises where memory ran out.
    """
    if not path.is_file():
        raise BadStart(f"{path} is missing: give the path of a file of weights.")
    _require_honest_size(path)
    try:
        if path.suffix.lower() == ".safetensors":
            return safetensors.torch.load_file(path)
        return torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL ([\w.]+)", str(error))
        if not found:
            raise _damaged(path) from None
        raise BadStart(
            f"{path} holds {found[1]}, which is no plain weight, and is not opened: save the "
            "network's state_dict() alone."
        ) from None
    except Exception as error:  # whatever the reader trips over in bytes that are no weights
        if _of_the_machine(error):
            raise
        raise _damaged(path) from None


def fill(
    network: nn.Module, state: Mapping[str, Tensor], origin: str, extra: bool = True
) -> nn.Module:
    """Fill a network with weights, all of it or, when they do not fit, nothing, and return it.

    With `extra` the weights may be more than the network has. Raises BadStart with the first three
    that are missing, of another shape, or too many; `origin` is what to call them.
    """
    own = network.state_dict()
    wrong = []
    for name, value in own.items():
        if name not in state:
            # Exported networks leave these counters out; nothing reads them.
            if not name.endswith("num_batches_tracked"):
                wrong.append(f"{name} is missing")
        elif state[name].shape != value.shape:
            wrong.append(f"{name} is {_shape(state[name])} and should be {_shape(value)}")
    if not extra:
        wrong += [f"{name} belongs to no part of it" for name in state if name not in own]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise BadStart(
            f"{origin} does not fit the network: {', '.join(wrong[:3])}{more}. Choose the network "
            "that it was saved from, or start elsewhere."
        )
    network.load_state_dict({name: state[name] for name in own if name in state}, strict=False)
    return network


def _of_the_machine(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno != errno.EINVAL  # the reader looked for something before the beginning
    return memory.ran_out(error)


def _damaged(path: Path) -> BadStart:
    return BadStart(f"{path} is damaged or no file of weights: copy it again.")


def _require_honest_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            declared = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        return  # not a zip, which whoever reads it will tell
    if declared > path.stat().st_size + MOST_GROWTH:
        raise BadStart(
            f"{path} would unpack to {declared / 2**30:.1f} GB, far more than it holds: it is no "
            "file of weights."
        )


def _shape(value: Tensor) -> str:
    return " by ".join(map(str, value.shape)) or "a single number"
