"""`cslbench validate`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.shared import NEGATIVE, RESULTS, AsJson, ResultsFolder, print_json, reporting


@reporting
def validate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Result files, matrix files or results folders; else --results."),
    ] = None,
    results: ResultsFolder = RESULTS,
    as_json: AsJson = False,
) -> None:
    """Check result files, their predictions, and matrix files; name every breach, exit 1 if any.

    Example: cslbench validate --results demo
    """
    breaches = [breach for path in files or [results] for breach in _breaches(path)]
    if as_json:
        print_json([{"path": path, "reason": reason} for path, reason in breaches])
    for path, reason in breaches if not as_json else ():
        typer.echo(f"{path}: {reason}")
    if breaches:
        raise typer.Exit(NEGATIVE)
    if not as_json:
        typer.echo("nothing wrong")


def _breaches(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the path and the sentence of everything that is wrong."""
    from benchmark.errors import CslbenchError, UsageError
    from benchmark.matrix import load
    from benchmark.store import files

    if not path.exists():
        raise UsageError(f"{path}: there is no such file or folder")
    if path.is_dir():
        yield from _folder(path)
        return
    try:
        if path.suffix in load.SUFFIXES:
            load.load(str(path))
        else:
            files.read(path)
    except CslbenchError as error:
        yield _split(path, error)


def _folder(root: Path) -> Iterator[tuple[str, str]]:
    from benchmark.errors import ResultError
    from benchmark.store import encoders, files

    loaded = files.read_all(root)
    for broken in loaded.broken:
        yield str(broken.path), broken.reason
    for result in loaded.results:
        try:
            files.read_predictions(root, result)
            encoders.check(root / files.relative_path(result.cell), result)
        except ResultError as error:
            yield _split(root / files.relative_path(result.cell), error)


def _split(path: Path, error: Exception) -> tuple[str, str]:
    """Part an error's sentence from the path that it begins with."""
    where, colon, rest = str(error).partition(": ")
    return (where, rest) if colon and Path(where).suffix else (str(path), str(error))
