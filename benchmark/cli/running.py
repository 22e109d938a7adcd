"""How verbs run cells: what is left to do, who is shown it, and the work itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from benchmark.cli.shared import RESULTS, say
from benchmark.counting import counted

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


def run_all(part: Matrix, options: Options, results: Path, *, quiet: bool) -> Summary:
    """Run what a results folder lacks of a matrix; each result is written the moment it comes."""
    rows = todo(part, results, force=False, accept_stale=False, quiet=quiet)
    seen = seen_by(
        part, rows, options, None, None, lines=quiet, out=sys.stderr if quiet else sys.stdout
    )
    return run_rows(part, rows, options, results, seen, force=False)


def todo(
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
        for gone in planned.excluded:
            say(f"left out: {gone.label}: {gone.reason}")
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


def run_rows(
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


def seen_by(
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
