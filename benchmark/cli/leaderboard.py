"""`cslbench leaderboard`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmark.cli import board
from benchmark.cli.shared import RESULTS, ResultsFolder, chosen, print_json, reporting


@reporting
def leaderboard(
    results: ResultsFolder = RESULTS,
    matrix: Annotated[
        str | None, typer.Option("--matrix", help="Also show what this matrix has no result of.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write it to leaderboard.md beside the results.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if the written one is not this one.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Print the leaderboard of a results folder, as Markdown.

    What is printed marks results whose sources have changed since; what is written and checked
    does not, so that it follows from the results alone.

    Example: cslbench leaderboard --results demo
    """
    whole = chosen(matrix) if matrix else None
    if as_json:
        _print_results(results)
        return
    if check:
        text = board.written(results, whole) if write else board.rendered(results, whole)
        if not board.is_current(results, text):
            where = board.path(results)
            typer.echo(f"{where}: is not what the results say; run with --write", err=True)
            raise typer.Exit(1)
        return
    typer.echo(board.written(results, whole) if write else board.printed(results, whole))


def _print_results(results: ResultsFolder) -> None:
    from benchmark.store import files

    loaded = files.read_all(results)
    print_json(
        {
            "results": [result.model_dump(mode="json") for result in loaded.results],
            "broken": [{"path": str(b.path), "reason": b.reason} for b in loaded.broken],
        }
    )
