"""What a worker does its work with: torch is imported here, and only in worker processes."""

from __future__ import annotations

import importlib
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
    """Import torch, settle its threads, on which the bits of a sum depend, and bound the memory.

    Raises:
        UsageError: If there is no such device, or the program itself needs more memory.
    """
    import torch

    importlib.import_module("benchmark.resuming")  # else a cell would be charged with its imports
    torch.set_num_threads(options.threads)
    if options.device == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: torch sees no GPU here (use --device cpu)")
    if options.memory is not None:
        _bound(options.memory)


def _bound(limit: int) -> None:
    """Let this process hold no more data than so many bytes; what it holds already counts."""
    held = _held()
    if limit <= held:  # native code that is refused memory while it starts crashes without a word
        raise UsageError(
            f"--memory {limit / 2**30:g} GiB is too little to start (the program takes "
            f"{held / 2**30:.1f} GiB before the first cell)"
        )
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _held() -> int:
    """Return the bytes that RLIMIT_DATA counts; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), 0)


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
