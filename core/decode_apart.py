"""Decode the pixels of one DICOM file in a process of its own: bytes in, a NumPy file out.

`python -m core.decode_apart` is started by core.dicom for encodings whose decoder can crash or
unpack without end; then this process dies, and the app does not.
"""

import contextlib
import sys

import numpy as np

from core.dicom import decode_pixels, parse

MEMORY = 1536 * 2**20  # bytes of address space: ten times what the largest film takes


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    _limit_memory()
    np.save(sys.stdout.buffer, decode_pixels(parse(sys.stdin.buffer.read())))
