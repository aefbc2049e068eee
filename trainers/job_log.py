"""What a job prints, on the terminal and in its folder."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

CHATTY = ("onnxscript", "onnx_ir", "lightning.fabric", "lightning.pytorch")


class _Tee:
    """Writes to a stream and to a file."""

    def __init__(self, stream, file) -> None:
        self.stream, self.file = stream, file

    def write(self, text: str) -> int:
        self.file.write(text)
        return self.stream.write(text)

    def flush(self) -> None:
        self.file.flush()
        self.stream.flush()


@contextlib.contextmanager
def logged(folder: Path) -> Iterator[None]:
    """Print into the folder's `log.txt`, too, unless all output goes there already."""
    log = folder / "log.txt"
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(log.open("a", encoding="utf-8", buffering=1))
        if not _goes_to(log):
            stack.enter_context(contextlib.redirect_stdout(_Tee(sys.stdout, file)))
            stack.enter_context(contextlib.redirect_stderr(_Tee(sys.stderr, file)))
        root, handler = logging.getLogger(), logging.StreamHandler(sys.stderr)
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        for chatty in CHATTY:
            logging.getLogger(chatty).setLevel(logging.WARNING)
        stack.callback(root.removeHandler, handler)
        yield


def _goes_to(log: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(sys.stderr.fileno()), log.stat())
    except (OSError, ValueError):
        return False
