"""`cslbench plot`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.history import FOLDER, judged
from benchmark.cli.shared import (
    RESULTS,
    AsJson,
    Datasets,
    Encoders,
    Methods,
    Plugins,
    ResultsFolder,
    chosen,
    existing,
    learn,
    print_json,
    reporting,
    say,
)

if TYPE_CHECKING:
    from benchmark.report.plot.kinds import Wanted
    from benchmark.store.result import Result


@reporting
def plot(
    kind: Annotated[
        str,
        typer.Argument(
            help="accuracy, heatmap, compute, curves, robustness, profiles or history.",
            show_default=False,
        ),
    ],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to: .pdf, .svg or .png.")
    ] = None,
    width: Annotated[
        str, typer.Option("--width", help="Of one column (single, 3.3 in) or two (double, 6.9 in).")
    ] = "double",
    results: ResultsFolder = RESULTS,
    plugin: Plugins = None,
    methods: Methods = None,
    datasets: Datasets = None,
    encoders: Encoders = None,
    budgets: Annotated[
        list[str] | None,
        typer.Option("--budget", metavar="NAME", help="Only this budget; repeatable."),
    ] = None,
    matrix: Annotated[
        str | None, typer.Option("--matrix", help="Also show what this matrix has no result of.")
    ] = None,
    protocol: Annotated[
        str, typer.Option("--protocol", metavar="NAME", help="Whose top-1 is taken.")
    ] = "linear",
    against: Annotated[
        str | None,
        typer.Option("--against", help="compute: flops (default), images or seconds."),
    ] = None,
    over: Annotated[
        str | None,
        typer.Option(
            "--over", help="robustness, profiles: encoder (default), dataset, batch, or an option."
        ),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option("--history", metavar="DIR", help="history: the folder of nights (nights)."),
    ] = None,
    cells: Annotated[
        str | None,
        typer.Option("--cells", help="history: also cells: all, or steps: those with a step."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a figure of a results folder, or of a history of nights, at the size it is printed in.

    Controls stay, whatever methods are chosen: every number has its floor and its ceiling beside
    it. --json prints what is plotted.

    Example: cslbench plot accuracy --out accuracy.pdf --results demo
    """
    from benchmark.errors import UsageError
    from benchmark.report.plot import kinds, style
    from benchmark.report.plot import points as select
    from benchmark.store import atomic

    learn(plugin)
    wanted = kinds.wanted(
        kind, protocol=protocol, against=against, over=over, cells=cells, width=width
    )
    if out is None and not as_json:
        raise UsageError("name a file with --out (.pdf, .svg or .png), or take --json")
    encoding = style.file_format(out) if out else ""
    if wanted.kind == "history":
        if budgets or matrix:
            raise UsageError("--budget and --matrix are not of history, which is of nights")
        past = judged(history or FOLDER, methods, datasets, encoders, protocol=protocol)
        shown = kinds.data(wanted, (), past=past)
    elif history:
        raise UsageError(f"--history is of history alone (got {wanted.kind})")
    else:
        expected = (
            chosen(matrix, methods=methods, datasets=datasets, encoders=encoders).cells
            if matrix
            else ()
        )
        found = select.chosen(
            _read(results),
            methods=methods or (),
            datasets=datasets or (),
            encoders=encoders or (),
            budgets=budgets or (),
        )
        shown = kinds.data(wanted, found, expected)
    if out:
        atomic.write(out, kinds.drawn(wanted, shown, encoding))
    _tell(wanted, shown, out, as_json=as_json)


def _read(results: Path) -> tuple[Result, ...]:
    from benchmark.store import held

    loaded = held.read(existing(results))
    for broken in loaded.broken:
        say(f"left out: {broken.path}: {broken.reason}", err=True)
    return loaded.results


def _tell(wanted: Wanted, shown: object, out: Path | None, *, as_json: bool) -> None:
    """Print the data, or where the figure is; in either case what had to be left out."""
    from dataclasses import asdict, is_dataclass

    for reason in getattr(shown, "left_out", ()):
        say(f"not plotted: {reason}", err=True)
    if as_json and is_dataclass(shown) and not isinstance(shown, type):
        print_json({"kind": wanted.kind, **asdict(shown)})
    elif out:
        say(f"{out}: {wanted.kind}")
