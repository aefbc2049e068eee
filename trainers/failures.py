"""Why a run failed, in one sentence for who started it."""

import errno

import torch

from core.models import BadModel
from core.options import BadOption
from trainers.archive import BadPack
from trainers.progress import TrainingFailed
from trainers.weights import BadStart

EXPECTED = (BadPack, BadModel, BadStart, BadOption, TrainingFailed)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# How libraries that have no error of their own for it say that memory ran out.
NO_MEMORY = (
    "allocate memory",
    "out of memory",
    "insufficient memory",
    "bad_alloc",
    "bad allocation",
)
# How torch.distributed says that another process is gone.
LOST = ("closed by peer", "reset by peer", "NCCL")


def reason(error: BaseException, batch: bool = True) -> str | None:
    """What went wrong and what to do, or None where only a traceback tells.

    `batch`: does the trainer have the option `--batch`?
    """
    if isinstance(error, EXPECTED):
        return str(error)
    if isinstance(error, OSError) and error.errno in FULL:
        return (
            "The disk is full: free some space and start the run again, which goes on after its "
            "last whole epoch."
        )
    if _no_memory(error):
        less = "try a smaller --batch" if batch else "close other programs, or use a larger machine"
        return f"There is not enough memory: {less}."
    if isinstance(error, RuntimeError) and any(words in str(error) for words in LOST):
        return (
            "Another process of this training died: start the run again, which goes on after its "
            "last whole epoch; if it recurs, use fewer --devices."
        )
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"{error.filename} is missing: check the path."
    if isinstance(error, PermissionError) and error.filename:
        return f"{error.filename} may not be read or written: change its permissions."
    return None


def _no_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError | OSError) and any(words in said for words in NO_MEMORY)
