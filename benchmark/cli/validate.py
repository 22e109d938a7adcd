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
    print_json,
    reporting,
    say,
)


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

    Example: cslbench validate --results demo
    """
    breaches = [breach for path in files or [results] for breach in _breaches(path)]
    if as_json:
        print_json([{"path": path, "reason": reason} for path, reason in breaches])
    for path, reason in breaches if not as_json else ():
        say(f"{path}: {reason}")
    if breaches:
        raise typer.Exit(NEGATIVE)
    if not as_json:
        typer.echo("nothing wrong")


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
