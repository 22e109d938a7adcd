"""`cslbench nightly`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.cli import running
from benchmark.cli.gate import FailOnCost
from benchmark.cli.running import Device
from benchmark.cli.shared import (
    AsJson,
    DataFolder,
    Datasets,
    Encoders,
    Methods,
    Plugins,
    check_limits,
    chosen,
    print_json,
    reporting,
    say,
    typed,
)
from benchmark.counting import counted

if TYPE_CHECKING:
    from benchmark.checks.nightly import Tonight
    from benchmark.engines.engine import Options
    from benchmark.evidence.gate.decide import Decision
    from benchmark.evidence.gate.findings import Rule
    from benchmark.evidence.history import History
    from benchmark.matrix.model import Matrix
    from benchmark.store.revision import Commit

HISTORY = Path("nights")
STDOUT, STDERR = 1, 2
_COLUMNS = 7
"""Nights in the summary's table."""


@reporting
def nightly(
    matrix: Annotated[
        str, typer.Argument(help="A shipped matrix (see `list matrices`) or a file FILE.yaml.")
    ] = "nightly",
    *,
    baseline: Annotated[
        str,
        typer.Option(
            metavar="DIR|GIT_REF[:PATH]",
            help="The old results: a folder, those of a revision, or the history itself.",
        ),
    ],
    history: Annotated[
        Path, typer.Option(help="The folder of all nights, each a folder named by its UTC date.")
    ] = HISTORY,
    night: Annotated[
        str | None, typer.Option(metavar="DATE", help="Go on with this night, or name a new one.")
    ] = None,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    data: DataFolder = None,
    plugin: Plugins = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Cells side by side; by default one a core, on a GPU one."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of one cell.")] = 1,
    device: Annotated[Device, typer.Option(help="Where cells train.")] = Device.cpu,
    timeout: Annotated[
        float | None,
        typer.Option(min=0.0, metavar="SECONDS", help="End a cell that takes longer."),
    ] = None,
    margin: Annotated[float, typer.Option(help="A drop that nobody minds, points.")] = 1.0,
    alpha: Annotated[float, typer.Option(help="Chance of a false alarm in one night.")] = 0.05,
    protocol: Annotated[str, typer.Option(help="Which number is compared.")] = "linear",
    fail_on_cost: FailOnCost = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be run, and what it could see.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a matrix on replicates that no night has used, then say whether it became worse.

    Suspects are run again on further replicates, under both commits where the baseline is a git
    revision, and decided by those alone. The same command on the same night goes on where it was
    stopped. Top-1 decides; speed and memory are told. Exit 0 pass, 1 regression, 2 could not
    measure, 3 inconclusive.

    Example: cslbench nightly --baseline main --history nights
    """
    from benchmark.checks import nightly as nights
    from benchmark.cli import gate
    from benchmark.engines.engine import Options
    from benchmark.report.history import lines
    from benchmark.store import files
    from benchmark.store.nights import tonight

    rule = gate.ruled(margin, alpha, protocol, fail_on_cost)
    check_limits(timeout=timeout)
    part = chosen(matrix, methods=method, datasets=dataset, encoders=encoder, plugins=plugin)
    _check_protocol(part, protocol)
    files.check_folder(history)
    found = nights.tonight(part, history, tonight(night), baseline)
    options = Options(
        workers=workers or running.workers_on(device, threads), threads=threads,
        device=device.value, data=data, plugins=tuple(plugin or ()), command=typed(),
        runner=running.RUNNER, timeout=timeout,
    )  # fmt: skip
    if dry_run:
        _foresee(found, rule, options.workers, as_json)
        return
    work = _Work(options, quiet=as_json)
    _say_night(found, quiet=as_json)
    decision = nights.hold(found, rule, work.run, work.run_before)
    past = _history(history, found.name, rule)
    _write(decision, past, found.folder)
    if not as_json:
        typer.echo("")
        for line in lines(past):
            say(line)
    gate.show(decision, as_json)
    raise typer.Exit(decision.exit_code)


def _check_protocol(part: Matrix, protocol: str) -> None:
    """Refuse a protocol before the night, not after it."""
    from benchmark.errors import UsageError, unknown

    known = [each.name for each in part.protocols]
    if protocol not in known:
        raise UsageError(f"matrix {part.name!r}: {unknown('protocol', protocol, known)}")


@dataclass(frozen=True)
class _Work:
    """How cells are run tonight."""

    options: Options
    quiet: bool

    def run(self, part: Matrix, results: Path) -> None:
        """Run them under the present code."""
        running.run_all(part, replace(self.options, results=results), results, quiet=self.quiet)

    def run_before(self, commit: Commit, part: Matrix, results: Path) -> str | None:
        """Run them under another commit, from a matrix file beside the results."""
        from benchmark.checks import worktree
        from benchmark.matrix import rotate
        from benchmark.store import atomic, files

        file = results.absolute().with_name(f"{results.name}.yaml")
        atomic.write(file, rotate.as_file(part).encode())
        say(f"under {commit.short}: {counted(len(part.cells), 'cell')}", err=self.quiet)
        sys.stdout.flush()
        out = STDERR if self.quiet else STDOUT
        asked = [results / files.relative_path(cell) for cell in part.cells]
        return worktree.run(commit, self._arguments(file, results.absolute()), out, asked)

    def _arguments(self, matrix: Path, results: Path) -> list[str]:
        given = self.options
        arguments = ["run", str(matrix), "--results", str(results), "--no-board", "--plain"]
        arguments += ["--workers", str(given.workers), "--threads", str(given.threads)]
        arguments += ["--device", given.device]
        if given.data is not None:
            arguments += ["--data", str(given.data.absolute())]
        if given.timeout is not None:
            arguments += ["--timeout", str(given.timeout)]
        for plugin in given.plugins:
            arguments += ["--plugin", str(plugin.absolute())]
        return arguments


def _indices(replicates: Sequence[int]) -> str:
    return ", ".join(map(str, replicates))


def _say_night(night: Tonight, *, quiet: bool) -> None:
    say(
        f"night {night.name} in {night.folder}: {night.part.name}, "
        f"{counted(len(night.part.cells), 'cell')}, replicates {_indices(night.record.replicates)}",
        err=quiet,
    )
    for note in night.baseline.notes:
        say(note, err=quiet)


def _history(root: Path, name: str, rule: Rule) -> History:
    """Return the nights up to this one, for drifts that no single night shows."""
    from benchmark.evidence.history import history
    from benchmark.store import nights

    past = [night for night in nights.load(root) if night.name <= name]
    return history(past, rule.protocol, rule.alpha)


def _write(decision: Decision, past: History, folder: Path) -> None:
    """Write what the night came to into its folder."""
    import json

    from benchmark.cli import gate
    from benchmark.report import gate as report
    from benchmark.report.history import as_markdown
    from benchmark.store import atomic

    found = json.dumps(report.as_json(decision), indent=1, allow_nan=False)
    atomic.write(folder / "gate.json", found.encode() + b"\n")
    gate.write(decision, folder / "junit.xml", None, folder / "benchmark.json")
    summary = f"{report.as_markdown(decision)}\n{as_markdown(past, _COLUMNS)}"
    atomic.write(folder / "summary.md", summary.encode())


def _foresee(night: Tonight, rule: Rule, workers: int, as_json: bool) -> None:
    """Say what a night would run, how long that takes, and what it could see."""
    from benchmark.checks.foresight import foresee

    found = foresee(night, rule)
    if as_json:
        print_json(_facts(night, workers, found.seconds, found.unknown, found.drops))
        return
    from benchmark.report import words
    from benchmark.report.live import duration

    _say_night(night, quiet=False)
    unknown = f" and {counted(found.unknown, 'cell')} of unknown length" if found.unknown else ""
    say(
        f"{counted(found.done, 'cell')} done, {found.to_run} to run: about "
        f"{duration(found.seconds / workers)}{unknown}, with --workers {workers}; suspects take "
        "as long again for each cell and commit"
    )
    counts = found.baseline
    say(f"baseline {night.baseline.given}: {counts[0]} of {counts[1]} rows, {counts[2]}")
    drops = [drop for drop in found.drops.values() if drop is not None]
    if drops:
        say(
            f"smallest drop that one look could see (chance 80 %): {words.points(min(drops))} "
            f"to {words.points(max(drops))} points of a method's mean"
            + words.untold([name for name, drop in found.drops.items() if drop is None])
        )
    else:
        say("smallest drop that it could see: none, the baseline tells no spread")


def _facts(
    night: Tonight, workers: int, seconds: float, unknown: int, drops: dict[str, float | None]
) -> dict[str, Any]:
    return {
        "night": night.name,
        "folder": str(night.folder),
        "cells": len(night.part.cells),
        "replicates": list(night.record.replicates),
        "seconds": seconds / workers,
        "unknown": unknown,
        "smallest_drops": drops,
        "notes": list(night.baseline.notes),
    }
