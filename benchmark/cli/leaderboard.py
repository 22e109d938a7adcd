"""`cslbench leaderboard`."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmark.cli import board
from benchmark.cli.shared import (
    RESULTS,
    Assume,
    Others,
    Plugins,
    ResultsFolder,
    chosen,
    existing,
    learn,
    print_json,
    reporting,
)


@reporting
def leaderboard(
    *,
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    matrix: Annotated[
        str | None, typer.Option("--matrix", help="Also show what this matrix has no result of.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write it to leaderboard.md beside the results.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if the written one is not this one.")
    ] = False,
    reported: Others = None,
    assume: Assume = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Print the leaderboard of a results folder, as Markdown.

    What is printed marks results whose sources have changed since; what is written and checked
    does not, so that it follows from the results alone; nor does it hold what a reader assumes.

    Example: cslbench leaderboard --results demo
    """
    from benchmark.errors import UsageError
    from benchmark.evidence.assume import parse

    if assume and (write or check or as_json):
        raise UsageError("--assume changes what is printed: not with --write, --check or --json")
    assumptions = parse(assume or ())
    learn(plugin)
    existing(results)
    whole, others = chosen(matrix) if matrix else None, reported or []
    if as_json:
        _print_results(results)
        return
    if check:
        make = board.written if write else board.rendered
        text = make(results, whole, files_of_others=others)
        if not board.is_current(results, text):
            where = board.path(results)
            typer.echo(f"{where}: is not what the results say; run with --write", err=True)
            raise typer.Exit(1)
        return
    if write:
        typer.echo(board.written(results, whole, files_of_others=others))
    else:
        typer.echo(board.printed(results, whole, files_of_others=others, assumptions=assumptions))


def _print_results(results: ResultsFolder) -> None:
    from benchmark.store import files

    loaded = files.read_all(results)
    print_json(
        {
            "results": [result.model_dump(mode="json") for result in loaded.results],
            "broken": [{"path": str(b.path), "reason": b.reason} for b in loaded.broken],
        }
    )
