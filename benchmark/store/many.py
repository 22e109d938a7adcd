"""One function over many files: no pauses for garbage, and on several cores where that pays."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

MANY = 3000
"""Files from which on processes pay: one takes half a second to start, a result half a
millisecond to read."""
_CHUNK = 200
"""Files that a process is handed at once."""


def over(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return what a function makes of each item, in their order.

    Args:
        function: One that pickles, without side effects; so must be what it returns.
        items: Of which more than `MANY` are shared out over the cores.
    """
    with _no_pauses():
        if len(items) < MANY or (cores := _cores()) < 2:
            return [function(item) for item in items]
        return [*_shared(function, items, cores)]


def _shared(function: Callable[[T], R], items: Sequence[T], cores: int) -> Iterator[R]:
    # here: most folders are small, and --help must not pay for it
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    context = get_context("spawn")  # whatever threads this process has
    with ProcessPoolExecutor(cores, mp_context=context, initializer=_quietly) as pool:
        yield from pool.map(function, items, chunksize=_CHUNK)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quietly() -> None:
    """Leave Ctrl-C to the process that asked; and collect no garbage, as that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()


@contextmanager
def _no_pauses() -> Iterator[None]:
    """Keep the garbage collector from going again and again through all that is read."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
