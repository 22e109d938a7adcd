"""`cslbench compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.shared import (
    RESULTS,
    AsJson,
    Assume,
    Others,
    Plugins,
    ResultsFolder,
    existing,
    learn,
    print_json,
    reporting,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.evidence.reported import Reported
    from benchmark.report.compare import Comparison


@reporting
def compare(
    numbers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[REPORTED_ID]...", help="Reported numbers by id; else all."),
    ] = None,
    *,
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    reported: Others = None,
    assume: Assume = None,
    population: Annotated[
        bool,
        typer.Option("--population", help="Speak of all images like the test images, not of them."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hold reported numbers against our results, field by field, with verdict and interval.

    An assumption fills what a source leaves open, never what it states, and is printed beside what
    follows from it. The interval is over replicates, the test images being the same on both sides;
    --population adds the noise of having drawn them. Without ids, numbers that nothing was run for
    are only counted.

    Example: cslbench compare paper-yadim-stl10 --assume encoder=resnet50 --assume protocol=linear
    """
    from benchmark.evidence import assume as assuming
    from benchmark.evidence.reported import load_with
    from benchmark.report import compare as comparing
    from benchmark.report.grouping import latest, tables
    from benchmark.store import held

    learn(plugin)
    wanted = _named(load_with(reported or ()), numbers or ())
    filled = assuming.fill(wanted, assuming.parse(assume or ()))
    loaded = held.read(existing(results), curves_of=())
    found = [*comparing.compare(filled, tables(latest(loaded.results)), population=population)]
    if as_json:
        print_json([comparing.record(each) for each in found])
        return
    for broken in loaded.broken:
        say(f"left out: {broken.path}: {broken.reason}", err=True)
    _print(found, every=bool(numbers))


def _named(entries: Sequence[Reported], ids: Sequence[str]) -> list[Reported]:
    from benchmark.errors import UsageError, unknown

    by_id = {entry.id: entry for entry in entries}
    for name in ids:
        if name not in by_id:
            raise UsageError(unknown("reported number", name, by_id))
    return [by_id[name] for name in dict.fromkeys(ids or by_id)]


def _print(found: Sequence[Comparison], *, every: bool) -> None:
    from benchmark.report.compare import text

    shown = [each for each in found if every or each.ours is not None]
    for index, each in enumerate(shown):
        if index:
            typer.echo()
        for line in text(each):
            say(line)
    left = len(found) - len(shown)
    if left:
        typer.echo(f"{'' if not shown else chr(10)}{left} numbers have no result of ours.")
