"""`cslbench validate`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.shared import (
    NEGATIVE,
    RESULTS,
    AsJson,
    ResultsFolder,
    existing,
    print_json,
    reporting,
    say,
)
from benchmark.counting import counted


@reporting
def validate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Result files, matrix files, results folders or bundles; else --results."
        ),
    ] = None,
    results: ResultsFolder = RESULTS,
    as_json: AsJson = False,
) -> None:
    """Check results, their predictions, matrix files and bundles; name every breach, exit 1 if any.

    Where nothing is wrong it says how many results that is said of; of none it is exit 2.

    Example: cslbench validate --results demo
    """
    from benchmark.errors import UsageError

    paths = files or [existing(results)]
    breaches = [breach for path in paths for breach in _breaches(path)]
    said = "" if breaches else _counted(paths)
    if not breaches and not said:
        raise UsageError(f"{', '.join(map(str, paths))}: holds no result, so nothing was checked")
    if as_json:
        print_json([{"path": path, "reason": reason} for path, reason in breaches])
    for path, reason in breaches if not as_json else ():
        say(f"{path}: {reason}")
    if breaches:
        raise typer.Exit(NEGATIVE)
    if not as_json:
        typer.echo(f"{said}, nothing wrong")


def _breaches(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the path and the sentence of everything that is wrong."""
    from benchmark.errors import CslbenchError, ResultError, UsageError
    from benchmark.matrix import load
    from benchmark.store import files, invariants, unbundle

    if not os.path.lexists(path):
        raise UsageError(f"{path}: there is no such file or folder")
    if unbundle.is_bundle(path):
        try:
            yield from unbundle.breaches(path)
        except ResultError as error:
            yield str(path), str(error).removeprefix(f"{path}: ")
        return
    if path.is_dir():
        yield from invariants.folder(path)
        return
    try:
        if path.suffix in load.SUFFIXES:
            load.load(str(path))
        else:
            yield from invariants.one(path, files.read(path))
    except CslbenchError as error:
        where, colon, rest = str(error).partition(": ")
        yield (where, rest) if colon and Path(where).suffix else (str(path), str(error))


def _counted(paths: list[Path]) -> str:
    """Say how many results and matrix files lie there; nothing where there is none."""
    from benchmark.matrix import load

    matrices = {path.absolute() for path in paths if path.suffix in load.SUFFIXES}
    results = {found for path in paths for found in _results(path)}
    said = [counted(len(results), "result")] if results else []
    return ", ".join([*said, *([counted(len(matrices), "matrix file")] if matrices else [])])


def _results(path: Path) -> Iterator[Path]:
    from benchmark.matrix import load
    from benchmark.store import files, unbundle

    if unbundle.is_bundle(path):
        yield from unbundle.results(path)
    elif path.is_dir():
        yield from (found.absolute() for found in files.candidates(path))
    elif path.suffix not in load.SUFFIXES:
        yield path.absolute()
