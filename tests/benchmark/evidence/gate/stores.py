"""Loaded folders made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from benchmark.store.files import Loaded
from benchmark.store.result import Result
from tests.benchmark.factories import make_result

OTHER = {"methods/simclr.py": "0" * 16}


def loaded(results: Iterable[Result]) -> Loaded:
    """Make a folder's content without a broken file."""
    return Loaded(tuple(results), ())


def drawn(
    mean: float,
    replicates: Sequence[int],
    *,
    seed: int = 0,
    sd: float = 0.5,
    method: str = "simclr",
    encoder: str = "compact",
) -> list[Result]:
    """Make replicates about a mean, percent."""
    scores = np.random.default_rng(seed).normal(mean, sd, len(replicates))
    return [
        make_result(method, float(score), replicate=r, encoder=encoder)
        for r, score in zip(replicates, scores, strict=True)
    ]


def executed(
    result: Result,
    level: Literal["D0", "D1", "D2", "D3"] | None = "D1",
    *,
    threads: int = 1,
    processor: str = "a processor",
) -> Result:
    """Return a result with another execution."""
    found = {"determinism": level, "threads": threads, "processor": processor}
    execution = result.execution.model_copy(update=found)
    return result.model_copy(update={"execution": execution})


def timed(
    result: Result,
    seconds: float,
    kernel: float | None,
    *,
    device: Literal["cpu", "cuda"] = "cpu",
    memory: int = 0,
) -> Result:
    """Return a result that took so long, beside such a kernel, on a device, with such a peak."""
    assert result.ledger is not None
    found = {"train_seconds": seconds, "kernel_seconds": kernel, "peak_memory_bytes": memory}
    ledger = result.ledger.model_copy(update=found)
    execution = result.execution.model_copy(update={"device": device})
    return result.model_copy(update={"ledger": ledger, "execution": execution})
