"""`cslbench tune`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.running import Device
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
    rate: Annotated[
        list[float] | None, typer.Option(min=0.0, help="In place of the grid; may be repeated.")
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of its budget that a run spends.")
    ] = 1.0,
    device: Annotated[Device, typer.Option(help="Where trials train.")] = Device.cpu,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do not write the table.")] = False,
) -> None:
    """Choose the learning rates of the common training on held-out train data; write the table.

    Example: cslbench tune default -m byol --dry-run
    """
    from benchmark.errors import UsageError
    from benchmark.matrix.schema import TUNING_REPLICATE
    from benchmark.training import tune as tuning

    part = chosen(matrix, methods=method, datasets=dataset, encoders=encoder)
    for value, option in ((share, "--share"), *((one, "--rate") for one in rate or ())):
        if value <= 0:
            raise UsageError(f"{option} must be above 0 (got {value:g})")
    first, done = TUNING_REPLICATE, 0
    for entry in tuning.tune(
        part,
        grid=sorted(set(rate)) if rate else tuning.GRID,
        replicates=range(first, first + replicates),
        share=share,
        data=data,
        device=device.value,
        jobs=workers,
        report=_report,
    ):
        done += 1
        typer.echo(
            f"chosen: {entry.method} {entry.dataset} {entry.encoder}: {entry.learning_rate:g}"
        )
        if not dry_run:  # row by row: hours of trials are not lost to Ctrl-C
            tuning.save(entry)
    if done < len(tuning.rows(part)):
        raise typer.Exit(NEGATIVE)


def _report(tried: Tried) -> None:
    score = tried.error if tried.score is None else f"{tried.score:.2f} % on held-out train data"
    typer.echo(f"{tried.cell.label}: rate {tried.rate:g}: {score}")
