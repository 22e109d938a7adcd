"""`cslbench run`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli import running
from benchmark.cli.running import Device
from benchmark.cli.shared import (
    NEGATIVE,
    RESULTS,
    AcceptStale,
    AsJson,
    DataFolder,
    Datasets,
    Encoders,
    MatrixName,
    Methods,
    Notify,
    Plugins,
    Replicates,
    ResultsFolder,
    TrackTo,
    check_limits,
    chosen,
    print_json,
    reporting,
    typed,
)
from benchmark.store.work import EVERY_SECONDS


@reporting
def run(
    matrix: MatrixName = "default",
    *,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    replicate: Replicates = None,
    results: ResultsFolder = RESULTS,
    data: DataFolder = None,
    plugin: Plugins = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Cells side by side; by default one a core, on a GPU one."),
    ] = None,
    threads: Annotated[
        int, typer.Option(min=1, help="Threads of one cell; the bits of a result depend on it.")
    ] = 1,
    device: Annotated[Device, typer.Option(help="Where cells train.")] = Device.cpu,
    timeout: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="SECONDS", help="End a cell that takes longer."),
    ] = None,
    memory: Annotated[
        float | None, typer.Option(min=0.0, metavar="GIB", help="Memory a cell may use, GiB.")
    ] = None,
    checkpoint_every: Annotated[
        float,
        typer.Option(min=0.0, metavar="SECONDS", help="Of training, at least; 0 is every step."),
    ] = EVERY_SECONDS,
    force: Annotated[bool, typer.Option("--force", help="Also run what is done again.")] = False,
    accept_stale: AcceptStale = False,
    keep_encoders: Annotated[
        bool,
        typer.Option(
            "--keep-encoders",
            help="Leave each cell's encoder beside its result, as safetensors: a protocol that is "
            "asked for later then needs no training.",
        ),
    ] = False,
    no_board: Annotated[
        bool,
        typer.Option("--no-board", help="Neither print nor write the leaderboard, nor the site."),
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Plain lines, also on a terminal.")
    ] = False,
    notify: Notify = None,
    track: TrackTo = None,
    as_json: AsJson = False,
) -> None:
    """Run every cell of a matrix that has no valid result yet, then show the leaderboard.

    Cells that failed before are tried again, and so are those whose sources have changed since
    (`--accept-stale`: not these). Exit 1 if a cell failed, after all others ran.

    Example: cslbench run cifar10-quick -m simclr -m byol --data ~/data --results mine
    """
    from benchmark.engines.engine import Options

    check_limits(timeout=timeout, memory=memory)
    part = chosen(
        matrix, methods=method, datasets=dataset, encoders=encoder, replicates=replicate,
        plugins=plugin,
    )  # fmt: skip
    rows = running.todo(part, results, force=force, accept_stale=accept_stale, quiet=as_json)
    options = Options(
        workers=workers or running.workers_on(device, threads), threads=threads,
        device=device.value, data=data, plugins=tuple(plugin or ()), command=typed(),
        runner=running.RUNNER, results=results, every=checkpoint_every, timeout=timeout,
        memory=None if memory is None else int(memory * 2**30),
        keep_encoders=keep_encoders,
    )  # fmt: skip
    seen = running.seen_by(
        part, rows, options, notify, track, lines=plain or as_json,
        out=sys.stderr if as_json else sys.stdout,
    )  # fmt: skip
    summary = running.run_rows(part, rows, options, results, seen, force=force)
    if not no_board:
        _board(results, quiet=as_json)
    if as_json:
        print_json({"cells": summary.total, "done": summary.done, "failed": summary.failed})
    if summary.failed:
        typer.echo(f"{summary}; the same command tries the failed ones again", err=True)
        raise typer.Exit(NEGATIVE)


def _board(results: Path, *, quiet: bool) -> None:
    from benchmark.cli import board, site

    board.written(results, None)
    site.write_shipped(results, results)
    if not quiet:
        text, place = board.printed(results, None), board.path(results)
        shown = place if results.is_absolute() else Path(os.path.relpath(place))
        typer.echo(
            f"\n{board.own(text)}\n\nwhole, with what others reported: {shown}\n"
            f"to look around in a browser: {results / 'index.html'}"
        )
