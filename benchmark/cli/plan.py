"""`cslbench plan` and `cslbench status`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from benchmark.cli.shared import (
    RESULTS,
    AcceptStale,
    AsJson,
    Datasets,
    Encoders,
    MatrixName,
    Methods,
    Plugins,
    Replicates,
    ResultsFolder,
    chosen,
    print_json,
    print_rows,
    reporting,
    say,
)
from benchmark.counting import counted

if TYPE_CHECKING:
    from benchmark.matrix.load import Matrix
    from benchmark.plan import Plan, Planned


@reporting
def plan(
    matrix: MatrixName = "default",
    *,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    replicate: Replicates = None,
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    workers: Annotated[int, typer.Option(min=1, help="Cells side by side.")] = 1,
    accept_stale: AcceptStale = False,
    as_json: AsJson = False,
) -> None:
    """Show what a run would do, what is left out and why, and about how long it would take.

    Example: cslbench plan cifar10 -m yadim -e resnet18
    """
    part = chosen(
        matrix, methods=method, datasets=dataset, encoders=encoder, replicates=replicate,
        plugins=plugin,
    )  # fmt: skip
    found = _planned(part, results, accept_stale=accept_stale)
    if as_json:
        print_json(_facts(found))
        return
    header = ("method", "dataset", "encoder", "budget", "replicate", "steps", "state", "time", "")
    print_rows(header, [_row(row) for row in found.rows])
    for excluded in found.excluded:
        say(f"left out: {excluded.label}: {excluded.reason}")
    for broken in found.broken:
        say(f"no result: {broken.path}: {broken.reason}")
    typer.echo(_total(found, workers))


@reporting
def status(
    matrix: MatrixName = "default",
    *,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    replicate: Replicates = None,
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Count what is done, stale, tried in vain and missing, and name all that is not done.

    Example: cslbench status --results demo
    """
    part = chosen(
        matrix, methods=method, datasets=dataset, encoders=encoder, replicates=replicate,
        plugins=plugin,
    )  # fmt: skip
    found = _planned(part, results, accept_stale=False)
    counts = _counts(found)
    if as_json:
        print_json({"counts": counts, **_facts(found)})
        return
    for row in found.to_run:
        say(_told(row))
    for broken in found.broken:
        say(f"no result: {broken.path}: {broken.reason}")
    typer.echo(", ".join(f"{count} {state}" for state, count in counts.items()))


def _planned(part: Matrix, results: Path, *, accept_stale: bool) -> Plan:
    from benchmark import plan

    return plan.plan(part, results, accept_stale=accept_stale)


def _told(row: Planned) -> str:
    if row.state == "stale":  # the reason says so itself
        return f"{row.reason}: {row.cell.label}"
    return f"{row.state}: {row.cell.label}{': ' + row.reason if row.reason else ''}"


def _counts(found: Plan) -> dict[str, int]:
    from benchmark.plan import State

    states = [row.state for row in found.rows]
    return {state: states.count(state) for state in get_args(State)}


def _row(row: Planned) -> tuple[str, ...]:
    cell = row.cell
    return (
        cell.method, cell.dataset, cell.encoder, cell.budget.name, str(cell.replicate),
        "-" if cell.steps is None else str(cell.steps), row.state, _time(_seconds(row)), row.reason,
    )  # fmt: skip


def _seconds(row: Planned) -> float | None:
    """Return what a cell that is done took, and what another would take."""
    if row.state == "done" and row.result is not None and row.result.ledger is not None:
        return row.result.ledger.train_seconds + row.result.ledger.evaluate_seconds
    return row.seconds


def _time(seconds: float | None) -> str:
    from benchmark.report.live import duration

    return "unknown" if seconds is None else duration(seconds)


def _total(found: Plan, workers: int) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in _counts(found).items())
    if not found.to_run:
        return counts
    known = any(row.seconds is not None for row in found.to_run)
    parts = [
        *([f"about {_time(found.seconds / workers)}"] if known else []),
        *([f"{counted(found.unknown, 'cell')} of unknown length"] if found.unknown else []),
    ]
    return f"{counts}; {' and '.join(parts)}, with --workers {workers}"


def _facts(found: Plan) -> dict[str, Any]:
    return {
        "cells": [
            {
                "id": row.cell.pretrain_id,
                "label": row.cell.label,
                "state": row.state,
                "reason": row.reason,
                "seconds": row.seconds,
            }
            for row in found.rows
        ],
        "left_out": [{"label": e.label, "reason": e.reason} for e in found.excluded],
        "broken": [{"path": str(b.path), "reason": b.reason} for b in found.broken],
    }
