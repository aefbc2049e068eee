"""How libraries say that memory ran out, where Python's own MemoryError is not what they raise."""

import torch

WORDS = (
    "allocate memory",
    "out of memory",
    "insufficient memory",
    "bad_alloc",
    "bad allocation",
    "killed by signal: killed",  # one of the processes that prepare films
)


def ran_out(error: BaseException) -> bool:
    """Was there too little memory, of the machine or of a GPU?"""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError | OSError) and any(words in said for words in WORDS)
