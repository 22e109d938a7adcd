"""Score an encoder that a finished cell left under more protocols, without training it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark.cell import run_cell
from benchmark.errors import WeightsError
from benchmark.matrix.protocol import Protocol
from benchmark.progress import Progress
from benchmark.store import encoders, files
from benchmark.store.predictions import Predictions, unpack
from benchmark.store.result import Result


def rescored(
    result_file: Path,
    protocols: Sequence[Protocol],
    *,
    data: Path | None,
    device: str,
    progress: Callable[[Progress], None],
) -> tuple[Result, Predictions] | None:
    """Score the encoder beside a result under the protocols that the result lacks.

    Returns:
        The result with the protocols added, all else as its training left it, and its predictions;
        a failed result if the scoring failed; None if the encoder or the data is not the result's
        any more, so that the cell must be trained again.

    Raises:
        CslbenchError: If the data or the result cannot be read.
    """
    from benchmark.evaluation import weights

    before = files.read(result_file)
    lacking = [protocol for protocol in protocols if protocol.name not in before.metrics]
    beside = encoders.path_of(result_file)
    try:
        state = weights.unpack(beside, beside.read_bytes())
    except (OSError, WeightsError):
        return None
    fresh, found = run_cell(
        before.cell, lacking, data=data, device=device, progress=progress, state=state
    )
    if not fresh.final:
        return fresh, found
    if not same_work(before, fresh):
        return None
    return merged(before, fresh), {**unpack(files.predictions_path(result_file)), **found}


def same_work(one: Result, other: Result) -> bool:
    """Say whether two results are of the same weights on the same data."""
    a, b = one.provenance, other.provenance
    return (a.weights_sha256, a.dataset_sha256) == (b.weights_sha256, b.dataset_sha256)


def merged(kept: Result, added: Result) -> Result:
    """Return a result with the protocols of another one of the same work added."""
    ledger = kept.ledger
    if ledger is not None and added.ledger is not None:
        seconds = ledger.evaluate_seconds + added.ledger.evaluate_seconds
        ledger = ledger.model_copy(update={"evaluate_seconds": seconds})
    metrics = {**kept.metrics, **added.metrics}
    origin = kept.provenance
    if origin.closure:  # what the training was made of stands: were it stale, it would stay so
        closure = {**added.provenance.closure, **origin.closure}
        origin = origin.model_copy(update={"closure": closure})
    return kept.model_copy(update={"metrics": metrics, "ledger": ledger, "provenance": origin})
