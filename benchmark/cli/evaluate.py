"""`cslbench evaluate`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.running import Device
from benchmark.cli.shared import (
    NEGATIVE,
    RESULTS,
    AsJson,
    DataFolder,
    ResultsFolder,
    print_json,
    reporting,
    typed,
)

if TYPE_CHECKING:
    from benchmark.evaluate import Loaded
    from benchmark.matrix.protocol import Protocol
    from benchmark.progress import Progress
    from benchmark.store.predictions import Predictions
    from benchmark.store.result import Result

_LONGEST_NAME = 60


class Normalise(StrEnum):
    """Whose mean and deviation images are normalised by."""

    dataset = "dataset"
    imagenet = "imagenet"
    none = "none"


@reporting
def evaluate(
    checkpoint: Annotated[Path, typer.Argument(help="A safetensors file, or a torch state dict.")],
    *,
    encoder: Annotated[str, typer.Option("--encoder", "-e", help="What the weights are of.")],
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="What they are scored on.")],
    protocol: Annotated[
        list[str] | None, typer.Option(help="How; repeatable; linear by default.")
    ] = None,
    name: Annotated[str, typer.Option(help="On the board; the file's by default.")] = "",
    results: ResultsFolder = RESULTS,
    data: DataFolder = None,
    image_size: Annotated[
        int | None,
        typer.Option(min=8, help="What the encoder sees, pixels; the dataset's by default."),
    ] = None,
    normalise: Annotated[
        Normalise, typer.Option(help="Whose mean and deviation the weights were trained with.")
    ] = Normalise.dataset,
    border: Annotated[
        int,
        typer.Option(min=0, help="Zeros around the image: 1 for solo-learn's CIFAR stem."),
    ] = 0,
    threads: Annotated[int, typer.Option(min=1, help="The bits depend on it.")] = 1,
    device: Annotated[Device, typer.Option(help="Where features are extracted.")] = Device.cpu,
    as_json: AsJson = False,
) -> None:
    """Score a checkpoint that was trained elsewhere, as every cell's encoder is scored.

    Heads, queues and momentum copies are left out; what does not fit is refused by name.

    Example: cslbench evaluate simclr.safetensors --encoder resnet50 --dataset cifar10
    """
    from benchmark import evaluate as work
    from benchmark.engines.engine import Options
    from benchmark.engines.runner import prepare
    from benchmark.store import files

    files.check_folder(results)
    protocols = _protocols(protocol)
    called = _called(name or checkpoint.stem[:_LONGEST_NAME])
    prepare(Options(threads=threads, device=device.value))
    view = work.View(image_size, normalise.value, border)
    loaded = work.load(checkpoint, encoder=encoder, dataset=dataset, view=view)
    _say(_left_out(loaded))
    result, predictions = work.evaluate(
        loaded, protocols, name=called, data=data, device=device.value, command=typed(),
        progress=_teller(),
    )  # fmt: skip
    _record(results, result, predictions, as_json=as_json)
    if not result.final:
        raise typer.Exit(NEGATIVE)


def _record(results: Path, result: Result, predictions: Predictions, *, as_json: bool) -> None:
    """Write a result with what an earlier one of the same weights has, and say what came of it."""
    from benchmark.cli import board
    from benchmark.report.live import outcome
    from benchmark.store import files

    result, predictions = _joined(results, result, predictions)
    files.record(results, result, predictions)
    board.written(results, None)
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    seconds = result.ledger.evaluate_seconds if result.ledger else 0.0
    path = results / files.relative_path(result.cell)
    typer.echo(f"{result.provenance.checkpoint_name}: {outcome(result, seconds)}\n{path}")


def _joined(results: Path, result: Result, predictions: Predictions) -> tuple[Result, Predictions]:
    from benchmark.errors import ResultError
    from benchmark.store import files
    from benchmark.stored import merged, same_work

    try:
        before = files.find(results, result.cell)
        if before is None or not (before.final and result.final and same_work(before, result)):
            return result, predictions
        predictions = {**files.read_predictions(results, before), **predictions}
    except ResultError:  # what cannot be read is replaced
        return result, predictions
    joined = merged(before, result).metrics
    return result.model_copy(update={"metrics": joined}), predictions


def _protocols(names: list[str] | None) -> list[Protocol]:
    from benchmark.errors import UsageError, unknown
    from benchmark.matrix.protocol import PROTOCOLS

    for name in names or ():
        if name not in PROTOCOLS:
            raise UsageError(unknown("protocol", name, PROTOCOLS))
    return [PROTOCOLS[name] for name in dict.fromkeys(names or ["linear"])]


def _called(name: str) -> str:
    from benchmark.errors import UsageError

    if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
        raise UsageError(f"--name: 1 to {_LONGEST_NAME} characters that print (got {name!r})")
    return name


def _left_out(loaded: Loaded) -> str:
    left = loaded.fitted.left_out
    # a stranger's names may hold what would move the cursor
    named = [(ascii(part)[1:-1][:80], count) for part, count in sorted(left.items())]
    parts = ", ".join(f"{part} ({count})" for part, count in named[:10])
    more = f" and {len(left) - 10} more parts" if len(left) > 10 else ""
    rest = f"left out {sum(left.values())}: {parts}{more}" if left else "nothing left out"
    return f"{len(loaded.fitted.state)} tensors of {loaded.cell.encoder}; {rest}"


def _teller() -> Callable[[Progress], None]:
    """Return what says how far scoring is, one line a protocol."""
    start = time.monotonic()

    def tell(progress: Progress) -> None:
        seconds = time.monotonic() - start
        _say(f"protocol {progress.done + 1} of {progress.total} after {seconds:.0f} s")

    return tell


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
