"""`cslbench tune`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.run import Device
from benchmark.cli.shared import (
    NEGATIVE,
    DataFolder,
    Datasets,
    Encoders,
    MatrixName,
    Methods,
    chosen,
    reporting,
)

if TYPE_CHECKING:
    from benchmark.training.tune import Tried


@reporting
def tune(
    matrix: MatrixName = "default",
    *,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    data: DataFolder = None,
    workers: Annotated[int, typer.Option(min=1, help="Trials side by side.")] = 1,
    replicates: Annotated[
        int, typer.Option(min=1, help="Seeds a rate is averaged over; none is ever reported.")
    ] = 3,
    device: Annotated[Device, typer.Option(help="Where trials train.")] = Device.cpu,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do not write the table.")] = False,
) -> None:
    """Choose the learning rates of the common training on held-out train data; write the table.

    Example: cslbench tune default -m byol --dry-run
    """
    from benchmark.matrix.schema import TUNING_REPLICATE
    from benchmark.training import tune as tuning

    part = chosen(matrix, methods=method, datasets=dataset, encoders=encoder)
    first = TUNING_REPLICATE
    tuned = tuning.tune(
        part,
        replicates=range(first, first + replicates),
        data=data,
        device=device.value,
        jobs=workers,
        report=_report,
    )
    for entry in tuned.entries:
        typer.echo(
            f"chosen: {entry.method} {entry.dataset} {entry.encoder}: {entry.learning_rate:g}"
        )
    if not dry_run:
        tuning.save(tuned.entries)
    if tuned.failures:
        raise typer.Exit(NEGATIVE)


def _report(tried: Tried) -> None:
    score = tried.error if tried.score is None else f"{tried.score:.2f} % on held-out train data"
    typer.echo(f"{tried.cell.label}: rate {tried.rate:g}: {score}")
