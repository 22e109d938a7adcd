"""What a worker does its work with: torch is imported here, and only in worker processes."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path

from benchmark.engines.engine import Options, Work
from benchmark.errors import UsageError
from benchmark.progress import Progress
from benchmark.store import work as work_folder
from benchmark.store.predictions import Predictions
from benchmark.store.result import Result


def prepare(options: Options) -> None:
    """Bound the memory, import torch and settle its threads, on which the bits of a sum depend.

    Raises:
        UsageError: If there is no such device.
    """
    if options.memory is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (options.memory, options.memory))
    import torch

    torch.set_num_threads(options.threads)
    if options.device == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: torch sees no GPU here (use --device cpu)")


def check(dataset: str, data: Path | None) -> None:
    """Raise DataError if a dataset is missing or damaged."""
    from benchmark.data import load

    load(dataset, data)


def run_cell(
    work: Work, options: Options, progress: Callable[[Progress], None]
) -> tuple[Result, Predictions]:
    """Train and evaluate one cell, or evaluate the encoder that it left."""
    from benchmark.cell import run_cell as run
    from benchmark.stored import rescored

    if work.stored is not None:
        found = rescored(
            work.stored, work.protocols, data=options.data, device=options.device,
            progress=progress,
        )  # fmt: skip
        if found is not None:
            return found
    root = options.results
    return run(
        work.cell, work.protocols, data=options.data, device=options.device,
        command=options.command, progress=progress,
        checkpoint=root and work_folder.checkpoint_path(root, work.cell),
        every=options.every,
        keep=work_folder.folder(root) if root and options.keep_encoders else None,
    )  # fmt: skip
