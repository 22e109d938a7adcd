"""`cslbench gate`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.shared import (
    RESULTS,
    AsJson,
    Datasets,
    Encoders,
    Methods,
    Plugins,
    ResultsFolder,
    existing,
    learn,
    print_json,
    reporting,
    say,
)

if TYPE_CHECKING:
    from benchmark.evidence.gate.decide import Decision
    from benchmark.evidence.gate.findings import Rule
    from benchmark.store.files import Loaded
    from benchmark.store.result import Result

Written = Path | None
FailOnCost = Annotated[
    bool,
    typer.Option(
        "--fail-on-cost",
        help="Exit 1 also where a method became slower or needs more memory, else a warning.",
    ),
]


@reporting
def gate(
    *,
    baseline: Annotated[
        str,
        typer.Option(
            metavar="DIR|GIT_REF[:PATH]", help="The old results: a folder, or those of a revision."
        ),
    ],
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    method: Methods = None,
    dataset: Datasets = None,
    encoder: Encoders = None,
    margin: Annotated[float, typer.Option(help="A drop that nobody minds, points.")] = 1.0,
    alpha: Annotated[float, typer.Option(help="Chance of a false alarm in one night.")] = 0.05,
    protocol: Annotated[str, typer.Option(help="Which number is compared.")] = "linear",
    fail_on_cost: FailOnCost = False,
    fresh: Annotated[
        Path | None,
        typer.Option(
            help="Suspects run again on new replicates: they alone decide on those. Without it "
            "a suspect with enough evidence fails at once."
        ),
    ] = None,
    fresh_baseline: Annotated[
        Path | None, typer.Option(help="The same replicates under the baseline's commit.")
    ] = None,
    junit: Annotated[Written, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    markdown: Annotated[
        Written, typer.Option(metavar="FILE", help="Write Markdown for a job's summary.")
    ] = None,
    benchmark_json: Annotated[
        Written,
        typer.Option(
            metavar="FILE", help="Write customBiggerIsBetter JSON of github-action-benchmark."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether new results are worse than old ones.

    Equal bits are asked where they are promised; elsewhere the means are compared by the spread of
    the old replicates. Top-1 decides; speed and memory are told. Exit 0 pass, 1 regression, 2 could
    not measure, 3 inconclusive.

    Example: cslbench gate --results tonight --baseline main
    """
    from benchmark.errors import UsageError
    from benchmark.evidence.gate.decide import Fresh, decide
    from benchmark.store import held, revision

    learn(plugin)
    rule = ruled(margin, alpha, protocol, fail_on_cost)
    if fresh_baseline is not None and fresh is None:
        raise UsageError("--fresh-baseline needs --fresh")
    for option, folder in (("--fresh", fresh), ("--fresh-baseline", fresh_baseline)):
        if folder is not None and not folder.exists():
            raise UsageError(f"{option} {folder}: there is no such folder")
    with revision.folder(baseline) as old:
        found = held.read_noted(existing(results))
        ids = frozenset(result.id for result in found.results)  # whose curves are compared
        new, before = _chosen(found, held.read_noted(old, curves_of=ids), method, dataset, encoder)
    _check_protocol(protocol, (*new.results, *before.results))
    again = None
    if fresh is not None:
        old_too = None if fresh_baseline is None else held.read_noted(fresh_baseline)
        again = Fresh(held.read_noted(fresh), old_too)
    decision = decide(new, before, rule, again)
    write(decision, junit, markdown, benchmark_json)
    show(decision, as_json)
    raise typer.Exit(decision.exit_code)


def ruled(margin: float, alpha: float, protocol: str, fail_on_cost: bool) -> Rule:
    """Return the rule that the options state, checked."""
    from benchmark.errors import UsageError
    from benchmark.evidence.gate.findings import Rule

    if not 0 < margin <= 100 or not 0 < alpha < 0.5:
        raise UsageError(
            "--margin must be above 0 and at most 100 points, and --alpha above 0 and below 0.5 "
            f"(got {margin:g} and {alpha:g})"
        )
    return Rule(margin=margin, alpha=alpha, protocol=protocol, fail_on_cost=fail_on_cost)


def _check_protocol(protocol: str, results: Sequence[Result]) -> None:
    """Refuse a protocol under which neither side has a score, though there are scores."""
    from benchmark.errors import UsageError
    from benchmark.report import words

    there = {name for result in results for name in result.metrics}
    if there and protocol not in there:
        raise UsageError(f"--protocol: {words.unscored(protocol, there)}")


def _chosen(
    new: Loaded,
    old: Loaded,
    methods: list[str] | None,
    datasets: list[str] | None,
    encoders: list[str] | None,
) -> tuple[Loaded, Loaded]:
    """Keep what the selectors mean on both sides; what cannot be read stays named."""
    from benchmark.matrix.select import fitting
    from benchmark.store.files import Loaded

    if not (methods or datasets or encoders):
        return new, old
    cells = [result.cell for result in (*new.results, *old.results)]
    kept = {
        cell.pretrain_id for cell in fitting(cells, methods or (), datasets or (), encoders or ())
    }
    one, other = (
        Loaded(tuple(r for r in side.results if r.cell.pretrain_id in kept), side.broken)
        for side in (new, old)
    )
    return one, other


def write(decision: Decision, junit: Written, markdown: Written, benchmark_json: Written) -> None:
    """Write what a CI service reads."""
    import json

    from benchmark.report import gate as report
    from benchmark.report.junit import as_junit
    from benchmark.store import atomic

    if junit is not None:
        atomic.write(junit, as_junit(decision))
    if markdown is not None:
        atomic.write(markdown, report.as_markdown(decision).encode())
    if benchmark_json is not None:
        entries = json.dumps(report.as_benchmark(decision), indent=1, allow_nan=False)
        atomic.write(benchmark_json, entries.encode() + b"\n")


def show(decision: Decision, as_json: bool) -> None:
    """Print a decision, the night in one line at the end."""
    from benchmark.cli.shared import print_rows
    from benchmark.report import gate as report

    if as_json:
        print_json(report.as_json(decision))
        return
    rows = report.rows(decision)
    if rows:
        print_rows(tuple(rows[0]), [tuple(row.values()) for row in rows])
    for line in (*report.notes(decision), report.title(decision)):
        say(line)
