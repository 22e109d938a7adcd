"""Run one cell end to end: data, recipe, encoder, training, evaluation, result."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from benchmark.matrix.cell import Cell
from benchmark.matrix.protocol import Protocol
from benchmark.progress import Progress
from benchmark.store import atomic, encoders, provenance
from benchmark.store.result import Provenance, Result
from benchmark.store.work import EVERY_SECONDS

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.data.dataset import Dataset
    from benchmark.run import Predictions, Run


_NO_MEMORY = ("not enough memory", "allocate memory")
"""In what torch says on a CPU, where it has no class for it; the second is Linux's allocator."""


def out_of_memory(cell: Cell, words: str) -> str:
    """Say what could be made smaller; that it did not fit is what the status says."""
    said = words.strip().splitlines()[0] if words.strip() else "the system refused more"
    return f"at batch {cell.recipe.batch}: {said}"


def failed_result(
    cell: Cell,
    status: Literal["failed", "timeout", "out_of_memory"],
    error: str,
    *,
    device: str,
    threads: int,
    command: str,
    started: str,
) -> Result:
    """Return the result of a cell that came to nothing; the next run tries it again."""
    commit, dirty = provenance.commit()
    return Result(
        id=cell.pretrain_id, cell=cell, status=status, error=error,
        execution=provenance.execution(device=device, threads=threads),
        provenance=Provenance(
            weights_sha256=None, dataset_sha256="", dataset_official=False,
            predictions_sha256=None, commit=commit, dirty=dirty, command=command,
            started=started, finished=provenance.now(),
        ),
    )  # fmt: skip


def run_cell(
    cell: Cell,
    protocols: Sequence[Protocol],
    *,
    data: Path | None,
    device: str = "cpu",
    command: str = "",
    dataset: Dataset | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    checkpoint: Path | None = None,
    every: float = EVERY_SECONDS,
    state: Mapping[str, Tensor] | None = None,
    keep: Path | None = None,
) -> tuple[Result, Predictions]:
    """Train and evaluate one cell.

    Args:
        cell: What to run.
        protocols: How its encoder is scored; all on features extracted once.
        data: Where datasets that need files are.
        device: `cpu` or `cuda`.
        command: What the user typed, for the record.
        dataset: Used in place of the cell's own (tuning, on parts of the train split).
        progress: Told how far the cell is.
        checkpoint: The file that an interrupted training goes on from, if it is there; None keeps
            none.
        every: Seconds of training between two checkpoints, at least; 0 is after every step.
        state: Weights that the encoder has in place of training it.
        keep: A folder that the encoder is left in, for `benchmark.store.encoders` to publish.

    Returns:
        The result, failed ones included; and the predicted class of every test image by protocol,
        with the true `labels` and, where images are not independent, their `groups`.

    Raises:
        CslbenchError: If the data or the request is at fault: nothing is to be recorded then.
    """
    import torch

    from benchmark.look import watch
    from benchmark.resuming import TellingRun
    from benchmark.training.pretrain import NonFiniteLossError

    started = provenance.now()

    def failed(status: Literal["failed", "out_of_memory"], text: str) -> Result:
        if status == "failed" and checkpoint is not None:  # it would fail again from there
            checkpoint.unlink(missing_ok=True)
        return failed_result(
            cell, status, text, device=device, threads=torch.get_num_threads(), command=command,
            started=started,
        )  # fmt: skip

    try:
        run = TellingRun(
            cell, protocols, data=data, device=device, dataset=dataset, progress=progress,
            checkpoint=checkpoint, every=every, state=state,
        )  # fmt: skip
        run.look = watch(run.recipe, run.dataset, run.device)
        result = run.result(command=command, started=started)
        return result if keep is None else _kept(run, result, keep), run.predictions
    except NonFiniteLossError as error:
        return failed("failed", str(error)), {}
    except (MemoryError, torch.OutOfMemoryError) as error:
        return failed("out_of_memory", out_of_memory(cell, str(error))), {}
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
        if any(words in str(error) for words in _NO_MEMORY):
            return failed("out_of_memory", out_of_memory(cell, str(error))), {}
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}, line {frame.lineno}"
        return failed("failed", f"{type(error).__name__}: {error} ({where})"), {}


def _kept(run: Run, result: Result, folder: Path) -> Result:
    """Write the encoder into a folder and return the result that names the file's hash."""
    from benchmark.evaluation import weights
    from methods import contract

    cell, origin = result.cell, result.provenance
    content = weights.pack(
        run.encoder, cell=cell.pretrain_id, method=cell.method, dataset=cell.dataset,
        encoder=cell.encoder, image_size=str(contract.view_size(run.setting)),
        weights_sha256=origin.weights_sha256 or "",
    )  # fmt: skip
    sha = hashlib.sha256(content).hexdigest()
    atomic.write(encoders.work_path(folder, cell, sha), content)
    named = origin.model_copy(update={"encoder_file_sha256": sha})
    return result.model_copy(update={"provenance": named})
