"""`cslbench robustness`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.shared import (
    RESULTS,
    AsJson,
    Methods,
    Plugins,
    ResultsFolder,
    existing,
    learn,
    print_json,
    print_rows,
    reporting,
    say,
)
from benchmark.counting import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmark.evidence.designs import Design, Refused
    from benchmark.evidence.robustness import Robustness, Row
    from benchmark.store.result import Result

_SPOKEN_OF = {
    "fixed": "over replicates; the test images count as given",
    "drawn": "over replicates and test images",
}


@reporting
def robustness(
    *,
    over: Annotated[
        str,
        typer.Option(
            "--over",
            help="What methods should be robust to: encoder, dataset, batch, or an option or "
            "constant of methods, such as extraction.",
        ),
    ] = "encoder",
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    methods: Methods = None,
    protocol: Annotated[
        str, typer.Option("--protocol", metavar="NAME", help="Whose top-1 is taken.")
    ] = "linear",
    margin: Annotated[
        float,
        typer.Option("--margin", help="Points by which a more robust method may be lower."),
    ] = 2.0,
    population: Annotated[
        bool,
        typer.Option("--population", help="Speak of all images like the test images, not of them."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print how far each method's scores spread over encoders, and whose spread is smaller.

    The sd of the encoder effect has the noise of replicates taken out; range and worst case
    describe what was seen. --population takes out the noise of having drawn the test images, too;
    it needs the predictions, and makes no tests between methods. Exit 2 if no set of results is
    full enough.

    Example: cslbench robustness --over encoder --results demo
    """
    from benchmark.errors import UsageError
    from benchmark.evidence.designs import Refused, designs
    from benchmark.evidence.robustness import robustness as judge
    from benchmark.store import held

    learn(plugin)
    if not 0 < margin <= 100:
        raise UsageError(f"--margin must be above 0 and at most 100 points (got {margin:g})")
    if population and over == "dataset":
        raise UsageError("--population needs the same test images at all levels; datasets differ")
    loaded = held.read(existing(results), curves_of=())
    for broken in loaded.broken:
        say(f"left out: {broken.path}: {broken.reason}", err=True)
    sets = designs(loaded.results, over, methods=methods or (), protocol=protocol)
    drawn = _over_images(results, loaded.results, protocol) if population else None
    found = [
        each if isinstance(each, Refused) else drawn(each) if drawn else judge(each, margin)
        for each in sets
    ]
    refused = [each for each in found if isinstance(each, Refused)]
    judged = [each for each in found if not isinstance(each, Refused)]
    if not judged:
        raise UsageError("; ".join(left.sentence for left in refused))
    if as_json:
        _print_json(judged, refused)
        return
    for table in judged:
        _print(table, over)
    for left in refused:
        say(f"not judged: {left.sentence}")


def _over_images(
    root: Path, results: Sequence[Result], protocol: str
) -> Callable[[Design], Robustness | Refused]:
    """Return what judges a table over replicates and test images, by the predictions of a store."""
    from benchmark.evidence.population import population
    from benchmark.store import held

    by_id = {result.id: result for result in results}
    return lambda design: population(
        design, lambda name: held.predictions(root, by_id[name])[0], protocol
    )


def _print_json(judged: list[Robustness], refused: list[Refused]) -> None:
    from dataclasses import asdict

    tables = [
        {
            **asdict(each),
            "rows": [_facts(row) for row in each.rows],
            "kinds": {f"{p.first} {p.second}": p.kind for p in each.pairs},
        }
        for each in judged
    ]
    print_json({"tables": tables, "refused": [asdict(each) for each in refused]})


def _facts(row: Row) -> dict[str, object]:
    """Return a row as JSON has it: beside the raw sd of the means, the sd that is printed."""
    from dataclasses import asdict

    from benchmark.evidence.robustness import sd_of_effect

    sd, low, high = sd_of_effect(row.points)
    return {**asdict(row), "sd_of_effect": {"sd": sd, "low": low, "high": high}}


def _print(found: Robustness, over: str) -> None:
    design = found.design
    aside = f"; left aside: {', '.join(map(str, design.left_aside))}" if design.left_aside else ""
    say(
        f"{design.label}: {plural(over)} {', '.join(design.levels)}; "
        f"{len(design.replicates)} replicates{aside}"
    )
    say(f"sd and its interval: {_SPOKEN_OF[found.test_images]}")
    if design.left_out:
        say(f"left out: {', '.join(design.left_out)}")
    _print_methods(found, over)
    if found.pairs:
        typer.echo("")
        _print_pairs(found)
    if found.components is not None and found.order is not None:
        parts = found.components
        named = (
            ("method", parts.method), (over, parts.encoder), ("interaction", parts.interaction),
            ("replicate", parts.replicate), ("rest", parts.rest),
        )  # fmt: skip
        typer.echo("")
        typer.echo(
            "sd, points: "
            + ", ".join(
                f"{name} {part.sd:.2f} [{part.low**0.5:.2f}, {part.high**0.5:.2f}]"
                for name, part in named
            )
        )
        typer.echo(
            f"order of methods over {plural(over)}: Kendall's W {found.order.kendall_w:.2f}, "
            f"mean Spearman {found.order.mean_spearman:.2f}"
        )
    if found.test_images == "drawn":
        typer.echo("tests between methods take the test images as given: leave out --population")
    typer.echo(f"these {plural(over)} are a fixed set: nothing is said of others")
    typer.echo("")


def _print_methods(found: Robustness, over: str) -> None:
    from benchmark.evidence.robustness import sd_of_effect

    rows: list[tuple[str, ...]] = []
    for row in found.rows:
        sd, low, high = sd_of_effect(row.points)
        logit = "-"
        if row.logit is not None:
            logit = "{:.3f} [{:.3f}, {:.3f}]".format(*sd_of_effect(row.logit))
        rows.append((
            row.method, f"{row.points.mean:.1f}", f"{row.points.range:.1f}",
            f"{sd:.2f} [{low:.2f}, {high:.2f}]", logit,
            f"{row.points.worst:.1f} ({row.worst_at})",
        ))  # fmt: skip
    header = ("method", "mean", "range", f"sd of the {over} effect", "on logits", "worst")
    print_rows(header, rows)


def _print_pairs(found: Robustness) -> None:
    rows: list[tuple[str, ...]] = [
        (
            pair.first, pair.second, f"{pair.p:.3g}", f"{pair.p_holm:.3g}",
            "-" if pair.p_logit is None else f"{pair.p_logit:.3g}",
            f"> {pair.mean.low:+.1f}", f"{pair.p_robust:.3g}", pair.kind,
        )
        for pair in found.pairs
    ]  # fmt: skip
    header = (
        "smaller spread",
        "than",
        "p",
        "Holm",
        "on logits, Holm",
        "mean, at 95 % alone",
        "both, Holm",
        "verdict",
    )
    print_rows(header, rows)
