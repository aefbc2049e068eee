"""Why a run failed, in one sentence for who started it."""

import errno

from core.archive import BadPack
from core.models import BadModel
from core.options import BadOption
from trainers import memory
from trainers.progress import TrainingFailed
from trainers.weights import BadStart

EXPECTED = (BadPack, BadModel, BadStart, BadOption, TrainingFailed)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# How torch says that processes cannot hand pictures to each other.
NO_SHARED_MEMORY = "shared memory"
# How torch says that there are no statistics over a batch of one.
ALONE = "more than 1 value per channel"
# How torch.distributed says that another process is gone.
LOST = (
    "closed by peer",
    "reset by peer",
    "was likely closed",
    "ncclRemoteError",
    "NCCL communicator was aborted",
)


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
    if isinstance(error, RuntimeError) and NO_SHARED_MEMORY in str(error):
        return (
            "There is too little shared memory to prepare films in: give /dev/shm more room, in "
            "Docker by --shm-size=2g."
        )
    if memory.ran_out(error):
        less = "try a smaller --batch" if batch else "close other programs, or use a larger machine"
        return f"There is not enough memory: {less}."
    if isinstance(error, RuntimeError) and any(words in str(error) for words in LOST):
        return (
            "Another process of this training died: start the run again, which goes on after its "
            "last whole epoch; if it recurs, use fewer --devices."
        )
    if isinstance(error, ValueError) and ALONE in str(error):
        return (
            "One picture at a time is too few for this network to learn from: give a larger "
            "--batch, fewer --devices or more data."
        )
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"{error.filename} is missing: check the path."
    if isinstance(error, PermissionError) and error.filename:
        return f"{error.filename} may not be read or written: change its permissions."
    return None
