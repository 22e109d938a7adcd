"""Reading many files at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_pauses() -> Iterator[None]:
    """Keep the garbage collector from going again and again through all that is being read.

    Nor does it go through it afterwards: what was read is mostly kept to the end, and holds no
    cycles that only the collector could free.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()
