"""`cslbench claims`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.shared import (
    NEGATIVE,
    RESULTS,
    AsJson,
    Plugins,
    ResultsFolder,
    existing,
    learn,
    print_json,
    print_rows,
    reporting,
    say,
)


@reporting
def claims(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Only these claims.")
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option("--claims", metavar="FILE", help="A file of your own claims.")
    ] = None,
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 if any claim is contradicted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge claims by the results: supported, contradicted, or what is lacking.

    Results whose sources have changed since are judged like any other, and named as stale.

    Example: cslbench claims C3-amdim --results mine
    """
    from benchmark.cli import board
    from benchmark.errors import ClaimError, unknown
    from benchmark.evidence.claims import words
    from benchmark.evidence.claims.judge import judge
    from benchmark.evidence.claims.model import load_claims
    from benchmark.store import held

    learn(plugin)
    every = load_claims(file)
    known = [claim.id for claim in every]
    for name in names or ():
        if name not in known:
            raise ClaimError(unknown("claim", name, known))
    loaded = held.read(existing(results), curves_of=())
    # a family is corrected for all its members, whichever are shown
    judged = [one for one in judge(every, loaded.results) if not names or one.claim.id in names]
    for broken in loaded.broken:
        say(f"left out: {broken.path}: {broken.reason}", err=True)
    used = {name for one in judged for name in one.results}
    stale, unknown_here = board.stale(each for each in loaded.results if each.id in used)
    for sentence in unknown_here:
        say(sentence, err=True)
    if as_json:
        print_json({"claims": [words.facts(one, stale) for one in judged]})
    else:
        print_rows(words.HEADER, [words.row(one) for one in judged])
        for one in judged:
            typer.echo()
            for line in words.evidence(one, stale):
                say(line)
        typer.echo(f"\n{words.counts(judged)}")
    if strict and any(one.kind == "contradicted" for one in judged):
        raise typer.Exit(NEGATIVE)
