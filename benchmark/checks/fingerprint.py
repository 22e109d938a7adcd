"""A worker's module that trains and does not evaluate: every tensor's hash, in place of scores."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from benchmark.engines import runner
from benchmark.engines.engine import Options, Work
from benchmark.progress import Progress
from benchmark.store.predictions import Predictions
from benchmark.store.provenance import now
from benchmark.store.result import Result

if TYPE_CHECKING:
    from torch import nn

prepare = runner.prepare
check = runner.check


def run_cell(
    work: Work, options: Options, progress: Callable[[Progress], None]
) -> tuple[Result, Predictions]:
    """Train a cell; return its curve, and the SHA-256 of every tensor, (32,) uint8 by name.

    They travel as a cell's result does. The result has no metrics, so none can ever be stored for
    a number.
    """
    import numpy as np

    from benchmark.cell import failed_result
    from benchmark.run import Run

    unsettle()
    started = now()
    run = Run(
        work.cell, (), data=options.data, device=options.device, dataset=None, progress=progress
    )
    trained = run.train()
    hashes = {
        f"{part}.{name}": np.frombuffer(digest, np.uint8)
        for part, module in (("encoder", run.encoder), ("extraction", run.extraction))
        if module is not None
        for name, digest in tensors(module)
    }
    bare = failed_result(
        work.cell, "failed", "was not evaluated", device=options.device, threads=options.threads,
        command=options.command, started=started,
    )  # fmt: skip
    return bare.model_copy(update={"curve": trained.curve, "execution": run.execution}), hashes


def unsettle() -> None:
    """Leave every global generator in a state that no other process has.

    A worker is warm: what ran before may have drawn any count of numbers. A cell that takes
    anything from there is not a function of its replicate.
    """
    import numpy as np
    import torch

    torch.seed()
    random.seed(os.urandom(16))
    np.random.seed(int.from_bytes(os.urandom(4), "little"))  # noqa: NPY002  (that very generator)


def tensors(module: nn.Module) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the SHA-256 of every weight and buffer, in the state dict's order."""
    import torch

    for name, value in module.state_dict().items():
        plain = value.detach().cpu().contiguous()
        digest = hashlib.sha256(f"{plain.dtype} {tuple(plain.shape)}\n".encode())
        digest.update(plain.flatten().view(torch.uint8).numpy().tobytes())
        yield name, digest.digest()
