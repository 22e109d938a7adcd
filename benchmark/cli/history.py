"""`cslbench history`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.shared import (
    NEGATIVE,
    AsJson,
    Datasets,
    Encoders,
    Methods,
    print_json,
    print_rows,
    reporting,
    say,
)

if TYPE_CHECKING:
    from benchmark.evidence.history import History
    from benchmark.store.nights import Past

FOLDER = Path("nights")
ALPHA = 0.05


@reporting
def history(
    folder: Annotated[Path, typer.Argument(help="The folder of all nights.")] = FOLDER,
    *,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    protocol: Annotated[str, typer.Option(help="Which number is taken.")] = "linear",
    alpha: Annotated[
        float, typer.Option(help="Chance of a step anywhere where there is none, of one look.")
    ] = ALPHA,
    last: Annotated[int, typer.Option(min=1, help="Nights shown as columns.")] = 5,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if a mean dropped.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show past nights by method and cell, and the steps in them, slow drifts too.

    Steps are found by binary segmentation, each split by a permutation test of the replicates.
    Only cells that are equal but for the replicate make a series. Exit 2 if there is no night,
    or none has a score under the protocol.

    Example: cslbench history nights -m simclr
    """
    from benchmark.errors import UsageError
    from benchmark.report import history as report
    from benchmark.report import words

    found = judged(folder, method, dataset, encoder, protocol=protocol, alpha=alpha)
    if found.protocols and protocol not in found.protocols:
        raise UsageError(f"--protocol: {words.unscored(protocol, found.protocols)}")
    if as_json:
        print_json(report.as_json(found))
    else:
        rows = report.rows(found, last)
        if rows:
            print_rows(tuple(rows[0]), [tuple(row.values()) for row in rows])
        for line in report.lines(found):
            say(line)
    if strict and any(step.change < 0 for trend in found.trends for step in trend.steps):
        raise typer.Exit(NEGATIVE)


def judged(
    folder: Path,
    methods: list[str] | None = None,
    datasets: list[str] | None = None,
    encoders: list[str] | None = None,
    *,
    protocol: str = "linear",
    alpha: float = ALPHA,
) -> History:
    """Read the nights of a folder and find the steps in them; say what cannot be read.

    Raises:
        UsageError: If there is no night, a selector fits none, or alpha is no error rate.
        ResultError: If the folder is a file.
    """
    from benchmark.errors import UsageError
    from benchmark.evidence.history import history as judge
    from benchmark.store import nights

    if not 0 < alpha < 0.5:
        raise UsageError(f"--alpha must be above 0 and below 0.5 (got {alpha:g})")
    past = nights.load(folder)
    if not past:
        raise UsageError(f"{folder}: no night; each is a folder named by its date, as 2026-11-24")
    for night in past:
        for broken in night.loaded.broken:
            say(f"not read: {broken.path}: {broken.reason}", err=True)
    return judge(_chosen(past, methods, datasets, encoders), protocol, alpha)


def _chosen(
    past: list[Past],
    methods: list[str] | None,
    datasets: list[str] | None,
    encoders: list[str] | None,
) -> list[Past]:
    from dataclasses import replace

    from benchmark.matrix.select import fitting
    from benchmark.store.files import Loaded

    cells = [result.cell for night in past for result in night.loaded.results]
    kept = {c.pretrain_id for c in fitting(cells, methods or (), datasets or (), encoders or ())}
    return [
        replace(
            night,
            loaded=Loaded(
                tuple(r for r in night.loaded.results if r.cell.pretrain_id in kept),
                night.loaded.broken,
            ),
        )
        for night in past
    ]
