"""`cslbench run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

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
    say,
    typed,
)
from benchmark.counting import counted
from benchmark.store.work import EVERY_SECONDS

if TYPE_CHECKING:
    from benchmark.engines.engine import Options, Summary
    from benchmark.matrix.load import Matrix
    from benchmark.plan import Planned
    from benchmark.report.live import View

RUNNER = "benchmark.engines.runner"
"""What workers do their work with; tests put a fake here."""


class Device(StrEnum):
    """Where a cell trains."""

    cpu = "cpu"
    cuda = "cuda"


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
    rows = _todo(part, results, force=force, accept_stale=accept_stale, quiet=as_json)
    options = Options(
        workers=workers or workers_on(device, threads), threads=threads, device=device.value,
        data=data, plugins=tuple(plugin or ()), command=typed(), runner=RUNNER,
        results=results, every=checkpoint_every, timeout=timeout,
        memory=None if memory is None else int(memory * 2**30),
        keep_encoders=keep_encoders,
    )  # fmt: skip
    seen = _seen(
        part, rows, options, notify, track, lines=plain or as_json,
        out=sys.stderr if as_json else sys.stdout,
    )  # fmt: skip
    summary = _run(part, rows, options, results, seen, force=force)
    if not no_board:
        _board(results, quiet=as_json)
    if as_json:
        print_json({"cells": summary.total, "done": summary.done, "failed": summary.failed})
    if summary.failed:
        typer.echo(f"{summary}; the same command tries the failed ones again", err=True)
        raise typer.Exit(NEGATIVE)


def run_all(part: Matrix, options: Options, results: Path, *, quiet: bool) -> Summary:
    """Run what a results folder lacks of a matrix; each result is written the moment it comes."""
    rows = _todo(part, results, force=False, accept_stale=False, quiet=quiet)
    seen = _seen(
        part, rows, options, None, None, lines=quiet, out=sys.stderr if quiet else sys.stdout
    )
    return _run(part, rows, options, results, seen, force=False)


def _todo(
    part: Matrix, results: Path, *, force: bool, accept_stale: bool, quiet: bool
) -> list[Planned]:
    """Return what has no valid result, the longest first where that is known."""
    from benchmark import plan
    from benchmark.store import files

    files.check_folder(results)
    planned = plan.plan(part, results, accept_stale=accept_stale)
    for broken in planned.broken:
        say(f"not counted: {broken.path}: {broken.reason}", err=True)
    rows = planned.rows if force else planned.to_run
    if not quiet:
        before = len(planned.rows) - len(rows)
        stale = sum(row.state == "stale" for row in rows)
        anew = f" ({stale} of them stale)" if stale else ""
        to_run = counted(len(rows), "cell")
        typer.echo(f"{part.name}: {to_run} to run{anew}, {before} done before")
    return sorted(rows, key=lambda row: -float("inf" if row.seconds is None else row.seconds))


def _stored(results: Path, row: Planned) -> Path | None:
    """Return the result of a cell whose stored encoder only has to be scored once more."""
    from benchmark.errors import ResultError
    from benchmark.store import encoders

    try:
        return encoders.kept(results, row.cell) if row.lacking else None
    except ResultError as error:
        typer.echo(f"trained again: {error}", err=True)
        return None


def _run(
    part: Matrix,
    rows: Sequence[Planned],
    options: Options,
    results: Path,
    seen: View,
    *,
    force: bool,
) -> Summary:
    """Run the cells under a view; each result is written the moment it comes."""
    from benchmark.engines.desk import Desk, recording
    from benchmark.engines.engine import Interrupted, Work
    from benchmark.engines.local import LocalEngine

    works = [
        Work(row.cell, part.wanted(row.cell), None if force else _stored(results, row))
        for row in rows
    ]
    before = {row.cell.pretrain_id: row.result for row in rows}
    try:
        with Desk(results, before) as desk, seen:
            return LocalEngine().run(
                works, options=options, on_event=seen.show, take=desk.take, hand_in=recording(desk)
            )
    except Interrupted as stopped:
        typer.echo(f"{stopped}; the same command goes on where this stopped", err=True)
        raise typer.Exit(128 + stopped.signum) from None


def _seen(
    part: Matrix,
    rows: Sequence[Planned],
    options: Options,
    notify: list[str] | None,
    track: list[str] | None,
    *,
    lines: bool,
    out: TextIO,
) -> View:
    """Return all who are shown what happens."""
    from benchmark.report.live import view
    from benchmark.watch.interface import Together, Watched
    from benchmark.watch.targets import watchers

    cells = [(row.cell, row.seconds) for row in rows]
    told = Watched(part.name, options.results or RESULTS, cells, options.workers)
    others = watchers(
        notify or (), track or (), told, lambda line: say(f"warning: {line}", err=True)
    )
    return Together([view(cells, options.workers, out, plain=lines), *others])


def workers_on(device: Device, threads: int) -> int:
    """Return how many cells fit side by side."""
    if device is Device.cuda:
        return 1
    available = getattr(os, "sched_getaffinity", None)
    cores = len(available(0)) if available else os.cpu_count() or 1
    return max(1, cores // threads)


def _board(results: Path, *, quiet: bool) -> None:
    from benchmark.cli import board, site

    board.written(results, None)
    site.write_shipped(results, results)
    if not quiet:
        text = board.printed(results, None)
        typer.echo(
            f"\n{board.own(text)}\n\nwhole, with what others reported: {board.path(results)}\n"
            f"to look around in a browser: {results / 'index.html'}"
        )
